"""The bus of one machine: followers in the same process."""

from __future__ import annotations

import asyncio
from collections import deque

from router.bus.port import Committed


class InProcessFollower:
    """A bounded pile of batches. Full means overrun: it is emptied and ends, and its owner begins anew."""

    def __init__(self, bus: InProcessBus, capacity: int) -> None:
        self._bus = bus
        self._capacity = capacity
        self._pile: deque[Committed] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self.overrun = False

    def __aiter__(self) -> InProcessFollower:
        return self

    async def __anext__(self) -> Committed:
        while not self._pile:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._pile.popleft()

    def give(self, committed: Committed) -> None:
        """Take a batch, or overrun."""
        if len(self._pile) >= self._capacity:
            self._pile.clear()
            self.overrun = True
            self.close()
            return
        self._pile.append(committed)
        self._news.set()

    def close(self) -> None:
        """End: what is piled up is still handed out, then the iteration stops."""
        self._ended = True
        self._bus.leave(self)
        self._news.set()


class InProcessBus:
    """Publishes to whoever follows in this process."""

    def __init__(self) -> None:
        self._followers: list[InProcessFollower] = []

    def publish(self, committed: Committed) -> None:
        """Hand a committed batch to every follower."""
        for follower in tuple(self._followers):
            follower.give(committed)

    def follow(self, capacity: int) -> InProcessFollower:
        """Follow from now on, at most `capacity` batches behind."""
        follower = InProcessFollower(self, capacity)
        self._followers.append(follower)
        return follower

    def leave(self, follower: InProcessFollower) -> None:
        """Forget a follower."""
        if follower in self._followers:
            self._followers.remove(follower)

    def close(self) -> None:
        """End every follower."""
        for follower in tuple(self._followers):
            follower.close()
