"""Stories of offers: accepted, declined, unanswered, withdrawn; whoever gave a place up gets it back."""

from __future__ import annotations

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import HOUR_MS, ChannelSpec
from router.core.lifecycle import ACTIVE, HELD, OFFERED, WAITING, WRAP_UP
from tests.core.floor_plan import ABILITIES, Floor, bundle, names

OFFER_MS, REST_MS, WRAP_UP_MS, HOLD_MS, REMIND_MS = 20_000, 30_000, 60_000, 120_000, 600_000
CHATTER = (("channel:chat", 1),)


def decline(floor: Floor, conv: int, reason: str = "") -> list[ev.Event]:
    offer = floor.state.convs[conv].offer
    return floor.do(cmd.Decline(id=floor.id(), agent=offer.agent, conv=conv, offer=offer.id, reason=reason))


def line_of(floor: Floor) -> list[int]:
    """Return the conversations that wait, in order."""
    return [conv.id for conv in floor.state.matching.in_order()]


def offered_to(floor: Floor, conv: int) -> int:
    asked = floor.state.convs[conv].offer
    return asked.agent if asked else 0


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


# --- talking, parting, wrapping up -----------------------------------------------------------------------------


def begun(capacity: int = 100) -> Floor:
    floor = Floor()
    floor.sign_in(7, capacity=capacity)
    floor.arrive(1)
    floor.accept(1)
    return floor


def test_a_reply_makes_the_customer_act_next() -> None:
    floor = begun()
    made = floor.do(cmd.Reply(id="r", agent=7, conv=1, message=50))
    assert names(made) == ["Replied"]
    assert floor.state.convs[1].actor == "customer"
    floor.arrive(1)
    assert floor.state.convs[1].actor == "agent"


def test_who_stands_still_is_named_again_and_again() -> None:
    floor = begun()
    floor.arrive(1)
    first, second = floor.wait(2 * REMIND_MS)
    assert isinstance(first, ev.Reminded)
    assert (first.actor, first.why) == ("agent", "agent_silent")
    assert isinstance(second, ev.Reminded)
    floor.do(cmd.Reply(id="r", agent=7, conv=1, message=50))
    silent = floor.wait(REMIND_MS)[0]
    assert isinstance(silent, ev.Reminded)
    assert (silent.actor, silent.why) == ("customer", "customer_silent")


def test_nobody_in_line_is_forgotten() -> None:
    floor = Floor()
    floor.arrive(1)
    reminded = floor.wait(HOUR_MS)[0]
    assert isinstance(reminded, ev.Reminded)
    assert (reminded.actor, reminded.why, reminded.due_ms) == ("queue", "waiting_long", floor.at + HOUR_MS)


def test_a_reply_over_another_line_moves_the_conversation_and_both_lines_lead_to_it() -> None:
    floor = begun()
    floor.do(cmd.Reply(id="r", agent=7, conv=1, message=50, line=22))
    assert (floor.state.convs[1].line, floor.state.convs[1].more_lines) == (22, (1,))
    for line in (1, 22):
        assert names(floor.arrive(line)) == ["Received"]
    floor.do(cmd.Reply(id="r2", agent=7, conv=1, message=51, line=1))
    assert (floor.state.convs[1].line, floor.state.convs[1].more_lines) == (1, (22,))


def test_closing_begins_the_wrap_up_which_keeps_the_room_until_it_is_finished() -> None:
    floor = begun(capacity=25)
    floor.arrive(2)
    assert names(floor.do(cmd.Close(id="x", agent=7, conv=1))) == ["WrapUpStarted"]
    assert (floor.state.convs[1].state, line_of(floor)) == (WRAP_UP, [2])
    made = floor.do(cmd.FinishWrapUp(id="f", agent=7, conv=1, disposition="solved"))
    assert names(made) == ["Closed", "Offered"]


def test_a_disposition_said_at_once_needs_no_wrap_up() -> None:
    floor = begun()
    assert names(floor.do(cmd.Close(id="x", agent=7, conv=1, disposition="solved"))) == ["Closed"]


def test_a_reply_can_be_the_last_word() -> None:
    floor = begun()
    made = floor.do(cmd.Reply(id="r", agent=7, conv=1, message=5, then="close", disposition="solved"))
    assert names(made) == ["Replied", "Closed"]


def test_a_wrap_up_ends_by_itself_and_says_so() -> None:
    floor = begun()
    floor.do(cmd.Close(id="x", agent=7, conv=1))
    assert floor.wait(WRAP_UP_MS - 1) == []
    closed = floor.wait(1)[0]
    assert isinstance(closed, ev.Closed)
    assert (closed.why, closed.disposition) == ("wrap_up_timeout", "timeout")


def test_a_customer_who_writes_during_wrap_up_is_talked_to_again() -> None:
    floor = begun()
    floor.do(cmd.Close(id="x", agent=7, conv=1))
    assert names(floor.arrive(1)) == ["Received", "Assigned"]
    conv = floor.state.convs[1]
    assert (conv.state, conv.owner, floor.state.agents[7].used) == (ACTIVE, 7, 25)
    assert "Closed" not in names(floor.wait(WRAP_UP_MS))


def test_a_quiet_message_during_wrap_up_only_joins() -> None:
    floor = begun()
    floor.do(cmd.Close(id="x", agent=7, conv=1))
    assert names(floor.do(floor.message(1, quiet=True))) == ["Received"]
    assert floor.state.convs[1].state == WRAP_UP


