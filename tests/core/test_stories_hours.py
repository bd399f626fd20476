"""Stories of opening hours: the fallback, the notice, the opening, closing time, closures by order."""

from __future__ import annotations

import msgspec
import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, Closing, OffHours, Queue
from router.core.lifecycle import ACTIVE, DEFERRED, OFFERED, WAITING
from tests.core.floor_plan import MONDAY_MS, Floor, bundle, names

OPENS_MS = MONDAY_MS + 24 * HOUR_MS
CLOSES_MS = MONDAY_MS + 8 * HOUR_MS
BEFORE_CLOSING_MS = CLOSES_MS - 1_000
NIGHT_MS = MONDAY_MS + 10 * HOUR_MS


def announced(events: list[ev.Event]) -> list[ev.Announced]:
    return [event for event in events if isinstance(event, ev.Announced)]


def order(queue: str, until_ms: int) -> cmd.OrderClosure:
    return cmd.OrderClosure(id=f"order:{queue}:{until_ms}", queue=queue, until_ms=until_ms, by=3, reason="drill")


def line_of(floor: Floor, queue: str | None = None) -> list[int]:
    return [conv.id for conv in floor.state.matching.in_order(queue)]


def test_off_hours_a_chat_goes_to_the_fallback_and_is_told_when_it_opens() -> None:
    floor = Floor(at=NIGHT_MS)
    made = floor.arrive(1)
    assert names(made)[-3:] == ["Diverted", "Announced", "Queued"]
    notice = announced(made)[0]
    assert (notice.notice, notice.queue, notice.until_ms) == ("leave-message", "general", OPENS_MS)
    assert line_of(floor, "night") == [1]


def test_a_channel_without_a_notice_of_its_own_is_told_the_usual_one() -> None:
    floor = Floor(at=NIGHT_MS)
    assert announced(floor.arrive(1, channel="email"))[0].notice == "off-hours"


def test_in_hours_an_arrival_is_confirmed_where_the_channel_says_so() -> None:
    floor = Floor()
    assert announced(floor.arrive(1, channel="email"))[0].notice == "received"
    assert announced(floor.arrive(2)) == []


@pytest.mark.parametrize("at", [MONDAY_MS + HOUR_MS, NIGHT_MS])
def test_who_must_get_no_automatic_answer_gets_none_now_or_later(at: int) -> None:
    floor = Floor(at=at)
    silent = msgspec.structs.replace(floor.message(1, channel="email"), no_notice=True)
    assert announced(floor.do(silent)) == []
    assert announced(floor.wait(2 * DAY_MS)) == []


def test_without_a_fallback_it_is_kept_for_the_opening() -> None:
    floor = Floor(at=NIGHT_MS)
    made = floor.arrive(1, topics=("bill",))
    assert names(made)[-2:] == ["Announced", "Deferred"]
    conv = floor.state.convs[1]
    assert (conv.state, conv.actor, conv.due_ms) == (DEFERRED, "clock", OPENS_MS)


def test_the_notice_is_given_once() -> None:
    floor = Floor(at=NIGHT_MS)
    floor.arrive(1, topics=("bill",))
    assert announced(floor.arrive(1)) == []
    assert announced(floor.wait(3 * DAY_MS)) == []


def test_at_the_opening_they_are_served_in_the_order_in_which_they_came() -> None:
    floor = Floor(at=NIGHT_MS)
    for line in (1, 2, 3):
        floor.arrive(line, topics=("bill",))
        floor.wait(1_000)
    floor.wait(OPENS_MS - floor.at - 1)
    assert line_of(floor) == []
    floor.sign_in(7, capacity=25)
    made = floor.wait(1)
    assert names(made)[:3] == ["QueueOpened", "QueueOpened", "Queued"]
    assert (floor.state.convs[1].state, line_of(floor)) == (OFFERED, [2, 3])


def test_who_was_there_in_the_night_stands_before_who_comes_in_the_morning() -> None:
    floor = Floor(at=NIGHT_MS)
    floor.arrive(1, topics=("bill",))
    floor.wait(OPENS_MS - floor.at)
    floor.arrive(2, topics=("bill",))
    assert line_of(floor) == [1, 2]


def test_who_leaves_a_deferred_chat_has_not_abandoned() -> None:
    floor = Floor(at=NIGHT_MS)
    floor.arrive(1, topics=("bill",))
    assert names(floor.do(cmd.LeaveLine(id="l", line=1))) == ["CustomerLeft"]
    floor.wait(OPENS_MS - floor.at)
    assert line_of(floor) == [1]


def test_a_queue_that_never_opens_again_looks_again_each_day() -> None:
    floor = Floor(bundle(calendars={"office": (), "always": (0, 2**53 - 1)}))
    made = floor.arrive(1, topics=("bill",))
    assert announced(made)[0].until_ms == 0
    assert floor.state.convs[1].due_ms == floor.at + DAY_MS
    assert names(floor.wait(DAY_MS)) == ["Deferred"]


# --- closing time ------------------------------------------------------------------------------------------------


def test_at_closing_those_in_line_go_to_the_fallback_and_are_told() -> None:
    floor = Floor(at=BEFORE_CLOSING_MS)
    floor.arrive(1)
    made = floor.wait(1_000)
    assert "QueueClosed" in names(made)
    assert [notice.until_ms for notice in announced(made)] == [OPENS_MS]
    assert line_of(floor, "night") == [1]


