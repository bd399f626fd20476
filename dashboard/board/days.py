"""A site's business days from the view of legs: read once, then only what has moved. No formula and no screen."""

from __future__ import annotations

from typing import cast

from dashboard.surroundings import Surroundings
from router.core.bundle import DAY_MS, HOUR_MS, Bundle
from router.store.port import ViewPlace
from router.views.legs import LEGS_VIEW
from router.views.tallies import EVERYTHING, QUARTER_MS, TALLIES, Cell, Tally, cells_of
from router.views.today import Day, day_from_ms, day_of_cells

# Two days of quarters, and the hour that a clock may add to one.
QUARTERS_MAX = 2 * 100


class Days:
    """Today and the day before, kept by the quarter. Of what is known only the last quarter is read again."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._out = surroundings
        self._cells: dict[int, list[Cell]] = {}
        self._first = 0
        self.place = ViewPlace()

    async def look(self, at: int, bundle: Bundle) -> tuple[Day, Day]:
        """Return today and the day before, as far as the view has come."""
        start = bundle.wallboard.day_start_minute
        from_ms = day_from_ms(at, bundle.zone, start)
        before_ms = day_from_ms(from_ms - HOUR_MS, bundle.zone, start)
        await self._read(before_ms // QUARTER_MS)
        found = sorted(self._cells.items())
        return (
            day_of_cells(found, bundle, from_ms=from_ms, to_ms=from_ms + 2 * DAY_MS),
            day_of_cells(found, bundle, from_ms=before_ms, to_ms=from_ms),
        )

    async def _read(self, first: int) -> None:
        """Read what may have changed: the last known quarter and all after it; everything where the view began anew."""
        site, views, spec = self._out.floor.site, self._out.store.views, LEGS_VIEW.spec
        place = await views.begin(site, spec)
        if place.position < self.place.position or first < self._first:
            self._cells.clear()
        self.place, self._first = place, first
        known = max(self._cells, default=first)
        rows = await views.rows(site, spec, TALLIES, after=(EVERYTHING, max(first, known) - 1), limit=QUARTERS_MAX)
        for row in rows:
            tally = cast(Tally, row)
            self._cells[tally.quarter] = cells_of(tally)
        for quarter in [quarter for quarter in self._cells if quarter < first]:
            del self._cells[quarter]
