"""Routes of mentions: who may be named in a note, what waits for me, and that I have looked."""

from __future__ import annotations

from dashboard.finding.shapes import Colleague, MentionShape
from dashboard.parts import Parts
from dashboard.routes import Call, Route


class Mentioning:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def colleagues(self, call: Call) -> list[Colleague]:
        row = await self._parts.places.row(call.caller.account, call.part("ref"))
        return await self._parts.mentions.colleagues(row, but=call.me)

    async def waiting(self, call: Call) -> list[MentionShape]:
        return await self._parts.mentions.of(call.me)

    async def looked(self, call: Call) -> None:
        row = await self._parts.places.row(call.caller.account, call.part("ref"), known=True)
        await self._parts.mentions.forget(call.me, row.reference)


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    mentioning = Mentioning(parts)
    return [
        Route(
            method="GET", path="/conversations/{ref}/colleagues", summary="Whom a note may name: who may see it",
            answers=list[Colleague], handler=mentioning.colleagues,
        ),
        Route(
            method="GET", path="/mentions", summary="Notes that name me, and that I have not looked at",
            answers=list[MentionShape], handler=mentioning.waiting,
        ),
        Route(
            method="DELETE", path="/mentions/{ref}", summary="I have looked at it", answers=None,
            handler=mentioning.looked,
        ),
    ]  # fmt: skip
