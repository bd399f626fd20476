"""Who takes part in a talk besides customer and owner is heard by whom they should be, and goes without ending it."""

from __future__ import annotations

import pytest

from channels.contract import Connect, HangUp, Hold, Move, TryLater, Undeliverable, Unsure
from tests.channels.phone.conftest import AGENT_PHONE, OURS, Exchange, until
from tests.channels.phone.test_phone_calls import BOTH, connect, talking
from tests.providers.twilio import Fault
from tests.providers.twilio_calls import Leg

PARTNER = "+420222333444"
ALL = {"agent_1", "customer"}


def side(exchange: Exchange, leg: Leg, role: str, agent: int = 9, key: str = "s1") -> Connect:
    line = exchange.line(leg)
    return Connect(key=key, line=line, party=f"agent:{agent}", address=f"agent_{agent}", role=role)


def outside(exchange: Exchange, leg: Leg, *, confirm: bool = False, key: str = "o1") -> Connect:
    line = exchange.line(leg)
    return Connect(key=key, line=line, party="outside:partner", address=PARTNER, role="outside", confirm=confirm)


def the_leg(exchange: Exchange, theirs: str) -> Leg:
    """The newest leg to a number or browser."""
    return next(leg for leg in reversed(exchange.calls.legs.values()) if leg.theirs == theirs)


def heard(exchange: Exchange, speaker: Leg, text: str) -> set[str]:
    """Who hears somebody say a thing, by label."""
    exchange.calls.say(speaker, text)
    room = exchange.calls.room_of(speaker)
    assert room is not None, "in a talk"
    return {label for sid, label in room.legs.items() if exchange.calls.legs[sid].heard[-1:] == [text]}


async def joined(exchange: Exchange, leg: Leg, role: str) -> Leg:
    exchange.calls.answers["client:agent_9"] = "answer"
    await exchange.channel.perform(side(exchange, leg, role))
    await until(lambda: exchange.calls.together() == [{"customer", "agent_1", "agent_9"}], "all three")
    # The provider knows first; the router can only ask more of who has joined when it was told.
    await until(lambda: ("joined", "agent:9", "") in exchange.parties(), "told of the ninth")
    return the_leg(exchange, "client:agent_9")


@pytest.mark.parametrize(
    ("role", "hearers"),
    [
        ("listen", set()),
        ("whisper", {"agent_1"}),
        ("barge", {"agent_1", "customer"}),
        ("consult", {"agent_1", "customer"}),
    ],
)
async def test_who_takes_part_is_heard_by_whom_the_role_says(exchange: Exchange, role: str, hearers: set[str]) -> None:
    leg = await talking(exchange)
    ninth = await joined(exchange, leg, role)
    assert heard(exchange, ninth, f"said by {role}") == hearers
    assert heard(exchange, leg, "said by the customer") == {"agent_1", "agent_9"}


async def test_a_listener_is_promoted_step_by_step_on_the_same_leg(exchange: Exchange) -> None:
    leg = await talking(exchange)
    ninth = await joined(exchange, leg, "listen")
    for number, (role, hearers) in enumerate(
        [("whisper", {"agent_1"}), ("barge", {"agent_1", "customer"}), ("listen", set())]
    ):
        await exchange.channel.perform(side(exchange, leg, role, key=f"p{number}"))
        assert heard(exchange, ninth, f"now as {role}") == hearers
    assert len([each for each in exchange.calls.legs.values() if each.theirs == "client:agent_9"]) == 1


async def test_a_consulted_colleague_and_the_owner_speak_while_the_customer_hears_music(exchange: Exchange) -> None:
    leg = await talking(exchange)
    ninth = await joined(exchange, leg, "consult")
    await exchange.channel.perform(Hold(key="h", line=exchange.line(leg), on=True))
    assert heard(exchange, ninth, "between us") == {"agent_1"}


async def test_the_colleague_takes_over_without_ringing_again_and_all_others_go(exchange: Exchange) -> None:
    leg = await talking(exchange)
    await joined(exchange, leg, "consult")
    line = exchange.line(leg)
    await exchange.channel.perform(Hold(key="h", line=line, on=True))
    await exchange.channel.perform(HangUp(key="u", line=line, party="agent:1"))
    for key in ("c1", "c2"):
        await exchange.channel.perform(connect(exchange, leg, agent=9, key=key))
    await until(lambda: exchange.calls.together() == [{"customer", "agent_9"}], "the two of them")
    assert exchange.calls.conferences[0].held == set()
    assert len([each for each in exchange.calls.legs.values() if each.theirs == "client:agent_9"]) == 1
    await exchange.calls.hang_up(the_leg(exchange, "client:agent_9"))
    await until(lambda: ("left", "agent:9") in [told[:2] for told in exchange.parties()], "told as the owner's")


