"""A week of a calendar as a picture: for each day its hours and why they are those. Drawn from what the bundle is made
of, by the same rules that expand it."""

from __future__ import annotations

from collections.abc import Mapping as Map
from datetime import date, timedelta

import msgspec

from router.settings.expansion import expand, reasons_of
from router.settings.hours import DAY_MINUTES, Hours
from router.settings.zones import day_of, first_ms, zone_of

WEEK_DAYS = 7
CONSTANT = {"always": ((0, DAY_MINUTES),), "never": ()}


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """One day. `why`: week, date, range, holiday, always, never. `spans` are minutes of this day in which it is open,
    what comes over from the night before among them."""

    date: str
    start_ms: int
    why: str
    spans: tuple[tuple[int, int], ...]


class Week(msgspec.Struct, frozen=True, kw_only=True):
    """One calendar's week, in its own zone."""

    calendar: str
    zone: str
    days: tuple[Day, ...]


def weeks(hours: Map[str, Hours], at: int, zone: str) -> tuple[Week, ...]:
    """Return each calendar's week, Monday to Sunday, in which a time lies by the site's own zone."""
    today = day_of(at, zone_of(zone))
    monday = today - timedelta(days=today.weekday())
    return tuple(
        Week(calendar=name, zone=calendar.zone, days=_days(calendar, monday))
        for name, calendar in sorted(hours.items())
    )


def _days(calendar: Hours, monday: date) -> tuple[Day, ...]:
    zone = zone_of(calendar.zone)
    dates = [monday + timedelta(days=number) for number in range(WEEK_DAYS + 1)]
    starts = [first_ms(day, 0, zone) for day in dates]
    edges = expand(calendar, starts[0], starts[-1])
    reasons = reasons_of(calendar, dates[0], dates[-1])
    return tuple(
        Day(
            date=day.isoformat(),
            start_ms=start_ms,
            why=calendar.constant or reasons[day],
            spans=CONSTANT[calendar.constant] if calendar.constant else _minutes(edges, start_ms, end_ms),
        )
        for day, start_ms, end_ms in zip(dates, starts, starts[1:], strict=False)
    )


def _minutes(edges: tuple[int, ...], start_ms: int, end_ms: int) -> tuple[tuple[int, int], ...]:
    """Cut a day out of openings and closings. A day on which clocks change is drawn as long as any other."""
    length_ms = end_ms - start_ms
    found = []
    for opens, closes in zip(edges[::2], edges[1::2], strict=True):
        inside, outside = max(opens, start_ms), min(closes, end_ms)
        if inside < outside:
            found.append(tuple((edge - start_ms) * DAY_MINUTES // length_ms for edge in (inside, outside)))
    return tuple((first, last) for first, last in found)
