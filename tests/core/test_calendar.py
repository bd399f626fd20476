"""Searches in opening hours, against counting every millisecond."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from router.core.calendar import FOREVER_MS, add_business_ms, business_ms, is_open, next_change, next_open

OFFICE = (10, 20, 30, 45)
ALWAYS = (0, FOREVER_MS)
END = 70

calendars = st.lists(st.integers(0, 60), max_size=12, unique=True).map(
    lambda edges: tuple(sorted(edges))[: len(edges) // 2 * 2]
)
times = st.integers(0, END)


def _open_minutes(calendar: tuple[int, ...]) -> list[bool]:
    spans = list(zip(calendar[::2], calendar[1::2], strict=True))
    return [any(opens <= at < closes for opens, closes in spans) for at in range(END + 1)]


def test_an_interval_holds_its_opening_and_not_its_closing() -> None:
    assert [is_open(OFFICE, at) for at in (9, 10, 19, 20, 29, 30, 44, 45)] == [False, True, True, False] * 2


def test_a_calendar_that_never_opens_says_so() -> None:
    assert not is_open((), 5)
    assert (next_change((), 5), next_open((), 5), business_ms((), 0, 99), add_business_ms((), 5, 1)) == (0, 0, 0, 0)


def test_a_calendar_that_never_closes_has_no_next_change() -> None:
    assert is_open(ALWAYS, 1_800_000_000_000)
    assert next_change(ALWAYS, 1_800_000_000_000) == 0
    assert add_business_ms(ALWAYS, 1_800_000_000_000, 500) == 1_800_000_000_500


def test_business_time_that_ends_with_the_day_ends_at_the_closing() -> None:
    assert add_business_ms(OFFICE, 5, 10) == 20
    assert add_business_ms(OFFICE, 5, 11) == 31
    assert add_business_ms(OFFICE, 25, 0) == 25
    assert add_business_ms(OFFICE, 12, 24) == 0


@given(calendars, times)
def test_open_and_the_next_changes_agree_with_counting(calendar: tuple[int, ...], at: int) -> None:
    minutes = _open_minutes(calendar)
    assert is_open(calendar, at) is minutes[at]
    changes = [later for later in range(at + 1, END + 1) if minutes[later] is not minutes[later - 1]]
    assert next_change(calendar, at) == (changes[0] if changes else 0)
    openings = [later for later in range(at, END + 1) if minutes[later]]
    assert next_open(calendar, at) == (openings[0] if openings else 0)


@given(calendars, times, times)
def test_business_time_agrees_with_counting(calendar: tuple[int, ...], a: int, b: int) -> None:
    assert business_ms(calendar, a, b) == sum(_open_minutes(calendar)[a:b])


@given(calendars, times, st.integers(1, 40))
def test_adding_business_time_agrees_with_counting(calendar: tuple[int, ...], at: int, open_ms: int) -> None:
    minutes = _open_minutes(calendar)
    worked = [later + 1 for later in range(at, END + 1) if minutes[later]]
    assert add_business_ms(calendar, at, open_ms) == (worked[open_ms - 1] if len(worked) >= open_ms else 0)


@given(calendars, times, st.integers(1, 40))
def test_adding_and_measuring_are_inverse(calendar: tuple[int, ...], at: int, open_ms: int) -> None:
    end = add_business_ms(calendar, at, open_ms)
    assert end == 0 or business_ms(calendar, at, end) == open_ms
