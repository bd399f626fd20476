"""Leases and the notebook: who may, and what is noted under a name. No SQL, no decisions."""

from __future__ import annotations

from typing import Protocol


class Leases(Protocol):
    """Who may: a name, an owner, an end, an epoch that rises with every new owner.

    A store across a network judges by its own clock, which is the same for every node, and not by `now_ms`.
    """

    async def acquire(self, site: str, name: str, owner: str, *, now_ms: int, ttl_ms: int) -> int:
        """Take or renew; return the epoch, or 0 when somebody else holds it."""

    async def release(self, site: str, name: str, owner: str) -> None: ...

    async def expired(self, site: str, prefix: str, *, now_ms: int) -> list[tuple[str, str]]:
        """Return the (name, owner) of leases that have run out. They stay until they are released, ended or taken."""

    async def holders(self, site: str, prefix: str, *, now_ms: int) -> list[tuple[str, str, bool]]:
        """Return (name, owner, whether it is held still) of leases that somebody had last."""

    async def forget(self, site: str, name: str, owner: str, *, now_ms: int) -> bool:
        """Give back a lease that has run out. One that its owner has renewed meanwhile stays theirs: then False."""

    async def end(self, site: str) -> None:
        """End every lease of a site: whoever calls it knows that their owners are dead."""


class Notebook(Protocol):
    """A small durable map per channel: cursors and provider tokens."""

    async def read(self, site: str, book: str, key: str) -> str | None: ...

    async def note(self, site: str, book: str, key: str, value: str) -> None: ...

    async def replace(self, site: str, book: str, key: str, *, old: str, new: str) -> bool:
        """Put a value in the place of the one that was read, empty for none; False when it is another one by now."""
