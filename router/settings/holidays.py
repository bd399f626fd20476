"""Holidays of a calendar: of a country by the `holidays` library, or from an iCalendar file beside the YAML."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from collections.abc import Mapping as Map
from datetime import UTC, date, datetime, time, timedelta
from importlib import import_module
from typing import Any

import msgspec

from router.core.cel import did_you_mean
from router.settings.reading import Field, Scope, complete, record, text
from router.settings.tree import Node, Sequence

# A longer event is a mistake in its end, and would close the floor for years.
_LONGEST = timedelta(days=366)

# Finer repetitions make no holiday, and millions of dates.
_FREQUENCIES = frozenset({"YEARLY", "MONTHLY", "WEEKLY", "DAILY"})

Spans = tuple[tuple[int, int], ...]


class Holidays(msgspec.Struct, frozen=True, kw_only=True):
    """One source of holidays and the hours kept on them. Either `country` or `calendar` (iCalendar text) is set."""

    country: str = ""
    subdivision: str = ""
    calendar: str = ""
    spans: Spans = ()

    def dates(self, first: date, last: date) -> frozenset[date]:
        """Return the holidays between two dates, both included."""
        found = _in_calendar(self.calendar, first, last) if self.calendar else self._in_country(first, last)
        return frozenset(day for day in found if first <= day <= last)

    def _in_country(self, first: date, last: date) -> Iterable[date]:
        years = range(first.year, last.year + 1)
        known: dict[date, str] = _library().country_holidays(
            self.country, subdiv=self.subdivision or None, years=years, expand=False
        )
        return list(known)


class _Refused(ValueError):
    """An iCalendar file cannot be used, in words for people."""


def read_holidays(
    node: Node, scope: Scope, *, files: Map[str, str], spans: Callable[[Node, Scope], Spans | None]
) -> tuple[Holidays, ...]:
    """Read one source of holidays or a list of them."""
    parts = node.items if isinstance(node, Sequence) else (node,)
    found: list[Holidays] = []
    for part in parts:
        holidays = _read_source(part, scope, files=files, spans=spans)
        if holidays is not None:
            found.append(holidays)
    return tuple(found)


def _read_source(
    node: Node, scope: Scope, *, files: Map[str, str], spans: Callable[[Node, Scope], Spans | None]
) -> Holidays | None:
    table = {
        "country": Field(_country, "country"),
        "subdivision": Field(text(chars_max=20), "subdivision"),
        "calendar": Field(lambda part, inner: _calendar(part, inner, files), "calendar"),
        "hours": Field(spans, "spans"),
    }
    values = complete(record(node, scope, table), table)
    if values is None:
        return None
    if ("country" in values) == ("calendar" in values):
        if not {"country", "calendar"} & set(getattr(node, "entries", {})):
            scope.report(node, "write country: CZ, or calendar: the-file.ics")
        elif "country" in values:
            scope.report(node, "a country and a calendar are two sources; write a list of two")
        return None
    holidays = Holidays(**values)
    return holidays if _subdivision_known(holidays, node, scope) else None


def _country(node: Node, scope: Scope) -> str | None:
    code: str | None = text(chars_max=20)(node, scope)
    if code is None:
        return None
    known = _library().list_supported_countries(include_aliases=False)
    if code in known:
        return code
    hint = f"; did you mean '{code.upper()}'?" if code.upper() in known else "; write two letters like CZ or TH"
    scope.report(node, f"no country '{code}' with known holidays{hint}")
    return None


def _subdivision_known(holidays: Holidays, node: Node, scope: Scope) -> bool:
    if not holidays.subdivision:
        return True
    entries = getattr(node, "entries", {})
    if not holidays.country:
        scope.report(entries["subdivision"], "a subdivision belongs to a country; remove it")
        return False
    known: list[str] = _library().list_supported_countries(include_aliases=True)[holidays.country]
    if holidays.subdivision in known:
        return True
    hint = did_you_mean(holidays.subdivision, known) or (f"; there is {', '.join(known)}" if known else "; remove it")
    scope.report(entries["subdivision"], f"{holidays.country} has no subdivision '{holidays.subdivision}'{hint}")
    return False


def _calendar(node: Node, scope: Scope, files: Map[str, str]) -> str | None:
    path: str | None = text(chars_max=200)(node, scope)
    if path is None:
        return None
    known = [file for file in files if file.endswith(".ics")]
    if path not in known:
        hint = did_you_mean(path, known) or (f"; there is {', '.join(known)}" if known else "; put it beside this file")
        scope.report(node, f"no iCalendar file '{path}' in the configuration{hint}")
        return None
    try:
        _events(files[path])
    except _Refused as fault:
        scope.report(node, f"{path}: {fault}")
        return None
    return files[path]


def _events(calendar: str) -> list[Any]:
    """Return the events of an iCalendar text that count, all of them whole days. Raises _Refused."""
    try:
        parsed = import_module("icalendar").Calendar.from_ical(calendar)
        events = [event for event in parsed.walk("VEVENT") if str(event.get("STATUS", "")).upper() != "CANCELLED"]
    except (ValueError, IndexError, KeyError) as fault:
        raise _Refused(f"not an iCalendar file: {str(fault)[:80]}") from None
    for event in events:
        start = getattr(event.get("DTSTART"), "dt", None)
        if start is None:
            raise _Refused("an event has no DTSTART")
        if isinstance(start, datetime):
            raise _Refused(
                f"the event of {start.date()} has a time of day; a holiday is a whole day (DTSTART;VALUE=DATE)"
            )
        if not _is_slow(event.get("RRULE", {})):
            raise _Refused(f"the event of {start} repeats in a way that no holiday does; write FREQ=YEARLY or dates")
        if "RECURRENCE-ID" in event:
            raise _Refused(f"the event of {start} moves one of a series; write the dates out (RDATE, EXDATE)")
    if not events:
        raise _Refused("no event in it")
    return events


def _is_slow(rule: Any) -> bool:
    if isinstance(rule, list):
        return False
    whole = all(isinstance(step, int) and step > 0 for step in rule.get("INTERVAL", [1]))
    return whole and all(str(word).upper() in _FREQUENCIES for word in rule.get("FREQ", ["YEARLY"]))


def _in_calendar(calendar: str, first: date, last: date) -> Iterable[date]:
    for event in _events(calendar):
        length = _length(event)
        for start in _starts(event, first - length, last):
            yield from (start + timedelta(days=step) for step in range(length.days))


def _length(event: Any) -> timedelta:
    """Return how many days an event covers; its end is the first day that is free again."""
    start: date = event["DTSTART"].dt
    if "DURATION" in event:
        whole: timedelta = event["DURATION"].dt
        return max(timedelta(days=whole.days), timedelta(days=1))
    end = event["DTEND"].dt if "DTEND" in event else start + timedelta(days=1)
    end = end.date() if isinstance(end, datetime) else end
    return min(max(end - start, timedelta(days=1)), _LONGEST)


def _starts(event: Any, first: date, last: date) -> set[date]:
    """Return the days on which an event begins, with its repetitions, between two dates."""
    start: date = event["DTSTART"].dt
    starts = {start} | _days_of(event.get("RDATE"))
    if "RRULE" in event:
        rule = event["RRULE"].to_ical().decode()
        # All-day values have no zone: everything is reckoned on naive midnights.
        series = import_module("dateutil.rrule").rrulestr(_naive_until(rule), dtstart=_midnight(start))
        starts |= {moment.date() for moment in series.between(_midnight(first), _midnight(last), inc=True)}
    return {day for day in starts - _days_of(event.get("EXDATE")) if first <= day <= last}


def _days_of(dates: Any) -> set[date]:
    lists = dates if isinstance(dates, list) else [dates] if dates is not None else []
    moments = [moment.dt for entry in lists for moment in entry.dts]
    return {moment.date() if isinstance(moment, datetime) else moment for moment in moments}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC).replace(tzinfo=None)


def _naive_until(rule: str) -> str:
    """Cut the time off `UNTIL=20301231T000000Z`, which a series of days must not have."""
    parts = [part[: len("UNTIL=YYYYMMDD")] if part.startswith("UNTIL=") else part for part in rule.split(";")]
    return ";".join(parts)


def _library() -> Any:
    """Load the library when a country is asked for: it takes half a second."""
    return import_module("holidays")
