"""Stories of offers: accepted, declined, unanswered, withdrawn; who gave a place up gets it back; no room overrun."""

from __future__ import annotations

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.lifecycle import ACTIVE, OFFERED, WAITING
from tests.core.floor_plan import ABILITIES, Floor, bundle, line_of, names, offered_to

OFFER_MS, REST_MS, REMIND_MS = 20_000, 30_000, 600_000
CHATTER = (("channel:chat", 1),)


def decline(floor: Floor, conv: int, reason: str = "") -> list[ev.Event]:
    offer = floor.state.convs[conv].offer
    return floor.do(cmd.Decline(id=floor.id(), agent=offer.agent, conv=conv, offer=offer.id, reason=reason))


def test_a_message_is_opened_placed_and_offered_in_one_decision() -> None:
    floor = Floor()
    floor.sign_in(7)
    made = floor.arrive(1)
    assert names(made) == ["FactsCoded", "Received", "ClassFormed", "Routed", "Queued", "Offered"]
    offer = made[-1]
    assert isinstance(offer, ev.Offered)
    assert (offer.agent, offer.until_ms, offer.why) == (7, floor.at + OFFER_MS, ("longest_idle",))


def test_who_accepts_owns_and_must_act() -> None:
    floor = Floor()
    floor.sign_in(7)
    floor.arrive(1)
    accepted = floor.accept(1)[0]
    conv = floor.state.convs[1]
    assert isinstance(accepted, ev.Accepted)
    assert (conv.state, conv.owner, conv.actor, conv.due_ms) == (ACTIVE, 7, "agent", floor.at + REMIND_MS)


def test_the_longest_idle_is_asked_first() -> None:
    floor = Floor()
    for agent in (3, 1, 2):
        floor.sign_in(agent, capacity=25)
    floor.arrive(1)
    floor.arrive(2)
    floor.arrive(3)
    assert [offered_to(floor, conv) for conv in (1, 2, 3)] == [3, 1, 2]


def test_work_makes_an_agent_the_least_idle() -> None:
    floor = Floor()
    floor.sign_in(1)
    floor.sign_in(2)
    floor.arrive(1)
    floor.accept(1)
    floor.arrive(2)
    assert offered_to(floor, 2) == 2


def test_a_decline_asks_another_and_rests_from_who_declined() -> None:
    floor = Floor()
    floor.sign_in(1)
    floor.sign_in(2)
    floor.arrive(1)
    assert offered_to(floor, 1) == 1
    assert names(decline(floor, 1, "busy")) == ["Declined", "Queued", "Offered"]
    assert offered_to(floor, 1) == 2
    decline(floor, 1)
    assert floor.state.convs[1].state == WAITING
    assert set(floor.state.convs[1].resting) == {1, 2}


def test_the_same_agent_is_asked_again_after_the_rest_and_nobody_else() -> None:
    floor = Floor()
    floor.sign_in(1)
    floor.sign_in(2, capacity=24)
    floor.arrive(1)
    decline(floor, 1)
    assert floor.wait(REST_MS - 1) == []
    assert names(floor.wait(1)) == ["RestEnded", "Offered"]
    assert offered_to(floor, 1) == 1


def test_a_declined_conversation_does_not_hold_up_who_declined() -> None:
    floor = Floor()
    floor.sign_in(1, capacity=25)
    floor.arrive(1)
    floor.arrive(2)
    made = decline(floor, 1)
    assert names(made) == ["Declined", "Queued", "Offered"]
    assert (offered_to(floor, 2), line_of(floor)) == (1, [1])


def test_a_decline_with_a_reason_nobody_configured_changes_nothing() -> None:
    floor = Floor()
    floor.sign_in(1)
    floor.arrive(1)
    offer = floor.state.convs[1].offer
    command = cmd.Decline(id="d", agent=1, conv=1, offer=offer.id, reason="bored")
    assert floor.ask(command) == Refused("reason_unknown")
    assert floor.state.convs[1].state == OFFERED


def test_silence_makes_the_agent_not_responding_and_one_click_brings_them_back() -> None:
    floor = Floor()
    floor.sign_in(1)
    floor.arrive(1)
    assert floor.wait(OFFER_MS - 1) == []
    assert names(floor.wait(1)) == ["OfferLapsed", "PresenceSet", "Queued"]
    agent = floor.state.agents[1]
    assert (agent.presence, agent.accepts, line_of(floor)) == ("not_responding", False, [1])
    assert names(floor.do(cmd.SetPresence(id="back", agent=1, presence="available"))) == ["PresenceSet", "Offered"]


def test_an_unanswered_offer_goes_to_the_next_agent_at_once() -> None:
    floor = Floor()
    floor.sign_in(1)
    floor.sign_in(2)
    floor.arrive(1)
    floor.wait(OFFER_MS)
    assert offered_to(floor, 1) == 2


def test_what_lapses_stands_before_what_is_withdrawn_with_it_when_it_is_older() -> None:
    floor = Floor()
    floor.sign_in(1)
    floor.arrive(1)
    floor.wait(1_000)
    floor.arrive(2)
    floor.sign_in(2, capacity=25)
    floor.wait(OFFER_MS - 1_000)
    assert (offered_to(floor, 1), line_of(floor)) == (2, [2])


def test_an_accept_after_the_end_of_an_offer_comes_too_late() -> None:
    floor = Floor()
    floor.sign_in(1)
    floor.arrive(1)
    offer = floor.state.convs[1].offer.id
    floor.wait(OFFER_MS)
    assert floor.ask(cmd.Accept(id="late", agent=1, conv=1, offer=offer)) == Refused("offer_gone")


