"""Legs: stories with their rows, and random floors whose legs are the same however they are made."""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import msgspec
import pytest

from router.core import commands as cmd
from router.core.bundle import HOUR_MS, MINUTE_MS, OffHours, Queue
from router.views.keeper import numbered
from router.views.legs import LEGS, LEGS_VIEW, Leg
from tests.core.floor_plan import MONDAY_MS, Floor, at_work, bundle
from tests.views.watching import LegWatch, cut, folded, of_world, rows_of, walked

SEEDS = {"quick": 30, "prove": 1_000}[os.environ.get("HYPOTHESIS_PROFILE", "quick")]


def legs(floor: Floor, conv: int = 1) -> list[Leg]:
    made = rows_of(folded(LEGS_VIEW, [numbered(1, floor.entries)]), LEGS)
    return [leg for leg in made if isinstance(leg, Leg) and leg.conv == conv]


def told(floor: Floor, conv: int = 1) -> list[tuple[str, str, str]]:
    """Each leg in three words: queue, why entered, why left."""
    return [(leg.queue, leg.entered_why, leg.left_why) for leg in legs(floor, conv)]


def decline(floor: Floor, conv: int = 1) -> None:
    offer = floor.state.convs[conv].offer
    floor.do(cmd.Decline(id=floor.id(), agent=offer.agent, conv=conv, offer=offer.id))


# --- stories ----------------------------------------------------------------------------------------------


def test_a_leg_waits_from_arrival_to_answer_and_ends_with_the_conversation() -> None:
    floor = at_work(7)
    started = floor.at
    floor.arrive(1)
    floor.wait(4_000)
    floor.accept(1)
    floor.wait(9_000)
    floor.do(cmd.Reply(id=floor.id(), agent=7, conv=1, message=9))
    floor.wait(1_000)
    floor.do(cmd.Close(id=floor.id(), agent=7, conv=1, disposition="solved"))
    [leg] = legs(floor)
    assert (leg.queue, leg.channel, leg.entered_why, leg.left_why) == ("general", "chat", "arrived", "closed")
    assert (leg.entered_ms, leg.answered_ms, leg.wait_ms, leg.answered_by) == (started, started + 4_000, 4_000, 7)
    assert (leg.first_reply_ms, leg.left_ms) == (started + 13_000, started + 14_000)
    assert (leg.offers, leg.declines, leg.lapses) == (1, 0, 0)


def test_missed_and_declined_offers_do_not_begin_a_wait_anew() -> None:
    floor = at_work(1, 2)
    started = floor.at
    floor.arrive(1)
    floor.wait(3_000)
    decline(floor)
    floor.wait(20_000)
    floor.wait(MINUTE_MS)
    [leg] = legs(floor)
    assert (leg.entered_ms, leg.answered_ms, leg.left_why) == (started, 0, "")
    assert (leg.offers, leg.declines, leg.lapses) == (3, 1, 2)


def test_who_leaves_before_an_answer_has_abandoned() -> None:
    floor = Floor()
    floor.arrive(1)
    floor.wait(30_000)
    floor.do(cmd.LeaveLine(id=floor.id(), line=1))
    [leg] = legs(floor)
    assert (leg.abandoned_ms, leg.left_ms, leg.left_why, leg.wait_ms) == (floor.at, floor.at, "abandoned", 30_000)


@pytest.mark.parametrize("target", [{"queue": "night"}, {"queue": "general"}, {"to_agent": 2}])
def test_a_transfer_by_an_agent_opens_a_new_leg(target: dict[str, object]) -> None:
    floor = at_work(1)
    floor.arrive(1)
    floor.accept(1)
    floor.sign_in(2)
    floor.wait(5_000)
    floor.do(cmd.Transfer(id=floor.id(), agent=1, conv=1, **target))  # type: ignore[arg-type]
    first, second = legs(floor)
    assert (first.queue, first.left_why, first.left_ms) == ("general", "transferred", floor.at)
    assert (second.queue, second.entered_why, second.entered_ms) == (
        target.get("queue", "general"),
        "transferred",
        floor.at,
    )
    assert second.answered_ms == 0


