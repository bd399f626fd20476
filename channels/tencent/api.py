"""Calls to Tencent's platforms: one token for all of them, renewed once when it is refused, and errors by name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from channels.contract import Book, EffectFailed, TryLater, Undeliverable, Unsure
from channels.http_out import Ask, Told, ask

BOOK_PAGE = "token"
# A token is left alone so long before its end: the platform lets the old one live beside the new one for five minutes.
MARGIN_MS = 240_000
# A life we do not believe would keep a dead token, or ask for one at every call.
LIFE_S_MIN, LIFE_S_MAX = 60, 7_200
# The platform allows a forced renewal every thirty seconds, twenty times a day.
FORCE_MS = 30_000
# After a failure nobody asks for so long, which is less than the outbox waits before its next try.
REST_S = 1.5
TOKEN_CHARS_MAX = 2_048
# What the platform itself says comes as one of these, errors in the place of a file, too.
SAYS = frozenset({"application/json", "text/plain", "text/json"})
# invalid credential, invalid token, token expired: the token is renewed, and the call made once more.
TOKEN_CODES = frozenset({40001, 40014, 42001})


class Means(NamedTuple):
    """What an error code means for an effect: one of the ways it can fail, and a short reason."""

    way: type[TryLater] | type[Undeliverable]
    reason: str
    after_ms: int = 0


# What every call may hear. A wrong secret or an address that is not on the list is a setting's fault, not the
# message's: it waits until an operator has mended it.
CODES: Mapping[int, Means] = {
    -1: Means(TryLater, "provider_busy"),
    40013: Means(TryLater, "credentials_40013"),
    40125: Means(TryLater, "credentials_40125"),
    40164: Means(TryLater, "ip_not_listed"),
    45009: Means(TryLater, "daily_limit", 3_600_000),
    45011: Means(TryLater, "rate_limit", 60_000),
    60020: Means(TryLater, "ip_not_listed"),
}


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A token and until when it may be used."""

    value: str
    until_ms: int


Fetch = Callable[[bool], Awaitable[dict[str, Any]]]