async def test_who_takes_over_while_it_still_rings_at_their_desk_is_not_rung_twice(exchange: Exchange) -> None:
    """A supervisor who steps in and takes over at once: the leg that rings becomes the owner's."""
    leg = await talking(exchange)
    await exchange.channel.perform(side(exchange, leg, "listen"))
    for key in ("c1", "c2"):
        await exchange.channel.perform(connect(exchange, leg, agent=9, key=key))
    ninth = [each for each in exchange.calls.legs.values() if each.theirs == "client:agent_9"]
    assert len(ninth) == 1
    ninth[0].answered.set()
    await until(lambda: exchange.calls.together() == [{"customer", "agent_9"}], "the two of them")
    assert heard(exchange, ninth[0], "I am here now") == {"customer"}
    await exchange.calls.hang_up(ninth[0])
    await until(lambda: ("left", "agent:9") in [told[:2] for told in exchange.parties()], "told as the owner's")


async def test_who_is_let_go_goes_alone_and_may_be_let_go_twice(exchange: Exchange) -> None:
    leg = await talking(exchange)
    ninth = await joined(exchange, leg, "barge")
    await exchange.channel.perform(HangUp(key="u", line=exchange.line(leg), party="agent:9"))
    await until(lambda: ninth.ended, "gone")
    assert exchange.calls.together() == BOTH
    await exchange.channel.perform(HangUp(key="u2", line=exchange.line(leg), party="agent:9"))


async def test_a_participant_who_hangs_up_is_told_and_ends_nothing(exchange: Exchange) -> None:
    leg = await talking(exchange)
    ninth = await joined(exchange, leg, "whisper")
    await exchange.calls.hang_up(ninth)
    await until(lambda: any(told[:2] == ("left", "agent:9") for told in exchange.parties()), "told")
    assert exchange.calls.together() == BOTH
    assert len([told for told in exchange.parties() if told[:2] == ("left", "agent:9")]) == 1


async def test_a_colleagues_telephone_has_to_press_a_key_and_one_that_does_not_is_told(exchange: Exchange) -> None:
    leg = await talking(exchange)
    exchange.calls.answers[AGENT_PHONE] = "answer"
    await exchange.channel.perform(side(exchange, leg, "consult", agent=2))
    await until(lambda: ("left", "agent:2", "not_accepted") in exchange.parties(), "told")
    assert exchange.calls.together() == BOTH


async def test_a_whisperer_before_the_owner_is_heard_by_nobody_until_the_owner_comes(exchange: Exchange) -> None:
    exchange.calls.answers["client:agent_9"] = "answer"
    leg = await exchange.waiting()
    await exchange.channel.perform(connect(exchange, leg))
    await exchange.channel.perform(side(exchange, leg, "whisper"))
    await until(lambda: exchange.calls.together() == [{"agent_9"}], "there first")
    owner = the_leg(exchange, "client:agent_1")
    owner.answered.set()
    await until(lambda: exchange.calls.together() == [{"customer", "agent_1", "agent_9"}], "all three")
    ninth = the_leg(exchange, "client:agent_9")
    await until(lambda: exchange.calls.conferences[0].coaches == {ninth.sid: owner.sid}, "pointed at the owner")
    assert heard(exchange, ninth, "psst") == {"agent_1"}


# --- outside parties --------------------------------------------------------------------------------------------


async def test_an_outside_number_is_dialled_into_the_talk_with_our_number(exchange: Exchange) -> None:
    leg = await talking(exchange)
    exchange.calls.answers[PARTNER] = "answer"
    await exchange.channel.perform(outside(exchange, leg))
    await until(lambda: exchange.calls.together() == [{"customer", "agent_1", "outside_partner"}], "all three")
    assert the_leg(exchange, PARTNER).ours == OURS
    await until(lambda: ("joined", "outside:partner", "") in exchange.parties(), "told")


async def test_a_customer_who_is_handed_out_hears_music_until_the_outside_party_comes(exchange: Exchange) -> None:
    leg = await talking(exchange)
    line = exchange.line(leg)
    await exchange.channel.perform(Move(key="m", line=line, to="outside"))
    await until(lambda: exchange.calls.together() == [{"customer"}], "the agent has left")
    assert exchange.calls.conferences[0].held == {leg.sid}
    await exchange.channel.perform(outside(exchange, leg, confirm=True))
    await until(lambda: exchange.calls.ringing(PARTNER) is not None, "rings")
    partner = the_leg(exchange, PARTNER)
    partner.answered.set()
    partner.keys.put_nowait("1")
    await until(lambda: exchange.calls.together() == [{"customer", "outside_partner"}], "the two of them")
    await until(lambda: not exchange.calls.conferences[0].held, "no music any more")
    assert heard(exchange, partner, "hello") == {"customer"}


