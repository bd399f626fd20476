"""Late complaints for the wallboard: how many there are, and since when the first one is late. Reads only."""

from __future__ import annotations

from dashboard.board.shapes import NeedShape
from dashboard.surroundings import Surroundings
from router.core.bundle import SECOND_MS
from router.store.port import ComplaintFilter

# Promises of complaints are hours and days: however many boards hang in a house, the rows are read so often.
KEPT_MS = 15 * SECOND_MS
ALL = ComplaintFilter()


class Lateness:
    """One per application."""

    def __init__(self, out: Surroundings) -> None:
        self._out = out
        self._at_ms, self._kept = 0, list[NeedShape]()

    async def need(self, now_ms: int) -> list[NeedShape]:
        """Return one sentence where something is late."""
        if not self._at_ms or not 0 <= now_ms - self._at_ms < KEPT_MS:
            self._at_ms, self._kept = now_ms, await self._looked(now_ms)
        return self._kept

    async def _looked(self, now_ms: int) -> list[NeedShape]:
        store, site = self._out.store.complaints, self._out.floor.site
        first = await store.due(site, ALL, after=(0, 0), limit=1)
        if not first or first[0].due_ms >= now_ms:
            return []
        count = (await store.count(site, ALL, now_ms=now_ms)).late
        return [NeedShape(code="complaints_late", severe="warn", count=count, since_ms=first[0].due_ms)]
