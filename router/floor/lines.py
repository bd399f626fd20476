"""Which channel a line is on, and which line a channel's address is: read once from the archive, kept while in use."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

from router.store.port import Archive

# Lines that were used lately. A forgotten one costs one indexed look-up; 100,000 take some 20 MB.
LINES_KEPT_MAX = 100_000

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """A map that forgets what was used longest ago."""

    def __init__(self, kept_max: int) -> None:
        self._kept_max = kept_max
        self._kept: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return what is kept under a key."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        return None

    def put(self, key: K, value: V) -> None:
        """Keep a value."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._kept_max:
            self._kept.popitem(last=False)


class Lines:
    """One floor's lines. An address is personal data: it stays in here and in the archive."""

    def __init__(self, archive: Archive, site: str) -> None:
        self._archive = archive
        self._site = site
        self._channels: Kept[int, str] = Kept(LINES_KEPT_MAX)
        self._ids: Kept[tuple[str, str], int] = Kept(LINES_KEPT_MAX)

    def note(self, channel: str, key: str, line: int) -> None:
        """Remember a line that was met."""
        self._channels.put(line, channel)
        self._ids.put((channel, key), line)

    async def channels_of(self, lines: Iterable[int]) -> dict[int, str]:
        """Return the channel of each line; lines that do not exist are left out."""
        found: dict[int, str] = {}
        for line in lines:
            channel = self._channels.get(line)
            if channel is None:
                row = await self._archive.line(self._site, line)
                if row is None:
                    continue
                channel = row.channel
                self.note(channel, row.key, line)
            found[line] = channel
        return found

    async def find(self, channel: str, key: str) -> int:
        """Return the line of an address, 0 where nobody has written on it yet."""
        known = self._ids.get((channel, key))
        if known is None:
            row = await self._archive.line_by_key(self._site, channel, key)
            if row is None:
                return 0
            known = row.id
            self.note(channel, key, known)
        return known

    def known(self, channel: str, key: str) -> int:
        """Return the line of an address if it is at hand, else 0."""
        return self._ids.get((channel, key)) or 0
