"""Routes of what should be looked at: conversations that nobody answers, and how agents answer offers. Reading only."""

from __future__ import annotations

from typing import cast

from dashboard.errors import ApiError
from dashboard.parts import Parts
from dashboard.requests import DaysQuery
from dashboard.routes import Call, Route
from dashboard.shapes import AnsweringDay, Summary
from router.core.bundle import DAY_MS
from router.views.answering import ANSWERING, TABLE, Answering

# What a person can work through at once; the board counts how many there are in all.
LISTED_MAX = 200
AGENT_DIGITS_MAX = 15


class Attention:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out

    async def escalated(self, call: Call) -> list[Summary]:
        """What was sent up because nobody answers, whoever has waited longest first."""
        del call
        convs = self._out.floor.state.convs
        found = [conv for number in self._parts.board.escalated() if (conv := convs.get(number)) is not None]
        found.sort(key=lambda conv: (conv.owed_ms, conv.id))
        return await self._parts.pictures.summaries(found[:LISTED_MAX], whole=True)

    async def answering(self, call: Call) -> list[AnsweringDay]:
        """An agent's last days, the newest first."""
        text = call.part("id")
        if not text.isascii() or not text.isdecimal() or len(text) > AGENT_DIGITS_MAX:
            raise ApiError("not_found")
        agent, first = int(text), self._out.now_ms() // DAY_MS - call.ask.days + 1
        await self._out.store.views.begin(self._out.floor.site, ANSWERING.spec)
        rows = await self._out.store.views.rows(
            self._out.floor.site, ANSWERING.spec, TABLE, after=(agent, first - 1), limit=call.ask.days
        )
        days = [cast(Answering, row) for row in rows]
        return [day_shape(row) for row in reversed(days) if row.agent == agent]


def day_shape(row: Answering) -> AnsweringDay:
    """Return a row of the view as it is shown."""
    counted = {name: getattr(row, name) for name in AnsweringDay.__struct_fields__ if name != "day_ms"}
    return AnsweringDay(day_ms=row.day * DAY_MS, **counted)


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    attention = Attention(parts)
    return [
        Route(
            method="GET", path="/escalated", role="supervisor", summary="What was sent up because nobody answers",
            answers=list[Summary], handler=attention.escalated,
        ),
        Route(
            method="GET", path="/agents/{id}/answering", role="supervisor",
            summary="How an agent answered offers, day by day",
            ask=DaysQuery, answers=list[AnsweringDay], handler=attention.answering,
        ),
    ]  # fmt: skip