async def test_an_outside_machine_that_presses_no_key_has_not_answered(exchange: Exchange) -> None:
    leg = await talking(exchange)
    exchange.calls.answers[PARTNER] = "answer"
    await exchange.channel.perform(Move(key="m", line=exchange.line(leg), to="outside"))
    await exchange.channel.perform(outside(exchange, leg, confirm=True))
    await until(lambda: ("left", "outside:partner", "not_accepted") in exchange.parties(), "told")
    assert not leg.ended
    await exchange.channel.perform(Move(key="b", line=exchange.line(leg), to="queue"))
    await until(lambda: bool(leg.queue), "in line again")


async def test_after_a_release_the_talk_ends_with_the_outside_party(exchange: Exchange) -> None:
    leg = await talking(exchange)
    exchange.calls.answers[PARTNER] = "answer"
    await exchange.channel.perform(outside(exchange, leg))
    await until(lambda: exchange.calls.together() == [{"customer", "agent_1", "outside_partner"}], "all three")
    await exchange.channel.perform(Move(key="m", line=exchange.line(leg), to="outside"))
    await until(lambda: exchange.calls.together() == [{"customer", "outside_partner"}], "the two of them")
    await exchange.channel.perform(Move(key="l", line=exchange.line(leg), to="left"))
    await exchange.calls.hang_up(the_leg(exchange, PARTNER))
    await until(lambda: leg.ended, "the customer's call, too")


async def test_a_caller_on_the_hold_line_is_fetched_when_the_outside_party_answers(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    await exchange.channel.perform(connect(exchange, leg))
    await exchange.channel.perform(Move(key="m", line=exchange.line(leg), to="outside"))
    exchange.calls.answers[PARTNER] = "answer"
    await exchange.channel.perform(outside(exchange, leg))
    await until(lambda: exchange.calls.together() == [{"customer", "outside_partner"}], "the two of them")
    assert the_leg(exchange, "client:agent_1").ended


@pytest.mark.parametrize("how", ["busy", "no-answer", "failed"])
async def test_an_outside_party_that_does_not_come_is_told_by_the_providers_word(exchange: Exchange, how: str) -> None:
    leg = await talking(exchange)
    exchange.calls.answers[PARTNER] = how
    await exchange.channel.perform(outside(exchange, leg))
    await until(lambda: ("left", "outside:partner", how) in exchange.parties(), "told")
    assert exchange.calls.together() == BOTH


# --- doubt --------------------------------------------------------------------------------------------------------


async def test_a_participants_lost_connection_is_found_and_not_made_twice(exchange: Exchange) -> None:
    leg = await talking(exchange)
    exchange.door.at_ms = 0
    exchange.twilio.faults.append(Fault(path="Calls.json", after=True))
    with pytest.raises(Unsure):
        await exchange.channel.perform(outside(exchange, leg))
    found = await exchange.channel.find("o1")
    assert found is not None
    assert found.provider == the_leg(exchange, PARTNER).sid
    the_leg(exchange, PARTNER).answered.set()
    await until(lambda: exchange.calls.together() == [{"customer", "agent_1", "outside_partner"}], "all three")


async def test_nobody_is_rung_for_a_caller_who_has_gone_and_no_bad_number_is_called(exchange: Exchange) -> None:
    leg = await talking(exchange)
    bad = Connect(key="b", line=exchange.line(leg), party="outside:x", address="12", role="outside")
    with pytest.raises(Undeliverable, match="number_unusable"):
        await exchange.channel.perform(bad)
    await exchange.calls.hang_up(leg)
    with pytest.raises(Undeliverable, match="call_over"):
        await exchange.channel.perform(side(exchange, leg, "listen"))


async def test_a_part_that_is_on_its_way_into_the_talk_is_changed_later(exchange: Exchange) -> None:
    leg = await talking(exchange)
    await joined(exchange, leg, "listen")
    exchange.twilio.faults.append(Fault(path="Participants", status=404, code=20404))
    with pytest.raises(TryLater, match="not_talking"):
        await exchange.channel.perform(side(exchange, leg, "barge", key="p"))
    await exchange.channel.perform(side(exchange, leg, "barge", key="p"))
    assert heard(exchange, the_leg(exchange, "client:agent_9"), "after all") == {"agent_1", "customer"}
