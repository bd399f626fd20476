"""Complaints counted: the figures of a period, and a table to take away. No routes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo

from dashboard.complaints.cases import Cases
from dashboard.complaints.shapes import CauseShape, ComplaintFigures, FiguresQuery, WeekShape
from dashboard.parts import Parts
from dashboard.tables import as_csv, iso
from router.care.complaint_figures import figures
from router.settings.zones import zone_of
from router.store.port import Complaint

# As many as are read in a second or two; a site with more in a year of weeks asks for a shorter period.
COUNTED_MAX = 50_000
COLUMNS = (
    "number", "kind", "about", "severity", "queue", "channel", "stage", "outcome", "cause", "remedy", "amount",
    "currency", "owner", "reopened",
)  # fmt: skip
TIMES = ("opened", "acknowledge_by", "acknowledged", "answer_by", "answered", "closed")


class Counting:
    """One per application."""

    def __init__(self, parts: Parts, cases: Cases) -> None:
        self._parts, self._cases, self._out = parts, cases, parts.out

    async def figures(self, ask: FiguresQuery) -> ComplaintFigures:
        """Count whole weeks. Reading is by index; counting has a thread."""
        now_ms = self._out.now_ms()
        bounds = weeks_until(ask.until_ms or now_ms, ask.weeks, zone_of(self._cases.bundle.zone))
        rows = await self._rows(bounds)
        found = await asyncio.to_thread(figures, rows, bounds, now_ms=now_ms)
        return ComplaintFigures(
            from_ms=bounds[0],
            to_ms=bounds[-1],
            weeks=[WeekShape(**week._asdict()) for week in found.weeks],
            opened=found.opened,
            closed=found.closed,
            answered=found.answered,
            in_time=found.in_time,
            median_answer_ms=found.median_answer_ms,
            outcomes=found.outcomes,
            causes=[CauseShape(**cell._asdict()) for cell in found.causes],
            whole=len(rows) < COUNTED_MAX,
        )

    async def table(self, ask: FiguresQuery) -> bytes:
        """Return the complaints of a period as CSV: codes, figures and times, nothing that anybody wrote."""
        bounds = weeks_until(ask.until_ms or self._out.now_ms(), ask.weeks, zone_of(self._cases.bundle.zone))
        rows = await self._rows(bounds)
        await self._parts.staff.learn({each.owner for each in rows})
        owners = {each.owner: self._parts.staff.name(each.owner) for each in rows}
        return await asyncio.to_thread(_csv, rows, owners)

    async def _rows(self, bounds: Sequence[int]) -> list[Complaint]:
        return await self._cases.store.between(
            self._cases.site, since_ms=bounds[0], until_ms=bounds[-1], limit=COUNTED_MAX
        )


def weeks_until(at_ms: int, weeks: int, zone: tzinfo) -> list[int]:
    """Return where weeks begin by a zone's clock, on Mondays, and where the last one ends."""
    day = datetime.fromtimestamp(at_ms / 1_000, zone).date()
    monday = day - timedelta(days=day.weekday())
    days = [monday + timedelta(weeks=number) for number in range(1 - weeks, 2)]
    return [int(datetime(each.year, each.month, each.day, tzinfo=zone).timestamp() * 1_000) for each in days]


def _csv(rows: Iterable[Complaint], owners: dict[int, str]) -> bytes:
    return as_csv((*COLUMNS, *TIMES), (_cells(each, owners.get(each.owner, "")) for each in rows))


def _cells(one: Complaint, owner: str) -> list[object]:
    values = [owner if name == "owner" else getattr(one, name) for name in COLUMNS]
    return [*values, *(iso(getattr(one, f"{name}_ms")) for name in TIMES)]
