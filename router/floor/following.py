"""A node that does not lead keeps its replica warm: batches from the link, and the journal wherever one is missing."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import msgspec

from router.bus.link import Link
from router.bus.port import Committed
from router.floor.replica import Replica
from router.floor.wire import decode_frame
from router.store.port import StoreError
from router.telemetry import Telemetry, error_code

# DESIGN section 6: while the link is away the journal is read every 100 ms; else only for what nobody told.
LOOK_MS, LOOK_LINKED_MS = 100, 1_000
# More than this is read from the journal faster than batch by batch; and while somebody else moves the replica (who
# has just taken the lead here does so until it loses it) nothing is taken from the pile.
PILE_MAX, PILE_BYTES_MAX = 10_000, 8 * 1024 * 1024
STORE_AGAIN_MS, STORE_AGAIN_MS_MAX = 100, 2_000


class Following:
    """Moves one floor's replica while somebody else leads."""

    def __init__(
        self, replica: Replica, link: Link, site: str, *, leading: Callable[[], bool], telemetry: Telemetry
    ) -> None:
        self._replica = replica
        self._link = link
        self._site = site
        self._leading = leading
        self._count = telemetry
        self._pile: deque[bytes] = deque()
        self._pile_bytes = 0
        self._news = asyncio.Event()
        self._look = False
        self._led = False

    async def run(self) -> None:
        """Follow until cancelled. Who leads moves the replica itself."""
        listener = asyncio.create_task(self._listen())
        wait_ms = STORE_AGAIN_MS
        try:
            while True:
                try:
                    await self._turn()
                    wait_ms = STORE_AGAIN_MS
                except StoreError as error:
                    self._look = True
                    self._count.info("replica_waits", site=self._site, error=error_code(error))
                    await asyncio.sleep(wait_ms / 1_000)
                    wait_ms = min(2 * wait_ms, STORE_AGAIN_MS_MAX)
        finally:
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)

    def nudge(self) -> None:
        """Look into the journal now: something is there that nobody told."""
        self._look = True
        self._news.set()

    async def _listen(self) -> None:
        async for frame in self._link.heard(self._site):
            self._pile_up(frame)
            self._news.set()

    def _pile_up(self, frame: bytes) -> None:
        """Keep what was told, as far as it is bounded; an empty frame says that something was missed."""
        if self._leading():
            self._drop_pile()
        elif not frame or len(self._pile) >= PILE_MAX or self._pile_bytes + len(frame) > PILE_BYTES_MAX:
            self._drop_pile()
            self._look = True
        else:
            self._pile.append(frame)
            self._pile_bytes += len(frame)

    def _drop_pile(self) -> None:
        self._pile.clear()
        self._pile_bytes = 0

    async def _turn(self) -> None:
        told = await self._wait()
        if self._leading():
            self._drop_pile()
            self._look, self._led = False, True
            return
        if self._led:
            # What was told while we led was not for us; others may have decided since.
            self._look, self._led = True, False
        async with self._replica.moving:
            if self._replica.damaged:
                await self._replica.recover()
            if self._look or not told:
                self._look = False
                await self._replica.catch_up()
            await self._apply_pile()
            self._replica.keep_running()

    async def _wait(self) -> bool:
        """Wait for news; False when it is time to look into the journal anyway."""
        if not self._pile and not self._look:
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout((LOOK_LINKED_MS if self._link.up else LOOK_MS) / 1_000):
                    await self._news.wait()
        return bool(self._pile)

    async def _apply_pile(self) -> None:
        while self._pile:
            frame = self._pile.popleft()
            self._pile_bytes -= len(frame)
            committed = self._read(frame)
            if committed is None or committed.last <= self._replica.position:
                continue
            if committed.first != self._replica.position + 1 or self._replica.lacks(committed):
                await self._replica.catch_up()
            else:
                self._replica.apply(committed)

    def _read(self, frame: bytes) -> Committed | None:
        try:
            return decode_frame(frame)
        except msgspec.DecodeError as error:
            # A newer leader may write what this release does not know: reading the journal will say so as well.
            self._count.warning("frame_unreadable", site=self._site, error=error_code(error))
            self._look = True
            return None