class Tokens:
    """One token at a time. It is kept in the channel's book, so that every node and every life uses the same."""

    def __init__(self, book: Book, now_ms: Callable[[], int], fetch: Fetch) -> None:
        """`fetch(forced)` asks the platform; `forced` ends the token that lives."""
        self._book, self._now_ms, self._fetch = book, now_ms, fetch
        self._one_at_a_time = asyncio.Lock()
        self._known: Token | None = None
        self._forced_ms = 0
        self._resting_until, self._why_resting = 0.0, ""

    async def current(self) -> str:
        """Return a token that lives."""
        known = self._known
        if known is None or not self._lives(known):
            async with self._one_at_a_time:
                known = await self._noted("") or await self._fetched(forced=False)
        return known.value

    async def after(self, refused: str) -> str:
        """Return another token than one that was refused. Who comes second finds the one the first has fetched."""
        async with self._one_at_a_time:
            known = await self._noted(refused)
            if known is None:
                known = await self._fetched(forced=False)
            if known.value == refused:
                known = await self._forced()
            return known.value

    async def _noted(self, refused: str) -> Token | None:
        """Return what this or another node has fetched meanwhile."""
        if self._known is not None and self._known.value != refused and self._lives(self._known):
            return self._known
        page = await self._book.read(BOOK_PAGE)
        try:
            noted = msgspec.json.decode(page, type=Token) if page else None
        except (ValueError, RecursionError):
            return None
        if noted is None or noted.value == refused or not self._lives(noted):
            return None
        self._known = noted
        return noted

    async def _forced(self) -> Token:
        now_ms = self._now_ms()
        if now_ms - self._forced_ms < FORCE_MS:
            raise TryLater("token_refused", after_ms=FORCE_MS)
        self._forced_ms = now_ms
        return await self._fetched(forced=True)

    async def _fetched(self, *, forced: bool) -> Token:
        answer = await self._asked(forced)
        value, life_s = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(value, str) or not 0 < len(value) <= TOKEN_CHARS_MAX or not isinstance(life_s, int):
            raise TryLater("token_unreadable")
        life_ms = min(max(life_s, LIFE_S_MIN), LIFE_S_MAX) * 1_000
        known = Token(value=value, until_ms=self._now_ms() + max(life_ms - MARGIN_MS, life_ms // 2))
        self._known = known
        await self._book.note(BOOK_PAGE, msgspec.json.encode(known).decode())
        return known

    async def _asked(self, forced: bool) -> dict[str, Any]:
        """Ask, unless asking has just failed: who waited for that would wait as long again, one after the other."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._resting_until:
            raise TryLater(self._why_resting)
        try:
            return await self._fetch(forced)
        except EffectFailed as fault:
            self._resting_until, self._why_resting = loop.time() + REST_S, fault.reason
            raise

    def _lives(self, token: Token) -> bool:
        return token.until_ms > self._now_ms()


class Api:
    """One account's calls. `codes` names what its error codes mean, beside those that every call may hear."""

    def __init__(self, tokens: Tokens, codes: Mapping[int, Means]) -> None:
        self._tokens, self._codes = tokens, codes

    async def call(self, request: Ask) -> dict[str, Any]:
        """Make a call that answers in JSON."""
        return read_answer(await self.file(request), harmless=request.harmless)

    async def file(self, request: Ask) -> Told:
        """Make a call that answers with a file. What it answers in JSON is an error, or an address of a file."""
        told, code = await self._told(request)
        if code:
            raise self.failure(code)
        return told

    async def answer(self, request: Ask) -> tuple[int, dict[str, Any]]:
        """Make a call of which an error code may be good news; return it and the answer."""
        told, code = await self._told(request)
        return code, read_answer(told, harmless=request.harmless)

    async def code_of(self, request: Ask) -> int:
        """Make a call of which only the error code matters."""
        return (await self.answer(request))[0]

    def failure(self, code: int) -> EffectFailed:
        """Return what an error code means here."""
        return failure(code, self._codes)

    async def _told(self, request: Ask) -> tuple[Told, int]:
        token = await self._tokens.current()
        told, code = await self._once(request, token)
        if code in TOKEN_CODES:
            told, code = await self._once(request, await self._tokens.after(token))
        if code in TOKEN_CODES:
            raise TryLater("token_refused")
        return told, code

    async def _once(self, request: Ask, token: str) -> tuple[Told, int]:
        query = {**request.query, "access_token": token}
        told = await ask(msgspec.structs.replace(request, query=query))
        return told, error_code(told)


def failure(code: int, codes: Mapping[int, Means]) -> EffectFailed:
    """Return what an error code means. One that nobody knows is final, under its number."""
    means = codes.get(code) or CODES.get(code) or Means(Undeliverable, f"provider_{code}")
    if means.way is TryLater:
        return TryLater(means.reason, after_ms=means.after_ms)
    return means.way(means.reason)


def error_code(told: Told) -> int:
    """Return the `errcode` of an answer, 0 where it has none. The platform answers 200 whatever it means.

    A file that a customer has sent may look like an answer, and comes under another type.
    """
    if told.media_type not in SAYS or not told.body.startswith(b"{"):
        return 0
    try:
        said = msgspec.json.decode(told.body)
    except (ValueError, RecursionError):
        return 0
    code = said.get("errcode", 0)
    return code if isinstance(code, int) else 0


def read_answer(told: Told, *, harmless: bool) -> dict[str, Any]:
    """Return the JSON of an answer; what is none comes from somebody between us and the platform."""
    try:
        return msgspec.json.decode(told.body, type=dict[str, Any])
    except (ValueError, RecursionError):
        # The platform answers 200 to whatever it has heard.
        unheard = harmless or told.status != 200
        raise (TryLater if unheard else Unsure)("answer_unreadable") from None
