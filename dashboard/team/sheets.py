"""Planned hours as a sheet: lines of login, day and hours, as a spreadsheet saves them. Pure: no store and no route.

A day is a weekday (`mon`) or a date (`2026-12-24`), which goes before its weekday; without hours it is free.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from dashboard.team.rosters import SPAN, SPANS_MAX, WEEKDAYS

COLUMNS = ["login", "day", "hours"]
LINE_CHARS_MAX = 500
# More faults are not read at once; the rest shows when these are mended.
FAULTS_MAX = 10
# A year ahead, by the day.
DATES_MAX = 400

_BETWEEN = re.compile(r"[\s;,]+")

Plans = dict[str, dict[str, tuple[str, ...]]]


class SheetFault(ValueError):
    """A sheet that cannot be taken: one sentence for each fault, by its line."""


def read_sheet(text: str, logins: Sequence[str]) -> Plans:
    """Return the planned days of each login. Raises SheetFault; no name and no hours stand in it."""
    known = {login.casefold(): login for login in logins}
    found: Plans = {}
    faults: list[str] = []
    for number, cells in _lines(text):
        fault = _fault(cells, known)
        if fault:
            faults.append(f"line {number}: {fault}")
        elif not faults:
            login, day, hours = cells
            found.setdefault(known[login.casefold()], {})[day.lower()] = _spans(hours)
        if len(faults) == FAULTS_MAX:
            break
    if not found and not faults:
        faults = ["it has no line; the first line is login,day,hours"]
    if faults:
        raise SheetFault("; ".join(faults))
    return found


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Return every line with its number, without the head and empty ones. A spreadsheet may part by semicolons."""
    text = text.removeprefix("\ufeff")
    first = text.split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text), delimiter=next((each for each in "\t;" if each in first), ","))
    try:
        for cells in reader:
            trimmed = [cell.strip() for cell in cells]
            while len(trimmed) > len(COLUMNS) and not trimmed[-1]:
                trimmed.pop()
            if any(trimmed) and [cell.lower() for cell in trimmed] != COLUMNS:
                yield reader.line_num, trimmed
    except csv.Error:
        raise SheetFault(f"line {reader.line_num}: this is no table of texts") from None


def _fault(cells: Sequence[str], known: Mapping[str, str]) -> str:
    if len(cells) == len(COLUMNS) - 1:
        return "there is no third column; leave it empty for a free day, after a comma"
    if len(cells) != len(COLUMNS) or sum(map(len, cells)) > LINE_CHARS_MAX:
        return f"there are {len(cells)} columns; write login,day,hours, and several hours with a space between"
    login, day, hours = cells
    if login.casefold() not in known:
        return "nobody has this login"
    if not is_day(day):
        return "the second column is no day; write mon … sun or a date such as 2026-12-24"
    spans = _spans(hours)
    if len(spans) > SPANS_MAX or not all(re.fullmatch(SPAN, span) for span in spans):
        return "the third column is no hours; write 09:00-17:00, or 09:00-12:00 13:00-17:00"
    return ""


def _spans(hours: str) -> tuple[str, ...]:
    return tuple(each for each in _BETWEEN.split(hours) if each)


def is_day(text: str) -> bool:
    """Return whether a text names a weekday or a date there is."""
    return text.lower() in WEEKDAYS or is_date(text)


def is_date(text: str) -> bool:
    """Return whether a text is a date there is, written like 2026-12-24."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
