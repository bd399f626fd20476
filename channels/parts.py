"""A long answer as several messages: split between characters, and taken up where it was broken off. No channel."""

from __future__ import annotations

import asyncio
import hashlib
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from channels.contract import Book, TryLater

# Signs that belong to the one before them: joiners, variation and tag signs, skin colours. Marks are known by category.
_JOINER = "\u200d"
_MARKS = frozenset({"Mn", "Mc", "Me"})
_SKIN = range(0x1F3FB, 0x1F400)
_FLAGS = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
# A line or word may end so far before the limit; beyond it a part would become short and the answer many.
_LOOK_BACK_DIVISOR = 8
_ENDS = ("\n", " ", "。", "，", "\u3000")
# More effects than are ever under way at once, and few enough to forget.
PAGES = 4_096
# Parts are begun only this early in a call of the outbox, so that the last one ends before it loses patience.
BEGIN_S_MAX = 12.0
MORE_MS = 1_000
Part = TypeVar("Part")


def utf8_bytes(text: str) -> int:
    """Return the weight of a text for providers that count bytes."""
    return len(text.encode())


def split(text: str, weight_max: int, weight: Callable[[str], int] = len) -> list[str]:
    """Split a text into parts of a weight at most, best after a line, else a word, never within a character."""
    parts: list[str] = []
    left = text
    while left and weight(left) > weight_max:
        end = _end(left, weight_max, weight)
        parts.append(left[:end])
        left = left[end:]
    return [*parts, left] if left or not parts else parts


def _end(text: str, weight_max: int, weight: Callable[[str], int]) -> int:
    """Return where the next part ends: as far as the weight allows, moved back to a border."""
    fits = _longest(text, weight_max, weight)
    earliest = fits - fits // _LOOK_BACK_DIVISOR
    for sign in _ENDS:
        found = text.rfind(sign, earliest, fits)
        if found >= 0 and not _joined(text, found + 1):
            return found + 1
    border = fits
    while border > earliest and _joined(text, border):
        border -= 1
    # A heap of marks that is no character any more is cut where the limit is.
    return fits if _joined(text, border) else border


def _longest(text: str, weight_max: int, weight: Callable[[str], int]) -> int:
    low, high = 1, min(len(text), weight_max)
    while low < high:
        middle = (low + high + 1) // 2
        if weight(text[:middle]) <= weight_max:
            low = middle
        else:
            high = middle - 1
    return low


def _joined(text: str, place: int) -> bool:
    """Return whether the character at a place belongs to the one before it."""
    if not 0 < place < len(text):
        return False
    before, char = text[place - 1], text[place]
    code = ord(char)
    if _JOINER in (before, char) or unicodedata.category(char) in _MARKS or code in _SKIN or code in _TAGS:
        return True
    if before == "\r" and char == "\n":
        return True
    return code in _FLAGS and _flags_before(text, place) % 2 == 1


def _flags_before(text: str, place: int) -> int:
    """Flags are pairs: a border lies after an even number of their halves."""
    count = 0
    while place - count > 0 and ord(text[place - count - 1]) in _FLAGS:
        count += 1
    return count


class Progress:
    """How many parts of an effect were begun or said, so that a repeat says none of them twice. Kept over a crash.

    It stays when all is said: a crash may come before the outbox knows. Effects share a bounded number of pages; a
    page belongs to the last that wrote on it, and the others were settled long before.
    """

    def __init__(self, book: Book, key: str) -> None:
        self._book, self._key = book, key
        self._page = f"parts:{int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], 'big') % PAGES}"

    async def read(self) -> int:
        """Return the number that was noted."""
        key, _, number = (await self._book.read(self._page) or "").rpartition(":")
        return int(number) if key == self._key else 0

    async def note(self, number: int) -> None:
        """Note a number."""
        await self._book.note(self._page, f"{self._key}:{number}")


async def say_all(parts: Sequence[Part], progress: Progress, say: Callable[[Part], Awaitable[None]]) -> None:
    """Say all parts that have not left yet. One part needs no book: it has left, or it has not."""
    begun = asyncio.get_running_loop().time()
    several = len(parts) > 1
    first = await progress.read() if several else 0
    for number, part in enumerate(parts[first:], first + 1):
        if number > first + 1:
            rest_in_time(begun)
        await say(part)
        if several:
            await progress.note(number)


def rest_in_time(begun: float) -> None:
    """Leave the other parts to the next try where this one has taken long. `begun` is the loop's time."""
    if asyncio.get_running_loop().time() - begun > BEGIN_S_MAX:
        raise TryLater("more_to_come", after_ms=MORE_MS)