# --- transfers --------------------------------------------------------------------------------------------------


def test_a_transfer_to_an_agent_rings_there_and_nowhere_else() -> None:
    floor = begun()
    floor.sign_in(8)
    made = floor.do(cmd.Transfer(id="t", agent=7, conv=1, to_agent=8, note=3))
    assert names(made) == ["Transferred", "Offered"]
    assert (offered_to(floor, 1), made[1].why) == (8, ("named_agent",))  # type: ignore[attr-defined]


def test_a_transfer_to_a_full_agent_is_held_and_then_queued() -> None:
    floor = begun()
    floor.sign_in(8, capacity=10)
    assert names(floor.do(cmd.Transfer(id="t", agent=7, conv=1, to_agent=8))) == ["Transferred", "HeldFor"]
    assert floor.state.convs[1].state == HELD
    assert names(floor.wait(HOLD_MS)) == ["Queued", "Offered"]
    assert offered_to(floor, 1) == 7


def test_what_is_held_rings_as_soon_as_there_is_room() -> None:
    floor = begun()
    floor.sign_in(8, capacity=10)
    floor.do(cmd.Transfer(id="t", agent=7, conv=1, to_agent=8))
    assert names(floor.sign_in(8, capacity=50)) == ["SignedIn", "Offered"]
    assert offered_to(floor, 1) == 8


def test_what_is_held_for_an_agent_who_leaves_goes_to_its_queue() -> None:
    floor = begun()
    floor.sign_in(8, capacity=10)
    floor.do(cmd.Transfer(id="t", agent=7, conv=1, to_agent=8))
    assert names(floor.do(cmd.SignOut(id="o", agent=8))) == ["SignedOut", "Queued", "Offered"]


def test_a_transfer_to_a_queue_does_not_ring_again_at_the_giver_while_they_rest_from_it() -> None:
    floor = begun(capacity=25)
    floor.arrive(2, topics=("bill",))
    floor.do(cmd.Transfer(id="t", agent=7, conv=1, queue="billing"))
    assert (offered_to(floor, 2), line_of(floor)) == (7, [1])


def test_after_the_rest_a_transferred_conversation_rings_even_at_the_giver() -> None:
    floor = begun()
    floor.do(cmd.Transfer(id="t", agent=7, conv=1, queue="billing"))
    assert line_of(floor) == [1]
    assert names(floor.wait(floor.state.queue_spec("billing").rest_ms)) == ["RestEnded", "Offered"]
    assert offered_to(floor, 1) == 7


# --- leaving ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [False, True])
def test_a_live_customer_who_leaves_before_an_answer_has_abandoned(asked: bool) -> None:
    floor = Floor()
    if asked:
        floor.sign_in(7, capacity=25)
    floor.arrive(1)
    floor.arrive(2)
    made = floor.do(cmd.LeaveLine(id="l", line=1))
    assert names(made) == (["OfferWithdrawn", "Abandoned", "Offered"] if asked else ["Abandoned"])
    assert 1 not in floor.state.convs


def test_a_mail_in_line_does_not_leave_with_its_sender() -> None:
    floor = Floor()
    floor.arrive(1, channel="email")
    assert names(floor.do(cmd.LeaveLine(id="l", line=1))) == ["CustomerLeft"]
    assert line_of(floor) == [1]


@pytest.mark.parametrize("state", [ACTIVE, WRAP_UP])
def test_an_owner_is_told_that_the_customer_left(state: str) -> None:
    floor = begun()
    if state == WRAP_UP:
        floor.do(cmd.Close(id="x", agent=7, conv=1))
    assert names(floor.do(cmd.LeaveLine(id="l", line=1))) == ["CustomerLeft"]
    assert (floor.state.convs[1].gone, floor.state.convs[1].state) == (True, state)


def test_leaving_a_line_that_is_no_longer_the_current_one_changes_nothing() -> None:
    floor = begun()
    floor.do(cmd.Reply(id="r", agent=7, conv=1, message=5, line=22))
    floor.do(cmd.Transfer(id="t", agent=7, conv=1, queue="general"))
    floor.do(cmd.LeaveLine(id="l", line=1))
    assert (floor.state.convs[1].state, floor.state.convs[1].gone) == (WAITING, False)


def test_nobody_can_leave_a_line_without_a_conversation() -> None:
    floor = Floor()
    assert floor.ask(cmd.LeaveLine(id="l", line=1)) == Refused("conversation_unknown")


def test_a_line_is_put_on_hold_and_taken_off() -> None:
    floor = begun()
    assert names(floor.do(cmd.HoldLine(id="h", agent=7, conv=1, on=True))) == ["LineHeld"]
    assert floor.do(cmd.HoldLine(id="h2", agent=7, conv=1, on=True)) == []
    assert floor.state.convs[1].on_hold
    floor.do(cmd.HoldLine(id="h3", agent=7, conv=1, on=False))
    assert not floor.state.convs[1].on_hold


def test_a_channel_that_becomes_live_is_abandoned_like_one() -> None:
    floor = Floor()
    floor.arrive(1, channel="email")
    floor.do(cmd.LeaveLine(id="l", line=1))
    channels = {**bundle().channels, "email": ChannelSpec(load=10, live=True)}
    floor.do(cmd.ApplyConfig(id="live", hash="b2", bundle=bundle(channels=channels)))
    floor.arrive(2, channel="email")
    assert names(floor.do(cmd.LeaveLine(id="l2", line=2))) == ["Abandoned"]


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
