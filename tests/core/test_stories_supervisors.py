"""Stories of supervisors' orders: who and why come first, what they do follows, and a place is kept through all."""

from __future__ import annotations

from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Made, Refused
from router.core.lifecycle import ACTIVE, HELD, OFFERED, WAITING
from tests.core.floor_plan import ABILITIES, Floor, at_work, names

BOSS, REST_MS = 90, 30_000


def order(floor: Floor, kind: type[cmd.Command], **fields: Any) -> list[ev.Event]:
    return floor.do(kind(id=floor.id(), by=BOSS, reason="asked", **fields))


def refused(floor: Floor, kind: type[cmd.Command], **fields: Any) -> str:
    answer = floor.ask(kind(id=floor.id(), **{"by": BOSS, "reason": "asked", **fields}))
    assert isinstance(answer, Refused)
    return answer.reason


def line_of(floor: Floor) -> list[int]:
    return [conv.id for conv in floor.state.matching.in_order()]


def waiting(*lines: int) -> Floor:
    """Return a floor on which nobody is, with these customers in line."""
    floor = Floor()
    for line in lines:
        floor.arrive(line)
    return floor


def talking(agent: int = 1, *others: int) -> Floor:
    floor = at_work(agent)
    floor.arrive(1)
    floor.accept(1)
    for other in others:
        floor.sign_in(other)
    return floor


def test_an_order_says_who_and_why_before_it_does_anything() -> None:
    floor = waiting(1)
    floor.sign_in(5, abilities=(("channel:email", 1),))
    made = order(floor, cmd.Assign, conv=1, to_agent=5)
    assert made[0] == ev.Ordered(1, BOSS, "assign", "asked", agent=5)
    assert names(made) == ["Ordered", "Assigned"]


def test_who_waits_is_assigned_without_ringing_and_leaves_the_line() -> None:
    floor = waiting(1, 2)
    floor.sign_in(5, abilities=(("channel:email", 1),))
    order(floor, cmd.Assign, conv=2, to_agent=5)
    conv = floor.state.convs[2]
    assert (conv.state, conv.owner, line_of(floor)) == (ACTIVE, 5, [1])


def test_what_rings_at_one_is_assigned_to_another_and_stops_ringing() -> None:
    floor = at_work(1, 2)
    floor.arrive(1)
    made = order(floor, cmd.Assign, conv=1, to_agent=2)
    assert names(made) == ["Ordered", "OfferWithdrawn", "Assigned"]
    assert (floor.state.convs[1].owner, floor.state.agents[1].work) == (2, {})


def test_what_rings_at_an_agent_can_be_made_theirs() -> None:
    floor = at_work(1, capacity=25)
    floor.arrive(1)
    made = order(floor, cmd.Assign, conv=1, to_agent=1)
    assert isinstance(made[-1], ev.Assigned)
    assert made[-1].why == "supervisor"
    assert floor.state.agents[1].used == 25


def test_what_one_has_is_assigned_to_another_and_the_room_is_filled_at_once() -> None:
    floor = at_work(1, 2, capacity=25)
    for line in (1, 2, 3):
        floor.arrive(line)
    floor.accept(1)
    made = order(floor, cmd.Assign, conv=1, to_agent=2, forced=True)
    assert names(made) == ["Ordered", "Transferred", "Assigned", "Offered"]
    assert floor.state.convs[3].offer.agent == 1


def test_an_agent_without_room_is_given_more_only_by_force_and_that_has_its_name() -> None:
    floor = at_work(1, capacity=25)
    floor.arrive(1)
    floor.accept(1)
    floor.arrive(2)
    assert refused(floor, cmd.Assign, conv=2, to_agent=1) == "target_full"
    made = order(floor, cmd.Assign, conv=2, to_agent=1, forced=True)
    assert isinstance(made[-1], ev.Assigned)
    assert (made[-1].why, floor.state.agents[1].used) == ("supervisor_forced", 50)


def test_an_agent_over_capacity_is_offered_nothing_until_it_fits_again() -> None:
    floor = at_work(1, capacity=25)
    floor.arrive(1)
    floor.accept(1)
    floor.arrive(2)
    floor.arrive(3)
    order(floor, cmd.Assign, conv=2, to_agent=1, forced=True)
    floor.do(cmd.Close(id="c", agent=1, conv=1, disposition="solved"))
    assert floor.state.convs[3].state == WAITING
    floor.do(cmd.Close(id="d", agent=1, conv=2, disposition="solved"))
    assert floor.state.convs[3].state == OFFERED


def test_nobody_is_given_work_while_they_are_away() -> None:
    floor = talking(1, 2)
    floor.do(cmd.SetPresence(id="b", agent=2, presence="break"))
    assert refused(floor, cmd.Assign, conv=1, to_agent=2, forced=True) == "target_away"
    assert refused(floor, cmd.Assign, conv=1, to_agent=3) == "target_away"


