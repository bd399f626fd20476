"""The bus's port: committed entries to everyone who follows a floor. No storage, no decisions."""

from __future__ import annotations

from typing import Protocol

import msgspec

from router.core.events import Entry


class Committed(msgspec.Struct, frozen=True, gc=False):
    """One durable batch. `first` is the position of the first event of the first entry."""

    first: int
    at: int
    entries: tuple[Entry, ...]

    @property
    def last(self) -> int:
        """Return the position of the last event."""
        return self.first + sum(len(entry.events) for entry in self.entries) - 1


class Follower(Protocol):
    """Committed batches from now on. It ends when closed, or when it was too slow: then `overrun` says so."""

    @property
    def overrun(self) -> bool: ...

    def __aiter__(self) -> Follower: ...

    async def __anext__(self) -> Committed: ...

    def close(self) -> None: ...


class Bus(Protocol):
    """Events to every follower of a floor. Losing the bus loses nothing: followers refill from the journal."""

    def publish(self, committed: Committed) -> None:
        """Hand a committed batch to every follower; never waits for one."""

    def follow(self, capacity: int) -> Follower:
        """Follow from now on, at most `capacity` batches behind."""

    def close(self) -> None:
        """End every follower."""
