"""Visitors whose socket may be at another node: who watches for their leaving. Without other nodes it is this one.

Each node notes its talkers under its own name and says now and then that it lives. Where a visitor was seen last is
noted when they come back, so the node that they left does not close what goes on elsewhere; what a node that is gone
had noted is taken over by one that lives.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from channels.chat.presence import page_of
from channels.contract import Book, LetterboxClosed

_TALKING, _AT, _ALIVE, _HOMES = "talking", "at", "alive", "homes"
ALIVE_EVERY_MS = 10_000
# Four missed signs of life. Whoever is on a node that only restarts has come back by then.
GONE_AFTER_MS = 40_000
# Where somebody came is of interest until they have been away for too long elsewhere; a chat is not left for a day.
CAME_KEPT_MS = 86_400_000
# Nodes that change a page at the same moment look again; more than a few do not meet.
CHANGES_MAX = 50


class _Came(msgspec.Struct, frozen=True, array_like=True):
    """Where a visitor came last, and when."""

    home: str
    at_ms: int


class Elsewhere:
    """What nodes tell each other through the channel's book. Raises LetterboxClosed while that is away."""

    def __init__(self, book: Book, home: str) -> None:
        self._book = book
        self._home = home
        self._seen_ms = 0
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
        if self.alone:
            return

        def noted(kept: str) -> str:
            came = _came(kept)
            now_ms = max([self._seen_ms, *(last.at_ms for last in came.values())])
            recent = {who: last for who, last in came.items() if last.at_ms > now_ms - CAME_KEPT_MS}
            return msgspec.json.encode(recent | {visitor: _Came(self._home, now_ms)}).decode()

        await self._change(f"{_AT}:{page_of(visitor)}", noted)

    async def is_elsewhere(self, visitor: str, *, than: str = "") -> bool:
        """Whether a visitor who left a node (ours, if none is named) has come to another one since."""
        if self.alone:
            return False
        home = than or self._home
        last = _came(await self._book.read(f"{_AT}:{page_of(visitor)}") or "").get(visitor)
        return last is not None and last.home != home

    async def gone(self, now_ms: int) -> list[str]:
        """Say that we live, now and then; return the nodes that have not said so for too long."""
        self._seen_ms = now_ms
        if self.alone or now_ms - self._said_ms < ALIVE_EVERY_MS:
            return []
        await self._book.note(f"{_ALIVE}:{self._home}", str(now_ms))
        homes = await self._homes()
        if self._home not in homes:
            await self._change_homes(lambda now: [*now, self._home])
        self._said_ms = now_ms
        return [home for home in homes if home != self._home and now_ms - await self._alive(home) > GONE_AFTER_MS]

    async def forget(self, home: str) -> None:
        """A node's talkers are taken over: it is one of the living again when it says so itself."""
        await self._change_homes(lambda now: [each for each in now if each != home])

    async def _change_homes(self, change: Callable[[list[str]], list[str]]) -> None:
        def changed(kept: str) -> str:
            now = msgspec.json.decode(kept, type=list[str]) if kept else []
            return msgspec.json.encode(sorted(set(change(now)))).decode()

        await self._change(_HOMES, changed)

    async def _change(self, key: str, change: Callable[[str], str]) -> None:
        """Change a page that other nodes change too: who comes second looks again."""
        for _ in range(CHANGES_MAX):
            old = await self._book.read(key) or ""
            if await self._book.replace(key, old=old, new=change(old)):
                return
        raise LetterboxClosed("a page of the book changes all the time")

    async def _homes(self) -> list[str]:
        kept = await self._book.read(_HOMES)
        return msgspec.json.decode(kept, type=list[str]) if kept else []

    async def _alive(self, home: str) -> int:
        return int(await self._book.read(f"{_ALIVE}:{home}") or 0)

    @staticmethod
    def _page(page: str, home: str) -> str:
        return f"{_TALKING}:{home}:{page}" if home else f"{_TALKING}:{page}"


def _came(kept: str) -> dict[str, _Came]:
    return msgspec.json.decode(kept, type=dict[str, _Came]) if kept else {}
