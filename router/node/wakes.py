"""Parked conversations that fall due: read ahead ten minutes, and brought back in time. Decides nothing."""

from __future__ import annotations

import asyncio
import heapq

from router.clock import Clock
from router.core.bundle import MINUTE_MS
from router.core.commands import Wake
from router.core.events import Parked
from router.core.record import decode_record
from router.floor.floor import Floor
from router.floor.inbox import FloorAway
from router.store.port import Archive, StoreError
from router.telemetry import Telemetry, error_code

# The core decides what may have to be decided within ten minutes; later deadlines stay rows.
AHEAD_MS = 10 * MINUTE_MS
READ_MS = MINUTE_MS
READ_MAX = 10_000
PAUSE_MS_MAX = 1_000
FOLLOW_CAPACITY = 10_000
AGAIN_S = 1.0


class Wakes:
    """One floor's alarm clock for what is parked."""

    def __init__(self, floor: Floor, archive: Archive, clock: Clock, *, telemetry: Telemetry) -> None:
        self._floor = floor
        self._site = floor.site
        self._archive = archive
        self._clock = clock
        self._count = telemetry
        self._due: list[tuple[int, int]] = []
        self._known: set[tuple[int, int]] = set()
        self._read_at_ms = 0

    async def run(self) -> None:
        """Wake what is due until cancelled; only the leader's node does, and begins with what the store knows."""
        self._due.clear()
        self._known.clear()
        self._read_at_ms = 0
        listener = asyncio.create_task(self._listen())
        try:
            while True:
                try:
                    await self.turn()
                except (StoreError, FloorAway) as error:
                    self._count.info("look_up_failed", site=self._site, error=error_code(error))
                    await asyncio.sleep(AGAIN_S)
                await asyncio.sleep(self._pause_ms() / 1_000)
        finally:
            listener.cancel()

    async def turn(self) -> None:
        """Read ahead when it is time, and wake what is due."""
        if not self._floor.leading or self._floor.bundle is None:
            return
        now_ms = self._clock.now_ms()
        if now_ms - self._read_at_ms >= READ_MS:
            await self._read_ahead(now_ms)
        while self._due and self._due[0][0] <= now_ms:
            due = heapq.heappop(self._due)
            self._known.discard(due)
            try:
                await self._wake(*due)
            except (StoreError, FloorAway):
                self._note(*due)
                raise

    def _pause_ms(self) -> int:
        if not self._due:
            return PAUSE_MS_MAX
        return max(1, min(PAUSE_MS_MAX, self._due[0][0] - self._clock.now_ms()))

    async def _listen(self) -> None:
        """What is parked for a short time is known before the next reading."""
        while True:
            follower = self._floor.follow(FOLLOW_CAPACITY)
            try:
                async for committed in follower:
                    for entry in committed.entries:
                        for event in entry.events:
                            if isinstance(event, Parked) and event.until_ms <= entry.at + AHEAD_MS:
                                self._note(event.until_ms, event.conv)
            finally:
                follower.close()
            self._read_at_ms = 0
            await asyncio.sleep(AGAIN_S)

    def _note(self, due_ms: int, conv: int) -> None:
        if due_ms and (due_ms, conv) not in self._known:
            self._known.add((due_ms, conv))
            heapq.heappush(self._due, (due_ms, conv))

    async def _read_ahead(self, now_ms: int) -> None:
        found = await self._archive.records_due(self._site, before_ms=now_ms + AHEAD_MS, limit=READ_MAX)
        for data in found:
            conv = decode_record(data).conv
            row = await self._archive.conversation(self._site, conv)
            if row is not None and row.state == "parked":
                self._note(row.due_ms, conv)
        # A full page means that more is due than was read: go on with the next page as soon as this one is woken.
        self._read_at_ms = now_ms if len(found) < READ_MAX else 0

    async def _wake(self, due_ms: int, conv: int) -> None:
        """Bring one back, if it is still parked until then: it may have come back and left again since."""
        row = await self._archive.conversation(self._site, conv)
        if row is None or row.state != "parked" or row.due_ms != due_ms:
            return
        record = decode_record(row.record)
        await self._floor.submit(Wake(id=f"W{conv}:{record.version}", record=record))
