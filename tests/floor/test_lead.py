"""What a node owes the dead and the living: losses decided, claims given back, troubles of the store said."""

from __future__ import annotations

import asyncio
import contextlib
import io
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from router.clock import StoreClock
from router.core.commands import AttachDesk, NodeLost
from router.floor.inbox import Unavailable
from router.node import lead as lead_module
from router.node.lead import NODE_PREFIX, Lead
from router.node.renewal import Held, Pacemaker, Terms
from router.store.port import StoreUnavailable
from router.store.sqlite import writer
from router.telemetry import Telemetry
from tests.floor.house import SITE, House
from tests.floor.nodehouse import NodeHouse
from tests.floor.test_node import made

FAR_MS = 4_000_000_000_000
DEAD = NODE_PREFIX + "dead"


async def _ended(house: House) -> None:
    await house.store.leases.acquire(SITE, DEAD, "dead", now_ms=house.clock.now - 60_000, ttl_ms=1_000)


async def _dead(house: House) -> list[tuple[str, str]]:
    return await house.store.leases.expired(SITE, NODE_PREFIX, now_ms=house.clock.now)


async def test_a_dead_nodes_lease_goes_when_its_loss_is_decided(house: House) -> None:
    lead = Lead(house.floor, house.store.leases, house.clock, node="n1", telemetry=house.telemetry)
    await house.agent(1)
    await house.made(AttachDesk(id="elsewhere", agent=1, node="dead", desk="d2"))
    assert ("dead", "d2") in house.floor.state.agents[1].desks
    await _ended(house)
    presence = asyncio.create_task(lead.keep_presence())
    while await _dead(house):
        await asyncio.sleep(0.01)
    presence.cancel()
    assert house.floor.state.agents[1].desks == {("n1", "d1")}


async def test_a_loss_that_could_not_be_decided_is_found_again(house: House) -> None:
    """The floor breaks off in the middle, as in a crash: the lease is still there for the next leader."""
    asked: list[str] = []

    class Breaks:
        site, leading = SITE, True

        async def submit(self, command: NodeLost) -> None:
            asked.append(command.node)
            raise Unavailable("a crash would be here")

    log = io.StringIO()
    lead = Lead(Breaks(), house.store.leases, house.clock, node="n1", telemetry=Telemetry(log))  # type: ignore[arg-type]
    await _ended(house)
    presence = asyncio.create_task(lead.keep_presence())
    while not asked:
        await asyncio.sleep(0.01)
    presence.cancel()
    await asyncio.gather(presence, return_exceptions=True)
    assert asked == ["dead"]
    assert await _dead(house) == [(DEAD, "dead")]
    assert "presence_untold" in log.getvalue()


async def test_a_node_that_only_slept_is_lost_again_when_it_dies(house: House) -> None:
    lead = Lead(house.floor, house.store.leases, house.clock, node="n1", telemetry=house.telemetry)
    await house.agent(1)
    for time_ms in (1, 2):
        house.clock.now += time_ms
        await house.made(AttachDesk(id=f"elsewhere{time_ms}", agent=1, node="dead", desk="d2"))
        await _ended(house)
        await lead._report_lost()
        assert house.floor.state.agents[1].desks == {("n1", "d1")}
        assert await _dead(house) == []


async def test_after_an_outage_of_the_store_the_others_get_the_time_to_say_that_they_live(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_module, "PRESENT_AGAIN_MS", 10)
    monkeypatch.setattr(lead_module, "BACK_MS", 400)
    lead = Lead(house.floor, house.store.leases, house.clock, node="n1", telemetry=house.telemetry)
    lead._present_at -= 10.0
    await _ended(house)
    presence = asyncio.create_task(lead.keep_presence())
    await asyncio.sleep(0.2)
    assert await _dead(house) == [(DEAD, "dead")]
    async with asyncio.timeout(60):
        while await _dead(house):
            await asyncio.sleep(0.01)
    presence.cancel()


