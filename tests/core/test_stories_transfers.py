"""Stories of transfers: what nobody takes comes back by rule, back and forth has an end; and of an owner's lost leg."""

from __future__ import annotations

from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import Queue
from router.core.lifecycle import ACTIVE, HELD, OFFERED
from tests.core.floor_plan import ABILITIES, Floor, bundle, desk, names

OFFER_MS, HOLD_MS, GRACE_MS, REST_MS = 20_000, 120_000, 10_000, 30_000


def talking(*others: int, **general: Any) -> Floor:
    """Return a floor on which agent 1 talks with the customer of line 1 and others are there."""
    queues = dict(bundle().queues)
    queues["general"] = Queue(name="general", hours="office", **general)
    floor = Floor(bundle(queues=queues))
    for agent in (1, *others):
        floor.sign_in(agent)
        desk(floor, agent)
        if agent == 1:
            floor.arrive(1)
            floor.accept(1)
    return floor


def transfer(floor: Floor, agent: int = 1, **fields: Any) -> list[ev.Event]:
    return floor.do(cmd.Transfer(id=floor.id(), agent=agent, conv=1, **fields))


def decline(floor: Floor) -> list[ev.Event]:
    offer = floor.state.convs[1].offer
    return floor.do(cmd.Decline(id=floor.id(), agent=offer.agent, conv=1, offer=offer.id))


def test_a_transfer_to_skills_waits_in_the_same_queue_for_who_has_them() -> None:
    floor = talking()
    floor.sign_in(2, abilities=(("channel:chat", 1),))
    floor.sign_in(3, abilities=(("channel:chat", 1), ("skill:thai", 1)))
    transfer(floor, skills=(("thai", 1),))
    conv = floor.state.convs[1]
    assert (conv.queue, conv.cls.needs, conv.offer.agent) == ("general", (("channel:chat", 1), ("skill:thai", 1)), 3)


def test_a_transfer_to_skills_in_another_queue_needs_both() -> None:
    floor = talking()
    transfer(floor, queue="billing", skills=(("thai", 1),))
    assert floor.state.convs[1].cls.needs == (("channel:chat", 1), ("skill:billing", 2), ("skill:thai", 1))


def test_a_declined_transfer_comes_back_to_who_gave_it_where_the_queue_says_so() -> None:
    floor = talking(2, transfer_refused="sender")
    transfer(floor, to_agent=2)
    made = decline(floor)
    assert names(made) == ["Declined", "TransferReturned", "Assigned"]
    assert (floor.state.convs[1].state, floor.state.convs[1].owner) == (ACTIVE, 1)


def test_a_declined_transfer_goes_to_the_queue_where_it_says_nothing() -> None:
    floor = talking(2)
    transfer(floor, to_agent=2)
    assert names(decline(floor)) == ["Declined", "Queued", "Offered"]
    assert floor.state.convs[1].key_ms == floor.state.convs[1].opened_ms


@pytest.mark.parametrize("leaves", ["silence", "break", "sign_out"])
def test_a_transfer_comes_back_however_the_agent_does_not_take_it(leaves: str) -> None:
    floor = talking(2, transfer_refused="sender")
    transfer(floor, to_agent=2)
    if leaves == "silence":
        floor.wait(OFFER_MS)
    elif leaves == "break":
        floor.do(cmd.SetPresence(id="b", agent=2, presence="break"))
    else:
        floor.do(cmd.SignOut(id="s", agent=2, forced=True))
    assert (floor.state.convs[1].state, floor.state.convs[1].owner) == (ACTIVE, 1)


def test_a_transfer_held_for_a_full_agent_comes_back_when_the_hold_is_over() -> None:
    floor = talking(transfer_refused="sender")
    floor.sign_in(2, capacity=10)
    transfer(floor, to_agent=2)
    assert floor.state.convs[1].state == HELD
    made = floor.wait(HOLD_MS)
    assert names(made)[-2:] == ["TransferReturned", "Assigned"]


def test_a_transfer_whose_giver_is_away_by_then_goes_to_the_queue() -> None:
    floor = talking(2, transfer_refused="sender")
    transfer(floor, to_agent=2)
    floor.do(cmd.SetPresence(id="b", agent=1, presence="break"))
    assert names(decline(floor)) == ["Declined", "Queued"]


def test_a_transfer_whose_giver_is_full_by_then_is_held_for_them() -> None:
    floor = talking(transfer_refused="sender")
    floor.do(cmd.SignIn(id="less", agent=1, abilities=ABILITIES, capacity=25))
    floor.arrive(2)
    floor.sign_in(2, capacity=25, abilities=(("channel:chat", 1),))
    floor.accept(2)
    transfer(floor, to_agent=2)
    assert floor.state.convs[1].held_for == 2
    floor.arrive(3)
    floor.accept(3)
    floor.do(cmd.SignOut(id="home", agent=2, forced=True))
    conv = floor.state.convs[1]
    assert (conv.state, conv.held_for) == (HELD, 1)


