"""Calendars expanded into UTC intervals: what the core searches. Daylight saving is settled here and nowhere else.

A span is one stretch: it opens when the clock first shows its beginning and closes when the clock last comes to its
end. A day's hours are those that begin on it; a night shift belongs to the evening.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta, tzinfo

from router.core.bundle import DAY_MS
from router.core.calendar import FOREVER_MS
from router.settings.hours import DAY_MINUTES, Hours, Spans
from router.settings.zones import day_of, first_ms, last_ms, zone_of

# How far ahead a bundle knows its hours: a year, and a month to be told that nobody extends them any more.
HORIZON_DAYS = 400

Calendar = tuple[int, ...]

_CONSTANT: dict[str, Calendar] = {"always": (0, FOREVER_MS), "never": ()}


def expand_all(hours: dict[str, Hours], now_ms: int) -> dict[str, Calendar]:
    """Expand calendars from one day before the UTC day of `now_ms` to the horizon after it."""
    day_ms = now_ms // DAY_MS * DAY_MS
    start_ms, end_ms = day_ms - DAY_MS, day_ms + HORIZON_DAYS * DAY_MS
    return {name: expand(calendar, start_ms, end_ms) for name, calendar in sorted(hours.items())}


def expand(hours: Hours, start_ms: int, end_ms: int) -> Calendar:
    """Return the sorted openings and closings between two times, intervals that touch made one."""
    if hours.constant:
        return _CONSTANT[hours.constant]
    zone = zone_of(hours.zone)
    # A span of the day before may still be open; no zone is more than a day away from UTC.
    first, last = day_of(start_ms, zone) - timedelta(days=2), day_of(end_ms, zone) + timedelta(days=1)
    return _merged(_intervals(hours, zone, first, last), start_ms, end_ms)


def reasons_of(hours: Hours, first: date, last: date) -> dict[date, str]:
    """Return for each day between two, both included, what decides its hours: date, range, holiday or week."""
    feasts = {day for source in hours.holidays for day in source.dates(first, last)}
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return {day: _decided_by(hours, feasts, day) for day in days}


def _decided_by(hours: Hours, feasts: set[date], day: date) -> str:
    if day in hours.dates:
        return "date"
    if any(exceptional.first <= day <= exceptional.last for exceptional in hours.ranges):
        return "range"
    return "holiday" if day in feasts else "week"


def _intervals(hours: Hours, zone: tzinfo, first: date, last: date) -> Iterator[tuple[int, int]]:
    feasts: dict[date, Spans] = {}
    for source in reversed(hours.holidays):
        feasts.update(dict.fromkeys(source.dates(first, last), source.spans))
    day = first
    while day <= last:
        for opens, closes in _spans(hours, feasts, day):
            close_day = day + timedelta(days=closes // DAY_MINUTES)
            yield first_ms(day, opens, zone), last_ms(close_day, closes % DAY_MINUTES, zone)
        day += timedelta(days=1)


def _spans(hours: Hours, feasts: dict[date, Spans], day: date) -> Spans:
    if day in hours.dates:
        return hours.dates[day]
    for exceptional in hours.ranges:
        if exceptional.first <= day <= exceptional.last:
            return exceptional.spans
    return feasts.get(day, hours.week[day.weekday()])


def _merged(intervals: Iterable[tuple[int, int]], start_ms: int, end_ms: int) -> Calendar:
    edges: list[int] = []
    for opens, closes in sorted(intervals):
        inside, outside = max(opens, start_ms), min(closes, end_ms)
        if inside >= outside:
            continue
        if edges and inside <= edges[-1]:
            edges[-1] = max(edges[-1], outside)
        else:
            edges += [inside, outside]
    return tuple(edges)
