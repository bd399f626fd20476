"""The help page for everybody: overview, search, one article, and whether it helped. It changes no article."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from aiohttp import web

from dashboard.helping.answering import Answering
from dashboard.helping.blocks import html_of, plain
from dashboard.helping.page import (
    Entry,
    Frame,
    Shelfmark,
    Told,
    article_page,
    found_page,
    gone_page,
    overview_page,
)
from dashboard.helping.reaching import Reaching
from dashboard.helping.shelf import Shelf
from dashboard.helping.tally import Tally
from dashboard.helping.wording import day_of, word
from dashboard.surroundings import Surroundings
from router.intake.rates import Buckets
from router.outbox.wording import notice_text
from router.store.port import Article, StoreError

HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "connect-src 'self'",
            "frame-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language",
}
# One address looks and votes no faster than a person; behind one there may be a whole office.
SEARCHES_A_MINUTE, VOTES_A_MINUTE, MINUTE_MS = 60, 20, 60_000
COOKIE, COOKIE_CHARS, YEAR_S = "pb_help", 32, 31_536_000
RELATED_MAX = 4
FIRST_CHARS_MAX = 140
VOTES = {"yes": True, "no": False}
# A form of one button.
FORM_BYTES_MAX, FIELDS_MAX = 1_024, 10


class HelpPages:
    """The pages of one site."""

    def __init__(self, out: Surroundings, shelf: Shelf, tally: Tally, reaching: Reaching) -> None:
        self._out, self._shelf, self._tally, self._reaching = out, shelf, tally, reaching
        self._searches = Buckets(SEARCHES_A_MINUTE, MINUTE_MS)
        self._votes = Buckets(VOTES_A_MINUTE, MINUTE_MS)
        self._answering = Answering(shelf, tally, may_ask=self._may_ask)
        self._style = (Path(__file__).parent / "help.css").read_bytes()

    def add_to(self, app: web.Application) -> None:
        """Add the pages' addresses."""
        app.router.add_get("/help", self.overview)
        app.router.add_get("/help/help.css", self.style)
        app.router.add_post("/help/find.json", self._answering.find)
        app.router.add_get("/help/{slug}", self.article)
        app.router.add_post("/help/{slug}", self.vote)

    async def style(self, request: web.Request) -> web.StreamResponse:
        del request
        headers = {"Cache-Control": "public, max-age=300"}
        return web.Response(body=self._style, content_type="text/css", charset="utf-8", headers=headers)

    # --- reading ------------------------------------------------------------------------------------------------

    async def overview(self, request: web.Request) -> web.StreamResponse:
        """All topics, or what a search has found."""
        if not self._shelf.rules.title:
            raise web.HTTPNotFound
        query = request.query.get("q", "").strip()
        frame = self._frame(request, query=query)
        if not query:
            return _page(request, overview_page(frame, await self._shelves(frame.language)))
        if not self._searches.take(self._address(request), self._out.now_ms()):
            return _said(word("many", frame.language), status=429)
        found = await self._shelf.found(query, frame.language)
        if not found:
            self._tally.missed(query)
        return _page(request, found_page(frame, [self._entry(each, frame.language, first=True) for each in found]))

    async def _shelves(self, language: str) -> list[Shelfmark]:
        """Return the categories in their order; what has none, or one that is gone, comes last."""
        articles = sorted((await self._shelf.public()).values(), key=lambda each: each.number)
        categories = self._shelf.rules.shelves
        shelves = [self._shelfmark(name, label, articles, language) for name, label in categories.items()]
        others = [each for each in articles if each.category not in categories]
        return [*shelves, Shelfmark(name="", label="", entries=[self._entry(each, language) for each in others])]

    def _shelfmark(self, name: str, label: dict[str, str], articles: Sequence[Article], language: str) -> Shelfmark:
        entries = [self._entry(each, language) for each in articles if each.category == name]
        return Shelfmark(name=name, label=label.get(language) or next(iter(label.values()), name), entries=entries)

    def _entry(self, article: Article, language: str, *, first: bool = False) -> Entry:
        tag, text = self._shelf.text(article, language)
        return Entry(slug=article.slug, title=text.title, language=tag, first=self._first(text.text) if first else "")

    def _first(self, text: str) -> str:
        said = " ".join(plain(self._shelf.tree(text)).split())
        return said if len(said) <= FIRST_CHARS_MAX else said[:FIRST_CHARS_MAX].rsplit(" ", 1)[0] + " …"

    async def article(self, request: web.Request) -> web.StreamResponse:
        """One article."""
        if not self._shelf.rules.title:
            raise web.HTTPNotFound
        frame = self._frame(request, here=request.path)
        article = (await self._shelf.public()).get(request.match_info["slug"])
        if article is None:
            return _page(request, gone_page(frame), status=404)
        self._tally.read(article.number)
        return _page(request, article_page(frame, await self._told(article, frame, voted="voted" in request.query)))

    async def _told(self, article: Article, frame: Frame, *, voted: bool) -> Told:
        language, text = self._shelf.text(article, frame.language)
        bundle = self._out.floor.bundle
        near = [each for each in (await self._shelf.public()).values() if each.category == article.category]
        return Told(
            slug=article.slug,
            title=text.title,
            language=language,
            html=html_of(self._shelf.tree(text.text)),
            first=self._first(text.text),
            changed=day_of(text.changed_ms, bundle, frame.language),
            related=[self._entry(each, frame.language) for each in near if each.number != article.number][:RELATED_MAX],
            voted=voted,
        )

    # --- the frame ------------------------------------------------------------------------------------------------

    def _frame(self, request: web.Request, *, here: str = "/help", query: str = "") -> Frame:
        rules, bundle, language = self._shelf.rules, self._out.floor.bundle, self._language(request)
        return Frame(
            title=rules.title.get(language) or next(iter(rules.title.values()), ""),
            language=language,
            languages=self._shelf.languages,
            here=f"{here}?{urlencode({'q': query})}" if query else here,
            query=query,
            ways=self._reaching.ways(rules, language),
            told=self._reaching.told(bundle, rules.queue, language, live=False) if bundle is not None else "",
            chat=rules.chat and bundle is not None and "chat" in bundle.channels,
            notice=self._notice(language),
        )

    def _language(self, request: web.Request) -> str:
        """Return the language that is asked for, else one the browser reads, else the site's first."""
        known = self._shelf.languages
        asked = [request.query.get("lang", ""), *_accepted(request.headers.get("Accept-Language", ""))]
        return next((tag for tag in asked if tag in known), known[0])

    def _notice(self, language: str) -> str:
        """Return what is announced while there is an emergency of the whole site."""
        bundle, state = self._out.floor.bundle, self._out.floor.state
        if bundle is None or not state.emergency_until_ms:
            return ""
        return notice_text(bundle, state.emergency_notice, language, until_ms=state.emergency_until_ms)

    # --- whether it helped ----------------------------------------------------------------------------------------

    async def vote(self, request: web.Request) -> web.StreamResponse:
        """One word of one visitor about one article; another word takes its place. The cookie is set only now."""
        if not self._shelf.rules.title:
            raise web.HTTPNotFound
        language = self._language(request)
        article = (await self._shelf.public()).get(request.match_info["slug"])
        helped = await _helped(request)
        if article is None or helped is None:
            return _page(request, gone_page(self._frame(request)), status=404)
        if not self._is_own(request):
            return _said("This comes from another site.", status=403)
        if not self._votes.take(self._address(request), self._out.now_ms()):
            return _said(word("many", language), status=429)
        known = request.cookies.get(COOKIE, "")
        visitor = known if len(known) == COOKIE_CHARS and known.isalnum() else secrets.token_hex(COOKIE_CHARS // 2)
        name = hashlib.sha256(visitor.encode()).digest()[:16]
        try:
            await self._out.store.articles.vote(
                self._out.floor.site, article.number, visitor=name, helped=helped, day=self._tally.day
            )
        except StoreError:
            return _said(word("many", language), status=503)
        back = f"/help/{article.slug}?lang={language}&voted=1#helped"
        response = web.Response(status=303, headers={"Location": back})
        secure = urlsplit(self._out.public_url).scheme == "https"
        response.set_cookie(COOKIE, visitor, max_age=YEAR_S, path="/help", httponly=True, samesite="Lax", secure=secure)
        return response

    def _address(self, request: web.Request) -> str:
        """Return who asks; a proxy's word is taken only from one of ours, or all readers behind it would be one."""
        peer = request.remote or ""
        forwarded = request.headers.get("X-Forwarded-For", "")
        return forwarded.split(",")[-1].strip() if forwarded and peer in self._shelf.rules.proxies else peer

    def _may_ask(self, request: web.Request) -> int:
        """Return why a script is refused, 0 where it is not: pages of others have no business here."""
        if not self._is_own(request):
            return 403
        return 0 if self._searches.take(self._address(request), self._out.now_ms()) else 429

    def _is_own(self, request: web.Request) -> bool:
        """Whether a form of ours was sent; a browser says where its page is from."""
        origin = request.headers.get("Origin", "")
        own = {urlsplit(self._out.public_url).netloc, request.host}
        return not origin or origin.partition("://")[2] in own - {""}


async def _helped(request: web.Request) -> bool | None:
    """Return what the form says; None where it is none, too long, or no text, whatever is sent as one."""
    length = request.content_length
    if length is None or length > FORM_BYTES_MAX or request.content_type != "application/x-www-form-urlencoded":
        return None
    try:
        found = parse_qs((await request.read()).decode(), max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        return None
    return VOTES.get(found.get("helped", [""])[0])


def _accepted(header: str) -> list[str]:
    """Return the languages a browser reads, the best first, each also without its country."""
    weighed = []
    for place, each in enumerate(header[:500].split(",")):
        tag, _, weight = each.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), place, tag.strip().lower()))
        except ValueError:
            continue
    return [name for _, _, tag in sorted(weighed) for name in dict.fromkeys((tag, tag.split("-", 1)[0]))]


def _page(request: web.Request, html: str, *, status: int = 200) -> web.StreamResponse:
    body = html.encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
    headers = {**HEADERS, "ETag": tag}
    if status == 200 and tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, status=status, content_type="text/html", charset="utf-8", headers=headers)


def _said(sentence: str, *, status: int) -> web.StreamResponse:
    return web.Response(text=sentence, status=status, headers=HEADERS)
