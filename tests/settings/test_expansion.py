"""Calendars in UTC: nights on which clocks change, nights that cross midnight, exceptions, and a brute force."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS
from router.core.calendar import FOREVER_MS, is_open, next_change
from router.settings.expansion import HORIZON_DAYS, expand, expand_all
from router.settings.hours import Exceptional, Hours, Spans
from router.settings.zones import EPOCH, first_ms, last_ms, to_ms, zone_names, zone_of
from tests.settings.conftest import NOW_MS, Load


def _utc(said: str) -> int:
    return to_ms(datetime.fromisoformat(said + "+00:00"))


def _said(at: int) -> str:
    return (EPOCH + timedelta(milliseconds=at)).strftime("%m-%dT%H:%M")


def _minutes(span: str) -> tuple[int, int]:
    opens, closes = (int(part[:2]) * 60 + int(part[3:]) for part in span.split("-"))
    return opens, closes if closes > opens else closes + 24 * 60


def _on_one_day(zone: str, day: str, span: str) -> list[str]:
    """Expand a calendar that has hours on this one day."""
    hours = Hours(zone=zone, dates={date.fromisoformat(day): (_minutes(span),)})
    around = _utc(f"{day}T00:00")
    return [_said(edge) for edge in expand(hours, around - 3 * DAY_MS, around + 4 * DAY_MS)]


# Zone, day on which the span begins, span, opening and closing in UTC. Real nights, both directions.
NIGHTS = [
    ("Europe/Prague", "2027-03-28", "01:30-04:00", "03-28T00:30", "03-28T02:00"),  # 1.5 h: 02:00-03:00 is missing
    ("Europe/Prague", "2027-03-28", "02:30-04:00", "03-28T01:00", "03-28T02:00"),  # opens when the clock leaps
    ("Europe/Prague", "2027-03-28", "00:00-02:30", "03-27T23:00", "03-28T01:00"),  # closes when it leaps
    ("Europe/Prague", "2027-03-27", "22:00-06:00", "03-27T21:00", "03-28T04:00"),  # a night of 7 hours
    ("Europe/Prague", "2027-10-31", "01:30-04:00", "10-30T23:30", "10-31T03:00"),  # 3.5 h
    ("Europe/Prague", "2027-10-31", "02:30-04:00", "10-31T00:30", "10-31T03:00"),  # opens at the first 02:30
    ("Europe/Prague", "2027-10-31", "00:00-02:30", "10-30T22:00", "10-31T01:30"),  # closes at the second
    ("Europe/Prague", "2027-10-31", "02:00-03:00", "10-31T00:00", "10-31T02:00"),  # the hour that is there twice
    ("Europe/Prague", "2027-10-30", "22:00-06:00", "10-30T20:00", "10-31T05:00"),  # a night of 9 hours
    ("America/New_York", "2027-03-14", "01:30-04:00", "03-14T06:30", "03-14T08:00"),
    ("America/New_York", "2027-03-13", "22:00-02:30", "03-14T03:00", "03-14T07:00"),
    ("America/New_York", "2027-11-07", "01:30-04:00", "11-07T05:30", "11-07T09:00"),
    ("America/New_York", "2027-11-07", "00:00-01:30", "11-07T04:00", "11-07T06:30"),
    ("Australia/Lord_Howe", "2027-04-04", "01:45-03:00", "04-03T14:45", "04-03T16:30"),  # the clock goes back 30 min
    ("Australia/Lord_Howe", "2027-10-03", "02:15-03:00", "10-02T15:30", "10-02T16:00"),  # and forward 30
    ("Asia/Bangkok", "2027-03-28", "01:30-04:00", "03-27T18:30", "03-27T21:00"),
    ("Asia/Bangkok", "2027-10-30", "22:00-06:00", "10-30T15:00", "10-30T23:00"),
    ("Africa/Cairo", "2027-04-30", "00:00-08:00", "04-29T22:00", "04-30T05:00"),  # midnight itself is missing
    ("Asia/Kathmandu", "2027-05-05", "09:00-17:00", "05-05T03:15", "05-05T11:15"),
]


@pytest.mark.parametrize(("zone", "day", "span", "opens", "closes"), NIGHTS)
def test_a_span_is_right_on_the_night_when_clocks_change(
    zone: str, day: str, span: str, opens: str, closes: str
) -> None:
    assert _on_one_day(zone, day, span) == [opens, closes]


def test_a_span_that_the_clock_leaps_over_does_not_open() -> None:
    assert _on_one_day("Europe/Prague", "2027-03-28", "02:00-03:00") == []
    assert _on_one_day("Europe/Prague", "2027-03-28", "02:10-02:50") == []


def test_a_day_that_the_calendar_leaps_over_does_not_open() -> None:
    assert _on_one_day("Pacific/Apia", "2011-12-30", "09:00-17:00") == []


def test_a_whole_week_is_one_interval_across_every_change_of_clocks() -> None:
    hours = Hours(zone="Europe/Prague", week=(((0, 24 * 60),),) * 7)
    start, end = _utc("2027-01-01T00:00"), _utc("2028-01-01T00:00")
    assert expand(hours, start, end) == (start, end)


def test_nights_that_touch_the_next_morning_are_one_interval() -> None:
    hours = Hours(zone="UTC", dates={date(2027, 5, 5): ((1320, 1440 + 360),), date(2027, 5, 6): ((360, 720),)})
    assert [_said(edge) for edge in expand(hours, _utc("2027-05-01T00:00"), _utc("2027-05-10T00:00"))] == [
        "05-05T22:00",
        "05-06T12:00",
    ]


def test_a_night_shift_belongs_to_the_evening_on_which_it_begins() -> None:
    week: tuple[Spans, ...] = (((1320, 1440 + 360),),) * 7
    hours = Hours(zone="UTC", week=week, dates={date(2027, 5, 6): ()})
    calendar = expand(hours, _utc("2027-05-05T12:00"), _utc("2027-05-08T12:00"))
    assert [_said(edge) for edge in calendar] == ["05-05T22:00", "05-06T06:00", "05-07T22:00", "05-08T06:00"]


def test_a_date_goes_before_a_range_and_a_range_before_the_weekday() -> None:
    hours = Hours(
        zone="UTC",
        week=(((480, 960),),) * 7,
        ranges=(Exceptional(date(2027, 5, 4), date(2027, 5, 6), ((540, 600),)),),
        dates={date(2027, 5, 5): ()},
    )
    calendar = expand(hours, _utc("2027-05-03T00:00"), _utc("2027-05-08T00:00"))
    assert [_said(edge) for edge in calendar[::2]] == ["05-03T08:00", "05-04T09:00", "05-06T09:00", "05-07T08:00"]


def test_a_leap_day_is_a_day() -> None:
    assert _on_one_day("Europe/Prague", "2028-02-29", "08:00-12:00") == ["02-29T07:00", "02-29T11:00"]


def test_the_horizon_is_from_yesterday_to_four_hundred_days_ahead() -> None:
    week: tuple[Spans, ...] = (((0, 24 * 60),),) * 7
    (opens, closes) = expand_all({"all": Hours(zone="Asia/Bangkok", week=week)}, NOW_MS)["all"]
    today = NOW_MS // DAY_MS * DAY_MS
    assert (opens, closes) == (today - DAY_MS, today + HORIZON_DAYS * DAY_MS)


def test_always_never_closes_and_never_never_opens() -> None:
    calendars = expand_all(
        {"a": Hours(zone="UTC", constant="always"), "n": Hours(zone="UTC", constant="never")}, NOW_MS
    )
    assert calendars == {"a": (0, FOREVER_MS), "n": ()}
    assert next_change(calendars["a"], NOW_MS) == 0


def test_lunch_breaks_and_zones_of_a_loaded_calendar(load_example: Load) -> None:
    loaded = load_example("hours:\n  office: {zone: Asia/Bangkok, mon: [08:00-12:00, 13:00-18:00]}\n  always: always\n")
    monday = [_said(edge) for edge in loaded.bundle.calendars["office"][:4]]
    assert monday == ["11-23T01:00", "11-23T05:00", "11-23T06:00", "11-23T11:00"]


ZONES = [
    "Europe/Prague",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Bangkok",
    "America/Sao_Paulo",
    "Africa/Casablanca",
]
spans = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).map(lambda span: (span[0], span[0] + span[1]))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), st.integers(0, 800), st.lists(spans, min_size=1, max_size=2))
def test_expansion_agrees_with_looking_at_the_clock_every_quarter_of_an_hour(
    zone: str, day_number: int, chosen: list[tuple[int, int]]
) -> None:
    """Outside the hours around a change of clocks, open means that the clock shows a time in a span."""
    day = date(2026, 1, 1) + timedelta(days=day_number)
    start = to_ms(datetime.combine(day, datetime.min.time(), tzinfo=EPOCH.tzinfo))
    week: tuple[Spans, ...] = (tuple(chosen),) * 7
    calendar = expand(Hours(zone=zone, week=week), start - 3 * DAY_MS, start + 3 * DAY_MS)
    clock = zone_of(zone)
    for at in range(start, start + DAY_MS, 15 * MINUTE_MS):
        around = {_offset(clock, at + step * HOUR_MS) for step in (-26, -3, 0, 3, 26)}
        if len(around) == 1:
            local = (EPOCH + timedelta(milliseconds=at)).astimezone(clock)
            minute = local.hour * 60 + local.minute
            shown = any(opens <= shifted < closes for opens, closes in chosen for shifted in (minute, minute + 1440))
            assert is_open(calendar, at) is shown


def _offset(clock: object, at: int) -> timedelta | None:
    return (EPOCH + timedelta(milliseconds=at)).astimezone(clock).utcoffset()  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(ZONES), st.integers(0, 800), st.integers(0, 1440))
def test_the_first_and_last_moment_of_a_time_agree_with_watching_the_clock(
    zone: str, day_number: int, minute: int
) -> None:
    day = date(2026, 1, 1) + timedelta(days=day_number)
    clock = zone_of(zone)
    wanted = datetime.combine(day, datetime.min.time()) + timedelta(minutes=minute)
    first, last = first_ms(day, minute, clock), last_ms(day, minute, clock)

    def shows(at: int) -> datetime:
        return (EPOCH + timedelta(milliseconds=at)).astimezone(clock).replace(tzinfo=None)

    watched = range(first - 4 * HOUR_MS, last + 4 * HOUR_MS, MINUTE_MS)
    reached = [at for at in watched if shows(at) >= wanted]
    assert reached[0] == first
    before = [at for at in watched if shows(at) < wanted]
    assert before[-1] + MINUTE_MS == last


def test_every_zone_can_be_read() -> None:
    names = zone_names()
    assert {"Europe/Prague", "Asia/Bangkok", "UTC"} <= names
    assert all(zone_of(name).utcoffset(EPOCH.replace(tzinfo=None)) is not None for name in sorted(names)[::25])
