"""Committed batches on their way into the streams of their sites, under ids that make every repeat harmless.

An id is `<epoch>-<last position>`. The epoch is the server's time at which this teller first told of the site, or one
more than the stream's own where that is later. So a new teller's ids are above an old one's, also after a flush or
when positions went back because a back-up was restored, and Redis itself refuses what is there already.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from router.bus.redis.limits import (
    PAYLOAD_BYTES_MAX,
    STREAM_BYTES_MAX,
    STREAM_FRAMES_MAX,
    STREAM_IDLE_MS,
    WAITING_BYTES_MAX,
    WAITING_FRAMES_MAX,
)
from router.bus.redis.names import Names
from router.bus.redis.piles import GAP
from router.bus.redis.sending import Sender
from router.bus.redis.wire import Command, Refusal, Reply
from router.telemetry import Telemetry

# What goes out in one turn, so that a question behind it does not wait for megabytes.
TURN_FRAMES_MAX, TURN_BYTES_MAX = 64, 512_000
FRAME, AFTER = b"f", b"p"


@dataclass(slots=True)
class Told:
    """A frame that waits or is on its way. One that was tried before may be in the stream already."""

    site: str
    frame: bytes
    last: int
    tried: bool = False


@dataclass(slots=True)
class Tale:
    """What is known of a site's stream. `after` is the id of the frame before; empty says that something is missing."""

    epoch: int | None = None
    after: bytes = b""
    sizes: deque[int] = field(default_factory=deque)
    kept_bytes: int = 0
    full: bool = False
    renew_at_ms: int = 0

    def keep(self, size: int) -> int:
        """Count a frame in and return how many of the newest the stream may hold with it."""
        self.sizes.append(size)
        self.kept_bytes += size
        while len(self.sizes) > STREAM_FRAMES_MAX or self.kept_bytes > STREAM_BYTES_MAX:
            self.kept_bytes -= self.sizes.popleft()
            self.full = True
        return len(self.sizes) if self.full else STREAM_FRAMES_MAX


@dataclass(slots=True, frozen=True)
class Step:
    """What one command was for: a frame, or the first look at a site's stream."""

    site: str
    told: Told | None = None
    id: bytes = b""
    words: int = 1


class Teller:
    """The source of frames."""

    def __init__(self, names: Names, sender: Sender, telemetry: Telemetry) -> None:
        self._names = names
        self._sender = sender
        self._telemetry = telemetry
        self._waiting: deque[Told] = deque()
        self._waiting_bytes = 0
        self._tales: dict[str, Tale] = {}
        self._steps: list[Step] = []

    def tell(self, site: str, frame: bytes, last: int) -> None:
        """Let a frame wait for the next turn; what waits longest goes when there is too much."""
        if len(frame) > PAYLOAD_BYTES_MAX:
            frame = GAP
            self._telemetry.count("link_dropped", "large")
        self._waiting.append(Told(site, frame, last))
        self._waiting_bytes += len(frame)
        while len(self._waiting) > WAITING_FRAMES_MAX or self._waiting_bytes > WAITING_BYTES_MAX:
            gone = self._take()
            self._tales.setdefault(gone.site, Tale()).after = b""
            self._telemetry.count("link_dropped", "frame")
        self._sender.wake()

    def commands(self) -> list[Command]:
        """Return appends for what waits; a site whose epoch is not known is looked at first."""
        unknown = {told.site for told in self._waiting if self._tale(told.site).epoch is None}
        commands: list[Command] = []
        for site in sorted(unknown):
            self._steps.append(Step(site, words=2))
            commands += [("TIME",), ("XREVRANGE", self._names.events(site), "+", "-", "COUNT", 1)]
        taken_bytes, held = 0, []
        while self._waiting and len(self._steps) < TURN_FRAMES_MAX and taken_bytes < TURN_BYTES_MAX:
            told = self._take()
            if told.site in unknown:
                held.append(told)
                continue
            taken_bytes += len(told.frame)
            commands += self._append(told)
        self._put_back(held)
        return commands

    def done(self, replies: Sequence[Reply]) -> None:
        """Take the ids; what was refused although it was never tried goes again under a later epoch."""
        at, again = 0, []
        for step in self._steps:
            reply = replies[at : at + step.words]
            at += step.words
            if step.told is None:
                self._learn(self._tales[step.site], reply)
            elif isinstance(reply[0], Refusal) and not self._settled(step.told, reply[0]):
                again.append(step.told)
        self._steps.clear()
        self._put_back(again)

    def lost(self) -> None:
        """Let everything wait again. Redis will refuse what had arrived."""
        again = [step.told for step in self._steps if step.told is not None]
        for told in again:
            told.tried = True
        self._steps.clear()
        self._put_back(again)

    def _append(self, told: Told) -> list[Command]:
        tale = self._tale(told.site)
        key, id_ = self._names.events(told.site), b"%d-%d" % (tale.epoch or 0, told.last)
        words = (FRAME, told.frame, AFTER, tale.after)
        commands: list[Command] = [("XADD", key, "MAXLEN", "~", tale.keep(len(told.frame)), id_, *words)]
        tale.after = id_
        renew = self._renewal(tale, key)
        self._steps.append(Step(told.site, told, id_, words=1 + len(renew)))
        return commands + renew

    def _renewal(self, tale: Tale, key: str) -> list[Command]:
        """Streams of sites that nobody serves any more go by themselves."""
        now_ms = int(asyncio.get_running_loop().time() * 1_000)
        if now_ms < tale.renew_at_ms:
            return []
        tale.renew_at_ms = now_ms + STREAM_IDLE_MS // 10
        return [("PEXPIRE", key, STREAM_IDLE_MS)]

    def _learn(self, tale: Tale, replies: Sequence[Reply]) -> None:
        """Choose an epoch above all that is in the stream. The first frame in it says that something may be missing."""
        time, entries = replies
        seen = int(entries[0][0].split(b"-")[0]) if isinstance(entries, list) and entries else 0
        now_ms = int(time[0]) * 1_000 + int(time[1]) // 1_000 if isinstance(time, list) else 0
        tale.epoch, tale.after = max(now_ms, seen + 1), b""

    def _settled(self, told: Told, refusal: Refusal) -> bool:
        """Whether a refused frame needs no further care: it was there already, or Redis does not take it at all."""
        tale = self._tales[told.site]
        if refusal.stale and told.tried:
            return True
        tale.after = b""
        if refusal.stale:
            tale.epoch = None
            return False
        self._telemetry.count("link_dropped", "frame")
        return True

    def _tale(self, site: str) -> Tale:
        return self._tales.setdefault(site, Tale())

    def _take(self) -> Told:
        told = self._waiting.popleft()
        self._waiting_bytes -= len(told.frame)
        return told

    def _put_back(self, several: Sequence[Told]) -> None:
        for told in reversed(several):
            self._waiting.appendleft(told)
            self._waiting_bytes += len(told.frame)
