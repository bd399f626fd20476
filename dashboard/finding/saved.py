"""The route of saved replies: the running configuration's, as the desk's writing list shows them. Reading only."""

from __future__ import annotations

from dashboard.finding.shapes import SavedReplyShape
from dashboard.parts import Parts
from dashboard.routes import Call, Route


class Saved:
    """The handler."""

    def __init__(self, parts: Parts) -> None:
        self._floor = parts.out.floor

    async def replies(self, call: Call) -> list[SavedReplyShape]:
        del call
        bundle = self._floor.bundle
        found = bundle.replies.values() if bundle else ()
        return [
            SavedReplyShape(name=each.name, label=each.label, text=each.text, queues=list(each.queues))
            for each in found
        ]


def routes(parts: Parts) -> list[Route]:
    """Return the route of this file."""
    return [
        Route(
            method="GET", path="/replies", summary="Saved replies of the running configuration",
            answers=list[SavedReplyShape], handler=Saved(parts).replies,
        ),
    ]  # fmt: skip
