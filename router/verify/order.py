"""Like conversations in order of arrival, and deadlines that nobody outlives: two queues beside the fold."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from router.verify.fold import GONE, HELD, OFFERED, PARKED, WAITING, WRAP_UP, Conversation, Fold

TICK_MS = 2_000
"""How late a deadline may be worked off while somebody leads: two rounds of the clock on a busy machine."""

FORGOTTEN_MS = 60_000
"""Reminders, openings and wakings come in slices, oldest first; a minute is a long way behind."""

_OVERDUE: dict[str, str] = {OFFERED: "offer_overdue", HELD: "hold_overdue", WRAP_UP: "wrap_up_overdue"}


class Lines:
    """The waiting of each class, oldest place first. Entries of those who left are dropped when they come up."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._lines: dict[int, list[tuple[int, int]]] = {}

    def joined(self, conv: Conversation) -> None:
        """Somebody waits in their class now."""
        heappush(self._lines.setdefault(conv.cls, []), (conv.key_ms, conv.id))

    def earlier(self, conv: Conversation, agent: int) -> int:
        """Return a like conversation that waits with an earlier place and could go to this agent, 0 for none.

        An agent who rests from the earlier one after a decline is the named reason to pass it by.
        """
        line = self._lines.get(conv.cls, [])
        passed: list[tuple[int, int]] = []
        found = 0
        while line and line[0] < (conv.key_ms, conv.id) and not found:
            entry = heappop(line)
            other = self._fold.convs[entry[1]]
            if other.state != WAITING or other.cls != conv.cls or other.key_ms != entry[0]:
                continue
            passed.append(entry)
            if agent not in other.resting:
                found = other.id
        for entry in passed:
            heappush(line, entry)
        return found


class Deadlines:
    """When each conversation must have moved, counted in the time the floor was led."""

    def __init__(self, fold: Fold) -> None:
        self._fold = fold
        self._heap: list[tuple[int, int, int]] = []
        self._told: set[tuple[int, int]] = set()

    def set(self, conv: Conversation) -> None:
        """Take note of a conversation's due time."""
        if conv.due_ms and (conv.state not in GONE or conv.state == PARKED):
            heappush(self._heap, (self._limit(conv), conv.id, conv.due_ms))

    def moved_on(self) -> None:
        """A new leadership has moved the promises: everybody's limit is made anew."""
        self._heap.clear()
        for conv in self._fold.convs.values():
            if conv.due_ms and (conv.state not in GONE or conv.state == PARKED):
                self._heap.append((self._limit(conv), conv.id, conv.due_ms))
        heapify(self._heap)

    def late(self, at: int) -> list[tuple[str, Conversation]]:
        """Return what should have ended before a time and still stands, each once."""
        found = []
        while self._heap and self._heap[0][0] < at:
            _, number, due_ms = heappop(self._heap)
            conv = self._fold.convs[number]
            gone = conv.state in GONE and conv.state != PARKED
            if conv.due_ms != due_ms or gone or (number, due_ms) in self._told:
                continue
            limit = self._limit(conv)
            if limit >= at:
                heappush(self._heap, (limit, number, due_ms))
                continue
            self._told.add((number, due_ms))
            found.append((_OVERDUE.get(conv.state, "forgotten"), conv))
        return found

    def _limit(self, conv: Conversation) -> int:
        slack_ms = TICK_MS if conv.state in _OVERDUE else FORGOTTEN_MS
        return max(conv.due_ms, self._fold.led_since_ms) + slack_ms
