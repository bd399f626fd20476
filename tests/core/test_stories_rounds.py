"""Stories of rounds: several ring and the first has it, desks that accept, what is taken, what silence does."""

from __future__ import annotations

import random
from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import HOUR_MS, Bundle, NoAnswer, Queue
from router.core.decide.rounds import ONLY_ONE_REST_MS
from router.core.lifecycle import ACTIVE, OFFERED, WAITING
from tests.core.floor_plan import ABILITIES, Floor, bundle, desk, names
from tests.core.walk import Walk
from tests.core.world import World

OFFER_MS, REST_MS = 20_000, 30_000


def of(**general: Any) -> Bundle:
    """Return the plain configuration with another queue `general`."""
    return bundle(queues={**bundle().queues, "general": Queue(name="general", hours="office", **general)})


def staffed(*agents: int, capacity: int = 100, **general: Any) -> Floor:
    floor = Floor(of(**general))
    for agent in agents:
        floor.sign_in(agent, capacity=capacity)
        desk(floor, agent)
    return floor


def rung(floor: Floor, conv: int = 1) -> tuple[int, ...]:
    asked = floor.state.convs[conv].offer
    return asked.agents if asked else ()


def accept(floor: Floor, agent: int, conv: int = 1) -> list[ev.Event]:
    return floor.do(cmd.Accept(id=floor.id(), agent=agent, conv=conv, offer=floor.state.convs[conv].offer.id))


def decline(floor: Floor, agent: int, conv: int = 1) -> list[ev.Event]:
    return floor.do(cmd.Decline(id=floor.id(), agent=agent, conv=conv, offer=floor.state.convs[conv].offer.id))


# --- several at once -----------------------------------------------------------------------------------------


def test_a_queue_rings_at_so_many_at_once_each_with_its_room_taken() -> None:
    floor = staffed(1, 2, 3, 4, ring=3)
    made = floor.arrive(1)
    assert names(made)[-3:] == ["Offered", "RangAlso", "RangAlso"]
    assert rung(floor) == (1, 2, 3)
    assert [floor.state.agents[agent].used for agent in (1, 2, 3, 4)] == [25, 25, 25, 0]


def test_the_first_to_accept_has_it_and_the_others_stop_ringing_by_name() -> None:
    floor = staffed(1, 2, 3, ring=3)
    floor.arrive(1)
    made = accept(floor, 2)
    stopped = [(each.agent, each.why) for each in made if isinstance(each, ev.RingStopped)]
    assert stopped == [(1, "taken"), (3, "taken")]
    assert (floor.state.convs[1].owner, floor.state.convs[1].state) == (2, ACTIVE)
    assert [floor.state.agents[agent].used for agent in (1, 2, 3)] == [0, 25, 0]


def test_who_was_slower_is_told_that_it_is_gone() -> None:
    floor = staffed(1, 2, ring=2)
    floor.arrive(1)
    offer = floor.state.convs[1].offer.id
    accept(floor, 2)
    assert floor.ask(cmd.Accept(id="late", agent=1, conv=1, offer=offer)) == Refused("offer_gone")


def test_who_was_slower_takes_what_waits_in_the_same_decision() -> None:
    floor = staffed(1, 2, capacity=25, ring=2)
    floor.arrive(1)
    floor.arrive(2)
    assert floor.state.convs[2].state == WAITING
    assert names(accept(floor, 2)) == ["RingStopped", "Accepted", "Offered"]
    assert rung(floor, 2) == (1,)


def test_one_decline_leaves_the_others_ringing_until_the_last_one_puts_it_back() -> None:
    floor = staffed(1, 2, ring=2)
    floor.arrive(1)
    offer = floor.state.convs[1].offer
    assert names(decline(floor, 1)) == ["RingStopped"]
    assert (rung(floor), floor.state.convs[1].state) == ((2,), OFFERED)
    assert floor.state.convs[1].offer is offer
    assert names(decline(floor, 2)) == ["Declined", "Queued"]
    assert set(floor.state.convs[1].resting) == {1, 2}


def test_silence_of_all_makes_all_of_them_not_responding() -> None:
    floor = staffed(1, 2, ring=2)
    floor.arrive(1)
    assert names(floor.wait(OFFER_MS)) == ["RingStopped", "OfferLapsed", "PresenceSet", "PresenceSet", "Queued"]
    assert {each.presence for each in floor.state.agents.values()} == {"not_responding"}


