"""Holidays by country and from iCalendar files."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from router.core.bundle import HOUR_MS
from router.core.calendar import is_open
from router.settings.holidays import Holidays
from router.settings.problems import SettingsError
from router.settings.zones import to_ms
from tests.settings.conftest import Load

EVENT = "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTAMP:20260101T000000Z\r\n{lines}\r\nEND:VEVENT\r\n"
HOURS = "hours:\n  office: {{mon-sun: 08:00-16:00, holidays: {holidays}}}\n  always: always\n"
YEAR = (date(2026, 12, 1), date(2027, 11, 30))


def _calendar(*events: str) -> str:
    body = "".join(EVENT.format(uid=number, lines=lines) for number, lines in enumerate(events))
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//\r\n{body}END:VCALENDAR\r\n"


def _dates(*events: str) -> list[str]:
    return sorted(str(day) for day in Holidays(calendar=_calendar(*events)).dates(*YEAR))


MOVED = (
    "DTSTART;VALUE=DATE:20270104\r\nRRULE:FREQ=MONTHLY;COUNT=3\r\n"
    "EXDATE;VALUE=DATE:20270204\r\nRDATE;VALUE=DATE:20270210"
)

EVENTS = [
    ("one day", "DTSTART;VALUE=DATE:20261224", ["2026-12-24"]),
    ("days until an end that is free again", "DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261227",
     ["2026-12-24", "2026-12-25", "2026-12-26"]),
    ("a length", "DTSTART;VALUE=DATE:20261224\r\nDURATION:P2D", ["2026-12-24", "2026-12-25"]),
    ("begun before", "DTSTART;VALUE=DATE:20261129\r\nDTEND;VALUE=DATE:20261203", ["2026-12-01", "2026-12-02"]),
    ("every year since long ago", "DTSTART;VALUE=DATE:19900501\r\nRRULE:FREQ=YEARLY", ["2027-05-01"]),
    ("until a time of day", "DTSTART;VALUE=DATE:20200501\r\nRRULE:FREQ=YEARLY;UNTIL=20270501T000000Z", ["2027-05-01"]),
    ("no longer", "DTSTART;VALUE=DATE:20200501\r\nRRULE:FREQ=YEARLY;COUNT=3", []),
    ("a movable day", "DTSTART;VALUE=DATE:20201126\r\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", ["2027-11-25"]),
    ("more and fewer days", MOVED, ["2027-01-04", "2027-02-10", "2027-03-04"]),
    ("cancelled beside another", "DTSTART;VALUE=DATE:20261224\r\nSTATUS:CANCELLED", None),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "days"), [row[1:] for row in EVENTS], ids=[row[0] for row in EVENTS])
def test_an_event_covers_its_days(lines: str, days: list[str] | None) -> None:
    other = "DTSTART;VALUE=DATE:20270707"
    assert _dates(lines, other) == sorted([*(days or []), "2027-07-07"])


REFUSED = [
    ("DTSTART:20261224T100000Z", "the event of 2026-12-24 has a time of day"),
    ("SUMMARY:Nothing", "an event has no DTSTART"),
    ("DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=SECONDLY", "repeats in a way that no holiday does"),
    ("DTSTART;VALUE=DATE:20261224\r\nRRULE:FREQ=DAILY;INTERVAL=0", "repeats in a way"),
    ("DTSTART;VALUE=DATE:20261224\r\nRECURRENCE-ID;VALUE=DATE:20261223", "moves one of a series"),
]


@pytest.mark.parametrize(("lines", "words"), REFUSED)
def test_an_event_that_is_no_holiday_is_refused_where_the_file_is_named(
    load_example: Load, lines: str, words: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_example(HOURS.format(holidays="{calendar: days.ics}"), **{"days.ics": _calendar(lines)})
    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (2, 55)
    assert words in problem.message


@pytest.mark.parametrize("text", ["", "hello", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "BEGIN:VEVENT\r\n", "a" * 5_000])
def test_a_file_that_is_no_calendar_is_refused(load_example: Load, text: str) -> None:
    with pytest.raises(SettingsError, match=r"office.holidays.calendar: days.ics: (not an iCalendar file|no event)"):
        load_example(HOURS.format(holidays="{calendar: days.ics}"), **{"days.ics": text})


def _noon(day: str) -> int:
    return to_ms(datetime.fromisoformat(day + "T11:00").replace(tzinfo=UTC))


def test_holidays_of_a_country_close_the_day(load_example: Load) -> None:
    office = load_example(HOURS.format(holidays="{country: CZ}")).bundle.calendars["office"]
    assert [is_open(office, _noon(day)) for day in ("2026-12-23", "2026-12-24", "2026-12-27", "2027-03-29")] == [
        True, False, True, False,
    ]  # fmt: skip


def test_a_subdivision_has_holidays_of_its_own(load_example: Load) -> None:
    example = HOURS.format(holidays="{country: DE, subdivision: BY}")
    epiphany = _noon("2027-01-06")
    assert not is_open(load_example(example).bundle.calendars["office"], epiphany)
    assert is_open(load_example(HOURS.format(holidays="{country: DE}")).bundle.calendars["office"], epiphany)


def test_holidays_may_have_hours_and_the_first_source_wins(load_example: Load) -> None:
    calendar = _calendar("DTSTART;VALUE=DATE:20261224\r\nDTEND;VALUE=DATE:20261230")
    example = HOURS.format(holidays="[{country: CZ}, {calendar: days.ics, hours: 10:00-14:00}]")
    office = load_example(example, **{"days.ics": calendar}).bundle.calendars["office"]
    nine, noon = -3 * HOUR_MS, 0
    assert [is_open(office, _noon("2026-12-24") + step) for step in (nine, noon)] == [False, False]
    assert [is_open(office, _noon("2026-12-28") + step) for step in (nine, noon)] == [False, True]
    assert is_open(office, _noon("2026-12-31") + nine)


def test_years_far_away_have_holidays_too() -> None:
    first = date(2040, 1, 1)
    assert date(2040, 12, 24) in Holidays(country="CZ").dates(first, first + timedelta(days=400))
