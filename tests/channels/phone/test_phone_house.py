"""A customer calls a whole node: offered, accepted, connected, held, moved, rung off; voicemail and call-back, too."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.phone.wording import SAID
from router.core import commands as cmd
from tests.channels.phone.conftest import OURS, THEIRS
from tests.channels.phone.house import PAGES, exchanging, telephoned
from tests.floor.nodehouse import CONFIG, NodeHouse
from tests.providers.twilio import Fault
from tests.providers.twilio_calls import Calls, Leg

CLOSED = CONFIG.replace("general: {label: {en: General}, hours: always", "general: {label: {en: General}, hours: never")


@pytest.fixture
async def calls() -> AsyncIterator[Calls]:
    async with exchanging() as made:
        yield made


@pytest.fixture
async def house(tmp_path: Path, calls: Calls) -> AsyncIterator[NodeHouse]:
    async with telephoned(tmp_path, calls, languages="{'+66': th}") as made:
        yield made


async def waiting(house: NodeHouse, calls: Calls) -> Leg:
    leg = calls.call(f"{PAGES}/voice", theirs=THEIRS, ours=OURS)
    await house.until(lambda: bool(leg.queue) and 1 in house.served.floor.state.convs, "on the hold line")
    return leg


async def accepted(house: NodeHouse, agent: int = 1) -> None:
    """The agent is offered the call and takes it."""
    state = house.served.floor.state
    await house.until(lambda: 1 in state.convs and state.convs[1].offer is not None, "offered")
    offer = state.convs[1].offer
    assert offer is not None
    await house.made(cmd.Accept(id=f"a{offer.id}", agent=agent, conv=1, offer=offer.id))


async def talking(house: NodeHouse, calls: Calls) -> Leg:
    calls.answers["client:agent_1"] = "answer"
    await house.agent(1, "phone")
    leg = await waiting(house, calls)
    await accepted(house)
    await house.until(lambda: calls.together() == [{"customer", "agent_1"}], "together")
    return leg


async def test_a_call_is_offered_accepted_held_and_rung_off(house: NodeHouse, calls: Calls) -> None:
    leg = await talking(house, calls)
    assert leg.heard[0] == SAID["greeting"]["th"]
    await house.made(cmd.HoldLine(id="h1", agent=1, conv=1, on=True))
    await house.until(lambda: calls.conferences[0].held == {leg.sid}, "on hold")
    await house.made(cmd.HoldLine(id="h2", agent=1, conv=1, on=False))
    await house.until(lambda: not calls.conferences[0].held, "off hold")
    await house.made(cmd.Close(id="c1", agent=1, conv=1))
    await house.until(lambda: all(each.ended for each in calls.legs.values()), "rung off")
    await house.made(cmd.FinishWrapUp(id="w1", agent=1, conv=1, disposition="done"))
    await house.until(lambda: house.served.floor.state.convs == {}, "closed")


async def test_who_waits_hears_their_own_place_not_the_providers(house: NodeHouse, calls: Calls) -> None:
    first = calls.call(f"{PAGES}/voice", theirs="+420123456701", ours=OURS)
    await house.until(lambda: "You are number 1 in line." in first.heard, "first")
    second = calls.call(f"{PAGES}/voice", theirs="+420123456702", ours=OURS)
    await house.until(lambda: "You are number 2 in line." in second.heard, "second")


async def test_a_transfer_puts_the_caller_back_and_on_to_the_next_agent(house: NodeHouse, calls: Calls) -> None:
    await talking(house, calls)
    calls.answers["client:agent_2"] = "answer"
    await house.agent(2, "phone")
    await house.made(cmd.Transfer(id="t1", agent=1, conv=1, to_agent=2))
    await accepted(house, agent=2)
    await house.until(lambda: calls.together() == [{"customer", "agent_2"}], "together again")


async def test_the_same_ring_twice_makes_nothing_twice(house: NodeHouse, calls: Calls) -> None:
    leg = await waiting(house, calls)
    told = {"CallSid": leg.sid, "From": THEIRS, "To": OURS, "CallStatus": "ringing", "Direction": "inbound"}
    status, _ = await calls.twilio.post(f"{PAGES}/voice", told)
    assert status == 200
    assert list(house.served.floor.state.convs) == [1]


async def test_a_caller_who_hangs_up_in_the_line_has_abandoned(house: NodeHouse, calls: Calls) -> None:
    leg = await waiting(house, calls)
    await calls.hang_up(leg)
    await house.until(lambda: house.served.floor.state.convs == {}, "gone")
    row = await house.store.archive.conversation("main", 1)
    assert row is not None
    assert row.state == "abandoned"


async def test_a_provider_that_is_away_connects_later_and_once(house: NodeHouse, calls: Calls) -> None:
    calls.answers["client:agent_1"] = "answer"
    await house.agent(1, "phone")
    await waiting(house, calls)
    calls.twilio.faults.append(Fault(path="Calls.json", status=503))
    await accepted(house)
    await house.until(lambda: calls.together() == [{"customer", "agent_1"}], "together in the end")
    assert len([each for each in calls.legs.values() if each.theirs == "client:agent_1"]) == 1


async def test_a_lost_answer_rings_the_agent_once(house: NodeHouse, calls: Calls) -> None:
    await house.agent(1, "phone")
    await waiting(house, calls)
    calls.twilio.faults.append(Fault(path="Calls.json", after=True))
    await accepted(house)
    await house.until(
        lambda: any(asked.method == "GET" and asked.path.endswith("/Calls.json") for asked in calls.twilio.asked),
        "asked for it",
    )
    ringing = calls.ringing("client:agent_1")
    assert ringing is not None
    ringing.answered.set()
    await house.until(lambda: calls.together() == [{"customer", "agent_1"}], "together")
    assert len([each for each in calls.legs.values() if each.theirs == "client:agent_1"]) == 1


async def test_a_call_back_keeps_its_place_until_an_agent_comes(house: NodeHouse, calls: Calls) -> None:
    leg = await waiting(house, calls)
    for key in ("1", "1"):
        leg.keys.put_nowait(key)
    await house.until(lambda: leg.ended and not calls.twilio.tasks, "hung up")
    await house.until(lambda: house.served.floor.state.convs[1].relief is not None, "asked for")
    conv = house.served.floor.state.convs[1]
    assert (conv.state, conv.relief.callback) == ("waiting", "agent_first")
    calls.answers |= {"client:agent_1": "answer", THEIRS: "answer"}
    await house.agent(1, "phone")
    await accepted(house)
    await house.until(lambda: calls.together() == [{"customer", "agent_1"}], "together")


async def test_off_hours_a_recording_becomes_a_message_of_a_conversation_that_is_kept(
    house: NodeHouse, calls: Calls
) -> None:
    entry = (house.config / "channels.yaml").read_text().partition("\n")[2]
    house.write(CLOSED, entry)
    await house.until(lambda: house.served.floor.state.queues["general"].open is False, "closed")
    leg = calls.call(f"{PAGES}/voice", theirs="+420123456789", ours=OURS)
    await house.until(lambda: "beep" in leg.heard, "may speak")
    assert any(text.startswith("We are closed") for text in leg.heard)
    leg.voice.put_nowait(12)
    await house.until(lambda: leg.ended and not calls.twilio.tasks, "over")

    await house.until(lambda: house.served.floor.state.convs[1].state == "deferred", "kept")
    assert await texts(house) == ["Voice message (12 s)"]


async def test_who_hangs_up_while_speaking_to_the_machine_has_left_a_message(house: NodeHouse, calls: Calls) -> None:
    leg = await waiting(house, calls)
    leg.keys.put_nowait("2")
    await house.until(lambda: leg.recording is not None, "may speak")
    await calls.hang_up(leg)
    await house.until(lambda: not calls.twilio.tasks, "all told")
    await house.until(lambda: 1 in house.served.floor.state.convs, "somebody will hear it")
    await house.agent(1, "phone")
    await accepted(house)
    assert await texts(house) == ["ข้อความเสียง (9 วินาที)"]


async def texts(house: NodeHouse) -> list[str]:
    """What was said in the conversation, when something was."""
    for _ in range(1_000):
        story = await house.store.archive.story("main", 1, before=1 << 60, limit=50)
        said = [item.message.body.text for item in story if item.message]
        if said:
            return said
        await asyncio.sleep(0.01)
    return []


async def test_an_agent_who_promised_a_call_makes_it_and_the_customer_is_called_into_the_talk(
    house: NodeHouse, calls: Calls
) -> None:
    leg = await talking(house, calls)
    calls.answers[THEIRS] = "answer"
    at_ms = house.served.floor.state.at + 1_500
    await house.made(cmd.RequestCallback(id="b", conv=1, at_ms=at_ms, by=1))
    await calls.hang_up(leg)
    await house.until(lambda: calls.together() == [{"customer", "agent_1"}], "together at the promised time")
    state = house.served.floor.state
    await house.until(lambda: state.convs[1].relief is None, "reached")
    again = next(each for each in reversed(calls.legs.values()) if each.theirs == THEIRS)
    assert again.direction != "inbound"
    await calls.hang_up(again)
    await house.until(lambda: state.convs[1].gone, "a call like any other")


async def test_an_agent_who_hears_a_machine_says_so_and_it_rings_no_longer(house: NodeHouse, calls: Calls) -> None:
    leg = await waiting(house, calls)
    for key in ("1", "1"):
        leg.keys.put_nowait(key)
    await house.until(lambda: leg.ended and house.served.floor.state.convs[1].relief is not None, "asked for")
    calls.answers["client:agent_1"] = "answer"
    await house.agent(1, "phone")
    await accepted(house)
    await house.until(lambda: any(each.theirs == THEIRS and not each.ended for each in calls.legs.values()), "rings")
    await house.made(cmd.FailCallback(id="f", agent=1, conv=1))
    await house.until(lambda: all(each.ended for each in calls.legs.values()), "rings no longer")
    assert house.served.floor.state.convs[1].state == "deferred"
