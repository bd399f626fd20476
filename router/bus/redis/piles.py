"""What a listener has not taken yet, bounded in number and bytes. Full means emptied, and said by an empty frame."""

from __future__ import annotations

import asyncio
from collections import deque

from router.bus.redis.limits import PILE_BYTES_MAX, PILE_FRAMES_MAX

GAP = b""


class Pile:
    """An iterator over what was given. With `gaps`, an empty frame stands where something may be missing."""

    def __init__(self, *, gaps: bool, frames_max: int = PILE_FRAMES_MAX, bytes_max: int = PILE_BYTES_MAX) -> None:
        self._gaps = gaps
        self._frames_max = frames_max
        self._bytes_max = bytes_max
        self._frames: deque[bytes] = deque()
        self._bytes = 0
        self._news = asyncio.Event()
        self._ended = False

    def __aiter__(self) -> Pile:
        return self

    async def __anext__(self) -> bytes:
        while not self._frames:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        frame = self._frames.popleft()
        self._bytes -= len(frame)
        return frame

    def give(self, frame: bytes) -> bool:
        """Take a frame. False when others had to go for it."""
        fits = len(self._frames) < self._frames_max and self._bytes + len(frame) <= self._bytes_max
        if not fits:
            self._frames.clear()
            self._bytes = 0
            self.gap()
        self._frames.append(frame)
        self._bytes += len(frame)
        self._news.set()
        return fits

    def gap(self) -> None:
        """Say that something may be missing. Two such in a row say no more than one."""
        if self._gaps and (not self._frames or self._frames[-1] != GAP):
            self._frames.append(GAP)
            self._news.set()

    def end(self) -> None:
        """End: what is piled up is still handed out."""
        self._ended = True
        self._news.set()
