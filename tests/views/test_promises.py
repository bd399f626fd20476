"""Promises: what comes back at a time, why and to whom; it stands until somebody takes it up."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import HOUR_MS, MINUTE_MS
from router.core.decide.windows import MARGIN_MS_MAX
from router.views.keeper import numbered
from router.views.promises import OF_OWNER, PROMISES, PROMISES_VIEW, THREADS, Owned, Promise
from tests.core.floor_plan import Floor, at_work
from tests.core.test_stories_callback import ask, floor_with
from tests.core.test_stories_windows import WINDOW_MS, floor_of, write
from tests.core.test_stories_wrapping import said, wrapping
from tests.views.watching import cut, folded, of_world, rows_of, walked


def promised(floor: Floor) -> list[Any]:
    """Each entry a batch of its own, so that nothing is known but what was written."""
    batches = [[each] for each in numbered(1, floor.entries)]
    tables = folded(PROMISES_VIEW, batches)
    rows = rows_of(tables, PROMISES)
    owned = {(row.owner, row.due_ms, row.conv) for row in rows_of(tables, OF_OWNER) if isinstance(row, Owned)}
    assert owned == {(row.owner, row.due_ms, row.conv) for row in rows if isinstance(row, Promise)}
    return rows


def talking(*lines: int) -> Floor:
    floor = at_work(7, capacity=200)
    for line in lines:
        floor.arrive(line)
        floor.accept(line)
    return floor


def last_record(floor: Floor) -> Any:
    return next(e.record for entry in reversed(floor.entries) for e in entry.events if isinstance(e, ev.Parked))


def test_a_follow_up_said_in_wrap_up_is_promised_with_its_note() -> None:
    floor = wrapping("optional")
    floor.do(cmd.Note(id="n", agent=7, conv=1, message=41))
    at = floor.at
    floor.do(said("", follow_up_ms=at + HOUR_MS))
    assert promised(floor) == [
        Promise(due_ms=at + HOUR_MS, conv=1, owner=7, kind="follow_up", queue="general", note=41, set_ms=at)
    ]


def test_what_is_parked_until_a_time_is_promised_and_what_waits_for_the_customer_is_not() -> None:
    floor = talking(1, 2)
    floor.do(cmd.Park(id="p", agent=7, conv=1, until_ms=floor.at + HOUR_MS))
    floor.do(cmd.Park(id="q", agent=7, conv=2))
    assert [(row.conv, row.kind) for row in promised(floor)] == [(1, "snoozed")]


def test_a_note_that_is_written_later_is_the_promise() -> None:
    floor = talking(1)
    floor.do(cmd.Park(id="p", agent=7, conv=1, until_ms=floor.at + HOUR_MS))
    floor.do(cmd.Note(id="n", agent=7, conv=1, message=43))
    assert [row.note for row in promised(floor)] == [43]


@pytest.mark.parametrize("far_ms", [5 * MINUTE_MS, 3 * HOUR_MS], ids=["near", "far"])
def test_a_call_back_at_a_time_is_promised_and_back_until_it_is_taken(far_ms: int) -> None:
    floor = floor_with()
    floor.arrive(1)
    due_ms = floor.at + far_ms
    ask(floor, 1, at_ms=due_ms)
    assert [(row.due_ms, row.kind, row.back_ms) for row in promised(floor)] == [(due_ms, "call_back", 0)]
    floor.wait(far_ms)
    if far_ms > MINUTE_MS * 10:
        floor.do(cmd.Wake(id="wake", record=last_record(floor)))
    assert [(row.due_ms, row.back_ms) for row in promised(floor)] == [(due_ms, due_ms)]


def test_what_is_back_stays_promised_while_its_owner_is_away_and_no_longer() -> None:
    floor = talking(1)
    floor.do(cmd.Park(id="p", agent=7, conv=1, until_ms=floor.at + HOUR_MS))
    floor.do(cmd.SetPresence(id="b", agent=7, presence="break"))
    floor.wait(HOUR_MS)
    floor.do(cmd.Wake(id="wake", record=last_record(floor)))
    assert [row.back_ms for row in promised(floor)] == [floor.at]
    floor.do(cmd.SetPresence(id="c", agent=7, presence="available"))
    assert floor.state.convs[1].owner == 7
    assert promised(floor) == []


def test_a_customer_who_comes_first_ends_the_promise() -> None:
    floor = talking(1)
    floor.do(cmd.Park(id="p", agent=7, conv=1, until_ms=floor.at + HOUR_MS))
    floor.do(floor.message(1, record=last_record(floor)))
    assert promised(floor) == []


def test_what_has_ended_leaves_no_row_behind() -> None:
    floor = talking(1)
    floor.do(cmd.Note(id="n", agent=7, conv=1, message=41))
    floor.do(cmd.Close(id="c", agent=7, conv=1, disposition="solved"))
    tables = folded(PROMISES_VIEW, [numbered(1, floor.entries)])
    assert [rows_of(tables, name) for name in (PROMISES, OF_OWNER, THREADS)] == [[], [], []]


def test_a_reply_window_that_closes_first_says_so() -> None:
    floor = floor_of()
    floor.sign_in(7)
    write(floor, 1)
    floor.accept(1)
    floor.do(cmd.Park(id="p", agent=7, conv=1, until_ms=floor.at + 2 * WINDOW_MS))
    assert [(row.kind, row.due_ms) for row in promised(floor)] == [("window", floor.at + WINDOW_MS - MARGIN_MS_MAX)]


@pytest.mark.parametrize("seed", range(6))
def test_on_random_floors_what_is_away_by_the_clock_is_what_is_promised(seed: int) -> None:
    """Told in another way: by the last event of each conversation that left or came back."""
    entries = of_world(walked(seed))
    away: dict[int, int] = {}
    for _, entry in entries:
        for event in entry.events:
            if isinstance(event, ev.Parked) and event.actor == "clock":
                away[event.conv] = event.until_ms
            elif isinstance(event, (ev.Parked, ev.Returned)):
                away.pop(event.conv, None)
    rows = rows_of(folded(PROMISES_VIEW, cut(entries, Random(seed))), PROMISES)
    parked = {row.conv: row.due_ms for row in rows if isinstance(row, Promise) and not row.back_ms}
    assert {conv: due_ms for conv, due_ms in parked.items() if conv in away} == away