def test_a_move_keeps_the_place_and_no_rule_moves_it_back() -> None:
    floor = waiting(1, 2, 3)
    key_ms = floor.state.convs[2].key_ms
    made = order(floor, cmd.Move, conv=2, queue="billing")
    assert names(made) == ["ClassFormed", "Ordered", "Routed", "Queued"]
    conv = floor.state.convs[2]
    assert (conv.queue, conv.key_ms, conv.rule, conv.state) == ("billing", key_ms, "", WAITING)


def test_a_move_asks_who_serves_that_queue_at_once() -> None:
    floor = waiting(1)
    floor.sign_in(5, abilities=(("channel:chat", 1), ("skill:billing", 3)))
    floor.do(cmd.Decline(id="x", agent=5, conv=1, offer=floor.state.convs[1].offer.id))
    floor.sign_in(6, abilities=ABILITIES)
    floor.do(cmd.Decline(id="y", agent=6, conv=1, offer=floor.state.convs[1].offer.id))
    floor.wait(REST_MS)
    made = order(floor, cmd.Move, conv=1, queue="billing")
    assert names(made)[-1] == "Offered"


def test_a_move_may_raise_what_is_needed() -> None:
    floor = waiting(1)
    order(floor, cmd.Move, conv=1, queue="general", skills=(("thai", 1),))
    assert floor.state.convs[1].cls.needs == (("channel:chat", 1), ("skill:thai", 1))


def test_what_is_taken_from_an_owner_by_a_move_does_not_ring_at_them_again_at_once() -> None:
    floor = talking(1)
    made = order(floor, cmd.Move, conv=1, queue="night")
    assert names(made)[-2:] == ["Transferred", "Queued"]
    assert names(floor.wait(REST_MS)) == ["RestEnded", "Offered"]


def test_a_move_of_what_rings_stops_the_ringing() -> None:
    floor = at_work(1)
    floor.arrive(1)
    made = order(floor, cmd.Move, conv=1, queue="night")
    assert names(made) == ["ClassFormed", "Ordered", "OfferWithdrawn", "Routed", "Queued", "Offered"]


def test_a_move_into_a_closed_queue_is_refused() -> None:
    floor = waiting(1)
    floor.do(cmd.OrderClosure(id="o", queue="billing", until_ms=floor.at + 60_000, by=BOSS, reason="drill"))
    assert refused(floor, cmd.Move, conv=1, queue="billing") == "queue_closed"


def test_a_new_priority_keeps_place_leg_and_needs() -> None:
    floor = waiting(1, 2)
    before = floor.state.convs[2]
    key_ms, leg_ms, needs = before.key_ms, before.leg_ms, before.cls.needs
    made = order(floor, cmd.Reprioritise, conv=2, priority=5)
    assert names(made) == ["ClassFormed", "Ordered", "Reprioritised", "Queued"]
    conv = floor.state.convs[2]
    assert (conv.cls.priority, conv.key_ms, conv.leg_ms, conv.cls.needs) == (5, key_ms, leg_ms, needs)


def test_a_priority_it_has_already_is_noted_and_moves_nothing() -> None:
    floor = waiting(1)
    assert names(order(floor, cmd.Reprioritise, conv=1, priority=0)) == ["Ordered"]


@pytest.mark.parametrize("answered", [False, True])
def test_a_priority_given_while_it_rings_or_is_talked_about_stays_with_it(*, answered: bool) -> None:
    floor = at_work(1)
    floor.arrive(1)
    if answered:
        floor.accept(1)
    state = floor.state.convs[1].state
    order(floor, cmd.Reprioritise, conv=1, priority=5)
    assert (floor.state.convs[1].state, floor.state.convs[1].cls.priority) == (state, 5)
    floor.do(cmd.SignOut(id="s", agent=1, forced=True))
    assert (floor.state.convs[1].state, floor.state.convs[1].cls.priority) == (WAITING, 5)


def test_a_supervisor_takes_over_as_they_are() -> None:
    floor = talking(1, BOSS)
    floor.do(cmd.SetPresence(id="b", agent=BOSS, presence="break"))
    made = order(floor, cmd.TakeOver, conv=1)
    assert names(made) == ["Ordered", "Transferred", "Assigned"]
    assert (floor.state.convs[1].owner, floor.state.agents[1].work) == (BOSS, {})


def test_only_who_is_signed_in_can_take_over() -> None:
    assert refused(talking(1), cmd.TakeOver, conv=1) == "agent_unknown"


def test_a_withdrawn_offer_goes_to_another_and_rests_from_who_was_asked() -> None:
    floor = at_work(1, 2)
    floor.arrive(1)
    made = order(floor, cmd.WithdrawOffer, conv=1)
    assert names(made) == ["Ordered", "OfferWithdrawn", "Rested", "Queued", "Offered"]
    assert floor.state.convs[1].offer.agent == 2
    assert set(floor.state.convs[1].resting) == {1}


def test_a_withdrawn_offer_comes_back_to_the_only_one_after_the_rest() -> None:
    floor = at_work(1)
    floor.arrive(1)
    order(floor, cmd.WithdrawOffer, conv=1)
    assert floor.state.convs[1].state == WAITING
    assert names(floor.wait(REST_MS)) == ["RestEnded", "Offered"]