def test_a_closed_queue_diverts_in_a_leg_of_its_own() -> None:
    floor = Floor(at=MONDAY_MS + 9 * HOUR_MS)
    floor.arrive(1)
    assert told(floor) == [("general", "arrived", "diverted"), ("night", "diverted", "")]
    assert legs(floor)[0].wait_ms == 0


def test_a_deferred_conversation_stays_on_its_leg() -> None:
    floor = Floor(at=MONDAY_MS + 9 * HOUR_MS)
    floor.arrive(1, topics=("bill",))
    floor.wait(16 * HOUR_MS)
    [leg] = legs(floor)
    assert (leg.queue, leg.entered_ms, leg.left_why) == ("billing", MONDAY_MS + 9 * HOUR_MS, "")


def test_what_is_parked_has_left_and_comes_back_on_a_new_leg() -> None:
    floor = at_work(1)
    floor.arrive(1, channel="email")
    floor.accept(1)
    parked = floor.do(cmd.Park(id=floor.id(), agent=1, conv=1))
    record = next(event.record for event in parked if hasattr(event, "record"))
    floor.wait(HOUR_MS)
    floor.do(floor.message(1, record=record, channel="email"))
    first, second = legs(floor)
    assert (first.left_why, first.first_reply_ms) == ("parked", 0)
    assert (second.entered_why, second.wait_ms, second.answered_by) == ("customer_wrote", 0, 1)
    assert second.answered_ms == second.entered_ms == floor.at


def test_what_comes_back_only_to_be_closed_has_no_leg_in_between() -> None:
    floor = at_work(1)
    floor.arrive(1, channel="email")
    floor.accept(1)
    parked = floor.do(cmd.Park(id=floor.id(), agent=1, conv=1))
    record = next(event.record for event in parked if hasattr(event, "record"))
    floor.do(cmd.Wake(id=floor.id(), record=record))
    assert told(floor) == [("general", "arrived", "parked")]


def test_an_answered_conversation_whose_owner_goes_begins_a_new_wait() -> None:
    floor = at_work(1)
    floor.arrive(1)
    floor.accept(1)
    floor.wait(5_000)
    floor.do(cmd.SignOut(id=floor.id(), agent=1, forced=True))
    first, second = legs(floor)
    assert (first.left_why, first.answered_by) == ("requeued", 1)
    assert (second.queue, second.entered_why, second.entered_ms, second.answered_ms) == (
        "general",
        "owner_gone",
        floor.at,
        0,
    )


def test_an_owner_who_goes_after_closing_time_has_not_answered_in_the_queue_that_follows() -> None:
    floor = at_work(1)
    floor.arrive(1)
    floor.accept(1)
    floor.wait(8 * HOUR_MS)
    floor.do(cmd.SignOut(id=floor.id(), agent=1, forced=True))
    first, second = legs(floor)
    assert (first.queue, first.answered_by, first.left_why) == ("general", 1, "diverted")
    assert (second.queue, second.entered_why, second.answered_by, second.wait_ms) == ("night", "diverted", 0, 0)


def test_a_customer_who_writes_during_wrap_up_goes_on_with_the_same_leg() -> None:
    floor = at_work(1)
    floor.arrive(1)
    floor.accept(1)
    floor.do(cmd.Close(id=floor.id(), agent=1, conv=1))
    floor.arrive(1)
    assert told(floor) == [("general", "arrived", "")]


# --- random floors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(SEEDS))
def test_legs_are_the_same_followed_rebuilt_and_watched(seed: int) -> None:
    world = walked(seed)
    entries = of_world(world)
    followed = folded(LEGS_VIEW, cut(entries, Random(seed)))
    assert followed == folded(LEGS_VIEW, [entries])
    assert rows_of(followed, LEGS) == LegWatch(world.configurations).legs(world.entries)


