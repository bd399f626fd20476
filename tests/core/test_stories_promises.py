"""Stories of what is promised for a time: it gets another time or owner, or ends, and loses nothing by it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import LookAgain, Made, Refused
from router.core.bundle import HOUR_MS, MINUTE_MS
from router.core.decide.windows import MARGIN_MS_MAX
from router.core.engine import Engine
from tests.core.floor_plan import Floor, at_work, names
from tests.core.test_stories_callback import ask, floor_with
from tests.core.test_stories_windows import WINDOW_MS, floor_of, write
from tests.core.test_stories_wrapping import said, wrapping
from tests.core.walk import Walk
from tests.core.world import World


def promised() -> tuple[Floor, Any]:
    floor = at_work(7, 8)
    floor.arrive(1)
    floor.accept(1)
    return floor, parked(floor.do(cmd.Park(id="p", agent=7, conv=1, until_ms=floor.at + HOUR_MS)))


def parked(made: list[ev.Event]) -> Any:
    return next(event.record for event in made if isinstance(event, ev.Parked))


def replan(floor: Floor, record: Any, **given: Any) -> Any:
    return floor.ask(cmd.Replan(id=floor.id(), record=record, **{"by": 7, "until_ms": floor.at + 2 * HOUR_MS, **given}))


def events_of(floor: Floor) -> list[ev.Event]:
    return list(floor.entries[-1].events)


def test_its_owner_gives_a_promise_another_time_without_a_reason() -> None:
    floor, record = promised()
    due_ms = floor.at + 3 * HOUR_MS
    assert isinstance(replan(floor, record, until_ms=due_ms), Made)
    returned, again = events_of(floor)
    assert isinstance(returned, ev.Returned)
    assert isinstance(again, ev.Parked)
    assert (returned.why, again.until_ms, again.agent, again.record.key_ms) == ("replanned", due_ms, 7, record.key_ms)
    assert again.record.version == record.version + 1
    assert floor.state.convs == {}


def test_a_promise_that_is_given_to_a_colleague_comes_back_to_them() -> None:
    floor, record = promised()
    replan(floor, record, by=90, to_agent=8, reason="she is on holiday")
    made = events_of(floor)
    assert names(made) == ["Returned", "Ordered", "Parked"]
    assert made[1] == ev.Ordered(1, 90, "replan", "she is on holiday", agent=8, number=floor.at + 2 * HOUR_MS)
    floor.wait(2 * HOUR_MS)
    back = floor.do(cmd.Wake(id="w", record=parked(made)))
    assert [event.agent for event in back if isinstance(event, ev.Assigned)] == [8]


def test_a_call_back_that_gets_another_time_is_a_call_back_still() -> None:
    floor = floor_with("agent_first")
    floor.arrive(1)
    record = parked(ask(floor, at_ms=floor.at + HOUR_MS))
    replan(floor, record, by=90, reason="the customer asked")
    again = parked(events_of(floor))
    assert again.relief.callback == "agent_first"
    floor.wait(2 * HOUR_MS)
    floor.do(cmd.Wake(id="w", record=again))
    assert floor.state.convs[1].relief.callback == "agent_first"


def test_nothing_is_moved_beyond_its_reply_window() -> None:
    floor = floor_of()
    floor.sign_in(7)
    write(floor, 1)
    floor.accept(1)
    window_ms = floor.at + WINDOW_MS
    record = parked(floor.do(cmd.Park(id="p", agent=7, conv=1, until_ms=floor.at + HOUR_MS)))
    replan(floor, record, until_ms=window_ms + HOUR_MS)
    moved = events_of(floor)[-1]
    assert isinstance(moved, ev.Parked)
    assert moved.until_ms == window_ms - MARGIN_MS_MAX


def test_what_is_done_ends_with_its_outcome_and_nobody_has_to_take_it_first() -> None:
    floor, record = promised()
    floor.do(cmd.SignOut(id="o", agent=7))
    made = floor.do(cmd.Settle(id="s", record=record, by=7, disposition="solved"))
    assert names(made) == ["Returned", "Closed"]
    closed = made[-1]
    assert isinstance(closed, ev.Closed)
    assert (closed.agent, closed.disposition, closed.record.state) == (7, "solved", "closed")
    reopened = floor.do(floor.message(1, record=closed.record))
    assert names(reopened)[0] == "Returned"


def test_a_supervisor_who_ends_it_says_why_and_is_named() -> None:
    floor, record = promised()
    assert floor.ask(cmd.Settle(id="s", record=record, by=90)) == Refused("reason_missing")
    made = floor.do(cmd.Settle(id="t", record=record, by=90, disposition="solved", reason="paid meanwhile"))
    assert made[1] == ev.Ordered(1, 90, "settle", "paid meanwhile")


def test_where_an_outcome_is_asked_for_it_is_asked_for_here_too() -> None:
    floor = wrapping("required")
    record = parked(floor.do(said("", follow_up_ms=floor.at + HOUR_MS)))
    assert floor.ask(cmd.Settle(id="s", record=record, by=7)) == Refused("outcome_missing")
    assert isinstance(floor.ask(cmd.Settle(id="t", record=record, by=7, disposition="solved")), Made)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"until_ms": 1}, "until_past"),
        ({"by": 90, "to_agent": 8}, "reason_missing"),
        ({"by": 8}, "reason_missing"),
    ],
)
def test_a_promise_is_not_replanned(given: dict[str, Any], reason: str) -> None:
    floor, record = promised()
    assert replan(floor, record, **given) == Refused(reason)


def test_an_unknown_outcome_ends_nothing() -> None:
    floor, record = promised()
    assert floor.ask(cmd.Settle(id="s", record=record, by=7, disposition="eaten")) == Refused("disposition_unknown")


def test_what_is_back_already_is_neither_replanned_nor_settled() -> None:
    floor, record = promised()
    floor.do(cmd.Wake(id="w", record=record, why="asked"))
    assert replan(floor, record) == Refused("not_parked")
    assert floor.ask(cmd.Settle(id="s", record=record, by=7)) == Refused("not_parked")


def test_who_read_an_older_promise_looks_again() -> None:
    floor, record = promised()
    replan(floor, record)
    assert replan(floor, record) == LookAgain()
    assert floor.ask(cmd.Settle(id="s", record=record, by=7, disposition="solved")) == LookAgain()


def test_nothing_is_replanned_before_the_first_configuration() -> None:
    _, record = promised()
    answer = Engine().handle(cmd.Replan(id="r", record=record, by=7, until_ms=MINUTE_MS), 1)
    assert answer == Refused("not_configured")


@pytest.mark.parametrize("seed", range(3))
def test_a_random_floor_stays_right_however_promises_are_moved_and_ended(seed: int) -> None:
    """The world judges itself after each command, by its oracle, its replica and a restored twin."""
    world, chance = World(), Random(seed)
    world.begin()
    walk = Walk(world, chance)
    done: dict[type, int] = {cmd.Replan: 0, cmd.Settle: 0}
    for count in range(400):
        if count >= 40 and done[cmd.Replan]:
            break
        walk.run(8)
        record = world.record(chance.randrange(world.state.next_conv))
        if record is None:
            continue
        kind = chance.choice((cmd.Replan, cmd.Replan, cmd.Settle))
        given: dict[str, Any] = (
            {"disposition": "solved"}
            if kind is cmd.Settle
            else {
                "until_ms": world.at + chance.choice((1, MINUTE_MS, HOUR_MS)),
                "to_agent": chance.choice((0, 1, 2, 99)),
            }
        )
        answer = world.tell(kind(id=world.id(), record=record, by=9, reason="asked", **given))
        done[kind] += isinstance(answer, Made)
    assert done[cmd.Replan]
