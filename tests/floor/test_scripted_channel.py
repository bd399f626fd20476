"""A live channel driven through the whole node: phone must later add a folder and change nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.core import commands as cmd
from router.verify import verify
from tests.channels.scripted import Exchange, ScriptedModule
from tests.floor.nodehouse import NodeHouse

PAGES = "/channels/scripted"


@pytest.fixture
def exchange() -> Exchange:
    return Exchange()


@pytest.fixture
async def house(tmp_path: Path, exchange: Exchange) -> AsyncIterator[NodeHouse]:
    made = NodeHouse(tmp_path, {"scripted": ScriptedModule(exchange)}, "  scripted: {enabled: true}\n")
    await made.start()
    await made.ready()
    yield made
    await made.stop()
    report = verify(made.path, "main", call_channels=["scripted"])
    assert report.ok, report.lines()


async def ring(house: NodeHouse, call: str = "CA1") -> None:
    status, said = await house.post(f"{PAGES}/ring", call=call, **{"from": "+420123456789", "language": "th"})
    assert (status, said) == (200, {"say": "ยินดีต้อนรับ", "then": "/wait"})


async def answered(house: NodeHouse, exchange: Exchange, agent: int = 1) -> None:
    """Agent takes the ringing call and is on the line."""
    state = house.served.floor.state
    await house.until(lambda: 1 in state.convs and state.convs[1].offer is not None, "offered")
    offer = state.convs[1].offer
    assert offer is not None
    await house.made(cmd.Accept(id=f"a{offer.id}", agent=agent, conv=1, offer=offer.id))
    await house.until(lambda: f"agent:{agent}" in exchange.calls["CA1"].parties, "connected")


async def test_a_ringing_line_opens_a_conversation_before_a_word_is_said(house: NodeHouse) -> None:
    await ring(house)
    await house.until(lambda: 1 in house.served.floor.state.convs)
    conv = house.served.floor.state.convs[1]
    assert (conv.state, conv.channel, conv.live) == ("waiting", "scripted", True)
    _, said = await house.post(f"{PAGES}/wait", call="CA1")
    assert said["state"] == "waiting"


async def test_the_same_ring_twice_is_one_conversation(house: NodeHouse) -> None:
    await ring(house)
    await ring(house)
    await house.until(lambda: 1 in house.served.floor.state.convs)
    assert list(house.served.floor.state.convs) == [1]


async def test_an_agent_who_accepts_is_connected_holds_and_hangs_up(house: NodeHouse, exchange: Exchange) -> None:
    await house.agent(1, "scripted")
    await ring(house)
    await answered(house, exchange)
    call = exchange.calls["CA1"]
    await house.post(f"{PAGES}/party", call="CA1", party="agent:1", joined=True, number=1)
    await house.made(cmd.HoldLine(id="h1", agent=1, conv=1, on=True))
    await house.until(lambda: call.on_hold, "on hold")
    await house.made(cmd.HoldLine(id="h2", agent=1, conv=1, on=False))
    await house.until(lambda: not call.on_hold, "off hold")
    await house.made(cmd.Close(id="c1", agent=1, conv=1))
    await house.until(lambda: call.over, "hung up")
    assert house.served.floor.state.convs[1].state == "wrap_up"
    await house.made(cmd.FinishWrapUp(id="w1", agent=1, conv=1, disposition="done"))
    await house.until(lambda: house.served.floor.state.convs == {})
    deeds = [name for _, name, _ in exchange.deeds]
    assert deeds == ["Connect", "Hold", "Hold", "HangUp"]


async def test_a_transfer_puts_the_caller_back_in_the_queue_and_on_to_the_next_agent(
    house: NodeHouse, exchange: Exchange
) -> None:
    await house.agent(1, "scripted")
    await ring(house)
    await answered(house, exchange)
    await house.agent(2, "scripted")
    await house.made(cmd.Transfer(id="t1", agent=1, conv=1, to_agent=2))
    await house.until(lambda: exchange.calls["CA1"].parties == ["customer"], "moved")
    await answered(house, exchange, agent=2)
    assert exchange.calls["CA1"].parties == ["customer", "agent:2"]


async def test_a_lost_answer_is_looked_for_and_the_deed_is_done_once(house: NodeHouse, exchange: Exchange) -> None:
    exchange.lose = 1
    await house.agent(1, "scripted")
    await ring(house)
    await answered(house, exchange)
    await house.made(cmd.HoldLine(id="h1", agent=1, conv=1, on=True))
    await house.until(lambda: exchange.calls["CA1"].on_hold, "on hold after the lost answer was found")
    assert [name for _, name, _ in exchange.deeds] == ["Connect", "Hold"]


async def test_a_connection_that_fails_is_reported_on_the_line(house: NodeHouse, exchange: Exchange) -> None:
    exchange.refuse["Connect"] = "softphone_away"
    follower = house.served.floor.follow(100)
    await house.agent(1, "scripted")
    await ring(house)
    state = house.served.floor.state
    await house.until(lambda: 1 in state.convs and state.convs[1].offer is not None)
    offer = state.convs[1].offer
    assert offer is not None
    await house.made(cmd.Accept(id="a1", agent=1, conv=1, offer=offer.id))
    async for committed in follower:
        events = [event for entry in committed.entries for event in entry.events]
        reported = [event for event in events if type(event).__name__ == "PartyReported"]
        if reported:
            break
    assert (reported[0].party, reported[0].joined, reported[0].why) == ("agent:1", False, "softphone_away")


async def test_a_caller_who_hangs_up_in_the_queue_has_abandoned(house: NodeHouse, exchange: Exchange) -> None:
    await ring(house)
    await house.until(lambda: 1 in house.served.floor.state.convs)
    await house.post(f"{PAGES}/party", call="CA1", party="customer", joined=False, number=1)
    await house.until(lambda: house.served.floor.state.convs == {})
    row = await house.store.archive.conversation("main", 1)
    assert row is not None
    assert row.state == "abandoned"
    assert exchange.deeds == []


async def test_a_caller_who_hangs_up_while_talking_is_not_rung_off_again(house: NodeHouse, exchange: Exchange) -> None:
    await house.agent(1, "scripted")
    await ring(house)
    await answered(house, exchange)
    await house.post(f"{PAGES}/party", call="CA1", party="customer", joined=False, number=1)
    await house.until(lambda: house.served.floor.state.convs[1].gone)
    await house.made(cmd.Close(id="c1", agent=1, conv=1))
    await house.made(cmd.FinishWrapUp(id="w1", agent=1, conv=1, disposition="done"))
    assert [name for _, name, _ in exchange.deeds] == ["Connect"]


async def test_a_webhook_larger_than_its_route_allows_is_refused_before_it_is_read(house: NodeHouse) -> None:
    status, _ = await house.post(f"{PAGES}/ring", call="x" * 2_000)
    assert status == 413
    async with house.client.post(f"{PAGES}/ring", data=_drip(b"x" * 500, 8)) as answer:
        assert answer.status == 413
    assert house.served.floor.state.convs == {}


async def test_a_webhook_that_unpacks_to_more_than_its_route_allows_is_refused(house: NodeHouse) -> None:
    packed = gzip.compress(json.dumps({"call": "x" * 100_000}).encode())
    assert len(packed) < 1_000
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
    async with house.client.post(f"{PAGES}/ring", data=packed, headers=headers) as answer:
        assert answer.status == 413
    assert house.served.floor.state.convs == {}


async def _drip(piece: bytes, times: int) -> AsyncIterator[bytes]:
    for _ in range(times):
        yield piece
