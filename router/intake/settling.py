"""Who waits for the decision on a letter. Nothing is decided or read here."""

from __future__ import annotations

import asyncio
from collections import defaultdict


class Settling:
    """Letters whose decision somebody wants to hear at once."""

    def __init__(self) -> None:
        self._waiting: defaultdict[int, list[asyncio.Future[None]]] = defaultdict(list)

    def settled(self, letter: int) -> None:
        """The letter has been decided, set aside or quarantined."""
        for waiting in self._waiting.pop(letter, ()):
            if not waiting.done():
                waiting.set_result(None)

    def expect(self, letter: int) -> asyncio.Future[None]:
        """Return what is done when the letter is settled. Give it back with `forget`."""
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[letter].append(waiting)
        return waiting

    def forget(self, letter: int, waiting: asyncio.Future[None]) -> None:
        """Wait no longer."""
        known = self._waiting.get(letter)
        if known and waiting in known:
            known.remove(waiting)
        if not self._waiting.get(letter):
            self._waiting.pop(letter, None)
