"""Random troubles from a seed: whoever looks into the journal when the link says so ends up knowing everything."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import StringIO
from random import Random

import pytest

from router.bus.link import LinkError
from router.bus.redis import RedisLink
from router.bus.redis.limits import PAYLOAD_BYTES_MAX
from router.telemetry import Telemetry
from tests.servers.redis import RedisServer, running_redis

SITE = "main"
# One round has so many troubles; `make prove` asks for more rounds.
TROUBLES_A_ROUND = 12
ROUNDS = max(1, int(os.environ.get("PATCHBAY_ROUNDS", "1")) // 10)
QUIET_S_MAX = 60.0


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[RedisServer]:
    with running_redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@dataclass(slots=True, eq=False)
class World:
    """Two nodes that take turns at leading, one that follows and asks, and the journal they all can read."""

    server: RedisServer
    chance: Random
    links: list[RedisLink] = field(default_factory=list)
    leading: asyncio.Task[None] | None = None
    leader: int = 0
    journal: int = 0
    known: int = 0
    looks: int = 0
    answered: int = 0

    async def open(self) -> list[asyncio.Task[None]]:
        self.links = [RedisLink(self.server.url, node=name, telemetry=Telemetry(StringIO())) for name in "abc"]
        self.lead(0)
        return [asyncio.create_task(work()) for work in (self.follow, self.tell, self.ask)]

    def lead(self, number: int) -> None:
        if self.leading is not None:
            self.leading.cancel()
        self.leader = number
        self.leading = asyncio.create_task(self.links[number].answer(SITE, self.answer))

    async def answer(self, question: bytes) -> bytes:
        return b"answer to " + question

    async def tell(self) -> None:
        while True:
            self.commit()
            await asyncio.sleep(self.chance.uniform(0.0, 0.02))

    def commit(self) -> None:
        self.journal += 1
        large = self.chance.random() < 0.02
        frame = b"%d" % self.journal + bytes(PAYLOAD_BYTES_MAX if large else 0)
        self.links[self.leader].tell(SITE, frame, last=self.journal)

    async def follow(self) -> None:
        async for frame in self.links[2].heard(SITE):
            position = int(frame) if frame else 0
            if position == self.known + 1:
                self.known = position
            elif not position or position > self.known:
                self.looks += 1
                self.known = self.journal

    async def ask(self) -> None:
        number = 0
        while True:
            number += 1
            try:
                assert await self.links[2].ask(SITE, b"%d" % number, within_ms=500) == b"answer to %d" % number
                self.answered += 1
            except LinkError:
                await asyncio.sleep(0.02)

    async def trouble(self) -> None:
        kind = self.chance.choice(["kill", "flush", "pause", "cut", "cut", "new leader", "new leader"])
        if kind == "kill":
            self.server.kill()
            await asyncio.sleep(self.chance.uniform(0.0, 0.4))
            await asyncio.to_thread(self.server.start)
        elif kind == "flush":
            self.server.flush()
        elif kind == "pause":
            self.server.pause()
            await asyncio.sleep(self.chance.uniform(0.0, 0.5))
            self.server.wake()
        elif kind == "cut":
            self.server.say(f"CLIENT KILL TYPE {self.chance.choice(['normal', 'pubsub'])} SKIPME yes")
        else:
            self.lead(1 - self.leader)

    async def quiet(self) -> None:
        """Wait until the follower knows all, with nobody telling anything more."""
        async with asyncio.timeout(QUIET_S_MAX):
            while self.known < self.journal or not self.links[2].up:
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        if self.leading is not None:
            self.leading.cancel()
        for link in self.links:
            await link.close()


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_nothing_is_missed_unsaid(server: RedisServer, seed: int) -> None:
    world = World(server, Random(seed))
    follow, tell, ask = await world.open()
    try:
        for _ in range(TROUBLES_A_ROUND):
            await asyncio.sleep(world.chance.uniform(0.0, 0.3))
            await world.trouble()
        tell.cancel()
        await world.quiet()
        assert world.looks < world.journal / 2, "most of it came over the link"
        before = world.answered
        async with asyncio.timeout(QUIET_S_MAX):
            while world.answered < before + 10:
                await asyncio.sleep(0.02)
        assert not follow.done()
        assert not ask.done()
    finally:
        for task in (follow, tell, ask):
            task.cancel()
        server.wake()
        await world.close()
