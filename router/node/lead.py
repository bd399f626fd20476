"""Leadership of one floor: the lease, its renewal, and the floor's loop while it lasts. Presence of nodes too."""

from __future__ import annotations

import asyncio

from router.clock import Clock
from router.core.commands import NodeLost
from router.floor.floor import Floor
from router.floor.inbox import FloorAway
from router.store.port import Leases, StoreError
from router.telemetry import Telemetry, error_code

LEAD = "lead"
NODE_PREFIX = "node:"
# Renewed five times within its life, so that a slow disk or one lost renewal does not cost the lead.
LEASE_MS = 10_000
RENEW_MS = 2_000
# A stop waits so long for what is being decided; a store that cannot be read would keep it for ever.
STOP_S = 8.0


class Lead:
    """Takes the lead when it is free, leads, and stops leading when the lease is lost."""

    def __init__(self, floor: Floor, leases: Leases, clock: Clock, *, node: str, telemetry: Telemetry) -> None:
        self._floor = floor
        self._leases = leases
        self._clock = clock
        self._node = self.node = node
        self._count = telemetry
        self._stopping = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self) -> None:
        """Lead whenever possible, until stopped."""
        while not self._stopping:
            epoch = await self.acquire(LEAD)
            if epoch:
                await self._while_held(epoch)
            else:
                await asyncio.sleep(RENEW_MS / 1_000)

    async def stop(self) -> None:
        """Decide what waits, stop leading and give the lease back."""
        self._stopping = True
        self._floor.stop()
        try:
            async with asyncio.timeout(STOP_S):
                await self._idle.wait()
        except TimeoutError as error:
            self._count.warning("lead_lost", site=self._floor.site, error=error_code(error))
        await self.release(LEAD)

    async def acquire(self, name: str) -> int:
        """Take or renew a lease; 0 when somebody else has it or the store is away."""
        try:
            return await self._leases.acquire(
                self._floor.site, name, self._node, now_ms=self._clock.now_ms(), ttl_ms=LEASE_MS
            )
        except StoreError:
            return 0

    async def release(self, name: str) -> None:
        """Give a lease back, as far as the store can be reached; else it runs out."""
        try:
            await self._leases.release(self._floor.site, name, self._node)
        except StoreError as error:
            self._count.info("lead_lost", site=self._floor.site, error=error_code(error))

    async def _while_held(self, epoch: int) -> None:
        renewal = asyncio.create_task(self._renew(epoch))
        renewal.add_done_callback(self._renewal_ended)
        self._idle.clear()
        try:
            await self._floor.run(epoch)
        finally:
            renewal.cancel()
            self._idle.set()
            self._count.gauge("floor_leading", 0)

    async def _renew(self, epoch: int) -> None:
        """Renew until the lease is somebody else's. A store that is away fences nobody: its commits fail as well."""
        self._count.gauge("floor_leading", 1)
        while True:
            await asyncio.sleep(RENEW_MS / 1_000)
            try:
                held = await self._leases.acquire(
                    self._floor.site, LEAD, self._node, now_ms=self._clock.now_ms(), ttl_ms=LEASE_MS
                )
            except StoreError:
                continue
            if held != epoch:
                self._count.warning("lead_lost", site=self._floor.site, epoch=epoch)
                self._floor.stop()
                return

    def _renewal_ended(self, task: asyncio.Task[None]) -> None:
        """Nobody leads without renewing: a renewal that broke, by our own bug, ends the leadership and says so."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._count.error("task_failed", task="renewal", error=error_code(error))
            self._floor.stop()

    async def keep_presence(self) -> None:
        """Say that this node lives; the leader's node says which others do not any more."""
        while True:
            await self.acquire(NODE_PREFIX + self._node)
            if self._floor.leading:
                await self._report_lost()
            await asyncio.sleep(RENEW_MS / 1_000)

    async def _report_lost(self) -> None:
        """A dead node's lease goes only when its loss is decided, so that a crash in between forgets nobody."""
        try:
            for name, owner in await self._leases.expired(self._floor.site, NODE_PREFIX, now_ms=self._clock.now_ms()):
                node = name.removeprefix(NODE_PREFIX)
                await self._floor.submit(NodeLost(id=f"N{node}", node=node))
                await self._leases.release(self._floor.site, name, owner)
        except (FloorAway, StoreError) as error:
            self._count.info("presence_untold", site=self._floor.site, error=error_code(error))
