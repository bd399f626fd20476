"""Answers that were lost, ends that nobody could be told of, and telephones that ring for nobody: each is made good."""

from __future__ import annotations

import time

import pytest

from channels.contract import HangUp, Move, PartyJoined, PartyLeft, Unsure
from channels.phone.wording import SAID
from tests.channels.phone.conftest import PAGES, THEIRS, Exchange, until
from tests.channels.phone.test_phone_calls import BOTH, connect, found, talking
from tests.channels.phone.test_phone_later import called_back
from tests.providers.twilio import Fault
from tests.providers.twilio_calls import Leg

AGENT, OTHER = "client:agent_1", "+66812000002"


def legs_of(exchange: Exchange, theirs: str) -> list[Leg]:
    return [leg for leg in exchange.calls.legs.values() if leg.theirs == theirs and leg.direction != "inbound"]


def decided(exchange: Exchange, leg: Leg, state: str) -> None:
    exchange.door.happen(exchange.line(leg), kind="status", state=state)


# --- one telephone, one ring --------------------------------------------------------------------------------------


async def test_a_connection_that_is_asked_for_twice_rings_once(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    first = await exchange.channel.perform(connect(exchange, leg))
    again = await exchange.channel.perform(connect(exchange, leg, key="k2"))
    assert first.provider == again.provider
    assert len(legs_of(exchange, AGENT)) == 1


async def test_a_leg_that_was_found_after_a_lost_answer_ends_with_its_caller(exchange: Exchange) -> None:
    exchange.door.at_ms = int(time.time() * 1_000)
    leg = await exchange.waiting()
    exchange.twilio.faults.append(Fault(path="Calls.json", after=True))
    with pytest.raises(Unsure):
        await exchange.channel.perform(connect(exchange, leg))
    done = await exchange.channel.find("k1")
    (rings,) = legs_of(exchange, AGENT)
    assert done is not None
    assert done.provider == rings.sid
    await exchange.calls.hang_up(leg)
    await until(lambda: rings.ended, "rings no longer")


async def test_who_gave_a_call_away_is_rung_off_before_the_next_one_rings(exchange: Exchange) -> None:
    """Deeds of two lines wait for each other in no order: the next call may ring before the end of the last."""
    first = await talking(exchange)
    decided(exchange, first, "waiting")
    second = await exchange.waiting(OTHER)
    up: list[int] = []
    exchange.calls.watchers.append(lambda _: up.append(sum(not leg.ended for leg in legs_of(exchange, AGENT))))
    await exchange.channel.perform(connect(exchange, second, key="k2"))
    await until(lambda: BOTH[0] in exchange.calls.together() and len(legs_of(exchange, AGENT)) == 2, "the next talk")
    assert max(up) == 1


async def test_who_was_called_without_an_answer_is_rung_off_before_the_next_one_rings(exchange: Exchange) -> None:
    """Nobody knows that leg by its name yet; the provider is asked for it."""
    exchange.door.at_ms = int(time.time() * 1_000)
    first, second = await exchange.waiting(), await exchange.waiting(OTHER)
    exchange.twilio.faults.append(Fault(path="Calls.json", after=True))
    with pytest.raises(Unsure):
        await exchange.channel.perform(connect(exchange, first))
    (rings,) = legs_of(exchange, AGENT)
    decided(exchange, first, "closed")
    await exchange.channel.perform(connect(exchange, second, key="k2"))
    await until(lambda: rings.ended, "silent")


async def test_who_still_has_the_other_call_keeps_it(exchange: Exchange) -> None:
    """Somebody may be allowed two calls at once: only what is no longer theirs is ended."""
    first = await talking(exchange)
    decided(exchange, first, "active")
    second = await exchange.waiting(OTHER)
    await exchange.channel.perform(connect(exchange, second, key="k2"))
    await until(lambda: len(exchange.calls.together()) == 2, "two talks")
    assert not first.ended


# --- ends that the provider could not be told of -------------------------------------------------------------------


async def test_a_telephone_that_could_not_be_silenced_is_silenced_by_the_reconciler(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    await exchange.channel.perform(connect(exchange, leg))
    (rings,) = legs_of(exchange, AGENT)
    exchange.twilio.faults.append(Fault(path=f"Calls/{rings.sid}.json", status=503, times=100))
    await exchange.calls.hang_up(leg)
    await until(lambda: "owed" in exchange.door.book.pages, "written down")
    assert not rings.ended
    exchange.twilio.faults.clear()
    await found(exchange).round()
    await until(lambda: rings.ended, "silent")
    await until(lambda: exchange.door.book.pages["owed"] == "", "nothing is owed")


async def test_a_leg_of_a_moved_line_is_ended_although_the_first_try_was_refused(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    await exchange.channel.perform(connect(exchange, leg))
    (rings,) = legs_of(exchange, AGENT)
    exchange.twilio.faults.append(Fault(path=f"Calls/{leg.sid}.json"))
    with pytest.raises(Unsure):
        await exchange.channel.perform(Move(key="m1", line=exchange.line(leg), to="queue"))
    assert rings.ended
    await exchange.channel.perform(Move(key="m1", line=exchange.line(leg), to="queue"))
    await until(lambda: bool(leg.queue), "in line")


async def test_who_is_called_for_somebody_who_has_gone_meanwhile_is_called_no_longer(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    # The provider is slow to say which leg it made, and the caller hangs up before it has.
    exchange.calls.watchers.append(lambda made: _goes_when_rung(exchange, leg, made))
    done = await exchange.channel.perform(connect(exchange, leg))
    rings = exchange.calls.legs[done.provider]
    await until(lambda: leg.ended and rings.ended, "both are over")


def _goes_when_rung(exchange: Exchange, leg: Leg, made: Leg) -> None:
    if made.theirs == AGENT and not leg.ended:
        exchange.twilio.later(exchange.calls.hang_up(leg))


# --- call-backs ----------------------------------------------------------------------------------------------------


async def test_a_call_back_whose_answer_was_lost_rings_once_and_brings_both_together(exchange: Exchange) -> None:
    leg = await called_back(exchange)
    exchange.door.at_ms = int(time.time() * 1_000)
    await exchange.channel.perform(connect(exchange, leg))
    (agent,) = legs_of(exchange, AGENT)
    exchange.twilio.faults.append(Fault(path="Calls.json", after=True))
    agent.answered.set()
    await until(lambda: bool(agent.conference), "the agent waits")
    (rings,) = legs_of(exchange, THEIRS)
    rings.answered.set()
    await until(lambda: exchange.calls.together() == BOTH, "together")
    assert len(legs_of(exchange, THEIRS)) == 1
    assert not [signal for signal in exchange.door.signals if isinstance(signal, PartyLeft)]


async def test_a_call_back_that_is_asked_for_while_an_agent_rings_is_made_when_they_answer(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    exchange.calls.answers[THEIRS] = "answer"
    await exchange.channel.perform(connect(exchange, leg))
    for _ in range(2):
        leg.keys.put_nowait("1")
    await until(lambda: leg.ended, "good-bye was said")
    await until(lambda: leg.heard[-1] == SAID["call-back-kept"]["th"], "it is kept")
    (agent,) = legs_of(exchange, AGENT)
    agent.answered.set()
    await until(lambda: exchange.calls.together() == BOTH, "together")
    assert not [signal for signal in exchange.door.signals if isinstance(signal, PartyLeft)]


async def test_nobody_is_promised_a_call_back_for_what_somebody_has_ended(exchange: Exchange) -> None:
    leg = await exchange.waiting()
    leg.keys.put_nowait("1")
    await until(lambda: SAID["call-back"]["th"] in leg.heard, "asked")
    decided(exchange, leg, "closed")
    leg.keys.put_nowait("1")
    await until(lambda: leg.ended, "good-bye was said")
    assert leg.heard[-1] == SAID["good-bye"]["th"]


async def test_who_talks_by_the_time_of_asking_is_not_called_back(exchange: Exchange) -> None:
    """The agent answers while the key is on its way: the caller is in the talk, and their end is the end."""
    leg = await talking(exchange)
    asked = {"CallSid": leg.sid, "From": THEIRS, "To": exchange.line(leg).peer.partition(" via ")[2], "Digits": "1"}
    told = {"CallStatus": "in-progress", "Direction": "inbound"}
    status, document = await exchange.twilio.post(f"{PAGES}/call-back?line={leg.sid}", {**asked, **told})
    assert status == 200
    assert "Enqueue" in document
    await exchange.calls.hang_up(leg)
    await until(lambda: ("left", "customer", "hung_up") in exchange.parties(), "told")


async def test_a_customer_who_answers_before_anybody_knows_their_leg_is_the_lines_customer(exchange: Exchange) -> None:
    """The provider may be faster with its next question than with its answer to us, and that answer may be lost."""
    leg = await called_back(exchange)
    exchange.door.at_ms = int(time.time() * 1_000)
    exchange.calls.answers |= {AGENT: "ring", THEIRS: "answer"}
    await exchange.channel.perform(connect(exchange, leg))
    (agent,) = legs_of(exchange, AGENT)
    exchange.twilio.faults.append(Fault(path="Calls.json", after=True, delay_s=0.2))
    agent.answered.set()
    await until(lambda: exchange.calls.together() == BOTH, "together")
    (theirs,) = legs_of(exchange, THEIRS)
    await exchange.channel.perform(HangUp(key="h1", line=exchange.line(leg)))
    await until(lambda: theirs.ended and agent.ended, "both are over")


async def test_a_customer_who_was_called_back_and_finds_nobody_waits_in_line(exchange: Exchange) -> None:
    leg = await called_back(exchange)
    exchange.calls.answers |= {AGENT: "answer", THEIRS: "ring"}
    await exchange.channel.perform(connect(exchange, leg))
    await until(lambda: bool(legs_of(exchange, THEIRS)), "the customer is called")
    (agent,) = legs_of(exchange, AGENT)
    await until(lambda: bool(agent.conference), "the agent waits")
    await exchange.calls.hang_up(agent)
    await until(lambda: ("left", "agent:1", "hung_up") in _whys(exchange), "told")
    (rings,) = legs_of(exchange, THEIRS)
    rings.answered.set()
    await until(lambda: rings.queue == "patchbay", "in line")
    assert exchange.calls.together() == []
    await exchange.channel.perform(connect(exchange, leg, agent=2, key="k2"))
    await exchange.channel.perform(HangUp(key="h1", line=exchange.line(leg)))
    await until(lambda: rings.ended, "the leg they are on now is the line's")


def _whys(exchange: Exchange) -> list[tuple[str, str, str]]:
    """Who has left, whatever of the three webhooks told it first."""
    return [(kind, party, "hung_up") for kind, party, _ in exchange.parties()]


async def test_a_call_back_that_could_not_be_made_is_told_once_for_each_try(exchange: Exchange) -> None:
    leg = await called_back(exchange, "anonymous", keys=("1", "0066812340000"))
    await exchange.channel._book.change(leg.sid, number="")
    exchange.calls.answers[AGENT] = "answer"
    for number in (1, 2):
        await exchange.channel.perform(connect(exchange, leg, key=f"k{number}"))
        await until(lambda n=number: _told(exchange) == n, "told")  # type: ignore[misc]
        await until(lambda: all(each.ended for each in legs_of(exchange, AGENT)), "the agent has heard it")
        assert SAID["no-answer"]["en"] in legs_of(exchange, AGENT)[-1].heard


def _told(exchange: Exchange) -> int:
    return exchange.parties().count(("left", "customer", "number_unusable"))


async def test_nobody_is_said_to_have_come_back_who_is_in_line_already(exchange: Exchange) -> None:
    """A caller on the hold line whose agent has gone again is only put back."""
    leg = await exchange.waiting()
    exchange.calls.answers[AGENT] = "ring"
    await exchange.channel.perform(connect(exchange, leg))
    await exchange.channel._book.change(leg.sid, agent="", joined="")
    talk = exchange.channel._hands
    assert talk is not None, "configured"
    await talk.talk.redirect(leg.sid, talk.talk.pages(leg.sid).url("join"))
    await until(lambda: bool(leg.queue), "back in line")
    assert not [signal for signal in exchange.door.signals if isinstance(signal, PartyJoined)]