def test_closing_time_serves_those_in_line_and_then_defers_them() -> None:
    floor = Floor(at=BEFORE_CLOSING_MS)
    for line in (1, 2):
        floor.arrive(line, topics=("bill",))
    floor.wait(1_000 + 5 * MINUTE_MS)
    assert line_of(floor, "billing") == [1, 2]
    floor.sign_in(7, capacity=25)
    assert floor.state.convs[1].state == OFFERED
    floor.accept(1)
    made = floor.wait(5 * MINUTE_MS)
    assert [notice.until_ms for notice in announced(made)] == [OPENS_MS]
    assert (floor.state.convs[1].state, floor.state.convs[2].state) == (ACTIVE, DEFERRED)


def test_closing_time_admits_nobody_new() -> None:
    floor = Floor(at=BEFORE_CLOSING_MS)
    floor.sign_in(7)
    floor.arrive(1)
    floor.accept(1)
    floor.wait(2_000)
    assert names(floor.arrive(2, topics=("bill",)))[-1] == "Deferred"
    assert floor.ask(cmd.Transfer(id="t", agent=7, conv=1, queue="billing")) == Refused("queue_closed")


def test_after_closing_time_what_is_declined_is_not_offered_again() -> None:
    floor = Floor(at=BEFORE_CLOSING_MS)
    floor.sign_in(7)
    floor.sign_in(8)
    floor.arrive(1, topics=("bill",))
    floor.wait(1_000)
    floor.at += 11 * MINUTE_MS
    offer = floor.state.convs[1].offer
    made = floor.do(cmd.Decline(id="d", agent=offer.agent, conv=1, offer=offer.id))
    assert names(made) == ["Declined", "Announced", "Deferred"]


# --- closures by order -------------------------------------------------------------------------------------------


def test_an_ordered_closure_sends_everybody_on_and_says_when_it_ends() -> None:
    floor = Floor()
    floor.arrive(1)
    until_ms = floor.at + 2 * HOUR_MS
    assert names(floor.do(order("general", until_ms))) == ["ClosureOrdered", "QueueClosed"]
    assert [notice.until_ms for notice in announced(floor.wait(1))] == [until_ms]
    assert [notice.until_ms for notice in announced(floor.arrive(2))] == [until_ms]


def test_a_closure_that_ends_in_the_night_names_the_next_opening() -> None:
    floor = Floor()
    floor.do(order("general", CLOSES_MS + HOUR_MS))
    assert announced(floor.arrive(1))[0].until_ms == OPENS_MS


def test_a_closure_expires_and_the_queue_takes_its_own_back() -> None:
    floor = Floor()
    floor.do(order("billing", floor.at + HOUR_MS))
    floor.arrive(1, topics=("bill",))
    made = floor.wait(HOUR_MS)
    assert names(made) == ["QueueClosed", "ClosureOrdered", "QueueOpened", "Queued"]
    assert (line_of(floor, "billing"), floor.state.queues["billing"].closure_until_ms) == ([1], 0)


def test_a_closure_that_expires_in_the_night_is_said_to_be_over() -> None:
    floor = Floor()
    floor.do(order("billing", NIGHT_MS))
    made = floor.wait(NIGHT_MS - floor.at)
    assert "ClosureOrdered" in names(made)
    assert not floor.state.queues["billing"].open
    assert floor.state.queues["billing"].closure_until_ms == 0


def test_a_lifted_closure_brings_back_who_was_deferred() -> None:
    floor = Floor()
    floor.do(order("billing", floor.at + HOUR_MS))
    for line in (1, 2):
        floor.arrive(line, topics=("bill",))
    assert names(floor.do(order("billing", 0)))[:2] == ["ClosureOrdered", "QueueOpened"]
    floor.wait(1)
    assert line_of(floor, "billing") == [1, 2]


def test_an_opening_queue_asks_for_the_oldest_of_all_its_lines() -> None:
    floor = Floor(bundle(queues={**bundle().queues, "general": Queue(name="general", hours="office", rest_ms=1)}))
    floor.arrive(1, channel="email")
    floor.do(cmd.LeaveLine(id="l", line=1))
    floor.wait(1_000)
    floor.arrive(2)
    floor.wait(1_000)
    floor.arrive(3, channel="email")
    floor.do(order("general", floor.at + HOUR_MS))
    floor.sign_in(7, capacity=10)
    floor.do(order("general", 0))
    floor.wait(1)
    assert (floor.state.convs[1].state, line_of(floor)) == (OFFERED, [2, 3])


def test_a_closure_of_no_queue_or_in_the_past_is_refused() -> None:
    floor = Floor()
    assert floor.ask(order("none", floor.at + 1)) == Refused("queue_unknown")
    assert floor.ask(order("general", floor.at)) == Refused("until_past")


# --- what is under way -------------------------------------------------------------------------------------------


def test_a_conversation_that_has_begun_goes_on_after_closing() -> None:
    floor = Floor(at=BEFORE_CLOSING_MS)
    floor.sign_in(7)
    floor.arrive(1)
    floor.accept(1)
    floor.wait(HOUR_MS)
    assert names(floor.do(cmd.Reply(id="r", agent=7, conv=1, message=4))) == ["Replied"]


def test_a_fallback_that_is_closed_too_keeps_it_for_its_own_opening() -> None:
    plain = bundle()
    late = Queue(name="night", hours="late", closing=Closing(), off_hours=OffHours())
    calendars = {**plain.calendars, "late": (NIGHT_MS + HOUR_MS, NIGHT_MS + 2 * HOUR_MS)}
    floor = Floor(bundle(queues={**plain.queues, "night": late}, calendars=calendars), at=NIGHT_MS)
    made = floor.arrive(1)
    assert names(made)[-3:] == ["Diverted", "Announced", "Deferred"]
    assert announced(made)[0].until_ms == OPENS_MS
    floor.wait(HOUR_MS)
    assert (floor.state.convs[1].state, floor.state.convs[1].queue) == (WAITING, "night")
