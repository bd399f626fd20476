"""A talk is recorded only where the customer was told or has agreed; the sound joins quietly and wakes nobody."""

from __future__ import annotations

import pytest

from channels import phone
from channels.contract import Connect, Fetch, LineOpened
from channels.phone.wording import SAID
from router.core.facts import RECORDED
from tests.channels.door import MemoryDoor
from tests.channels.phone.conftest import Exchange, exchange_with, until
from tests.channels.phone.test_phone_calls import BOTH, connect
from tests.channels.phone.test_phone_company import PARTNER, the_leg
from tests.providers.twilio_calls import Leg

CALLER = "+420123456789"


async def talked(exchange: Exchange, leg: Leg) -> None:
    """The caller talks to agent 1, and hangs up."""
    exchange.calls.answers["client:agent_1"] = "answer"
    await until(lambda: bool(leg.queue), "on the hold line")
    await exchange.channel.perform(connect(exchange, leg))
    await until(lambda: exchange.calls.together() == BOTH, "together")
    await exchange.calls.hang_up(leg)
    await until(lambda: ("left", "customer", "hung_up") in exchange.parties(), "told")
    await until(lambda: not exchange.twilio.tasks, "all told")


async def test_that_a_call_is_recorded_is_declared_for_agents_and_rules() -> None:
    async with exchange_with(record="told") as exchange:
        leg = exchange.ring(CALLER)
        await until(lambda: bool(leg.queue), "on the hold line")
        (opened,) = exchange.door.signals
        assert isinstance(opened, LineOpened)
        assert opened.declared == {RECORDED: "told"}


async def test_usually_nothing_is_recorded_and_nothing_is_said_of_it(exchange: Exchange) -> None:
    leg = exchange.ring(CALLER)
    await talked(exchange, leg)
    assert exchange.door.messages == []
    assert not {SAID["record-told"]["en"], SAID["record-ask"]["en"]} & set(leg.heard)


async def test_who_is_told_is_recorded_and_the_sound_is_fetched() -> None:
    async with exchange_with(record="told") as exchange:
        leg = exchange.ring(CALLER)
        await talked(exchange, leg)
        assert leg.heard[:2] == [SAID["greeting"]["en"], SAID["record-told"]["en"]]
        (message,) = exchange.door.messages
        assert (message.automatic, message.text, message.line.key) == (True, "Recording of the call (30 s)", leg.sid)
        (sound,) = message.attachments
        done = await exchange.channel.perform(Fetch(key="f", line=message.line, url=sound.source))
        assert (sound.name, done.files[0].content) == ("call.mp3", b"talk")


@pytest.mark.parametrize(("key", "recorded"), [("1", True), ("2", False), ("", False)])
async def test_who_is_asked_is_recorded_only_after_a_yes(key: str, recorded: bool) -> None:
    async with exchange_with(record="agreed") as exchange:
        leg = exchange.ring(CALLER)
        await until(lambda: SAID["record-ask"]["en"] in leg.heard, "asked")
        if key:
            leg.keys.put_nowait(key)
        await talked(exchange, leg)
        assert bool(exchange.door.messages) == recorded


async def test_a_yes_is_not_forgotten_while_the_letterbox_is_closed() -> None:
    async with exchange_with(record="agreed") as exchange:
        exchange.door.closed = True
        leg = exchange.ring(CALLER)
        await until(lambda: SAID["record-ask"]["en"] in leg.heard, "asked")
        leg.keys.put_nowait("1")
        await until(lambda: SAID["one-moment"]["en"] in leg.heard, "asked to wait")
        exchange.door.closed = False
        await talked(exchange, leg)
        assert leg.heard.count(SAID["record-ask"]["en"]) == 1
        assert len(exchange.door.messages) == 1


async def test_an_outside_party_hears_that_it_is_recorded_before_it_comes_in() -> None:
    async with exchange_with(record="told") as exchange:
        leg = exchange.ring(CALLER)
        exchange.calls.answers |= {"client:agent_1": "answer", PARTNER: "answer"}
        await until(lambda: bool(leg.queue), "on the hold line")
        await exchange.channel.perform(connect(exchange, leg))
        await until(lambda: exchange.calls.together() == BOTH, "together")
        line = exchange.line(leg)
        asked = Connect(key="o", line=line, party="outside:partner", address=PARTNER, role="outside")
        await exchange.channel.perform(asked)
        await until(lambda: len(exchange.calls.together()[0]) == 3, "all three")
        assert the_leg(exchange, PARTNER).heard == [SAID["record-told"]["en"]]


def test_another_word_than_these_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"phone\.record: write one of never, told, agreed"):
        phone.build(phone.Settings(record="always"), MemoryDoor(), {})
