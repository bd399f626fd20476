"""The link over a Redis that Sentinels watch: it finds the master, and the next one after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from io import StringIO

import pytest

from router.bus.link import LinkError
from router.bus.redis import RedisLink
from router.telemetry import Telemetry
from tests.servers.redis import Sentinels, running_sentinels

SITE, SERVICE = "main", "contact-center"
# Sentinels agree after 0.6 s that a master is down, vote, perhaps twice, and tell the replica; we try every 2 s.
FAILOVER_S_MAX = 60.0


@pytest.fixture
def sentinels(tmp_path) -> Iterator[Sentinels]:
    with running_sentinels(tmp_path, SERVICE) as sentinels:
        yield sentinels


async def until(holds: Callable[[], bool], within_s: float = FAILOVER_S_MAX) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.02)


async def echo(question: bytes) -> bytes:
    return question


async def asked_until_answered(link: RedisLink, question: bytes) -> bytes:
    async with asyncio.timeout(FAILOVER_S_MAX):
        while True:
            try:
                return await link.ask(SITE, question, within_ms=1_000)
            except LinkError:
                await asyncio.sleep(0.05)


async def told_until_heard(leader: RedisLink, frames: list[bytes], first: int) -> None:
    """Tell until one is heard: what was told to a master that was about to go is lost, and the journal has it."""
    async with asyncio.timeout(FAILOVER_S_MAX):
        for last in range(first, first + 10_000):
            leader.tell(SITE, b"%d" % last, last=last)
            await asyncio.sleep(0.02)
            if any(frame and int(frame) >= first for frame in frames):
                return


TROUBLES: dict[str, Callable[[Sentinels], object]] = {
    "killed": lambda sentinels: sentinels.master.kill(),
    "standing still": lambda sentinels: sentinels.master.pause(),
    "replaced by order": lambda sentinels: sentinels.watching[0].say(f"SENTINEL FAILOVER {SERVICE}"),
}


async def listen(link: RedisLink, frames: list[bytes]) -> None:
    async for frame in link.heard(SITE):
        frames.append(frame)  # noqa: PERF401 - they are looked at while they come.


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_the_next_master_is_found_whatever_became_of_the_last(sentinels: Sentinels, trouble: str) -> None:
    leader, second = [RedisLink(sentinels.url, node=name, telemetry=Telemetry(StringIO())) for name in "ab"]
    frames: list[bytes] = []
    await until(lambda: leader.up and second.up)
    tasks = [asyncio.create_task(leader.answer(SITE, echo)), asyncio.create_task(listen(second, frames))]
    try:
        await told_until_heard(leader, frames, 1)
        assert await second.ask(SITE, b"before", within_ms=2_000) == b"before"
        before = sentinels.master
        TROUBLES[trouble](sentinels)
        await until(lambda: sentinels.master is not before)
        assert await asked_until_answered(second, b"after") == b"after"
        await told_until_heard(leader, frames, 10_000)
    finally:
        for task in tasks:
            task.cancel()
        await leader.close()
        await second.close()


async def test_a_service_that_no_sentinel_knows_is_just_down(sentinels: Sentinels) -> None:
    log = StringIO()
    link = RedisLink(sentinels.url.replace(SERVICE, "other"), node="a", telemetry=Telemetry(log))
    await until(lambda: log.getvalue().count("MasterNotFoundError") >= 3)
    assert not link.up
    await link.close()
