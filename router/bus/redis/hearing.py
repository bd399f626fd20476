"""Committed batches as they come out of the streams: one reading connection for all sites of a node.

Each frame names the one before it. Whoever does not find there what it read last has missed something: trimmed,
dropped, flushed, or told by another; and so has whoever had to connect anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from weakref import WeakSet

from router.bus.redis.keeping import Health, Keeper
from router.bus.redis.limits import BLOCK_MS, LOOK_MS
from router.bus.redis.names import Names
from router.bus.redis.piles import Pile
from router.bus.redis.telling import AFTER, FRAME
from router.bus.redis.wire import Reply, Wire, WireLost
from router.telemetry import Telemetry

PART = "reader"
# Frames of one stream in one reply: what a burst brings, and some megabytes at the very most.
READ_COUNT = 32
BEGINNING = b"0-0"


def order(entry: bytes) -> tuple[int, int]:
    """Return what an entry's id is compared by."""
    epoch, _, last = entry.partition(b"-")
    return int(epoch), int(last or b"0")


class Ear:
    """How far one site's stream was read, and who listens. Listeners that nobody holds any more go by themselves."""

    def __init__(self) -> None:
        self.cursor = b""
        self.piles: WeakSet[Pile] = WeakSet()
        self.look_at_s = 0.0

    def gap(self) -> None:
        """Say to all that something may be missing."""
        for pile in tuple(self.piles):
            pile.gap()

    def hear(self, entry: bytes, words: Sequence[bytes]) -> int:
        """Hand one entry to all. Returns how many of them were too slow and have lost what they had."""
        fields = dict(zip(words[::2], words[1::2], strict=True))
        frame = fields.get(FRAME, b"")
        if not frame or fields.get(AFTER) != self.cursor:
            self.gap()
        self.cursor = entry
        return sum(not pile.give(frame) for pile in tuple(self.piles)) if frame else 0


class Hearer:
    """The reading connection."""

    def __init__(self, names: Names, keeper: Keeper, health: Health, telemetry: Telemetry) -> None:
        self._names = names
        self._keeper = keeper
        self._health = health
        self._telemetry = telemetry
        self._ears: dict[str, Ear] = {}
        self._changed = asyncio.Event()
        self._missed = False
        self._ended = False

    def listen(self, site: str) -> Pile:
        """Return a pile of what is told from now on. Its first frame is empty: when it comes, now has begun."""
        pile = Pile(gaps=True)
        if self._ended:
            pile.end()
            return pile
        ear = self._ears.setdefault(site, Ear())
        ear.piles.add(pile)
        if ear.cursor:
            pile.gap()
        else:
            self._changed.set()
        return pile

    def end(self) -> None:
        """End every pile."""
        self._ended = True
        for ear in self._ears.values():
            for pile in tuple(ear.piles):
                pile.end()

    async def run(self) -> None:
        """Read until cancelled."""
        await self._keeper.keep(PART, self._session, reader=True)

    async def _session(self, wire: Wire) -> None:
        """Read until the connection breaks, or is blocked while a new site wants to be heard."""
        try:
            await self._follow(wire)
        except WireLost:
            self._missed = True
            raise

    async def _follow(self, wire: Wire) -> None:
        while True:
            self._changed.clear()
            self._ears = {site: ear for site, ear in self._ears.items() if ear.piles}
            await self._look(wire)
            self._health.works(PART)
            if not self._ears:
                await self._changed.wait()
            elif not await self._read(wire):
                return

    async def _look(self, wire: Wire) -> None:
        """See where the streams end: the new ones, the quiet ones, and after an outage all."""
        now_s = asyncio.get_running_loop().time()
        due = [site for site, ear in self._ears.items() if self._missed or now_s >= ear.look_at_s]
        if not due:
            return
        replies = await wire.run([("XREVRANGE", self._names.events(site), "+", "-", "COUNT", 1) for site in due])
        for site, reply in zip(due, replies, strict=True):
            ear, end = self._ears[site], reply[0][0] if isinstance(reply, list) and reply else BEGINNING
            behind = bool(ear.cursor) and order(end) < order(ear.cursor)
            if behind or not ear.cursor:
                ear.cursor = end
            if behind or self._missed or not ear.look_at_s:
                ear.gap()
            ear.look_at_s = now_s + LOOK_MS / 1_000
        self._missed = False

    async def _read(self, wire: Wire) -> bool:
        """Read once. False when a new site came meanwhile and this connection is still blocked without it."""
        # One that came while we looked at the others has no cursor yet; the next look is for it.
        sites = {self._names.events(site).encode(): ear for site, ear in self._ears.items() if ear.cursor}
        if not sites:
            return True
        cursors = [ear.cursor for ear in sites.values()]
        reply = await self._unless_changed(
            wire.one("XREAD", "COUNT", READ_COUNT, "BLOCK", BLOCK_MS, "STREAMS", *sites, *cursors)
        )
        if isinstance(reply, list):
            look_at_s = asyncio.get_running_loop().time() + LOOK_MS / 1_000
            for key, entries in reply:
                ear = sites[key]
                ear.look_at_s = look_at_s
                slow = sum(ear.hear(entry, words) for entry, words in entries)
                if slow:
                    self._telemetry.count("link_dropped", "slow", by=slow)
        return reply is not self._changed

    async def _unless_changed(self, reading: Coroutine[object, object, Reply]) -> Reply:
        """Return what was read, or the sign that something changed first."""
        read, changed = asyncio.ensure_future(reading), asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait((read, changed), return_when=asyncio.FIRST_COMPLETED)
            return read.result() if read.done() else self._changed
        finally:
            for each in (read, changed):
                each.cancel()
            await asyncio.gather(read, changed, return_exceptions=True)
