"""Deadlines as data: a heap in order of (due, kind, place, id), cleaned lazily. It asks no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

# What falls due at the same instant is worked off in this order: first the queues, then who waits, then people.
QUEUE, CONVERSATION, REST, AGENT = 0, 1, 2, 3

Due = tuple[int, int, int, int, str]  # due_ms, kind, place, id, name

# Dead entries are swept out when they outnumber the standing ones and this many besides.
DEAD_SLACK = 4_096


@dataclass(slots=True)
class Deadlines:
    """Entries are never searched: one that no longer agrees with its owner's own due time is dead."""

    heap: list[Due] = field(default_factory=list)
    sweep_above: int = DEAD_SLACK

    def set(self, due_ms: int, kind: int, owner: int, *, place: int = 0, name: str = "") -> None:
        """Note a deadline; 0 means none."""
        if due_ms:
            heappush(self.heap, (due_ms, kind, place, owner, name))

    def next_ms(self) -> int:
        """Return the earliest noted time, dead entries included; 0 when nothing is noted."""
        return self.heap[0][0] if self.heap else 0

    def pop(self, at: int) -> Due | None:
        """Take the earliest entry that is due, dead or alive."""
        if self.heap and self.heap[0][0] <= at:
            return heappop(self.heap)
        return None

    def is_littered(self) -> bool:
        """Return whether sweeping is worth its price. A replica never pops, so it needs this most."""
        return len(self.heap) > self.sweep_above

    def rebuild(self, entries: list[Due]) -> None:
        """Begin anew with these entries, all of them standing."""
        self.heap = entries
        heapify(self.heap)
        self.sweep_above = 2 * len(entries) + DEAD_SLACK
