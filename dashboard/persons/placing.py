"""Segments at the desk: which there are and how many are in each, and putting somebody into one by hand. No routes."""

from __future__ import annotations

from typing import Literal

from dashboard.errors import ApiError
from dashboard.parts import Parts
from dashboard.persons.shapes import PlacingShape, SegmentOf, SegmentRequest, SegmentShape, SegmentsShape
from router.store.port import CustomerRow, Placing
from router.store.port.customers import BY_RULE

# Counting goes on to here; a site with more reads its own reports.
COUNT_MAX = 10_000
PLACINGS_MAX = 50
FROM_ELSEWHERE: dict[int, Literal["rule", "import"]] = {BY_RULE: "rule", 0: "import"}


class Segments:
    """One per application."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._site, self._store = parts.out.floor.site, parts.out.store.customers

    async def all(self) -> SegmentsShape:
        bundle = self._out.floor.bundle
        known = bundle.segments if bundle else ()
        counts = await self._store.count(self._site, [each.name for each in known], most=COUNT_MAX)
        return SegmentsShape(
            segments=[
                SegmentShape(
                    name=each.name, label=each.label, rule=each.when, count=counts.get(each.name, 0), most=COUNT_MAX
                )
                for each in known
            ]
        )

    async def of(self, row: CustomerRow) -> SegmentOf:
        placings = await self._store.placings(self._site, row.id, limit=PLACINGS_MAX)
        await self._parts.staff.learn({each.agent for each in placings if each.agent > 0})
        return SegmentOf(segment=row.segment, placings=[self._placing(each) for each in placings])

    def _placing(self, one: Placing) -> PlacingShape:
        how: Literal["hand", "rule", "import"] = FROM_ELSEWHERE.get(one.agent, "hand")
        by = self._parts.staff.person(one.agent) if how == "hand" else None
        return PlacingShape(at=one.at, by=by, how=how, was=one.was, segment=one.segment, why=one.why)

    async def put(self, row: CustomerRow, ask: SegmentRequest, *, agent: int) -> None:
        """Put a person into a segment that the configuration has. Raises ApiError, by name who was faster."""
        bundle = self._out.floor.bundle
        if ask.segment and (bundle is None or ask.segment not in {each.name for each in bundle.segments}):
            raise ApiError("segment_unknown", field="segment")
        placing = Placing(
            command=self._parts.commands.id(agent, "segment", ask.command_id),
            customer=row.id,
            at=self._out.now_ms(),
            agent=agent,
            was=ask.was,
            segment=ask.segment,
            why=ask.why,
        )
        done = await self._store.place(self._site, placing)
        if done.refused == "customer_unknown":
            raise ApiError("erased")
        if done.refused:
            raise ApiError(done.refused)
