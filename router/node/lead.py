"""Leadership of one floor: the lease, its renewal, and the floor's loop while it lasts. Presence of nodes too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from router.clock import Clock
from router.core.commands import NodeLost
from router.floor.floor import Floor
from router.floor.inbox import FloorAway
from router.node.elders import Elders, presence_of
from router.node.renewal import ALONE, Held, LoopRenewal, Renewal, Terms
from router.store.port import Leases, StoreError
from router.telemetry import Telemetry, error_code

LEAD = "lead"
NODE_PREFIX = "node:"
# A node is lost, and links that may exist only once are free, when it has said nothing for so long. Longer than a
# lead lasts: a desk that loses its node has a grace to come back in, and a busy machine shall not cost it that.
PRESENCE_MS, PRESENT_AGAIN_MS = 10_000, 2_000
# Where the leader could not renew its own either, the store was away from all: the others get the time to say
# that they live, before their desks are lost and their calls, which still run, are made again by somebody else.
BACK_MS = 3 * PRESENT_AGAIN_MS
# A stop waits so long for what is being decided; a store that cannot be read would keep it for ever.
STOP_S = 8.0
# After a lead was given away the others get the time to take it.
GIVEN_AWAY_S = 2.0


async def _nothing_left(_node: str) -> None:
    """Where nodes share nothing but the floor, nothing else has to be taken back from a lost one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """How a node deals with the others: on which terms it leads, what it does when a lead or a node has gone, and how
    long it leaves a free lead to them."""

    several: bool = False
    terms: Terms = ALONE
    freed: Callable[[], None] = lambda: None
    lost: Callable[[str], Awaitable[None]] = _nothing_left
    hesitate_ms: Callable[[], int] = lambda: 0


NOBODY = Others()


