"""What is known of a call beside its line: the legs at the provider, and whether its end ends the conversation."""

from __future__ import annotations

import asyncio
import zlib
from weakref import WeakValueDictionary

import msgspec

from channels.contract import Book

# The book has no way to forget, so attempts share so many pages; an attempt is asked about within minutes.
PAGES = 4096
# Why a hang-up does not end what the caller wanted.
CALL_BACK, VOICEMAIL = "call_back", "voicemail"


class Legs(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call. `customer`: the leg the customer is on now; `agent`, `party`: the one that was called last.

    `joined`: the agent's leg that took the call. `kept`: why a hang-up does not end it. `number`: one that was typed to
    be called back on, `peer` the line's ends once it is done. `heard`: the last notice said; `language`: in which.
    `key`, `tried_ms`, `target`: the last connection tried.
    """

    customer: str = ""
    agent: str = ""
    party: str = ""
    joined: str = ""
    kept: str = ""
    asked: str = ""
    number: str = ""
    peer: str = ""
    heard: int = 0
    language: str = ""
    key: str = ""
    tried_ms: int = 0
    target: str = ""


class LegBook:
    """The calls of this channel, in its book."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def of(self, line: str) -> Legs:
        """Return what is known; a call nobody has done anything to has one leg, its own."""
        found = await self._book.read(f"call:{line}")
        legs = msgspec.json.decode(found, type=Legs) if found else Legs()
        return legs if legs.customer else msgspec.structs.replace(legs, customer=line)

    async def change(self, line: str, **changes: str | int) -> Legs:
        """Write down what has changed, and return it all. Changes of one call come one after the other."""
        lock = self._locks.setdefault(line, asyncio.Lock())
        async with lock:
            legs = await self.of(line)
            changed = msgspec.structs.replace(legs, **changes)
            if changed != legs:
                await self._book.note(f"call:{line}", msgspec.json.encode(changed).decode())
            return changed

    async def note_try(self, key: str, line: str) -> None:
        """Write down for which line an effect is tried."""
        await self._book.note(_page(key), f"{key} {line}")

    async def line_tried(self, key: str) -> str:
        """Return the line of an effect, empty where its page was taken by a later one."""
        noted, _, line = (await self._book.read(_page(key)) or "").partition(" ")
        return line if noted == key else ""


def _page(key: str) -> str:
    return f"try:{zlib.crc32(key.encode()) % PAGES}"
