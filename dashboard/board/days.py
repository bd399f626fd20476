"""A site's business days from the view of legs: read once, then only what has moved. No formula and no screen."""

from __future__ import annotations

from itertools import pairwise
from typing import cast

from dashboard.surroundings import Surroundings
from router.core.bundle import DAY_MS, HOUR_MS, Bundle, Wallboard
from router.store.port import ViewPlace
from router.views.legs import LEGS_VIEW
from router.views.tallies import EVERYTHING, QUARTER_MS, TALLIES, Cell, Tally, cells_of
from router.views.today import Day, day_from_ms, day_of_cells

# After a weekend or a week of holidays the last day with a result is still told.
DAYS_BACK = 8
# Their quarters and today's, and the hour that a clock may add to a day.
QUARTERS_MAX = (DAYS_BACK + 1) * 100


class Days:
    """Today and the days before, kept by the quarter. Of what is known only the last quarter is read again."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._out = surroundings
        self._cells: dict[int, list[Cell]] = {}
        self._first = 0
        self.place = ViewPlace()

    async def look(self, at: int, bundle: Bundle) -> tuple[Day, Day]:
        """Return today, as far as the view has come, and the last day before it that had a result."""
        starts = [day_from_ms(at, bundle.zone, bundle.wallboard.day_start_minute)]
        for _ in range(DAYS_BACK):
            starts.append(day_from_ms(starts[-1] - HOUR_MS, bundle.zone, bundle.wallboard.day_start_minute))
        await self._read(starts[-1] // QUARTER_MS)
        found = sorted(self._cells.items())
        today = day_of_cells(found, bundle, from_ms=starts[0], to_ms=starts[0] + 2 * DAY_MS)
        before = (day_of_cells(found, bundle, from_ms=start, to_ms=end) for end, start in pairwise(starts))
        return today, next((day for day in before if _has_result(day, bundle.wallboard)), Day(starts[1]))

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


def _has_result(day: Day, board: Wallboard) -> bool:
    return day.site.level(board) is not None
