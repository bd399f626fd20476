"""Planned hours of a person's week, and how a day's presence keeps to them. Pure: no store, no clock, no route."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta, tzinfo

from router.settings.zones import day_of, first_ms, last_ms
from router.views.agent_time import AgentTime

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
# A shift with its breaks between; more is no plan of a day.
SPANS_MAX = 6
SPAN = r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$(?!\n)"
SILENT = "not_responding"

Interval = tuple[int, int]


def minutes_of(span: str) -> Interval:
    """Return the minutes of a day between which a span lies; one that ends before it begins ends on the next day."""
    begins, ends = (60 * int(hours) + int(minutes) for hours, minutes in re.findall(r"(\d\d):(\d\d)", span))
    return begins, ends if ends > begins else ends + DAY_MINUTES


def planned(roster: Mapping[str, Sequence[str]], zone: tzinfo, *, from_ms: int, to_ms: int) -> list[Interval]:
    """Return when somebody is planned to be there between two times."""
    found: list[Interval] = []
    day, last = day_of(from_ms, zone) - timedelta(days=1), day_of(to_ms, zone)
    while day <= last:
        # A date of its own goes before its weekday, also to say that it is free.
        hours = roster.get(day.isoformat(), roster.get(WEEKDAYS[day.weekday()], ()))
        for begins, ends in map(minutes_of, hours):
            end_day = day + timedelta(days=ends // DAY_MINUTES)
            found.append((first_ms(day, begins, zone), last_ms(end_day, ends % DAY_MINUTES, zone)))
        day += timedelta(days=1)
    return joined((max(begin, from_ms), min(end, to_ms)) for begin, end in found)


def joined(intervals: Iterable[Interval]) -> list[Interval]:
    """Return intervals in order, those that touch as one, those without length not at all."""
    found: list[Interval] = []
    for begin, end in sorted(each for each in intervals if each[0] < each[1]):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def kept_ms(plan: Sequence[Interval], spans: Sequence[AgentTime], now_ms: int) -> int:
    """Return how much of a plan somebody was there: signed in, and not silent."""
    there = joined((span.from_ms, span.to_ms or now_ms) for span in spans if span.presence != SILENT)
    return sum(max(0, min(end, until) - max(begin, since)) for begin, end in plan for since, until in there)


def now_of(plan: Sequence[Interval], now_ms: int) -> Interval | None:
    """Return the planned time that a moment lies in."""
    return next(((begin, end) for begin, end in plan if begin <= now_ms < end), None)