def test_a_transfer_that_was_taken_never_comes_back() -> None:
    floor = talking(2, transfer_refused="sender")
    transfer(floor, to_agent=2)
    floor.accept(1)
    floor.do(cmd.SignOut(id="s", agent=2, forced=True))
    assert floor.state.convs[1].state == OFFERED
    assert floor.state.convs[1].owner == 0


def back_and_forth(floor: Floor, times: int) -> list[ev.Event]:
    """Agents 1 and 2 give the conversation to each other so many times."""
    made: list[ev.Event] = []
    giver, taker = 1, 2
    for _ in range(times):
        made = transfer(floor, giver, to_agent=taker)
        if floor.state.convs[1].state == OFFERED:
            floor.accept(1)
        giver, taker = taker, giver
    return made


def test_back_and_forth_is_counted_and_a_third_party_begins_anew() -> None:
    floor = talking(2, 3)
    back_and_forth(floor, 3)
    assert floor.state.convs[1].passed.times == 2
    transfer(floor, 2, to_agent=3)
    assert floor.state.convs[1].passed.times == 0


def test_back_and_forth_beyond_the_limit_goes_to_the_queue_that_is_named() -> None:
    floor = talking(2, transfers_max=2, transfers_then="night")
    made = back_and_forth(floor, 4)
    found = next(event for event in made if isinstance(event, ev.Transferred))
    assert (found.why, found.to_agent, floor.state.convs[1].queue) == ("transfers_max", 0, "night")


def test_back_and_forth_beyond_the_limit_stays_and_is_said_to_those_who_supervise() -> None:
    floor = talking(2, transfers_max=2)
    made = back_and_forth(floor, 4)
    assert names(made) == ["Escalated"]
    conv = floor.state.convs[1]
    assert (conv.state, conv.owner, conv.escalated) == (ACTIVE, 2, True)


def test_two_queues_that_send_it_back_and_forth_are_counted_too() -> None:
    floor = talking(transfers_max=0)
    transfer(floor, queue="billing")
    floor.wait(REST_MS)
    floor.accept(1)
    assert floor.state.convs[1].passed.times == 0
    transfer(floor, queue="general")
    assert floor.state.convs[1].passed.times == 1


def test_the_count_survives_parking() -> None:
    floor = talking(2)
    back_and_forth(floor, 2)
    parked = floor.do(cmd.Park(id="p", agent=1, conv=1))[0]
    assert isinstance(parked, ev.Parked)
    assert parked.record.passed.times == 1
    floor.do(cmd.Wake(id="w", record=parked.record, why="asked"))
    assert floor.state.convs[1].passed.times == 1


def lose_leg(floor: Floor, *, joined: bool = False, party: str = "agent:1") -> list[ev.Event]:
    return floor.do(cmd.ReportParty(id=floor.id(), line=1, party=party, joined=joined, why="failed"))


def test_an_owner_who_is_gone_from_the_line_has_a_grace_and_then_it_goes_back_to_its_place() -> None:
    floor = talking(2)
    made = lose_leg(floor)
    assert made[-1] == ev.LegLost(1, 1, floor.at + GRACE_MS, "failed")
    assert floor.state.convs[1].state == ACTIVE
    made = floor.wait(GRACE_MS)
    assert names(made) == ["TakenBack", "PresenceSet", "Queued", "Offered"]
    conv = floor.state.convs[1]
    assert (conv.offer.agent, conv.key_ms) == (2, conv.opened_ms)
    assert floor.state.agents[1].presence == "not_responding"
    queued = made[2]
    assert isinstance(queued, ev.Queued)
    assert queued.why == "agent_leg_lost"


def test_an_owner_who_comes_back_within_the_grace_goes_on() -> None:
    floor = talking(2)
    lose_leg(floor)
    lose_leg(floor, joined=True)
    assert floor.wait(GRACE_MS) == []
    assert floor.state.convs[1].owner == 1


def test_a_customer_who_leaves_too_was_not_left_alone() -> None:
    floor = talking(2)
    lose_leg(floor)
    floor.do(cmd.LeaveLine(id="l", line=1))
    assert "TakenBack" not in names(floor.wait(GRACE_MS))


def test_the_leg_of_somebody_else_is_nobodys_loss() -> None:
    floor = talking(2)
    assert names(lose_leg(floor, party="agent:2")) == ["PartyReported"]


def test_a_closed_queue_takes_no_transfer_to_skills() -> None:
    floor = talking()
    floor.do(cmd.OrderClosure(id="o", queue="general", until_ms=floor.at + 60_000, by=9, reason="drill"))
    answer = floor.ask(cmd.Transfer(id="t", agent=1, conv=1, skills=(("thai", 1),)))
    assert answer == Refused("queue_closed")