def parked_away() -> tuple[Floor, Any]:
    floor = talking(1)
    parked = floor.do(cmd.Park(id="p", agent=1, conv=1, until_ms=0))[-1]
    assert isinstance(parked, ev.Parked)
    return floor, parked.record


def test_what_is_parked_comes_back_to_its_owner_when_a_supervisor_says_so() -> None:
    floor, record = parked_away()
    made = order(floor, cmd.Recall, record=record)
    assert names(made) == ["Returned", "Ordered", "Assigned"]
    assert floor.state.convs[1].owner == 1


def test_what_is_parked_comes_back_to_its_queue_in_its_place_when_a_supervisor_says_so() -> None:
    floor, record = parked_away()
    floor.do(cmd.SetPresence(id="b", agent=1, presence="break"))
    made = order(floor, cmd.Recall, record=record, to_queue=True)
    assert names(made) == ["Returned", "Ordered", "Queued"]
    assert floor.state.convs[1].key_ms == record.key_ms


def test_what_is_parked_waits_for_an_owner_who_is_away_no_longer_than_the_hold() -> None:
    floor, record = parked_away()
    floor.do(cmd.SetPresence(id="b", agent=1, presence="break"))
    order(floor, cmd.Recall, record=record)
    assert floor.state.convs[1].state == HELD
    floor.wait(120_000)
    assert floor.state.convs[1].state == WAITING


def test_a_recall_of_what_is_here_is_refused() -> None:
    floor, record = parked_away()
    order(floor, cmd.Recall, record=record)
    assert refused(floor, cmd.Recall, record=record) == "not_parked"


def test_signing_an_agent_out_rescues_their_work_and_is_written_down() -> None:
    floor = talking(1)
    command = cmd.SignOut(id="s", agent=1, why="went_home", forced=True, by=BOSS)
    made = floor.do(command)
    assert made[0] == ev.Directed(BOSS, "sign_out", "went_home", agent=1)
    assert floor.state.convs[1].state == WAITING


def test_a_presence_set_by_a_supervisor_says_so() -> None:
    floor = at_work(1)
    floor.arrive(1)
    command = cmd.SetPresence(id="s", agent=1, presence="break", by=BOSS, reason="forgot")
    made = floor.do(command)
    assert names(made) == ["Directed", "OfferWithdrawn", "PresenceSet", "Queued"]
    presence = made[2]
    assert isinstance(presence, ev.PresenceSet)
    assert presence.why == "supervisor"


def test_an_order_said_twice_is_done_once() -> None:
    floor = waiting(1)
    command = cmd.Move(id="m", conv=1, queue="billing", by=BOSS, reason="asked")
    first = floor.ask(command)
    assert isinstance(first, Made)
    assert floor.ask(command) == Made(first.position, None)


def test_who_waits_is_ended_and_the_next_comes_first() -> None:
    floor = waiting(1, 2)
    made = order(floor, cmd.End, conv=1)
    assert made[0] == ev.Ordered(1, BOSS, "end", "asked")
    assert names(made) == ["Ordered", "Closed"]
    ended = made[-1]
    assert isinstance(ended, ev.Closed)
    assert (ended.agent, ended.why, ended.record.state) == (0, "supervisor", "closed")
    assert (1 in floor.state.convs, line_of(floor)) == (False, [2])


def test_what_rings_is_ended_and_whoever_was_asked_gets_the_next() -> None:
    floor = at_work(1, capacity=25)
    floor.arrive(1)
    floor.arrive(2)
    made = order(floor, cmd.End, conv=1)
    assert names(made) == ["Ordered", "OfferWithdrawn", "Closed", "Offered"]
    assert floor.state.convs[2].state == OFFERED


def test_what_is_kept_for_somebody_is_ended() -> None:
    floor, record = parked_away()
    floor.do(cmd.SetPresence(id="b", agent=1, presence="break"))
    order(floor, cmd.Recall, record=record)
    assert floor.state.convs[1].state == HELD
    assert names(order(floor, cmd.End, conv=1)) == ["Ordered", "Closed"]
    assert 1 not in floor.state.convs


def test_what_somebody_has_is_not_ended_over_their_head() -> None:
    assert refused(talking(1), cmd.End, conv=1) == "not_waiting"
    assert refused(waiting(1), cmd.End, conv=1, reason="") == "reason_missing"


def test_whose_request_was_ended_may_come_again() -> None:
    floor = waiting(1)
    order(floor, cmd.End, conv=1)
    floor.arrive(1)
    assert len(floor.state.convs) == 1


def test_what_is_in_wrap_up_is_no_longer_ordered_about() -> None:
    floor = talking(1, 2)
    floor.do(cmd.Close(id="c", agent=1, conv=1))
    assert refused(floor, cmd.Assign, conv=1, to_agent=2) == "in_wrap_up"
    assert refused(floor, cmd.TakeOver, conv=1) == "in_wrap_up"
