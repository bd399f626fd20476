"""A whole floor on a real store: decide, write down, publish, answer, and come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from router.bus.in_process import InProcessBus
from router.core import commands as cmd
from router.core.answers import Made, Refused
from router.core.engine import Engine
from router.core.snapshot import encode_state
from router.floor import replica as replica_module
from router.floor.floor import FloorDown, FloorFull, Unavailable
from router.floor.inbox import LIMITS
from router.floor.recovery import replayed
from router.floor.replica import Replica
from router.store.port import Commit, StoreError, StoreUnavailable
from tests.floor.house import SITE, HandClock, House, wrote


async def test_a_command_is_answered_when_the_replica_has_reached_it(house: House) -> None:
    await house.agent()
    answer = await house.floor.submit(cmd.SetPresence(id="p1", agent=1, presence="available"))
    assert isinstance(answer, Made)
    assert house.floor.position >= answer.position
    assert await house.store.journal.end(SITE) == (house.floor.position, house.clock.now)


async def test_a_repeated_command_gets_the_earlier_answer(house: House) -> None:
    await house.agent()
    again = await house.floor.submit(cmd.SignIn(id="in1", agent=1, abilities=(), capacity=1))
    assert isinstance(again, Made)
    assert again.entry is None
    assert house.floor.state.agents[1].capacity == 100


async def test_a_refusal_changes_nothing_and_has_its_name(house: House) -> None:
    before = house.floor.position
    assert await house.floor.submit(cmd.SignOut(id="x", agent=9)) == Refused("agent_unknown")
    assert house.floor.position == before


async def test_followers_hear_what_was_committed_in_order(house: House) -> None:
    follower = house.floor.follow(100)
    await house.agent()
    follower.close()
    heard = [committed async for committed in follower]
    assert [committed.first for committed in heard] == sorted(committed.first for committed in heard)
    assert heard[-1].last == house.floor.position
    assert not follower.overrun


async def test_a_slow_follower_overruns_and_ends(house: House) -> None:
    follower = house.floor.follow(1)
    await house.agent()
    assert [committed async for committed in follower] == []
    assert follower.overrun


async def test_a_restart_gives_the_state_of_the_replica(tmp_path: Path) -> None:
    first = await House.open(tmp_path)
    await first.lead()
    await first.configure()
    await first.agent()
    first.start("intake")
    await first.door("push").accept([wrote("hello"), wrote("night", key="k2")])
    while len(first.floor.state.convs) < 2:
        await asyncio.sleep(0.01)
    before = encode_state(first.floor.state)
    await first.close()
    second = await House.open(tmp_path, first.clock)
    await second.floor.recover()
    assert encode_state(second.floor.state) == before
    await second.store.close()


async def test_a_second_leadership_has_a_higher_epoch_and_names_the_gap(tmp_path: Path) -> None:
    clock = HandClock()
    first = await House.open(tmp_path, clock)
    await first.lead("n1")
    await first.configure()
    await first.close()
    clock.now += 5_000
    second = await House.open(tmp_path, clock)
    await second.store.leases.release(SITE, "lead", "n1")
    await second.lead("n2")
    assert second.floor.state.epoch == 2
    assert '"gap_ms":5000' in second.log.getvalue()
    await second.close()


class BadJournal:
    """A journal whose next commits fail, before or after they are written."""

    def __init__(self, journal: Any) -> None:
        self._journal = journal
        self.fail: list[tuple[bool, StoreError]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def commit(self, site: str, commit: Commit) -> None:
        if self.fail:
            written, error = self.fail.pop()
            if written:
                await self._journal.commit(site, commit)
            raise error
        await self._journal.commit(site, commit)


@pytest.fixture
async def doubtful(tmp_path: Path) -> Any:
    made = await House.open(tmp_path)
    made.store.journal = BadJournal(made.store.journal)
    made = House(tmp_path, made.store, made.clock)
    await made.lead()
    await made.configure()
    yield made
    await made.close()


async def test_a_commit_that_failed_was_no_decision_and_can_be_asked_again(doubtful: House) -> None:
    doubtful.store.journal.fail = [(False, StoreUnavailable("full"))]
    with pytest.raises(Unavailable):
        await doubtful.agent()
    assert doubtful.floor.state.agents == {}
    await doubtful.agent()
    assert doubtful.floor.state.agents[1].capacity == 100


async def test_a_commit_of_unknown_outcome_is_answered_from_the_journal(doubtful: House) -> None:
    doubtful.store.journal.fail = [(True, StoreError("unknown"))]
    follower = doubtful.floor.follow(10)
    answer = await doubtful.floor.submit(cmd.SignIn(id="in1", agent=1, abilities=(), capacity=7))
    assert answer == Made(doubtful.floor.position, None)
    assert doubtful.floor.state.agents[1].capacity == 7
    assert (await anext(follower)).last == doubtful.floor.position


async def test_a_fenced_leader_stops_and_says_so(house: House) -> None:
    house.clock.now += 2 * 10**9
    assert await house.store.leases.acquire(SITE, "lead", "other", now_ms=house.clock.now, ttl_ms=10**9) == 2
    with pytest.raises(Unavailable):
        await house.agent()
    assert house.running is not None
    await house.running
    with pytest.raises(FloorDown):
        await house.agent()


async def test_a_full_lane_refuses_by_name_and_leaves_the_others_open(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LIMITS, cmd.ARRIVALS, 1)
    aside = [cmd.SetAside(id=f"s{n}", message=0, reason="spam") for n in range(3)]
    answers = await asyncio.gather(*(house.floor.submit(command) for command in aside), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Made, FloorFull, FloorFull]
    await house.agent()


async def test_a_command_that_breaks_the_core_is_set_aside_and_the_others_go_on(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Engine.handle

    def breaks(self: Engine, command: cmd.Command, at: int) -> Any:
        if command.id == "poison":
            raise RuntimeError("our bug")
        return real(self, command, at)

    monkeypatch.setattr(Engine, "handle", breaks)
    commands = [
        cmd.SignIn(id=name, agent=n, abilities=(), capacity=1) for n, name in enumerate(["a", "poison", "b"], 1)
    ]
    answers = await asyncio.gather(*(house.floor.submit(command) for command in commands))
    assert [type(answer) for answer in answers] == [Made, Refused, Made]
    assert answers[1] == Refused("broken")
    assert sorted(house.floor.state.agents) == [1, 3]


async def test_time_that_breaks_the_core_does_not_stop_commands(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(_self: Engine, _at: int) -> None:
        raise RuntimeError("our bug")

    monkeypatch.setattr(Engine, "tick", breaks)
    await house.agent()
    assert house.floor.state.agents[1].capacity == 100
    assert "tick_broken" in house.log.getvalue()


async def test_a_stopping_floor_decides_what_waits_and_takes_nothing_more(house: House) -> None:
    waiting = asyncio.create_task(house.floor.submit(cmd.SetAside(id="s", message=0, reason="spam")))
    await asyncio.sleep(0)
    house.floor.stop()
    assert isinstance(await waiting, Made)
    with pytest.raises(FloorDown):
        await house.floor.submit(cmd.SetAside(id="t", message=0, reason="spam"))


async def test_a_replica_that_broke_is_made_anew_before_the_floor_leads_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = replica_module.replay

    def breaks(*_: Any) -> None:
        raise RuntimeError("our bug")

    monkeypatch.setattr(replica_module, "replay", breaks)
    with pytest.raises(Unavailable):
        await house.agent()
    assert house.running is not None
    with pytest.raises(RuntimeError):
        await house.running
    monkeypatch.setattr(replica_module, "replay", real)
    follower = house.floor.follow(10)
    house.running = asyncio.create_task(house.floor.run(house.floor.state.epoch))
    while not house.floor.leading:
        await asyncio.sleep(0.001)
    assert house.floor.state.agents[1].capacity == 100
    async with asyncio.timeout(60):
        assert [batch async for batch in follower if batch.first <= 1] == [], "who followed begins anew"
    await house.made(cmd.AttachDesk(id="desk1", agent=1, node="n1", desk="d1"))


async def test_a_reading_that_breaks_off_in_the_middle_of_a_row_is_made_anew(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row is several entries: when the store goes away between two, its rest cannot be read on its own."""
    await house.agent(1)
    replica = Replica(house.store.journal, SITE, InProcessBus())

    async def breaks_off(*args: Any) -> AsyncIterator[Any]:
        async for row in replayed(*args):
            raise StoreUnavailable("away before the row was through")
            yield row

    with monkeypatch.context() as patched:
        patched.setattr(replica_module, "replayed", breaks_off)
        with pytest.raises(StoreUnavailable):
            await replica.catch_up()
    assert replica.damaged
    await replica.catch_up()
    assert not replica.damaged
    assert encode_state(replica.state) == encode_state(house.floor.state)