def test_who_goes_away_stops_ringing_and_the_round_goes_on() -> None:
    floor = staffed(1, 2, ring=2)
    floor.arrive(1)
    made = floor.do(cmd.SetPresence(id="lunch", agent=1, presence="break"))
    assert names(made) == ["RingStopped", "PresenceSet"]
    assert rung(floor) == (2,)
    assert names(floor.do(cmd.SignOut(id="out", agent=2))) == ["OfferWithdrawn", "SignedOut", "Queued"]


def test_a_customer_who_leaves_stops_every_desk() -> None:
    floor = staffed(1, 2, 3, ring=3)
    floor.arrive(1)
    made = floor.do(cmd.LeaveLine(id="gone", line=1))
    assert names(made) == ["RingStopped", "RingStopped", "OfferWithdrawn", "Abandoned"]
    assert {each.used for each in floor.state.agents.values()} == {0}


def test_only_able_agents_with_room_ring() -> None:
    floor = staffed(1, ring=3)
    floor.sign_in(2, capacity=24)
    floor.sign_in(3, abilities=(("channel:email", 1),))
    floor.arrive(1)
    assert rung(floor) == (1,)


def test_what_is_sent_to_one_agent_rings_at_nobody_else() -> None:
    floor = staffed(1, 2, ring=2)
    floor.arrive(1)
    accept(floor, 1)
    floor.do(cmd.Transfer(id="give", agent=1, conv=1, to_agent=2))
    assert rung(floor) == (2,)


def test_a_supervisor_takes_a_whole_round_back() -> None:
    floor = staffed(1, 2, ring=2)
    floor.arrive(1)
    made = floor.do(cmd.WithdrawOffer(id="stop", conv=1, by=9, reason="asked"))
    assert names(made) == ["Ordered", "RingStopped", "OfferWithdrawn", "Rested", "Rested", "Queued"]


# --- desks that accept -----------------------------------------------------------------------------------------


def test_a_desk_accepts_by_itself_in_the_same_decision() -> None:
    floor = staffed(1, auto_answer=True)
    made = floor.arrive(1)
    assert names(made)[-2:] == ["Offered", "Accepted"]
    accepted = made[-1]
    assert isinstance(accepted, ev.Accepted)
    assert (accepted.why, floor.state.convs[1].state, floor.state.convs[1].owner) == ("auto_answer", ACTIVE, 1)


def test_without_a_desk_it_rings() -> None:
    floor = Floor(of(auto_answer=True))
    floor.sign_in(1)
    floor.arrive(1)
    assert floor.state.convs[1].state == OFFERED


def test_a_freed_agent_s_desk_accepts_what_waits_up_to_their_room() -> None:
    floor = staffed(1, capacity=50, auto_answer=True)
    floor.do(cmd.SetPresence(id="away", agent=1, presence="break"))
    for line in (1, 2, 3):
        floor.arrive(line)
    made = floor.do(cmd.SetPresence(id="back", agent=1, presence="available"))
    assert names(made) == ["PresenceSet", "Offered", "Accepted", "Offered", "Accepted"]
    assert [floor.state.convs[conv].state for conv in (1, 2, 3)] == [ACTIVE, ACTIVE, WAITING]


# --- what is taken -----------------------------------------------------------------------------------------


def test_what_waits_for_somebody_to_take_it_is_never_offered() -> None:
    floor = staffed(1, pull="only")
    floor.arrive(1)
    assert floor.state.convs[1].state == WAITING
    assert "Offered" not in names(floor.wait(3 * HOUR_MS))


def test_an_agent_takes_any_of_those_who_wait() -> None:
    floor = staffed(1, pull="only")
    floor.arrive(1)
    floor.arrive(2)
    made = floor.do(cmd.Take(id="mine", agent=1, conv=2))
    assert [(type(each).__name__, each.why) for each in made] == [("Assigned", "pulled")]  # type: ignore[attr-defined]
    assert (floor.state.convs[2].owner, floor.state.convs[1].state) == (1, WAITING)


