"""The page behind a rating link: a form without a script. Looking at it says nothing; only sending it rates."""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import parse_qs

from aiohttp import web

from dashboard.errors import ApiError
from dashboard.headers import DATA, DATA_POLICY
from dashboard.parts import Parts
from dashboard.reviews.page_words import WORDS, language_of
from router.core.commands import Rate
from router.floor.inbox import FloorAway
from router.intake.rates import Buckets
from router.store.port import StoreError

# A few sentences, as at the end of a chat; each character escaped in its longest form, and the names of the fields.
WORDS_CHARS_MAX = 1_000
FIELDS_MAX = 10
BODY_BYTES_MAX = 12 * WORDS_CHARS_MAX + 1_024
SCORES = ("1", "2", "3", "4", "5")
# Whoever changes their mind more often in an hour is no customer.
SENT_MAX, SENT_REFILL_MS = 20, 3_600_000
POLICY = DATA_POLICY.replace("form-action 'none'", "style-src 'self'; form-action 'self'")
# A mail scanner or a search engine that follows the link keeps nothing, and no other page learns of it.
HEADERS = {**DATA, "Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"}
STYLE = Path(__file__).parent / "rate.css"


class RatePage:
    """One per application."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._sent = Buckets(SENT_MAX, SENT_REFILL_MS)
        self._style = STYLE.read_bytes()

    def add_to(self, app: web.Application) -> None:
        """Serve it, where the site makes such links."""
        if self._out.rate_links is not None:
            app.router.add_get("/rate/style.css", self.style)
            app.router.add_get("/rate/{token}", self.show)
            app.router.add_post("/rate/{token}", self.rate)

    async def style(self, request: web.Request) -> web.Response:
        del request
        return web.Response(body=self._style, content_type="text/css", headers={"Cache-Control": "max-age=3600"})

    async def show(self, request: web.Request) -> web.Response:
        """Show the form. It changes nothing, however often and by whom it is fetched."""
        words = _words(request)
        return _form(words) if self._conversation(request) else _said(words, "over", status=404)

    async def rate(self, request: web.Request) -> web.Response:
        words, conv = _words(request), self._conversation(request)
        if not conv:
            return _said(words, "over", status=404)
        asked = await _asked(request)
        score, text = asked.get("score", ""), asked.get("words", "").strip()[:WORDS_CHARS_MAX]
        if score not in SCORES:
            return _form(words, fault="choose", text=text, status=400)
        if not self._sent.take(conv, self._out.now_ms()):
            return _form(words, fault="later", text=text, score=score, status=429)
        try:
            await self._keep(conv, int(score), text)
        except (ApiError, FloorAway, StoreError):
            return _form(words, fault="later", text=text, score=score, status=503)
        return _said(words, "thanks", "again")

    def _conversation(self, request: web.Request) -> int:
        links = self._out.rate_links
        return links.conversation(request.match_info["token"]) if links is not None else 0

    async def _keep(self, conv: int, score: int, text: str) -> None:
        """Rate it, and keep the words beside it. The same word twice is one; another is a second thought."""
        reviews, site = self._out.store.reviews, self._out.floor.site
        before = await reviews.rating(site, conv)
        if before is None or before.score != score:
            number = before.position if before else 0
            await self._parts.commands.submit(Rate(id=f"rate:{conv}:{number}:{score}", conv=conv, score=score))
        if text:
            await reviews.remark(site, conv, text, at=self._out.now_ms())


async def _asked(request: web.Request) -> dict[str, str]:
    """Return what was filled in; nothing where it is no form, too long, or no text."""
    length = request.content_length
    if length is None or length > BODY_BYTES_MAX or request.content_type != "application/x-www-form-urlencoded":
        return {}
    try:
        found = parse_qs((await request.read()).decode(), max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        return {}
    return {name: values[0].replace("\r\n", "\n").replace("\0", "") for name, values in found.items()}


def _words(request: web.Request) -> tuple[str, dict[str, str]]:
    language = language_of(request.headers.get("Accept-Language", ""))
    return language, {name: escape(text) for name, text in WORDS[language].items()}


def _page(words: tuple[str, dict[str, str]], body: str, status: int) -> web.Response:
    language, said = words
    text = (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{said["title"]}</title><link rel="stylesheet" href="/rate/style.css"></head>'
        f"<body><main>{body}</main></body></html>\n"
    )
    return web.Response(text=text, status=status, content_type="text/html", headers=HEADERS)


def _said(words: tuple[str, dict[str, str]], *keys: str, status: int = 200) -> web.Response:
    head, *rest = (words[1][key] for key in keys)
    return _page(words, f"<h1>{head}</h1>" + "".join(f"<p>{each}</p>" for each in rest), status)


def _form(
    words: tuple[str, dict[str, str]], *, fault: str = "", text: str = "", score: str = "", status: int = 200
) -> web.Response:
    said = words[1]
    choices = "".join(
        f'<label><input type="radio" name="score" value="{each}" required{" checked" if each == score else ""}>'
        f'{each}<span class="unseen"> {said[each]}</span></label>'
        for each in SCORES
    )
    told = f'<p class="fault" role="alert">{said[fault]}</p>' if fault else ""
    body = (
        f'<form method="post"><fieldset><legend><h1>{said["title"]}</h1></legend>{told}'
        f'<div class="scores">{choices}</div>'
        f'<p class="ends" aria-hidden="true"><span>{said["1"]}</span><span>{said["5"]}</span></p></fieldset>'
        f'<label for="words">{said["better"]} <small>({said["optional"]})</small></label>'
        f'<textarea id="words" name="words" rows="4" maxlength="{WORDS_CHARS_MAX}">{escape(text)}</textarea>'
        f'<button type="submit">{said["send"]}</button></form>'
    )
    return _page(words, body, status)
