"""Routes of articles: finding and reading for everybody at the desk, writing for supervisors."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from dashboard.errors import ApiError, bad_field
from dashboard.helping.deeds import after, changed, may_do
from dashboard.helping.shapes import (
    ArticleCase,
    ArticleLine,
    ArticleList,
    ArticleRequest,
    ArticlesQuery,
    ArticleStepShape,
    ArticleTextShape,
    Missed,
    Previewed,
    PreviewRequest,
)
from dashboard.helping.shelf import older
from dashboard.parts import Parts
from dashboard.routes import Call, Route
from dashboard.supervising import number_in
from router.core.bundle import DAY_MS
from router.intake.helping import ARTICLES_MAX, PUBLISHED, is_public
from router.store.port import Account, Article, ArticleCount, ArticleStep

COUNTED_DAYS, MISSES_MAX, STEPS_MAX = 30, 100, 50
# Texts of ten languages, each character in its longest form as JSON.
BODY_BYTES_MAX = 10 * 50_200 * 12 + 16 * 1024
NONE = ArticleCount(article=0)
REFUSALS = {"edited": "article_changed", "slug_taken": "article_slug", "too_many_articles": "too_many_articles"}


class Helping:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._out, self._shelf, self._tally = parts.out, parts.shelf, parts.tally

    async def page(self, call: Call) -> ArticleList:
        ask, writes = call.ask, _writes(call.caller.account)
        if ask.q.strip():
            found = await self._shelf.found(ask.q, self._shelf.languages[0], among=lambda each: _shown(each, writes))
        else:
            articles = (await self._shelf.articles()).values()
            found = sorted((each for each in articles if _shown(each, writes)), key=self._order)
        counts, names = await self._counts(), await self._names()
        return ArticleList(
            items=[self._line(each, counts, names) for each in found if ask.state in {None, each.state}],
            categories={name: dict(label) for name, label in self._shelf.rules.shelves.items()},
            languages=list(self._shelf.languages),
            on=bool(self._shelf.rules.title),
        )

    def _order(self, article: Article) -> tuple[int, str]:
        names = list(self._shelf.rules.shelves)
        place = names.index(article.category) if article.category in names else len(names)
        return place, self._shelf.text(article, self._shelf.languages[0])[1].title.casefold()

    async def one(self, call: Call) -> ArticleCase:
        return await self._case(await self._article(call), call)

    async def create(self, call: Call) -> ArticleCase:
        """Write a new one."""
        return await self._save(Article(slug="", writer=call.me), call)

    async def change(self, call: Call) -> ArticleCase:
        """Write it anew, and do with it what was asked."""
        return await self._save(await self._article(call), call)

    async def preview(self, call: Call) -> Previewed:
        return Previewed(tree=list(self._shelf.tree(call.ask.text)))

    async def misses(self, call: Call) -> list[Missed]:
        del call
        await self._tally.write()
        since = self._tally.day - COUNTED_DAYS
        found = await self._out.store.articles.misses(self._out.floor.site, since_day=since, limit=MISSES_MAX)
        return [Missed(words=each.words, times=each.times, last_ms=each.last_day * DAY_MS) for each in found]

    # --- writing ----------------------------------------------------------------------------------------------

    async def _save(self, article: Article, call: Call) -> ArticleCase:
        ask: ArticleRequest = call.ask
        command = f"{call.me}:{ask.command_id or secrets.token_hex(16)}"
        if article.number and ask.deed not in may_do(article):
            if not await self._is_done(article, command):
                # Whoever read an older one is told that, not that what they saw there could not be done.
                raise ApiError("article_deed" if ask.version == article.version else "article_changed")
            return await self._case(article, call)
        if not ask.texts:
            raise bad_field("texts", "Write it in one language at least.")
        now_ms = self._out.now_ms()
        wanted = after(changed(article, ask, first=self._shelf.languages[0], now_ms=now_ms), ask.deed, now_ms=now_ms)
        step = ArticleStep(
            command=command,
            at=now_ms,
            agent=call.me,
            deed=ask.deed if article.number else "create",
        )
        made = await self._out.store.articles.save(self._out.floor.site, wanted, step, most=ARTICLES_MAX)
        if made.refused:
            raise ApiError(REFUSALS[made.refused])
        assert made.article is not None, "what was saved is there"
        await self._shelf.articles(fresh=True)
        return await self._case(made.article, call)

    async def _is_done(self, article: Article, command: str) -> bool:
        """Whether this very request has been heard: what follows from where the article is now is nothing to it."""
        steps = await self._out.store.articles.steps(self._out.floor.site, article.number, before=0, limit=STEPS_MAX)
        return any(step.command == command for step in steps)

    async def _article(self, call: Call) -> Article:
        article = (await self._shelf.articles(fresh=True)).get(number_in(call.part("number")))
        if article is None or not _shown(article, _writes(call.caller.account)):
            raise ApiError("not_found")
        return article

    # --- shapes -----------------------------------------------------------------------------------------------

    async def _case(self, article: Article, call: Call) -> ArticleCase:
        writes = _writes(call.caller.account)
        names, out_of_date = await self._names(), older(article, self._shelf.languages[0])
        store, site = self._out.store.articles, self._out.floor.site
        steps = await store.steps(site, article.number, before=0, limit=STEPS_MAX) if writes else []
        return ArticleCase(
            line=self._line(article, await self._counts(), names),
            queues=list(article.queues),
            texts={
                tag: ArticleTextShape(
                    title=text.title,
                    text=text.text,
                    older=tag in out_of_date,
                    changed_ms=text.changed_ms,
                    tree=list(self._shelf.tree(text.text)),
                )
                for tag, text in article.texts.items()
            },
            steps=[
                ArticleStepShape(version=each.number, deed=each.deed, at=each.at, by=names.get(each.agent, ""))
                for each in steps
            ],
            deeds=list(may_do(article)) if writes else [],
        )

    def _line(self, article: Article, counts: Mapping[int, ArticleCount], names: Mapping[int, str]) -> ArticleLine:
        count = counts.get(article.number, NONE)
        public = is_public(article) and bool(self._shelf.rules.title)
        looked_ms = max(article.looked_ms, article.changed_ms)
        return ArticleLine(
            number=article.number,
            version=article.version,
            slug=article.slug,
            state=article.state,
            audience=article.audience,
            category=article.category,
            titles={tag: text.title for tag, text in article.texts.items()},
            older=older(article, self._shelf.languages[0]),
            changed_ms=article.changed_ms,
            by=names.get(article.writer, ""),
            views=count.views,
            yes=count.yes,
            no=count.no,
            stale=article.state == PUBLISHED and looked_ms + self._shelf.rules.stale_ms < self._out.now_ms(),
            url=f"{self._out.public_url.rstrip('/')}/help/{article.slug}" if public else "",
            queues=list(article.queues),
        )

    async def _counts(self) -> dict[int, ArticleCount]:
        since = self._tally.day - COUNTED_DAYS
        found = await self._out.store.articles.counts(self._out.floor.site, since_day=since)
        return {each.article: each for each in found}

    async def _names(self) -> dict[int, str]:
        return {each.id: each.name for each in await self._out.store.accounts.all(self._out.floor.site)}


def _writes(account: Account) -> bool:
    return account.role != "agent"


def _shown(article: Article, writes: bool) -> bool:
    return writes or article.state == PUBLISHED


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    to = Helping(parts)
    return [
        Route(
            method="GET", path="/articles", summary="Articles of the help page, found by words or all",
            ask=ArticlesQuery, answers=ArticleList, handler=to.page,
        ),
        Route(
            method="POST", path="/articles", role="supervisor", summary="Write a new article",
            tells="article",
            ask=ArticleRequest, answers=ArticleCase, handler=to.create, refusals=True, body_bytes_max=BODY_BYTES_MAX,
        ),
        Route(
            method="GET", path="/articles/misses", role="supervisor", summary="What was searched for and not found",
            answers=list[Missed], handler=to.misses,
        ),
        Route(
            method="POST", path="/articles/preview", role="supervisor", summary="How a text in Markdown will look",
            ask=PreviewRequest, answers=Previewed, handler=to.preview, body_bytes_max=BODY_BYTES_MAX,
        ),
        Route(
            method="GET", path="/articles/{number}", summary="One article in all its languages",
            answers=ArticleCase, handler=to.one,
        ),
        Route(
            method="PUT", path="/articles/{number}", role="supervisor", summary="Change, publish or archive an article",
            tells="article",
            ask=ArticleRequest, answers=ArticleCase, handler=to.change, refusals=True, body_bytes_max=BODY_BYTES_MAX,
        ),
    ]  # fmt: skip
