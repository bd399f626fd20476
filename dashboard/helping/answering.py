"""What a search of the help page answers to the chat and to the forms, as JSON. It shows no page and keeps no word."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from dashboard.helping.finding import QUERY_CHARS_MAX
from dashboard.helping.shelf import Shelf
from dashboard.helping.tally import Tally
from router.store.port import Article, StoreError

# Beside a chat or a form somebody reads a few lines, and has the page for more.
ANSWERS_MAX = 3
# The longest question, each of its characters in its longest form as JSON.
BODY_BYTES_MAX = 12 * QUERY_CHARS_MAX + 200


class Question(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is looked for. `typing`: it is the beginning of a message, and no search that somebody sends."""

    query: Annotated[str, Meta(max_length=QUERY_CHARS_MAX)]
    language: Annotated[str, Meta(max_length=20)] = ""
    typing: bool = False


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An article that was found."""

    title: str
    language: str
    url: str


class Answers(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, the fittest first."""

    items: Sequence[Answer] = ()


class Answering:
    """The answers of one site. `may_ask` says whether a request comes from a page of ours, and not too often."""

    def __init__(self, shelf: Shelf, tally: Tally, *, may_ask: Callable[[web.Request], int]) -> None:
        self._shelf, self._tally, self._may_ask = shelf, tally, may_ask

    async def find(self, request: web.Request) -> web.StreamResponse:
        """Answer a question. It comes as a body: what somebody writes to us stands in no address and in no log."""
        if not self._shelf.rules.title:
            raise web.HTTPNotFound
        refused = self._may_ask(request)
        if refused:
            return _json(Answers(), status=refused)
        asked = await _question(request)
        if asked is None:
            return _json(Answers(), status=400)
        language = asked.language if asked.language in self._shelf.languages else self._shelf.languages[0]
        try:
            found = await self._shelf.found(asked.query, language, typing=asked.typing)
        except StoreError:
            return _json(Answers(), status=503)
        if asked.query.strip() and not found and not asked.typing:
            self._tally.missed(asked.query)
        return _json(Answers(items=[self._answer(each, language) for each in found[:ANSWERS_MAX]]))

    def _answer(self, article: Article, language: str) -> Answer:
        tag, text = self._shelf.text(article, language)
        return Answer(title=text.title, language=tag, url=f"/help/{article.slug}?lang={language}")


async def _question(request: web.Request) -> Question | None:
    length = request.content_length
    if length is None or length > BODY_BYTES_MAX or request.content_type != "application/json":
        return None
    try:
        return msgspec.json.decode(await request.read(), type=Question)
    except (msgspec.MsgspecError, UnicodeError):
        return None


def _json(answers: Answers, *, status: int = 200) -> web.StreamResponse:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return web.Response(
        body=msgspec.json.encode(answers), status=status, content_type="application/json", headers=headers
    )
