"""Visitors whose socket may be at another node: who watches for their leaving. Without other nodes it is this one.

Each node notes its talkers under its own name and says now and then that it lives. Where a visitor was seen last is
noted when they come back, so the node that they left does not close what goes on elsewhere; what a node that is gone
had noted is taken over by one that lives.
"""

from __future__ import annotations

import msgspec

from channels.contract import Book

_TALKING, _AT, _ALIVE, _HOMES = "talking", "at", "alive", "homes"
ALIVE_EVERY_MS = 10_000
# Four missed signs of life. Whoever is on a node that only restarts has come back by then.
GONE_AFTER_MS = 40_000


class Elsewhere:
    """What nodes tell each other through the channel's book. Raises LetterboxClosed while that is away."""

    def __init__(self, book: Book, home: str) -> None:
        self._book = book
        self._home = home
        self._said_ms = 0

    @property
    def alone(self) -> bool:
        """Whether there are no other nodes to ask."""
        return not self._home

    async def talking(self, page: str, home: str = "") -> list[str]:
        """Return who was talking at a node (ours, if none is named) on one page."""
        kept = await self._book.read(self._page(page, home or self._home))
        return msgspec.json.decode(kept, type=list[str]) if kept else []

    async def note_talking(self, page: str, visitors: list[str], home: str = "") -> None:
        """Note who talks."""
        await self._book.note(self._page(page, home or self._home), msgspec.json.encode(visitors).decode())

    async def came(self, visitor: str) -> None:
        """A visitor who talks has come to this node."""
        if not self.alone:
            await self._book.note(f"{_AT}:{visitor}", self._home)

    async def is_elsewhere(self, visitor: str, *, than: str = "") -> bool:
        """Whether a visitor who left a node (ours, if none is named) has come to another one since."""
        if self.alone:
            return False
        home = than or self._home
        return (await self._book.read(f"{_AT}:{visitor}") or home) != home

    async def gone(self, now_ms: int) -> list[str]:
        """Say that we live, now and then; return the nodes that have not said so for too long."""
        if self.alone or now_ms - self._said_ms < ALIVE_EVERY_MS:
            return []
        await self._book.note(f"{_ALIVE}:{self._home}", str(now_ms))
        homes = await self._homes()
        if self._home not in homes:
            await self._book.note(_HOMES, msgspec.json.encode([*homes, self._home]).decode())
        self._said_ms = now_ms
        return [home for home in homes if home != self._home and now_ms - await self._alive(home) > GONE_AFTER_MS]

    async def forget(self, home: str) -> None:
        """A node's talkers are taken over: it is one of the living again when it says so itself."""
        homes = [each for each in await self._homes() if each != home]
        await self._book.note(_HOMES, msgspec.json.encode(homes).decode())

    async def _homes(self) -> list[str]:
        kept = await self._book.read(_HOMES)
        return msgspec.json.decode(kept, type=list[str]) if kept else []

    async def _alive(self, home: str) -> int:
        return int(await self._book.read(f"{_ALIVE}:{home}") or 0)

    @staticmethod
    def _page(page: str, home: str) -> str:
        return f"{_TALKING}:{home}:{page}" if home else f"{_TALKING}:{page}"
