"""Care of connections in one place: open, use, and open again with growing pauses. What is said is elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random

from router.bus.redis.address import Address
from router.bus.redis.limits import BACKOFF_MS_MAX, BACKOFF_MS_MIN
from router.bus.redis.wire import Wire, WireLost
from router.telemetry import Telemetry

Session = Callable[[Wire], Awaitable[None]]


class Health:
    """Which parts of the link work. The parts that asking needs make it up; each change is logged once."""

    def __init__(self, needed: frozenset[str], telemetry: Telemetry, node: str) -> None:
        self._needed = needed
        self._telemetry = telemetry
        self._node = node
        self._works: set[str] = set()
        self._said: set[str] = set()
        telemetry.gauge("link_up", 0)

    @property
    def up(self) -> bool:
        """Whether everything that asking needs worked when it was last tried."""
        return self._needed <= self._works

    def works(self, part: str) -> None:
        """Note that a part works."""
        self._works.add(part)
        self._telemetry.gauge("link_up", int(self.up))
        if part in self._said:
            self._said.discard(part)
            self._telemetry.info("link_mended", node=self._node, task=part)

    def fails(self, part: str, error: WireLost) -> None:
        """Note that a part does not work, and say so once."""
        self._works.discard(part)
        self._telemetry.gauge("link_up", int(self.up))
        if part not in self._said:
            self._said.add(part)
            self._telemetry.warning("link_lost", node=self._node, task=part, error=str(error))

    def ends(self, part: str) -> None:
        """Forget a part that is no longer wanted."""
        self._works.discard(part)
        self._said.discard(part)


class Keeper:
    """Opens connections for sessions. A session that returns is opened again at once, one that fails after a pause."""

    def __init__(self, address: Address, health: Health, random: Random, *, node: str) -> None:
        self._address = address
        self._health = health
        self._random = random
        self._node = node

    async def keep(self, part: str, session: Session, *, reader: bool = False) -> None:
        """Run a session on one connection after another until cancelled."""
        pause_ms = BACKOFF_MS_MIN
        try:
            while True:
                begun = asyncio.get_running_loop().time()
                try:
                    await self._once(part, session, reader=reader)
                    continue
                except WireLost as error:
                    self._health.fails(part, error)
                if asyncio.get_running_loop().time() - begun > BACKOFF_MS_MAX / 1_000:
                    pause_ms = BACKOFF_MS_MIN
                await asyncio.sleep(pause_ms * self._random.uniform(0.5, 1.0) / 1_000)
                pause_ms = min(2 * pause_ms, BACKOFF_MS_MAX)
        finally:
            self._health.ends(part)

    async def _once(self, part: str, session: Session, *, reader: bool) -> None:
        wire = await self._address.open(f"patchbay-{self._node}-{part}".replace(" ", "-"), reader=reader)
        try:
            await session(wire)
        finally:
            await wire.close()
