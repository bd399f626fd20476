"""What `verify` reads of a store: a port of its own, wider than what the floor may see. No checks, no SQL.

All of it is one moment of the data, so that a running floor can be checked: nothing is written between two
readings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from router.store.port import ConversationRow, JournalRow, Letter, TimelineRow


class Evidence(Protocol):
    """One moment of a store."""

    def journal(self, site: str) -> Iterator[JournalRow]:
        """Yield the journal, in the order of positions as they are written there."""

    def timeline(self, site: str, *, first: int, last: int) -> list[TimelineRow]:
        """Return the timeline rows of a range of positions, in order."""

    def messages(self, site: str, ids: Sequence[int]) -> Mapping[int, tuple[int, int]]:
        """Return (conversation, line) of those messages that exist."""

    def channels(self, site: str, lines: Sequence[int]) -> Mapping[int, str]:
        """Return the channel of those lines that exist."""

    def conversations(self, site: str) -> Iterator[ConversationRow]:
        """Yield every conversation's row."""

    def letters(self, site: str) -> Iterator[tuple[Letter, str]]:
        """Yield every letter, without its signal, with the reason it was settled or set aside for."""

    def effects(self, site: str) -> Iterator[tuple[int, int]]:
        """Yield (position, conversation) of every effect: waiting, dead, or (with conversation 0) performed."""

    def snapshot(self, site: str) -> int | None:
        """Return the position of the latest snapshot."""

    def close(self) -> None:
        """Let go of the moment."""
