"""What became of an effect and what is told of it are one: no crash comes between them, and nothing is sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from channels.contract import TryLater, Undeliverable, Unsure
from router.outbox import worker as outbox_module
from router.store.port import StoreUnavailable
from tests.floor.house import FINDING, SITE, House
from tests.floor.test_outbox import Scripted, dead, status, talk, until_status

Eventually = Callable[[Callable[[], Awaitable[bool] | bool]], Awaitable[None]]


async def _crash(house: House, tmp_path: Path) -> House:
    """Leave the house as a dead process does: nothing is given back; another life opens the same data."""
    for task in house.tasks:
        task.cancel()
    await house.outbox.drain()
    await asyncio.gather(*house.tasks, return_exceptions=True)
    assert house.running is not None
    house.running.cancel()
    await asyncio.gather(house.running, return_exceptions=True)
    house.running, house.tasks = None, []
    next_life = await House.open(tmp_path, house.clock)
    await next_life.store.leases.end(SITE)
    await next_life.lead("n2")
    return next_life


async def test_a_row_goes_in_the_commit_that_tells_of_it(house: House, eventually: Eventually) -> None:
    """A store that refuses every writing of the outbox alone still sees the row go, with the decision."""
    await talk(house, Scripted())
    alone: list[int] = []

    async def refused(site: str, effect: int) -> None:
        alone.append(effect)
        raise StoreUnavailable("a crash would be here")

    house.store.outbox.done = refused
    house.start("outbox")
    message = await house.say(1, "hello")
    await eventually(until_status(house, message, "sent"))
    assert alone == []
    assert await house.store.outbox.depth(SITE) == (0, 0, 0)


async def test_a_dead_letter_is_buried_in_the_commit_that_tells_of_it(house: House, eventually: Eventually) -> None:
    await talk(house, Scripted(script=[Undeliverable("no_such_address")]))
    alone: list[int] = []

    async def refused(site: str, effect: int, reason: str) -> None:
        alone.append(effect)
        raise StoreUnavailable("a crash would be here")

    house.store.outbox.dead = refused
    house.start("outbox")
    message = await house.say(1, "hello")
    await eventually(until_status(house, message, "failed"))
    assert alone == []
    assert [(each.reason, each.message) for each in await dead(house)] == [("no_such_address", message)]


async def test_while_nobody_leads_the_row_goes_alone_and_is_told_of_later(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "WRITE_AGAIN_MS", 10)
    monkeypatch.setattr(outbox_module, "TOGETHER_TRIES", 3)
    channel = Scripted()
    channel.gate = asyncio.Event()
    await talk(house, channel)
    house.start("outbox")
    message = await house.say(1, "hello")
    await eventually(lambda: len(channel.sent) == 1)
    assert house.running is not None
    house.floor.stop()
    await house.running
    channel.gate.set()

    async def gone() -> bool:
        return bool(await house.store.outbox.depth(SITE) == (0, 0, 0))

    await eventually(gone)
    assert await status(house, message) == ("", "")
    await house.lead()
    await eventually(until_status(house, message, "sent"))
    assert len(channel.sent) == 1


async def test_a_call_that_a_crash_cut_off_is_looked_for_and_not_made_twice(
    house: House, eventually: Eventually, tmp_path: Path
) -> None:
    """The provider has it, and the process died before it could write that down."""
    channel = Scripted(FINDING)
    await talk(house, channel, name="finding")
    message = await house.say(1, "hello")
    now_ms = house.clock.now
    [claimed] = await house.store.outbox.claim(SITE, "n1", now_ms=now_ms, until_ms=now_ms + 1_000, limit=5)
    assert not claimed.unsure
    ready = await house.outbox._composer.compose(claimed)
    await channel.perform(ready)
    after = await _crash(house, tmp_path)
    try:
        after.clock.now += 2_000
        after.channels["finding"] = channel
        after.start("outbox")
        await eventually(until_status(after, message, "sent"))
        assert len(channel.sent) == 1
        assert channel.asked == [ready.key]
    finally:
        await after.close()


@pytest.mark.parametrize("came", [TryLater("busy"), Unsure("no_answer")])
async def test_a_worker_that_slept_past_its_claim_leaves_the_row_to_whoever_performs_it_now(
    house: House, eventually: Eventually, came: Exception
) -> None:
    """Freeing a claim that is another's would have the call made a third time while the second one runs."""
    channel = Scripted(script=[came])
    channel.gate = asyncio.Event()
    await talk(house, channel)
    house.start("outbox")
    await house.say(1, "hello")
    await eventually(lambda: len(channel.sent) == 1)
    now_ms = house.clock.now
    await house.store.outbox.free_claims(SITE, now_ms=now_ms, worker=house.outbox._worker)
    [again] = await house.store.outbox.claim(SITE, "n2", now_ms=now_ms, until_ms=now_ms + 60_000, limit=5)
    channel.gate.set()
    await eventually(lambda: not house.outbox._running)
    assert await house.store.outbox.holds(SITE, again.id, "n2", now_ms=now_ms)


async def test_a_call_that_was_never_made_leaves_no_doubt(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database was away while the answer was put together: nobody has to ask whether it left, or give it up."""
    channel = Scripted(script=[Unsure("no_answer")])
    await talk(house, channel)
    line, refused = house.store.archive.line, list[int]()

    async def away_once(site: str, number: int) -> object:
        if not refused:
            refused.append(number)
            raise StoreUnavailable("the database is away")
        return await line(site, number)

    monkeypatch.setattr(house.store.archive, "line", away_once)
    house.start("outbox")
    message = await house.say(1, "one")
    for tried in (0, 1):
        await eventually(lambda wanted=tried: bool(refused) and len(channel.sent) >= wanted)  # type: ignore[misc]
        await eventually(lambda: not house.outbox._running)
        house.clock.now += 10_000
        house.outbox.nudge()
    await eventually(until_status(house, message, "sent"))
    assert len(channel.sent) == 2, "its first call was unsure, and is repeated once"
    assert '"reason":"store_away"' in house.log.getvalue()
