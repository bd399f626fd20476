"""The articles at hand: read again when one has changed, looked through without asking the store. It writes nothing."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from dashboard.helping.blocks import Block, blocks_of, plain
from dashboard.helping.finding import Indexed, find, indexed
from dashboard.surroundings import Surroundings
from router.core.bundle import Bundle
from router.core.helping import HelpRules
from router.intake.helping import ARTICLES_MAX, is_public
from router.store.port import Article, ArticleText

# Another node's change is seen so soon.
LOOK_EVERY_MS = 1_000
# Texts as trees: reading Markdown takes a millisecond a page.
TREES_MAX = 200

Chosen = tuple[str, ArticleText]


class Shelf:
    """All articles of one site, by number."""

    def __init__(self, out: Surroundings) -> None:
        self._out = out
        self._articles: dict[int, Article] = {}
        self._revision, self._looked_ms = -1, 0
        self._indexes: dict[tuple[str, bool], list[Indexed]] = {}
        self._trees: OrderedDict[str, tuple[Block, ...]] = OrderedDict()

    @property
    def rules(self) -> HelpRules:
        """What the running configuration says of the help page."""
        bundle = self._out.floor.bundle
        return bundle.help if bundle is not None else HelpRules()

    @property
    def languages(self) -> tuple[str, ...]:
        """The site's languages, its first one first."""
        bundle: Bundle | None = self._out.floor.bundle
        return bundle.languages if bundle is not None and bundle.languages else ("en",)

    async def articles(self, *, fresh: bool = False) -> dict[int, Article]:
        """Return all articles. `fresh`: as they stand now, for who has just changed one."""
        now_ms = self._out.now_ms()
        if fresh or not 0 <= now_ms - self._looked_ms < LOOK_EVERY_MS:
            site, store = self._out.floor.site, self._out.store.articles
            revision = await store.revision(site)
            if revision != self._revision:
                self._articles = {each.number: each for each in await store.all(site, limit=ARTICLES_MAX)}
                self._revision, self._indexes = revision, {}
            self._looked_ms = now_ms
        return self._articles

    async def public(self) -> dict[str, Article]:
        """Return what everybody may read, by its name in the address."""
        return {each.slug: each for each in (await self.articles()).values() if is_public(each)}

    def text(self, article: Article, language: str) -> Chosen:
        """Return an article's text and its language: the one asked for, else the site's first, else any."""
        known = [tag for tag in (language, *self.languages, *article.texts) if tag in article.texts]
        return known[0], article.texts[known[0]]

    async def found(
        self,
        query: str,
        language: str,
        *,
        among: Callable[[Article], bool] | None = None,
        typing: bool = False,
    ) -> list[Article]:
        """Return the articles that say it, of those that `among` allows; by default of what everybody may read."""
        articles = await self.articles()
        index = self._index(articles.values(), language, everybody=among is None)
        chosen = is_public if among is None else among
        return [articles[number] for number in find(query, index, typing=typing) if chosen(articles[number])]

    def _index(self, articles: Iterable[Article], language: str, *, everybody: bool) -> list[Indexed]:
        """Return what is looked through. The team finds an article by its words in any language."""
        key = (language, everybody)
        if key not in self._indexes:
            self._indexes[key] = [
                indexed(each.number, text.title, f"{text.title}\n{plain(self.tree(text.text))}")
                for each in articles
                for text in ([self.text(each, language)[1]] if everybody else each.texts.values())
            ]
        return self._indexes[key]

    def tree(self, text: str) -> tuple[Block, ...]:
        """Return a text in Markdown as its elements."""
        if text not in self._trees:
            self._trees[text] = blocks_of(text)
            if len(self._trees) > TREES_MAX:
                self._trees.popitem(last=False)
        return self._trees[text]


def older(article: Article, first: str) -> list[str]:
    """Return the languages whose text was made of an earlier one of the first language."""
    source = article.texts.get(first)
    if source is None:
        return []
    return [tag for tag, text in article.texts.items() if tag != first and text.made_of < source.number]
