"""Searches in opening hours: sorted UTC milliseconds `(open, close, open, close, ...)`. No zones, no dates, no clock.

An interval holds its opening and not its closing. What lies beyond the last closing is unknown and counts as closed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

# Where an interval that never ends is closed: the last whole number that JSON readers keep exact.
FOREVER_MS = 2**53 - 1

Calendar = Sequence[int]


def is_open(calendar: Calendar, at: int) -> bool:
    """Return whether the calendar is open at a time."""
    return bisect_right(calendar, at) % 2 == 1


def open_since(calendar: Calendar, at: int) -> int:
    """Return when the opening began in which a time lies; -1 when the calendar is closed then."""
    index = bisect_right(calendar, at)
    return calendar[index - 1] if index % 2 == 1 else -1


def next_change(calendar: Calendar, at: int) -> int:
    """Return when the calendar next opens or closes after a time; 0 when it never does."""
    index = bisect_right(calendar, at)
    return _or_never(calendar[index]) if index < len(calendar) else 0


def next_open(calendar: Calendar, at: int) -> int:
    """Return the first time from `at` on at which the calendar is open: `at` itself, or an opening; 0 for none."""
    index = bisect_right(calendar, at)
    if index % 2 == 1:
        return at
    return calendar[index] if index < len(calendar) else 0


def business_ms(calendar: Calendar, a: int, b: int) -> int:
    """Return how long the calendar is open between two times; 0 when `b` is not after `a`."""
    total = 0
    for index in range(bisect_right(calendar, a) // 2 * 2, len(calendar), 2):
        opens, closes = max(calendar[index], a), min(calendar[index + 1], b)
        if opens >= b:
            break
        total += max(closes - opens, 0)
    return total


def add_business_ms(calendar: Calendar, at: int, open_ms: int) -> int:
    """Return when `open_ms` of opening time will have passed since `at`; 0 when the calendar does not reach so far.

    The answer for 0 is `at`. An amount that is used up at a closing ends at that closing, not at the next opening.
    """
    if open_ms <= 0:
        return at
    left_ms = open_ms
    for index in range(bisect_right(calendar, at) // 2 * 2, len(calendar), 2):
        opens, closes = max(calendar[index], at), calendar[index + 1]
        if opens + left_ms <= closes:
            return opens + left_ms
        left_ms -= max(closes - opens, 0)
    return 0


def _or_never(at: int) -> int:
    return 0 if at >= FOREVER_MS else at
