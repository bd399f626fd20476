"""The `hours` section: calendars as people write them, read into weekly spans, exceptions and holidays."""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from datetime import date
from typing import Any

import msgspec

from router.core.cel import did_you_mean
from router.settings.holidays import Holidays, read_holidays
from router.settings.reading import Scope, kind_of, one_of, there_is
from router.settings.tree import Mapping, Node, Scalar, Sequence

DAY_MINUTES = 24 * 60
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Nobody opens more often in a day; a longer list is a mistake in indentation.
SPANS_MAX = 24

Spans = tuple[tuple[int, int], ...]

_SPAN = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
_DATES = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:\s*\.\.\s*([0-9]{4}-[0-9]{2}-[0-9]{2}))?")
_EXAMPLE = "write it like 08:00-12:00, several as [08:00-12:00, 13:00-18:00], none as closed"


class Exceptional(msgspec.Struct, frozen=True):
    """Other hours on some dates, both ends included."""

    first: date
    last: date
    spans: Spans


class Hours(msgspec.Struct, frozen=True, kw_only=True):
    """One calendar. Spans are minutes of the day on which they begin; those past midnight end above 1440.

    `constant` is `always` or `never`, or empty; then a date goes before a range, a range before a holiday, a holiday
    before the weekday.
    """

    zone: str
    constant: str = ""
    week: tuple[Spans, ...] = ((),) * 7
    dates: dict[date, Spans] = {}
    ranges: tuple[Exceptional, ...] = ()
    holidays: tuple[Holidays, ...] = ()


def read_hours(node: Mapping, scope: Scope, *, zone: str, files: Map[str, str]) -> dict[str, Hours]:
    """Read all calendars. `zone` is the site's; `files` holds the iCalendar files by name."""
    found: dict[str, Hours] = {}
    for word, part in node.entries.items():
        hours = _read_calendar(part, scope, zone=zone, files=files)
        if hours is not None:
            found[word] = hours
    return found


def _read_calendar(node: Node, scope: Scope, *, zone: str, files: Map[str, str]) -> Hours | None:
    if isinstance(node, Scalar) and node.value in {"always", "never"}:
        return Hours(zone=zone, constant=str(node.value))
    if not isinstance(node, Mapping):
        scope.report(node, f"expected always, never, or days with their hours, found {kind_of(node)}")
        return None
    return _Calendar(node, scope, zone=zone, files=files).read()


class _Calendar:
    """Reads one calendar, key by key."""

    def __init__(self, node: Mapping, scope: Scope, *, zone: str, files: Map[str, str]) -> None:
        self._node = node
        self._scope = scope
        self._zone = zone
        self._files = files
        self._zones = scope.names["zone"] or ()
        self._week: dict[str, Spans] = {}
        self._dates: dict[date, Spans] = {}
        self._ranges: list[Exceptional] = []
        self._holidays: tuple[Holidays, ...] = ()

    def read(self) -> Hours:
        for word, part in self._node.entries.items():
            self._entry(word, self._node.keys[word], part)
        if not set(self._node.entries) - {"zone", "holidays"}:
            self._scope.report(self._node, "no hours here; write days like mon-fri: 08:00-17:00, or the word never")
        return Hours(
            zone=self._zone,
            week=tuple(self._week.get(day, ()) for day in WEEKDAYS),
            dates=self._dates,
            ranges=tuple(self._ranges),
            holidays=self._holidays,
        )

    def _entry(self, word: str, key: Scalar, part: Node) -> None:
        if word == "zone":
            self._zone = one_of("time zone", self._zones)(part, self._scope) or self._zone
        elif word == "holidays":
            self._holidays = read_holidays(part, self._scope, files=self._files, spans=read_spans)
        elif word[:1].isdigit():
            self._exception(word, key, part)
        else:
            self._weekdays(word, key, part)

    def _weekdays(self, word: str, key: Scalar, part: Node) -> None:
        spans = read_spans(part, self._scope)
        days = _days(word)
        if days is None:
            known = (*WEEKDAYS, "zone", "holidays")
            hint = did_you_mean(word.lower()[:3], known) or there_is(known)
            self._scope.report(key, f"'{word}' is no day; write mon, mon-fri, sat,sun or 2026-12-24{hint}")
            return
        for day in days:
            if day in self._week:
                self._scope.report(key, f"{day} has its hours in an earlier line; say each day once")
            elif spans is not None:
                self._week[day] = spans

    def _exception(self, word: str, key: Scalar, part: Node) -> None:
        spans = read_spans(part, self._scope)
        between = _between(word)
        if between is None:
            self._scope.report(key, f"'{word}' is no date; write 2026-12-24, or 2026-12-24..2026-12-31")
            return
        first, last = between
        if first == last:
            if first in self._dates:
                self._scope.report(key, "this date is there twice; remove one")
            elif spans is not None:
                self._dates[first] = spans
            return
        crossing = next((other for other in self._ranges if other.first <= last and first <= other.last), None)
        if crossing is not None:
            self._scope.report(key, f"overlaps {crossing.first}..{crossing.last}; write ranges that do not share a day")
        elif spans is not None:
            self._ranges.append(Exceptional(first, last, spans))


def _days(word: str) -> list[str] | None:
    """Return the weekdays of `mon`, `mon-fri`, `sat,sun`, or None."""
    found: list[str] = []
    for part in word.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        last = last if dash else first
        if first not in WEEKDAYS or last not in WEEKDAYS:
            return None
        start = WEEKDAYS.index(first)
        count = (WEEKDAYS.index(last) - start) % 7 + 1
        found.extend(WEEKDAYS[(start + step) % 7] for step in range(count))
    return found if len(set(found)) == len(found) else None


def _between(word: str) -> tuple[date, date] | None:
    match = _DATES.fullmatch(word)
    if match is None:
        return None
    try:
        first = date.fromisoformat(match[1])
        last = date.fromisoformat(match[2]) if match[2] else first
    except ValueError:
        return None
    return (first, last) if first <= last else None


def read_spans(node: Node, scope: Scope) -> Spans | None:
    """Read the hours of one day: `08:00-12:00`, a list of those, or `closed`."""
    if isinstance(node, Scalar) and node.value == "closed":
        return ()
    parts = node.items if isinstance(node, Sequence) else (node,)
    if not parts or len(parts) > SPANS_MAX:
        scope.report(node, f"expected 1 to {SPANS_MAX} spans; {_EXAMPLE}")
        return None
    spans: list[tuple[int, int]] = []
    for part in parts:
        span = _span(part, scope)
        if span is None:
            return None
        if spans and span[0] < spans[-1][1]:
            scope.report(part, "begins before the one before it has ended; write spans in order, without overlap")
            return None
        spans.append(span)
    return tuple(spans)


def _span(node: Node, scope: Scope) -> tuple[int, int] | None:
    said: Any = node.value if isinstance(node, Scalar) else None
    match = _SPAN.fullmatch(said) if isinstance(said, str) else None
    if match is None:
        scope.report(node, f"'{said}' is no span of hours; {_EXAMPLE}" if isinstance(said, str) else _EXAMPLE)
        return None
    opens, closes = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if opens >= DAY_MINUTES or closes > DAY_MINUTES or int(match[2]) > 59 or int(match[4]) > 59:
        scope.report(node, f"'{said}' has a time that no clock shows; times go from 00:00 to 24:00")
        return None
    if opens == closes:
        scope.report(node, f"'{said}' is empty; a whole day is 00:00-24:00, none is closed")
        return None
    return opens, closes if closes > opens else closes + DAY_MINUTES
