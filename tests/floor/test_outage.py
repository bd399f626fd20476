"""Ten minutes in which nobody could decide: no agent is "not responding" for it, and no customer loses their place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import MINUTE_MS
from router.floor.away import AGAIN_MS, AWAY_MS, Away
from router.floor.inbox import Unavailable
from router.store.port import Commit, JournalRow, StoreError, StoreUnavailable
from tests.floor.house import SITE, HandClock, House, wrote

OUTAGE_MS = 10 * MINUTE_MS
WAITING = ("k1", "k2", "k3")


class Outage:
    """A journal that can be away: `reads` says whether it can still be read, as where only the disk is full."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal
        self.away = False
        self.reads = False
        self.refused = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def commit(self, site: str, commit: Commit) -> None:
        if self.away:
            self.refused += 1
            raise StoreUnavailable("the store is away")
        await self._journal.commit(site, commit)

    async def read(self, site: str, after: int, until: int | None = None) -> AsyncIterator[JournalRow]:
        if self.away and not self.reads:
            self.refused += 1
            raise StoreError("the store cannot be read")
        async for row in self._journal.read(site, after, until):
            yield row


async def at_work(folder: Path) -> tuple[House, Outage]:
    """One agent who is asked for the first of three customers, and two who wait behind them."""
    house = await House.open(folder)
    journal = house.store.journal = Outage(house.store.journal)
    house = House(folder, house.store, house.clock)
    await house.lead()
    await house.configure()
    house.start("intake")
    await house.agent(1, capacity=25)
    for key in WAITING:
        house.clock.now += 1_000
        await house.door("push").accept([wrote("hello", key=key)])
        await until(lambda key=key: len(house.floor.state.convs) == WAITING.index(key) + 1)
    assert house.floor.state.convs[1].offer is not None
    return house, journal


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not true():
            await asyncio.sleep(0.005)


def places(house: House) -> dict[int, tuple[int, int]]:
    """Return since when each customer waits, and what their place in line is reckoned from."""
    return {conv.id: (conv.leg_ms, conv.key_ms) for conv in house.floor.state.convs.values()}


async def events(house: House) -> list[ev.Event]:
    found: list[ev.Event] = []
    async for row in house.store.journal.read(SITE, 0):
        for entry in ev.decode_entries(row.entries):
            found.extend(entry.events)
    return found


async def no_harm_was_done(house: House, before: dict[int, tuple[int, int]]) -> None:
    """Everybody stands where they stood, nobody was silent, and who waited longest is served first."""
    found = await events(house)
    gaps = [event.gap_ms for event in found if isinstance(event, ev.LeadTaken)]
    assert max(gaps) >= OUTAGE_MS
    assert not [event for event in found if isinstance(event, ev.OfferLapsed)]
    agent = house.floor.state.agents[1]
    assert (agent.presence, agent.silent) == ("available", 0)
    assert places(house) == before
    await house.made(cmd.AttachDesk(id="back", agent=1, node="n1", desk="d1"))
    for conv in (1, 2, 3):
        offer = house.floor.state.convs[conv].offer
        assert offer is not None, f"{conv} is next"
        assert [each.id for each in house.floor.state.convs.values() if each.offer is not None] == [conv]
        await house.made(cmd.Accept(id=f"a{conv}", agent=1, conv=conv, offer=offer.id))
        await house.made(cmd.Close(id=f"c{conv}", agent=1, conv=conv, disposition="done"))


@pytest.mark.parametrize("reads", [False, True])
async def test_ten_minutes_without_the_store_cost_nobody_their_place_or_their_presence(
    tmp_path: Path, reads: bool
) -> None:
    house, journal = await at_work(tmp_path)
    before = places(house)
    journal.away, journal.reads = True, reads
    for _ in range(5):
        house.clock.now += OUTAGE_MS // 5
        refused = journal.refused
        await until(lambda refused=refused: journal.refused > refused)
    journal.away = False
    await until(lambda: house.floor.state.at >= house.clock.now)
    await no_harm_was_done(house, before)
    await house.close()


async def test_an_accept_that_the_outage_refused_is_not_a_silence(tmp_path: Path) -> None:
    """The agent was there and said yes; that it could not be written is ours."""
    house, journal = await at_work(tmp_path)
    before = places(house)
    offer = house.floor.state.convs[1].offer
    assert offer is not None
    journal.away, journal.reads = True, True
    with pytest.raises(Unavailable):
        await house.floor.submit(cmd.Accept(id="yes", agent=1, conv=1, offer=offer.id))
    house.clock.now += OUTAGE_MS
    journal.away = False
    await until(lambda: house.floor.state.at >= house.clock.now)
    await no_harm_was_done(house, before)
    await house.close()


async def test_ten_minutes_without_any_node_cost_nobody_their_place_or_their_presence(tmp_path: Path) -> None:
    house, _ = await at_work(tmp_path)
    before = places(house)
    for task in (*house.tasks, house.running):
        assert task is not None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    house.clock.now += OUTAGE_MS
    again = House(tmp_path, house.store, HandClock(house.clock.now))
    await again.store.leases.end(SITE)
    again.start("intake")
    await again.lead("n2")
    await no_harm_was_done(again, before)
    await again.close()


def test_a_slow_disk_is_no_outage_and_an_outage_counts_from_what_was_journalled_last() -> None:
    away = Away(lambda: 0)
    away.failed(10_000)
    assert away.gap_ms(10_000 + AWAY_MS - 1, 9_000) == 0
    assert away.gap_ms(10_000 + AWAY_MS, 9_000) == AWAY_MS + 1_000
    away.failed(50_000)
    assert away.gap_ms(60_000, 9_000) == 51_000, "from the first failure on, not from the last"
    away.wrote()
    assert away.gap_ms(70_000, 9_000) == 0


def test_a_jump_of_the_clock_in_an_outage_is_not_counted_twice() -> None:
    jumps = [3_600_000]
    away = Away(lambda: jumps.pop() if jumps else 0)
    away.failed(10_000)
    assert away.gap_ms(3_620_000, 10_000) == 3_610_000
    away.told()
    assert away.gap_ms(3_620_001, 10_000) == 0


def test_what_cannot_be_written_does_not_keep_the_processor_busy() -> None:
    away = Away(lambda: 0)
    assert away.pause_ms(0) == 0
    away.failed(1)
    assert (away.pause_ms(0), away.pause_ms(900)) == (AGAIN_MS, 900)
