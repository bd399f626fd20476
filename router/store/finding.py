"""What it means that a text holds words, alike in every store: no index, no language, and a bound on what is looked at.

Chinese and Thai have no spaces between words, so a word is found wherever it stands. Nothing is kept for it: what is
erased is found no more.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from router.store.port import MessageRow

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def lowered(text: str) -> str:
    """Return a text without the case of A to Z, as both databases see it."""
    return text.translate(_LOWER)


def needles(words: Sequence[str]) -> list[str]:
    """Return words as they stand inside a body, which is JSON."""
    return [msgspec.json.encode(lowered(word)).decode()[1:-1] for word in words]


def holds(row: MessageRow, words: Sequence[str]) -> bool:
    """Whether a message says every word; its JSON may hold one that nobody said."""
    said = lowered(f"{row.body.subject}\n{row.body.text}")
    return all(lowered(word) in said for word in words)
