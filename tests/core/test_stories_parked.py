"""Stories of what leaves the core and comes back: parked, woken, reopened, failed, and looked up too early."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import LookAgain, Made, Refused
from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS
from router.core.lifecycle import ACTIVE, HELD, OFFERED, WAITING
from router.core.record import Record
from tests.core.floor_plan import Floor, bundle, names
from tests.core.walk import LINES, Walk
from tests.core.world import World

PARK_MS, HOLD_MS = 7 * DAY_MS, 2 * MINUTE_MS


def parked(*, until_ms: int = 0, capacity: int = 25) -> tuple[Floor, Record]:
    """Agent 7 has parked conversation 1; return the floor and the record that the store keeps."""
    floor = Floor()
    floor.sign_in(7, capacity=capacity)
    floor.arrive(1)
    floor.accept(1)
    made = floor.do(cmd.Park(id="p", agent=7, conv=1, until_ms=until_ms and floor.at + until_ms))
    assert isinstance(made[0], ev.Parked)
    return floor, made[0].record


def write(floor: Floor, record: Record | None, **more: Any) -> list[ev.Event]:
    return floor.do(floor.message(1, record=record, **more))


def test_parking_gives_the_room_back_and_the_core_forgets() -> None:
    floor, record = parked()
    assert (floor.state.convs, floor.state.lines, floor.state.agents[7].used) == ({}, {}, 0)
    assert (record.conv, record.version, record.owner, record.actor) == (1, 1, 7, "customer")


def test_parked_for_the_customer_is_due_after_the_queues_limit_and_for_a_time_at_that_time() -> None:
    for until_ms in (0, HOUR_MS):
        floor, _ = parked(until_ms=until_ms)
        event = floor.entries[-1].events[0]
        assert isinstance(event, ev.Parked)
        assert (event.actor, event.until_ms) == (
            ("clock", floor.at + HOUR_MS) if until_ms else ("customer", floor.at + PARK_MS)
        )


def test_a_reply_can_park() -> None:
    floor = Floor()
    floor.sign_in(7)
    floor.arrive(1)
    floor.accept(1)
    assert names(floor.do(cmd.Reply(id="r", agent=7, conv=1, message=5, then="park"))) == ["Replied", "Parked"]


def test_the_customer_wakes_it_and_the_owner_has_it_at_once() -> None:
    floor, record = parked()
    assert names(write(floor, record)) == ["Returned", "Received", "Assigned"]
    conv = floor.state.convs[1]
    assert (conv.state, conv.owner, conv.key_ms) == (ACTIVE, 7, record.key_ms)


def test_a_full_owner_is_waited_for_and_then_the_queue_has_it_in_its_old_place() -> None:
    floor, record = parked()
    floor.wait(1_000)
    floor.arrive(2)
    floor.accept(2)
    floor.arrive(3)
    assert names(write(floor, record)) == ["Returned", "Received", "HeldFor"]
    assert floor.state.convs[1].state == HELD
    made = floor.wait(HOLD_MS)
    assert names(made) == ["Queued"]
    assert [conv.id for conv in floor.state.matching.in_order()] == [1, 3]


def test_a_full_owner_who_gets_room_in_time_has_it() -> None:
    floor, record = parked()
    floor.arrive(2)
    floor.accept(2)
    write(floor, record)
    made = floor.do(cmd.Close(id="x", agent=7, conv=2, disposition="solved"))
    assert names(made) == ["Closed", "Assigned"]
    assert made[1].why == "owner_free"  # type: ignore[attr-defined]


def test_an_owner_who_is_gone_is_not_waited_for() -> None:
    floor, record = parked()
    floor.do(cmd.SignOut(id="o", agent=7))
    floor.sign_in(8)
    assert names(write(floor, record)) == ["Returned", "Received", "Queued", "Offered"]
    assert floor.state.convs[1].offer.agent == 8


def test_a_quiet_message_wakes_nobody() -> None:
    floor, record = parked()
    assert names(write(floor, record, quiet=True)) == ["Received"]
    assert floor.state.convs == {}


def test_the_clock_wakes_it_for_its_owner() -> None:
    floor, record = parked(until_ms=HOUR_MS)
    floor.wait(HOUR_MS)
    assert names(floor.do(cmd.Wake(id="w", record=record))) == ["Returned", "Assigned"]


def test_a_customer_who_stays_silent_closes_it_by_name() -> None:
    floor, record = parked()
    returned, closed = floor.do(cmd.Wake(id="w", record=record))
    assert isinstance(returned, ev.Returned)
    assert isinstance(closed, ev.Closed)
    assert (closed.why, closed.agent, closed.record.version) == ("customer_silent", 7, 2)


def test_what_is_woken_twice_comes_back_once() -> None:
    floor, record = parked(until_ms=HOUR_MS)
    floor.do(cmd.Wake(id="w", record=record))
    assert floor.do(cmd.Wake(id="w2", record=record)) == []


def test_nobody_is_told_of_closed_doors_by_a_wake_at_night() -> None:
    floor, record = parked(until_ms=12 * HOUR_MS)
    floor.do(cmd.SignOut(id="o", agent=7))
    floor.wait(12 * HOUR_MS)
    assert "Announced" not in names(floor.do(cmd.Wake(id="w", record=record)))


def test_who_writes_at_night_to_an_owner_who_is_gone_is_told_the_truth() -> None:
    floor, record = parked()
    floor.do(cmd.SignOut(id="o", agent=7))
    floor.wait(12 * HOUR_MS)
    assert names(write(floor, record)) == ["Returned", "Received", "ClassFormed", "Diverted", "Announced", "Queued"]


# --- closed, and written to again ----------------------------------------------------------------------------


def closed() -> tuple[Floor, Record]:
    floor = Floor()
    floor.sign_in(7)
    floor.arrive(1)
    floor.accept(1)
    made = floor.do(cmd.Close(id="x", agent=7, conv=1, disposition="solved"))
    assert isinstance(made[0], ev.Closed)
    return floor, made[0].record


def test_within_the_window_a_message_reopens() -> None:
    floor, record = closed()
    floor.wait(DAY_MS - 1)
    made = write(floor, record)
    assert names(made) == ["Returned", "Received", "Assigned"]
    assert made[0].why == "reopened"  # type: ignore[attr-defined]


def test_after_the_window_it_opens_another_conversation() -> None:
    floor, record = closed()
    floor.wait(DAY_MS)
    made = write(floor, record)
    assert "Returned" not in names(made)
    assert 2 in floor.state.convs


def test_an_automatic_message_reopens_nothing_and_opens_nothing() -> None:
    floor, record = closed()
    aside = write(floor, record, quiet=True)[-1]
    assert isinstance(aside, ev.MessageSetAside)
    assert aside.reason == "automatic"
    assert floor.state.convs == {}


def test_an_abandoned_conversation_is_taken_up_in_its_old_place() -> None:
    floor = Floor()
    for line in (1, 2, 3):
        floor.arrive(line)
    left = floor.do(cmd.LeaveLine(id="l", line=2))[0]
    assert isinstance(left, ev.Abandoned)
    floor.do(floor.message(2, record=left.record))
    floor.do(cmd.LeaveLine(id="l1", line=2))
    again = floor.entries[-1].events[0]
    assert isinstance(again, ev.Abandoned)
    floor.do(floor.message(2, record=again.record))
    assert [conv.id for conv in floor.state.matching.in_order()] == [1, 2, 3]


# --- the customer ends what is parked ------------------------------------------------------------------------


def leaves(floor: Floor, record: Record | None, *, line: int = 1, **more: Any) -> cmd.LeaveLine:
    seen = floor.state.position
    return cmd.LeaveLine(id=floor.id(), line=line, **{"ends": True, "seen": seen, "record": record, **more})


def test_who_ends_what_only_waits_for_them_ends_it_and_may_open_it_again() -> None:
    floor, record = parked()
    made = floor.do(leaves(floor, record))
    assert names(made) == ["Returned", "Closed"]
    assert isinstance(made[1], ev.Closed)
    assert (made[1].why, made[1].record.state, made[1].record.owner) == ("customer_left", "closed", 7)
    assert floor.state.convs == {}
    assert names(write(floor, made[1].record)) == ["Returned", "Received", "Assigned"]


def test_what_was_promised_for_a_time_stands_when_its_customer_ends_the_chat() -> None:
    floor, record = parked(until_ms=HOUR_MS)
    assert floor.ask(leaves(floor, record)) == Refused("conversation_unknown")
    assert names(floor.do(cmd.Wake(id="w", record=record))) == ["Returned", "Assigned"]


def test_who_only_goes_away_ends_nothing_that_is_parked() -> None:
    floor, record = parked()
    assert floor.ask(leaves(floor, record, ends=False)) == Refused("conversation_unknown")
    assert floor.ask(leaves(floor, record, line=2)) == Refused("conversation_unknown")
    assert floor.ask(leaves(floor, closed()[1])) == Refused("conversation_unknown")


def test_an_end_that_was_looked_up_before_the_parking_is_looked_up_again() -> None:
    floor, record = parked()
    assert floor.ask(leaves(floor, None, seen=0)) == LookAgain()
    floor.do(floor.message(1, record=record))
    floor.do(cmd.Park(id="again", agent=7, conv=1))
    assert floor.ask(leaves(floor, record)) == LookAgain()


@pytest.mark.parametrize("seed", range(3))
def test_a_random_floor_stays_right_however_chats_are_ended(seed: int) -> None:
    """The world judges itself after each command, by its oracle, its replica and a restored twin."""
    world, chance = World(), Random(seed)
    world.begin()
    walk = Walk(world, chance)
    ended = 0
    for _ in range(80):
        walk.run(8)
        known = {line: world.record_on(line) for line in LINES}
        away = [line for line, record in known.items() if record is not None and record.state == "parked"]
        line, blind = chance.choice(away or LINES), chance.random() < 0.1
        seen, record = (0, None) if blind else (world.state.position, world.record_on(line))
        made = world.tell(cmd.LeaveLine(id=world.id(), line=line, ends=True, seen=seen, record=record))
        ended += record is not None and isinstance(made, Made)
    assert ended


# --- look-ups that the world has overtaken -------------------------------------------------------------------


def test_a_look_up_from_before_the_leaving_is_made_again() -> None:
    floor, record = parked()
    blind = msgspec.structs.replace(floor.message(1), seen=0)
    assert floor.ask(blind) == LookAgain()
    assert names(write(floor, record)) == ["Returned", "Received", "Assigned"]


def test_a_look_up_from_after_the_leaving_is_believed_whatever_it_found() -> None:
    floor, _ = parked()
    assert isinstance(floor.ask(floor.message(1)), Made)


def test_a_record_of_an_earlier_leaving_is_not_believed() -> None:
    floor, first = parked()
    write(floor, first)
    floor.do(cmd.Park(id="p2", agent=7, conv=1))
    assert floor.ask(floor.message(1, record=first)) == LookAgain()
    assert floor.ask(cmd.Wake(id="w", record=first)) == LookAgain()
    report = cmd.ReportDelivery(id="d", conv=1, message=5, status="failed", record=first)
    assert floor.ask(report) == LookAgain()


def test_what_has_come_back_in_the_meantime_is_simply_joined() -> None:
    floor, record = parked()
    write(floor, record)
    assert names(write(floor, record)) == ["Received"]


def test_every_line_of_what_left_is_remembered() -> None:
    floor = Floor()
    floor.sign_in(7)
    floor.arrive(1)
    floor.accept(1)
    made = floor.do(cmd.Reply(id="r", agent=7, conv=1, message=5, line=22, then="park"))
    assert isinstance(made[1], ev.Parked)
    for line in (1, 22):
        assert floor.ask(msgspec.structs.replace(floor.message(line), seen=0)) == LookAgain()
    floor.do(floor.message(1, record=made[1].record))
    assert names(floor.arrive(22)) == ["Received"]


def test_the_memory_of_leaving_ends_after_ten_minutes() -> None:
    floor, _ = parked()
    floor.wait(10 * MINUTE_MS + 1)
    floor.do(cmd.SetAside(id="s", message=90, reason="bounce"))
    assert (floor.state.left, floor.state.left_on) == ({}, {})


# --- replies that failed -------------------------------------------------------------------------------------


def failed(conv: int, record: Record | None = None) -> cmd.ReportDelivery:
    return cmd.ReportDelivery(id="fail", conv=conv, message=5, status="failed", reason="gone", record=record)


def test_a_failed_reply_in_the_core_makes_its_owner_act() -> None:
    floor = Floor()
    floor.sign_in(7)
    floor.arrive(1)
    floor.accept(1)
    floor.do(cmd.Reply(id="r", agent=7, conv=1, message=5))
    floor.do(failed(1))
    conv = floor.state.convs[1]
    assert (conv.failed, conv.actor) == (True, "agent")
    floor.do(cmd.Reply(id="r2", agent=7, conv=1, message=6))
    assert not conv.failed


@pytest.mark.parametrize("leave", [parked, closed])
def test_a_failed_reply_brings_back_what_has_left(leave: Any) -> None:
    floor, record = leave()
    assert names(floor.do(failed(1, record))) == ["Returned", "DeliveryReported", "Assigned"]
    assert floor.state.convs[1].failed


def test_a_failed_reply_without_a_record_is_looked_up_again() -> None:
    floor, _ = parked()
    assert floor.ask(failed(1)) == LookAgain()


def test_a_failure_of_no_known_conversation_is_only_written_down() -> None:
    floor = Floor()
    assert names(floor.do(failed(0))) == ["DeliveryReported"]


def test_a_delivered_message_of_what_has_left_leaves_it_there() -> None:
    floor, _ = parked()
    report = cmd.ReportDelivery(id="d", conv=1, message=5, status="delivered")
    assert names(floor.do(report)) == ["DeliveryReported"]
    assert floor.state.convs == {}


def test_a_conversation_that_comes_back_to_a_taken_line_stands_behind_the_one_that_has_it() -> None:
    floor, record = closed()
    floor.wait(DAY_MS)
    write(floor, record)
    floor.do(failed(1, record))
    assert floor.state.lines[1] == 2
    floor.accept(2)
    floor.do(cmd.Close(id="y", agent=7, conv=2, disposition="solved"))
    assert floor.state.lines[1] == 1
    assert names(floor.arrive(1)) == ["Received"]


# --- queues that a newer configuration has dropped -----------------------------------------------------------


def without_billing() -> cmd.ApplyConfig:
    plain = bundle()
    queues = {name: queue for name, queue in plain.queues.items() if name != "billing"}
    return cmd.ApplyConfig(id="b2", hash="b2", bundle=bundle(queues=queues, rules=plain.rules[1:]))


def billed() -> Floor:
    floor = Floor()
    floor.sign_in(7)
    floor.arrive(1, topics=("bill",))
    return floor


def test_what_waits_in_a_dropped_queue_is_placed_by_the_rules() -> None:
    floor = Floor()
    floor.arrive(1, topics=("bill",))
    floor.do(without_billing())
    assert names(floor.wait(1)) == ["Examined", "Reviewed", "ClassFormed", "Routed", "Queued"]
    assert (floor.state.convs[1].queue, floor.state.convs[1].state) == ("general", WAITING)


def test_what_is_offered_or_owned_in_a_dropped_queue_is_placed_when_it_is_given_back() -> None:
    floor = billed()
    floor.do(without_billing())
    floor.wait(1)
    floor.sign_in(8)
    assert floor.state.convs[1].state == OFFERED
    floor.accept(1)
    made = floor.do(cmd.SignOut(id="o", agent=7, forced=True))
    assert names(made) == ["SignedOut", "ClassFormed", "Routed", "Queued", "Offered"]
    assert floor.state.convs[1].queue == "general"


def test_what_is_parked_in_a_dropped_queue_comes_back_to_another() -> None:
    floor = billed()
    floor.accept(1)
    made = floor.do(cmd.Park(id="p", agent=7, conv=1))[0]
    assert isinstance(made, ev.Parked)
    floor.do(cmd.SignOut(id="o", agent=7))
    floor.do(without_billing())
    floor.wait(1)
    assert names(write(floor, made.record))[-2:] == ["Routed", "Queued"]