def test_two_who_take_the_same_one_are_told_apart() -> None:
    floor = staffed(1, 2, pull="only")
    floor.arrive(1)
    floor.do(cmd.Take(id="first", agent=1, conv=1))
    assert floor.ask(cmd.Take(id="second", agent=2, conv=1)) == Refused("not_waiting")


def test_what_one_has_declined_may_still_be_taken() -> None:
    floor = staffed(1, pull="also")
    floor.sign_in(2, capacity=0)
    floor.arrive(1)
    decline(floor, 1)
    floor.do(cmd.Take(id="after all", agent=1, conv=1))
    assert (floor.state.convs[1].owner, floor.state.convs[1].resting) == (1, None)


# --- silence and rest -----------------------------------------------------------------------------------------


def test_silence_may_only_rest_the_conversation_and_the_agent_goes_on() -> None:
    floor = staffed(1, 2, capacity=25, no_answer=NoAnswer(then="rest"))
    floor.arrive(1)
    assert names(floor.wait(OFFER_MS)) == ["OfferLapsed", "Queued", "Offered"]
    assert (rung(floor), floor.state.agents[1].accepts) == ((2,), True)
    floor.arrive(2)
    assert rung(floor, 2) == (1,)


def test_silence_again_and_again_is_not_responding_all_the_same() -> None:
    floor = staffed(1, no_answer=NoAnswer(then="rest", serial_max=2))
    floor.arrive(1)
    floor.wait(OFFER_MS + ONLY_ONE_REST_MS)
    assert (rung(floor), floor.state.agents[1].silent) == ((1,), 1)
    made = floor.wait(OFFER_MS)
    assert names(made) == ["OfferLapsed", "PresenceSet", "Queued"]
    assert floor.state.agents[1].presence == "not_responding"


def test_an_answer_ends_the_row_of_silence() -> None:
    floor = staffed(1, no_answer=NoAnswer(then="rest", serial_max=2))
    floor.arrive(1)
    floor.wait(OFFER_MS + ONLY_ONE_REST_MS)
    accept(floor, 1)
    floor.arrive(2)
    floor.wait(OFFER_MS)
    assert floor.state.agents[1].accepts


def test_whom_nobody_else_can_serve_comes_back_soon_and_by_name() -> None:
    floor = staffed(1)
    floor.sign_in(2, abilities=(("channel:email", 1),))
    floor.arrive(1)
    declined = decline(floor, 1)[0]
    assert isinstance(declined, ev.Declined)
    assert (declined.rest_until_ms, declined.rest_why) == (floor.at + ONLY_ONE_REST_MS, "only_one_able")
    assert names(floor.wait(ONLY_ONE_REST_MS)) == ["RestEnded", "Offered"]


@pytest.mark.parametrize("why_not", ["away", "gone", "unable"])
def test_somebody_who_does_not_accept_or_cannot_is_nobody_else(why_not: str) -> None:
    floor = staffed(1)
    floor.sign_in(2, abilities=ABILITIES if why_not != "unable" else (("channel:email", 1),))
    if why_not == "away":
        floor.do(cmd.SetPresence(id="away", agent=2, presence="break"))
    elif why_not == "gone":
        floor.do(cmd.SignOut(id="out", agent=2))
    floor.arrive(1)
    declined = decline(floor, 1)[0]
    assert isinstance(declined, ev.Declined)
    assert declined.rest_why == "only_one_able"


def test_somebody_busy_who_can_serve_it_is_somebody_else() -> None:
    floor = staffed(1)
    floor.sign_in(2, capacity=24)
    floor.arrive(1)
    declined = decline(floor, 1)[0]
    assert isinstance(declined, ev.Declined)
    assert (declined.rest_until_ms, declined.rest_why) == (floor.at + REST_MS, "")


def test_walks_of_a_floor_that_rings_at_several_break_no_promise() -> None:
    rang = 0
    for seed in range(6):
        world = World(skills=(ABILITIES,))
        world.begin()
        world.restore()
        world.apply("eager")
        for agent in (1, 2, 3, 4):
            world.tell(cmd.SignIn(id=world.id(), agent=agent, abilities=ABILITIES, capacity=100))
        Walk(world, random.Random(seed)).run(120)
        rang += sum(isinstance(event, ev.RangAlso) for entry in world.entries for event in entry.events)
    assert rang > 6