async def test_a_node_that_comes_back_while_its_loss_is_decided_keeps_its_presence(house: House) -> None:
    """Else nobody would say so when it dies a moment later: there would be no lease that runs out."""
    await _ended(house)

    class ComesBack:
        site, leading = SITE, True

        async def submit(self, _command: NodeLost) -> None:
            await house.store.leases.acquire(SITE, DEAD, "dead", now_ms=house.clock.now, ttl_ms=1_000)

    lead = Lead(ComesBack(), house.store.leases, house.clock, node="n1", telemetry=house.telemetry)  # type: ignore[arg-type]
    await lead._report_lost()
    assert await _dead(house) == []
    house.clock.now += 2_000
    assert await _dead(house) == [(DEAD, "dead")]


class _Breaks:
    """A store whose leases, and from some day on whose clock, break by our own bug."""

    def __init__(self) -> None:
        self.broken = False
        self.leases = self

    async def clock(self) -> int:
        if self.broken:
            raise RuntimeError("our bug")
        return time.time_ns() // 1_000_000

    async def acquire(self, *_args: object, **_named: object) -> int:
        raise RuntimeError("our bug")

    async def close(self) -> None:
        return


async def test_a_renewal_that_breaks_ends_the_lead_and_the_next_one_is_renewed_again() -> None:
    store, log = _Breaks(), io.StringIO()

    async def opened() -> _Breaks:
        return store

    terms = Terms(lease_ms=100, renew_ms=5, look_ms=5)
    pacemaker = Pacemaker(opened, StoreClock(), Telemetry(log), terms)  # type: ignore[arg-type]
    await pacemaker.start()
    store.broken = True
    for epoch in (1, 2):
        lost = asyncio.Event()
        pacemaker.begin(Held(site=SITE, name="lead", owner="n1", epoch=epoch, lost=lost.set))
        await asyncio.wait_for(lost.wait(), 60)
    await pacemaker.stop()
    assert '"renewal"' in log.getvalue()


async def test_what_a_dead_life_was_performing_is_looked_at_again_at_once(tmp_path: Path) -> None:
    first = made(tmp_path)
    await first.start()
    await first.ready()
    await first.stop()
    with closing(sqlite3.connect(first.path)) as conn, conn:
        conn.execute(
            """INSERT INTO outbox(site, lane, channel, effect, conv, line, message, notice, until_ms, position,
               created_ms, go_ms, head, worker)
               VALUES ('main', 'l', 'gone', 'send', 1, 1, 0, '', 0, 1, ?, ?, 1, 'dead')""",
            (time.time_ns() // 1_000_000, FAR_MS),
        )
    second = made(tmp_path)
    await second.start("n2")
    try:
        await second.until(lambda: effect_of(second) == ("channel_off", 1), "tried again, and known to be unsure")
    finally:
        await second.stop()


def effect_of(house: NodeHouse) -> tuple[str, int]:
    [row] = house.store._readers.look(lambda conn: conn.execute("SELECT reason, unsure FROM outbox").fetchall())
    return row


async def test_a_store_that_cannot_be_written_is_said_in_readyz_and_in_the_log_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "TROUBLE_S", 0.8)
    house = made(tmp_path)
    await house.start()
    try:
        await house.ready()
        # Whatever is written in the same batch fails already, and the whole batch with it.
        with contextlib.suppress(StoreUnavailable):
            await house.store._writer.do(lambda conn: conn.pragma("query_only", 1))
        await house.until(lambda: not house.served.ready, "a refused write is noticed")
        async with house.client.get("/readyz") as answer:
            told = {"ready": False, "floors": {"main": False}, "why": {"main": "the database is read-only"}}
            assert (answer.status, await answer.json()) == (503, told)
        await house.until(lambda: "store_troubled" in house.log.getvalue(), "it is said")
        house.store._writer._conn.pragma("query_only", 0)
        await house.until(lambda: house.served.ready, "it is over")
        await house.until(lambda: "store_mended" in house.log.getvalue(), "that is said, too")
    finally:
        await house.stop()
