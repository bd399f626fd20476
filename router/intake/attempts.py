"""Attempts that letters have behind them: counted before they are made, taken back where none ended in a crash."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from router.intake.lanes import Lanes
from router.store.port import Letter, Letterbox, StoreError

# DESIGN section 4: three attempts that ended in a crash, and it is shown.
ATTEMPTS_MAX = 3


class Attempts:
    """What this life of a node has counted: once for each letter."""

    def __init__(self, site: str, letterbox: Letterbox) -> None:
        self._site, self._letterbox = site, letterbox
        self.counted: set[int] = set()
        self.to_count: set[int] = set()

    def is_poison(self, letter: Letter) -> bool:
        """Whether it has ended in enough crashes."""
        return letter.attempts >= ATTEMPTS_MAX and letter.id not in self.counted

    async def count(self, letters: Sequence[Letter]) -> None:
        """Count those that this life has not counted. Raises StoreError."""
        first = [letter.id for letter in letters if letter.id not in self.counted]
        if first:
            await self._letterbox.tried(self._site, first)
            self.counted.update(first)

    async def count_anew(self, letters: Sequence[Letter]) -> None:
        """Count the next attempt of those whose last one was taken back. Raises StoreError."""
        anew = [letter.id for letter in letters if letter.id in self.to_count]
        if not anew:
            return
        # Noted before it is written: a stop that comes between the two must know of it.
        self.counted.update(anew)
        try:
            await self._letterbox.tried(self._site, anew)
        except StoreError:
            self.counted.difference_update(anew)
            raise
        self.to_count.difference_update(anew)

    async def spare(self, letters: Sequence[Letter]) -> None:
        """An attempt that ended without a decision ended without a crash: it does not count, and the next one does."""
        spared = [letter.id for letter in letters if letter.id in self.counted]
        if spared:
            with suppress(StoreError):
                await self._letterbox.spared(self._site, spared)
                self.counted.difference_update(spared)
                self.to_count.update(spared)

    async def spare_all(self, in_hand: Lanes) -> None:
        """Who leads no longer has not crashed: what it counted is no sign against anybody. Raises StoreError."""
        counted = sorted(self.counted)
        if counted:
            await self._letterbox.spared(self._site, counted)
            self.counted.difference_update(counted)
            self.to_count.update(letter for letter in counted if letter in in_hand)

    async def let_go(self) -> None:
        """Whoever stops in good order leaves no attempt counted that ended with it."""
        with suppress(StoreError):
            await self._letterbox.spared(self._site, sorted(self.counted))
            self.counted.clear()

    def forget(self, letter: Letter) -> None:
        """It is settled."""
        self.counted.discard(letter.id)
        self.to_count.discard(letter.id)
