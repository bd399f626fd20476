"""Routes of the wallboard: figures for whoever is signed in or holds a link, and the links themselves."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from aiohttp import web

from dashboard import headers
from dashboard.board.figures import Figures
from dashboard.board.links import COOKIE, Links
from dashboard.board.shapes import Board, LinkRequest, LinkShape, MadeLink, TokenRequest
from dashboard.errors import ApiError
from dashboard.requests import Nothing
from dashboard.routes import Call, Route
from dashboard.sessions import may
from router.intake.rates import Buckets

# Wrong tokens of one address: a mistyped link is tried a few times, a guess needs many more.
TRIES, TRIES_REFILL_MS = 20, 60_000


class Boarding:
    """The handlers."""

    def __init__(self, figures: Figures, links: Links, *, now_ms: Callable[[], int], public_url: str) -> None:
        self._figures, self._links = figures, links
        self._now_ms = now_ms
        self._secure = urlsplit(public_url).scheme == "https"
        self._tries = Buckets(TRIES, TRIES_REFILL_MS)

    async def board(self, call: Call) -> Board:
        """The figures, for whoever is signed in and for a board with a link that stands."""
        signed_in = call.asker is not None and may(call.asker.account.role, "agent")
        if not signed_in and not await self._links.opens(call.http.cookies.get(COOKIE, "")):
            raise ApiError("signed_out")
        return await self._figures.board()

    async def enter(self, call: Call) -> web.Response:
        """Exchange a link's token for a cookie that opens the figures."""
        address, now_ms = call.http.remote or "", self._now_ms()
        if not self._tries.take(address, now_ms):
            raise ApiError("too_many", retry_after_s=self._tries.wait_ms(address, now_ms) // 1_000 + 1)
        if not await self._links.opens(call.ask.token):
            raise ApiError("link_unknown")
        self._tries.give_back(address, now_ms)
        response = self._links.cookie(call.ask.token, secure=self._secure)
        response.headers.update(headers.DATA)
        return response

    async def make(self, call: Call) -> MadeLink:
        return await self._links.make(call.ask.name, call.me)

    async def links(self, call: Call) -> list[LinkShape]:
        del call
        return await self._links.listed()

    async def revoke(self, call: Call) -> None:
        await self._links.revoke(call.part("id"))


def routes(boarding: Boarding) -> list[Route]:
    """Return the routes of this file."""
    return [
        Route(
            method="GET", path="/board", summary="The wallboard's figures", role="",
            answers=Board, handler=boarding.board, refusals=True,
        ),
        Route(
            method="POST", path="/board/session", summary="Open the wallboard with a link's token", role="",
            ask=TokenRequest, answers=None, handler=boarding.enter,
        ),
        Route(
            method="GET", path="/board/links", summary="Read-only links to the wallboard", role="supervisor",
            answers=list[LinkShape], handler=boarding.links,
        ),
        Route(
            method="POST", path="/board/links", summary="Make one; its token is told once", role="supervisor",
            ask=LinkRequest, answers=MadeLink, handler=boarding.make,
        ),
        Route(
            method="DELETE", path="/board/links/{id}", summary="Revoke one for good", role="supervisor",
            ask=Nothing, answers=None, handler=boarding.revoke,
        ),
    ]  # fmt: skip
