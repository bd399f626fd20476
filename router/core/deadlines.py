"""Deadlines as data: what is near in a heap in order of (due, kind, place, id), the rest in buckets. It asks no clock.

Most deadlines of conversations lie far off and are moved or settled long before: each is one number in the bucket of
its time, and becomes an exact entry only when that time has come and it still stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

# What falls due at the same instant is worked off in this order: first the queues, then who waits, then people.
QUEUE, CONVERSATION, REST, AGENT = 0, 1, 2, 3

Due = tuple[int, int, int, int, str]  # due_ms, kind, place, id, name

# Dead entries are swept out when they outnumber the standing ones and this many besides.
DEAD_SLACK = 4_096
# A bucket is short enough to be sorted into the heap without a pause, and long enough that few buckets exist.
BUCKET_MS = 4_096


@dataclass(slots=True)
class Deadlines:
    """Entries are never searched: one that no longer agrees with its owner's own due time is dead."""

    heap: list[Due] = field(default_factory=list)
    buckets: dict[int, list[int]] = field(default_factory=dict)  # due_ms // BUCKET_MS -> conversations
    order: list[int] = field(default_factory=list)  # a heap of the buckets that exist
    opened: int = 0  # buckets before this one are in the heap
    noted: int = 0  # entries in buckets
    sweep_above: int = DEAD_SLACK

    def set(self, due_ms: int, kind: int, owner: int, *, place: int = 0, name: str = "") -> None:
        """Note an exact deadline; 0 means none."""
        if due_ms:
            heappush(self.heap, (due_ms, kind, place, owner, name))

    def set_conversation(self, due_ms: int, conv: int, place: int) -> None:
        """Note when something happens to a conversation."""
        bucket = due_ms // BUCKET_MS
        if bucket < self.opened:
            heappush(self.heap, (due_ms, CONVERSATION, place, conv, ""))
            return
        self.noted += 1
        held = self.buckets.get(bucket)
        if held is None:
            self.buckets[bucket] = [conv]
            heappush(self.order, bucket)
        else:
            held.append(conv)

    def open_until(self, at: int, of: Callable[[int], Due | None]) -> None:
        """Make exact entries of the buckets whose time has come; `of` says what stands of a conversation."""
        now = at // BUCKET_MS
        while self.order and self.order[0] <= now:
            bucket = heappop(self.order)
            held = self.buckets.pop(bucket)
            self.noted -= len(held)
            for conv in set(held):
                due = of(conv)
                if due is not None and due[0] // BUCKET_MS == bucket:
                    heappush(self.heap, due)
        self.opened = max(self.opened, now + 1)

    def next_ms(self) -> int:
        """Return a time before which nothing falls due, dead entries included; 0 when nothing is noted."""
        exact = self.heap[0][0] if self.heap else 0
        if not self.order:
            return exact
        bucket = max(self.order[0] * BUCKET_MS, 1)
        return min(exact, bucket) if exact else bucket

    def pop(self, at: int) -> Due | None:
        """Take the earliest exact entry that is due, dead or alive."""
        if self.heap and self.heap[0][0] <= at:
            return heappop(self.heap)
        return None

    def is_littered(self) -> bool:
        """Return whether sweeping is worth its price. A replica never pops, so it needs this most."""
        return len(self.heap) + self.noted > self.sweep_above

    def sweep(self, stands: Callable[[Due], bool], is_open: Callable[[int], bool]) -> None:
        """Drop what no longer stands; a bucket keeps every conversation that is still open."""
        self.heap = [due for due in self.heap if stands(due)]
        heapify(self.heap)
        kept = {bucket: [conv for conv in held if is_open(conv)] for bucket, held in self.buckets.items()}
        self.buckets = {bucket: held for bucket, held in kept.items() if held}
        self.order = sorted(self.buckets)
        self.noted = sum(map(len, self.buckets.values()))
        self.sweep_above = 2 * (len(self.heap) + self.noted) + DEAD_SLACK

    def rebuild(self, standing: Iterable[Due]) -> None:
        """Begin anew with these entries, all of them standing."""
        self.heap, self.buckets, self.order, self.noted, self.opened = [], {}, [], 0, 0
        for due_ms, kind, place, owner, name in standing:
            if kind == CONVERSATION:
                self.set_conversation(due_ms, owner, place)
            else:
                self.set(due_ms, kind, owner, place=place, name=name)
        self.sweep_above = 2 * (len(self.heap) + self.noted) + DEAD_SLACK