class Lead:
    """Takes the lead when it is free, leads, and stops leading when the lease is lost."""

    def __init__(
        self,
        floor: Floor,
        leases: Leases,
        clock: Clock,
        *,
        node: str,
        telemetry: Telemetry,
        renewal: Renewal | None = None,
        others: Others = NOBODY,
    ) -> None:
        self._floor = floor
        self._leases = leases
        self._clock = clock
        self._node = self.node = node
        self._count = telemetry
        self._renewal = renewal or LoopRenewal(leases, clock, telemetry, others.terms)
        self._others = others
        self._elders = (
            Elders(leases, floor.site, lead=LEAD, prefix=NODE_PREFIX, now_ms=clock.now_ms) if others.several else None
        )
        self._stopping = False
        self._giving_away = False
        self._epoch = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._look = asyncio.Event()
        self._present_at = time.monotonic()
        self._trusted_at = 0.0
        # Whether somebody held the lead when we last looked, ourselves or another node.
        self.led = False

    async def run(self) -> None:
        """Lead whenever possible, until stopped."""
        while not self._stopping:
            epoch = await self._acquire_lead()
            if epoch and self._told_to_stop():
                await self.release(LEAD)
            elif epoch:
                await self._while_held(epoch)
                await self._hand_over()
            else:
                self._look.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._others.terms.look_ms / 1_000):
                        await self._look.wait()

    def give_away(self) -> None:
        """Let another node lead: decide what waits, give the lease back, and leave it to them for a while."""
        self._giving_away = True
        self._floor.stop()

    async def _hand_over(self) -> None:
        if self._giving_away:
            self._giving_away = False
            await self.release(LEAD)
            self._others.freed()
            await asyncio.sleep(GIVEN_AWAY_S)

    def _told_to_stop(self) -> bool:
        """Whether `stop` came meanwhile: a lease that was on its way then is given back, and nothing is led."""
        return self._stopping

    def look(self) -> None:
        """Look now: the lead may be free."""
        self._look.set()

    async def stop(self) -> None:
        """Decide what waits, stop leading and give the lease back."""
        self._stopping = True
        self._floor.stop()
        self._look.set()
        try:
            async with asyncio.timeout(STOP_S):
                await self._idle.wait()
        except TimeoutError as error:
            self._count.warning("lead_lost", site=self._floor.site, error=error_code(error))
        await self.release(LEAD)
        self._others.freed()

    async def acquire(self, name: str) -> int:
        """Take or renew a lease that is no lead; 0 when somebody else has it or the store is away."""
        return await self._acquire(name, self._node)

    async def _acquire(self, name: str, owner: str, *, ttl_ms: int = PRESENCE_MS) -> int:
        try:
            return await self._leases.acquire(self._floor.site, name, owner, now_ms=self._clock.now_ms(), ttl_ms=ttl_ms)
        except StoreError:
            return 0

    async def _look_for_elders(self) -> None:
        if self._elders is not None:
            with suppress(StoreError):
                await self._elders.look()

    async def release(self, name: str) -> None:
        """Give a lease back, as far as the store can be reached; else it runs out."""
        try:
            await self._leases.release(self._floor.site, name, self._node)
        except StoreError as error:
            self._count.info("lead_lost", site=self._floor.site, error=error_code(error))

    async def _acquire_lead(self) -> int:
        await asyncio.sleep(self._others.hesitate_ms() / 1_000)
        if self._stopping:
            return 0
        now_ms = self._clock.now_ms()
        try:
            if self._elders is not None and await self._elders.first():
                self.led = True
                return 0
            epoch = await self._leases.acquire(
                self._floor.site, LEAD, self._node, now_ms=now_ms, ttl_ms=self._others.terms.lease_ms
            )
        except StoreError:
            self.led = False
            return 0
        self.led = True
        return epoch

    async def _while_held(self, epoch: int) -> None:
        held = Held(site=self._floor.site, name=LEAD, owner=self._node, epoch=epoch, lost=lambda: self._lost(epoch))
        self._idle.clear()
        self._epoch = epoch
        self._count.gauge("floor_leading", 1, self._floor.site)
        end = self._renewal.begin(held)
        try:
            await self._floor.run(epoch)
        finally:
            end()
            self._epoch = 0
            self._idle.set()
            self._count.gauge("floor_leading", 0, self._floor.site)

    def _lost(self, epoch: int) -> None:
        if epoch != self._epoch:
            return
        self._count.warning("lead_lost", site=self._floor.site, epoch=epoch)
        self._floor.stop()

    async def keep_presence(self) -> None:
        """Say that this node lives; the leader's node says which others do not any more."""
        while True:
            self._note_presence(await self._acquire(NODE_PREFIX + self._node, presence_of(self._node)))
            await self._look_for_elders()
            if self._floor.leading and time.monotonic() >= self._trusted_at:
                await self._report_lost()
            await asyncio.sleep(PRESENT_AGAIN_MS / 1_000)

    async def end_presence(self) -> None:
        """Let our own presence run out now: the leader says at once that desks which were here are lost."""
        await self._acquire(NODE_PREFIX + self._node, presence_of(self._node), ttl_ms=0)

    def _note_presence(self, epoch: int) -> None:
        now = time.monotonic()
        if now - self._present_at > BACK_MS / 1_000:
            self._trusted_at = now + BACK_MS / 1_000
        if epoch:
            self._present_at = now

    async def _report_lost(self) -> None:
        """A dead node's lease goes only when its loss is decided, so that a crash in between forgets nobody."""
        try:
            for name, owner in await self._leases.expired(self._floor.site, NODE_PREFIX, now_ms=self._clock.now_ms()):
                node = name.removeprefix(NODE_PREFIX)
                # A node that only slept may be lost again: each loss is a decision of its own.
                await self._floor.submit(NodeLost(id=f"N{node}:{self._clock.now_ms()}", node=node))
                await self._others.lost(node)
                # It may have come back while its loss was decided: what it renewed is its own.
                await self._leases.forget(self._floor.site, name, owner, now_ms=self._clock.now_ms())
        except (FloorAway, StoreError) as error:
            self._count.info("presence_untold", site=self._floor.site, error=error_code(error))