def test_only_who_was_asked_may_accept_or_decline() -> None:
    floor = Floor()
    floor.sign_in(1)
    floor.sign_in(2)
    floor.arrive(1)
    offer = floor.state.convs[1].offer.id
    for command in (cmd.Accept, cmd.Decline):
        assert floor.ask(command(id=floor.id(), agent=2, conv=1, offer=offer)) == Refused("offer_gone")
        assert floor.ask(command(id=floor.id(), agent=1, conv=1, offer=offer + 1)) == Refused("offer_gone")
        assert floor.ask(command(id=floor.id(), agent=1, conv=9, offer=offer)) == Refused("offer_gone")


# --- the old place -------------------------------------------------------------------------------------------


def waiting_three() -> Floor:
    """Three wait, a second apart; one agent is offered the first."""
    floor = Floor()
    for line in (1, 2, 3):
        floor.arrive(line)
        floor.wait(1_000)
    floor.sign_in(1, capacity=25)
    assert offered_to(floor, 1) == 1
    return floor


def by_decline(floor: Floor) -> None:
    decline(floor, 1)
    offer = floor.state.convs[2].offer.id
    floor.do(cmd.SetPresence(id=floor.id(), agent=1, presence="break"))
    assert floor.ask(cmd.Accept(id=floor.id(), agent=1, conv=2, offer=offer)) == Refused("offer_gone")


def by_silence(floor: Floor) -> None:
    floor.wait(OFFER_MS)


def by_leaving(floor: Floor) -> None:
    floor.do(cmd.SignOut(id=floor.id(), agent=1))


def by_a_lost_desk(floor: Floor) -> None:
    floor.do(cmd.AttachDesk(id=floor.id(), agent=1, node="n", desk="d"))
    floor.do(cmd.DetachDesk(id=floor.id(), agent=1, node="n", desk="d"))


def by_transfer(floor: Floor) -> None:
    floor.accept(1)
    floor.do(cmd.SetPresence(id=floor.id(), agent=1, presence="break"))
    floor.do(cmd.Transfer(id=floor.id(), agent=1, conv=1, queue="general"))


def by_config(floor: Floor) -> None:
    by_silence(floor)
    floor.do(cmd.ApplyConfig(id=floor.id(), hash="b2", bundle=bundle(grace_ms=1)))
    floor.wait(1)


def by_signing_out_with_it_open(floor: Floor) -> None:
    floor.accept(1)
    floor.do(cmd.SignOut(id=floor.id(), agent=1, forced=True))


WAYS_BACK = (
    by_decline,
    by_silence,
    by_leaving,
    by_a_lost_desk,
    by_transfer,
    by_config,
    by_signing_out_with_it_open,
)


@pytest.mark.parametrize("way", WAYS_BACK)
def test_a_place_in_line_is_kept(way: object) -> None:
    assert callable(way)
    floor = waiting_three()
    way(floor)
    assert line_of(floor) == [1, 2, 3]


# --- skills and capacity ----------------------------------------------------------------------------------------


def test_a_conversation_that_no_one_can_take_delays_nobody() -> None:
    floor = Floor()
    floor.arrive(1, topics=("bill",))
    floor.arrive(2)
    floor.sign_in(7, abilities=CHATTER)
    assert (offered_to(floor, 2), line_of(floor)) == (7, [1])
    floor.sign_in(8, abilities=ABILITIES)
    assert offered_to(floor, 1) == 8


def test_a_head_start_stands_before_who_came_first() -> None:
    floor = Floor()
    floor.arrive(1)
    floor.wait(1_000)
    floor.arrive(2, segment="vip")
    assert line_of(floor) == [2, 1]


@pytest.mark.parametrize(
    ("capacity", "chats", "mails"),
    [(100, 4, 0), (99, 3, 2), (60, 2, 1), (25, 1, 0), (24, 0, 2), (9, 0, 0)],
)
def test_capacity_is_filled_exactly_and_never_more(capacity: int, chats: int, mails: int) -> None:
    floor = Floor()
    for line in range(1, 6):
        floor.arrive(line)
    for line in range(11, 16):
        floor.arrive(line, channel="email")
    floor.sign_in(7, capacity=capacity)
    asked = [conv.channel for conv in floor.state.convs.values() if conv.offer]
    assert (asked.count("chat"), asked.count("email")) == (chats, mails)


def test_a_lowered_capacity_takes_nothing_away_and_gives_nothing_new() -> None:
    floor = Floor()
    floor.sign_in(7, capacity=50)
    floor.arrive(1)
    floor.arrive(2)
    floor.accept(1)
    floor.accept(2)
    floor.sign_in(7, capacity=25)
    floor.arrive(3)
    floor.do(cmd.Close(id="x", agent=7, conv=1, disposition="solved"))
    assert (floor.state.agents[7].used, line_of(floor)) == (25, [3])
    floor.do(cmd.Close(id="y", agent=7, conv=2, disposition="solved"))
    assert offered_to(floor, 3) == 7


def test_ten_agents_with_room_for_three_get_thirty_of_sixty() -> None:
    floor = Floor()
    for agent in range(1, 11):
        floor.sign_in(agent, capacity=75)
    for line in range(1, 61):
        floor.arrive(line)
    asked = [offered_to(floor, conv) for conv in range(1, 61)]
    assert all(asked.count(agent) == 3 for agent in range(1, 11))
    assert len(line_of(floor)) == 30
