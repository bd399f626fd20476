"""What one route of the API is, as data. The table itself is put together in `dashboard.app`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from dashboard.requests import Request
from dashboard.sessions import Caller

# A reply of 100,000 characters, each escaped as JSON in its longest form (twelve bytes for a surrogate pair).
BODY_BYTES_MAX = 1_200_000 + 16 * 1024
# Everything else is ids and codes.
SMALL_BODY_BYTES_MAX = 16 * 1024

PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, already checked: who asks, with what. `ask` is an instance of the route's request type.

    `body` is what was sent to a `raw` route.
    """

    http: web.Request
    asker: Caller | None
    ask: Any
    body: bytes = b""

    @property
    def caller(self) -> Caller:
        assert self.asker is not None, "only a route without a role is called by nobody"
        return self.asker

    @property
    def me(self) -> int:
        return self.caller.account.id

    def part(self, name: str) -> str:
        """Return a part of the address."""
        return self.http.match_info[name]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with more than a body: a cookie to set (`""`: to drop), another status."""

    body: Any = None
    status: int = 200
    cookie: str | None = None


Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """`role` is the least that may call it, empty for anybody. `answers` None: 204 without a body.

    `ask` is the body of a changing request and the query of a GET. `refusals`: it submits a command, so 409 may come.
    `raw`: bytes instead of JSON; a POST then has its `ask` in the query, a GET answers with a file. `tells`: what
    screens read again when it was done.
    """

    method: str
    path: str
    summary: str
    handler: Handler
    answers: Any
    role: str = "agent"
    ask: type[Request] | None = None
    refusals: bool = False
    body_bytes_max: int = SMALL_BODY_BYTES_MAX
    raw: bool = False
    tells: str = ""

    @property
    def changes(self) -> bool:
        return self.method != "GET"
