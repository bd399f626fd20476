"""Deadlines as data: what is near in a heap in order of (due, kind, place, id), the rest in buckets. It asks no clock.

Most deadlines of conversations lie far off and are moved or settled long before: each is one number in the bucket of
its time, and becomes an exact entry only when that time has come and it still stands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

# What falls due at the same instant is worked off in this order: first the queues, then who waits, then people.
QUEUE, CONVERSATION, REST, AGENT, SHIFT, PARTICIPANT, LEG, OUTSIDE, WINDOW = 0, 1, 2, 3, 4, 5, 6, 7, 8

Due = tuple[int, int, int, int, str]  # due_ms, kind, place, id, name

# Dead entries are swept out when they outnumber the standing ones and this many besides.
DEAD_SLACK = 4_096
# So many entries are looked at in one slice of sweeping, which then takes a millisecond or two.
SWEPT_AT_ONCE = 20_000
# So many of the next bucket are made exact each time, so that one in which very many fall due opens without a pause.
AHEAD_AT_ONCE = 512
# A bucket is short enough to be sorted into the heap without a pause, and long enough that few buckets exist.
BUCKET_MS = 4_096


@dataclass(slots=True)
class Deadlines:
    """Entries are never searched: one that no longer agrees with its owner's own due time is dead."""

    heap: list[Due] = field(default_factory=list)
    buckets: dict[int, list[int]] = field(default_factory=dict)  # due_ms // BUCKET_MS -> conversations
    order: list[int] = field(default_factory=list)  # a heap of the buckets that exist
    opened: int = 0  # buckets before this one are in the heap
    opens_ms: int = 0  # when the next one is to be opened, and litter looked for
    noted: int = 0  # entries in buckets
    heap_max: int = DEAD_SLACK
    noted_max: int = DEAD_SLACK
    unswept: list[int] = field(default_factory=list)  # buckets that a sweep has still to look at

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

    def open_until(self, at: int, of: Callable[[int], tuple[int, int] | None]) -> None:
        """Make exact entries of the buckets whose time has come; `of` says when something happens, and the place."""
        now = at // BUCKET_MS
        while self.order and self.order[0] <= now:
            bucket = heappop(self.order)
            held = self.buckets.pop(bucket)
            self._open(bucket, held, of)
        if self.opened <= now:
            self.opened = now + 1
            self.opens_ms = self.opened * BUCKET_MS
        ahead = self.buckets.get(now + 1)
        if ahead:
            some = ahead[-AHEAD_AT_ONCE:]
            del ahead[-AHEAD_AT_ONCE:]
            self._open(now + 1, some, of)

    def _open(self, bucket: int, held: list[int], of: Callable[[int], tuple[int, int] | None]) -> None:
        """Make exact entries of some that were noted for a bucket; what is made stands, and is no litter yet."""
        self.noted -= len(held)
        for conv in set(held):
            due = of(conv)
            if due is not None and due[0] // BUCKET_MS == bucket:
                heappush(self.heap, (due[0], CONVERSATION, due[1], conv, ""))
        self.heap_max = max(self.heap_max, len(self.heap) + DEAD_SLACK)

    def next_ms(self) -> int:
        """Return a time before which nothing falls due, dead entries included; 0 when nothing is noted."""
        if len(self.buckets.get(self.opened, ())) > AHEAD_AT_ONCE:  # a slice of it is to be made exact at once
            return max((self.opened - 1) * BUCKET_MS, 1)
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
        return len(self.heap) > self.heap_max or self.noted > self.noted_max or bool(self.unswept)

    def sweep(self, stands: Callable[[Due], bool], open_among: Callable[[list[int]], list[int]]) -> None:
        """Drop what no longer stands, in slices; a bucket keeps every conversation that is still open."""
        if len(self.heap) > self.heap_max:
            self.heap = [due for due in self.heap if stands(due)]
            heapify(self.heap)
            self.heap_max = 2 * len(self.heap) + DEAD_SLACK
        if not self.unswept:
            self.unswept = list(self.buckets)
        looked_at = 0
        while self.unswept and looked_at < SWEPT_AT_ONCE:
            bucket = self.unswept.pop()
            held = self.buckets.get(bucket, [])
            were = len(held)
            held[:] = open_among(held)
            self.noted -= were - len(held)
            looked_at += were
        if not self.unswept:
            self.noted_max = 2 * self.noted + DEAD_SLACK

    def rebuild(self, standing: Iterable[Due]) -> None:
        """Begin anew with these entries, all of them standing."""
        self.heap, self.buckets, self.order, self.unswept = [], {}, [], []
        self.noted = self.opened = self.opens_ms = 0
        for due_ms, kind, place, owner, name in standing:
            if kind == CONVERSATION:
                self.set_conversation(due_ms, owner, place)
            else:
                self.set(due_ms, kind, owner, place=place, name=name)
        self.heap_max, self.noted_max = 2 * len(self.heap) + DEAD_SLACK, 2 * self.noted + DEAD_SLACK
