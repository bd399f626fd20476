"""What the customers of the sandbox see and hear, line by line, and who waits for news of it. No provider here."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# A page shows so much; what is older has been seen or will not be.
LINES_MAX = 200
ITEMS_MAX = 100
TEXT_CHARS_MAX = 4_000


@dataclass
class Item:
    """One thing on a customer's device. `side`: customer, company, or sign; `status` says what became of it."""

    n: int
    at_ms: int
    side: str
    text: str
    author: str = ""
    status: str = ""

    def shown(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("n", "at_ms", "side", "text", "author", "status")}


@dataclass
class Line:
    """One customer on one channel. `deeds` are what they can do now; `kept` is the player's own."""

    id: str
    channel: str
    name: str
    address: str
    state: str = "open"
    deeds: tuple[str, ...] = ()
    version: int = 0
    items: list[Item] = field(default_factory=list)
    kept: Any = None

    def shown(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in ("id", "channel", "name", "address", "state", "version")}
        return {**plain, "deeds": list(self.deeds), "items": [item.shown() for item in self.items]}


class Scene:
    """All lines. Every change has a number; a reader asks for what is newer than the last one it has."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._lines: dict[str, Line] = {}
        self._gone: dict[str, int] = {}
        self._numbers = itertools.count(1)
        # Higher than any number of an earlier life: a reader that comes back from one is told everything.
        self._version = now_ms()
        self._born = self._version
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def version(self) -> int:
        return self._version

    def lines(self, channel: str = "") -> list[Line]:
        return [line for line in self._lines.values() if channel in {"", line.channel}]

    def line(self, line_id: str) -> Line | None:
        return self._lines.get(line_id)

    def at(self, channel: str, address: str) -> Line | None:
        """Return the newest line of an address on a channel."""
        found = (line for line in reversed(self._lines.values()) if line.channel == channel)
        return next((line for line in found if line.address == address), None)

    def open(self, channel: str, name: str, address: str, *, deeds: tuple[str, ...]) -> Line:
        """Open a line; beyond the limit the oldest that is over goes, or else the oldest."""
        while len(self._lines) >= LINES_MAX:
            over = (line for line in self._lines.values() if line.state == "over")
            self.forget(next(over, None) or next(iter(self._lines.values())))
        line = Line(id=f"{channel}-{next(self._numbers)}", channel=channel, name=name, address=address, deeds=deeds)
        self._lines[line.id] = line
        self.touch(line)
        return line

    def forget(self, line: Line) -> None:
        """Take a line off the page."""
        self._lines.pop(line.id, None)
        self._version += 1
        self._gone[line.id] = self._version
        while len(self._gone) > LINES_MAX:
            self._gone.pop(next(iter(self._gone)))
        self._tell()

    def add(self, line: Line, side: str, text: str, *, author: str = "", status: str = "") -> Item:
        """Put something on a customer's device."""
        item = Item(next(self._numbers), self._now_ms(), side, text[:TEXT_CHARS_MAX], author, status)
        line.items.append(item)
        del line.items[:-ITEMS_MAX]
        self.touch(line)
        return item

    def mark(self, line: Line, item: Item, status: str) -> None:
        """Say what became of something."""
        item.status = status
        self.touch(line)

    def set(self, line: Line, state: str, deeds: tuple[str, ...] | None = None) -> None:
        """Say how a line stands, and what its customer can do now."""
        wanted = line.deeds if deeds is None else deeds
        if (line.state, line.deeds) != (state, wanted):
            line.state, line.deeds = state, wanted
            self.touch(line)

    def touch(self, line: Line) -> None:
        self._version += 1
        line.version = self._version
        self._tell()

    def since(self, version: int) -> dict[str, Any]:
        """Return what is newer than a version; all of it for a reader of another life."""
        after = version if self._born <= version <= self._version else 0
        return {
            "version": self._version,
            "whole": after == 0,
            "lines": [line.shown() for line in self._lines.values() if line.version > after],
            "gone": [line_id for line_id, at in self._gone.items() if at > after],
        }

    async def news(self, version: int, wait_s: float) -> None:
        """Wait until there is something newer than a version, or for so long."""
        try:
            async with asyncio.timeout(wait_s):
                while self._version == version and not self._closed:
                    await self._changed.wait()
        except TimeoutError:
            return

    def close(self) -> None:
        """Let nobody wait any more."""
        self._closed = True
        self._tell()

    def _tell(self) -> None:
        told, self._changed = self._changed, asyncio.Event()
        told.set()