def test_random_floors_come_to_every_end_of_a_leg() -> None:
    ends: Counter[str] = Counter()
    for seed in range(40):
        made = rows_of(folded(LEGS_VIEW, [of_world(walked(seed))]), LEGS)
        ends.update(leg.left_why for leg in made if isinstance(leg, Leg))
    always = {"abandoned", "transferred", "diverted", "moved", "parked", "closed", "requeued", ""}
    overflow = {"overflow_full", "overflow_slow", "overflow_nobody"}
    taken_back = {"unanswered", "agent_leg_lost", "callback_failed", "handed_out", *overflow}
    assert always <= set(ends) <= always | taken_back


# --- targets and tests --------------------------------------------------------------------------------------


def targeted(clock: str = "clock") -> Floor:
    """A floor that answers chats in a minute, those who wrote again in half of one, by the clock or in opening time."""
    general = Queue(
        name="general",
        hours="office",
        clock=clock,
        answer_within_ms={"chat": MINUTE_MS, "email": 4 * HOUR_MS},
        next_within_ms={"chat": 30_000},
        off_hours=OffHours(),
    )
    return Floor(bundle(queues={**bundle().queues, "general": general}))


def test_an_answer_in_time_is_not_late_and_one_after_the_target_is() -> None:
    for wait_ms, late in ((MINUTE_MS, False), (MINUTE_MS + 1, True)):
        floor = targeted()
        floor.arrive(1)
        floor.wait(wait_ms)
        floor.sign_in(7)
        floor.accept(1)
        [leg] = legs(floor)
        assert (leg.answer_by_ms - leg.entered_ms, leg.answered_late) == (MINUTE_MS, late)


def test_who_left_after_the_target_was_answered_too_late() -> None:
    floor = targeted()
    floor.arrive(1)
    floor.wait(2 * MINUTE_MS)
    floor.do(cmd.LeaveLine(id=floor.id(), line=1))
    assert legs(floor)[0].answered_late


def test_the_first_reply_is_held_to_the_target_too() -> None:
    floor = targeted()
    floor.sign_in(7)
    floor.arrive(1)
    floor.accept(1)
    floor.wait(MINUTE_MS + 1)
    floor.do(cmd.Reply(id=floor.id(), agent=7, conv=1, message=9))
    [leg] = legs(floor)
    assert (leg.answered_late, leg.replied_late, leg.next_replies) == (False, True, 0)


def test_who_writes_again_is_answered_within_a_target_of_its_own() -> None:
    floor = targeted()
    floor.sign_in(7)
    floor.arrive(1)
    floor.accept(1)
    for wait_ms in (30_000, 30_001):
        floor.do(cmd.Reply(id=floor.id(), agent=7, conv=1, message=9))
        floor.arrive(1)
        floor.wait(10_000)
        floor.arrive(1)
        floor.wait(wait_ms - 10_000)
    assert legs(floor)[0].next_by_ms == floor.at - 1, "it counts from the first message that nobody has answered"
    floor.do(cmd.Reply(id=floor.id(), agent=7, conv=1, message=9))
    [leg] = legs(floor)
    assert (leg.next_by_ms, leg.next_replies, leg.next_late) == (0, 2, 1)


@pytest.mark.parametrize(("clock", "late_at"), [("clock", 4 * HOUR_MS), ("business", 19 * HOUR_MS)])
def test_a_target_runs_by_the_clock_or_while_the_queue_is_open(clock: str, late_at: int) -> None:
    """The office opens at nine o'clock for eight hours, as long as sixteen hours before the next day."""
    floor = targeted(clock)
    floor.wait(MONDAY_MS + 7 * HOUR_MS - floor.at)
    floor.arrive(1, channel="email")
    [leg] = legs(floor)
    assert leg.answer_by_ms - leg.entered_ms == (4 * HOUR_MS if clock == "clock" else late_at + HOUR_MS)


def test_a_test_has_legs_that_say_so() -> None:
    floor = at_work(7)
    floor.do(msgspec.structs.replace(floor.message(1), test=True))
    floor.accept(1)
    floor.do(cmd.Transfer(id=floor.id(), agent=7, conv=1, queue="night"))
    floor.arrive(2)
    assert [leg.test for leg in legs(floor)] == [True, True]
    assert not legs(floor, 2)[0].test
