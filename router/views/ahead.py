"""How many the router would serve before somebody who waits, without walking the lines. Nothing is predicted here."""

from __future__ import annotations

from bisect import bisect_left

from router.core.flexibility import bits
from router.core.matching import Class
from router.core.state import Conv, State

# Holes in a line are counted one by one only so far; beyond, a place is told by the share of holes.
COUNTED_MAX = 500

Rank = tuple[int, int, int]


class Ahead:
    """Knows the lines of each queue by index, so that a place costs what the queue's own lines cost."""

    def __init__(self) -> None:
        self._masks: dict[str, int] = {}

    def forget(self) -> None:
        """Lines were formed or are another queue's now: look at all of them once more."""
        self._masks.clear()

    def lines(self, state: State, queue: str) -> list[Class]:
        """Return the lines of a queue somebody waits in."""
        classes = state.matching.classes
        if not self._masks:
            for cls in classes:
                self._masks[cls.queue] = self._masks.get(cls.queue, 0) | cls.bit
        return [classes[number] for number in bits(state.matching.waiting & self._masks.get(queue, 0))]

    def of(self, state: State, conv: Conv) -> int:
        """Return how many of its queue stand before a waiting conversation, by score."""
        mine = _rank(state, conv.cls, (conv.key_ms, conv.id))
        return sum(_before(state, cls, mine) for cls in self.lines(state, conv.queue))

    def oldest_ms(self, state: State, queue: str) -> int:
        """Return since when the one stands in line who has stood there longest; 0 where nobody does."""
        heads = [state.convs.peek(cls.head[1]) for cls in self.lines(state, queue) if cls.head]
        return min((head.leg_ms for head in heads if head is not None and head.leg_ms), default=0)


def _rank(state: State, cls: Class, place: tuple[int, int]) -> Rank:
    key_ms, conv = place
    return -cls.slope.score(state.at, key_ms), key_ms, conv


def _before(state: State, cls: Class, mine: Rank) -> int:
    """Return how many of one line stand before a rank. Both halves of a line are in order, so it is searched."""
    if cls.head is None or _rank(state, cls, cls.head) >= mine:
        return 0
    late = bisect_left(cls.late, mine, key=lambda place: _rank(state, cls, place))
    return late + _early_before(state, cls, mine)


def _early_before(state: State, cls: Class, mine: Rank) -> int:
    early, low, high = cls.early, cls.early_from, len(cls.early)
    while low < high:
        middle = (low + high) // 2
        living = middle
        while living < high and early[living] < 0:
            living += 1
        if living == high:
            high = middle
            continue
        conv = state.convs.peek(early[living])
        if conv is not None and _rank(state, cls, (conv.key_ms, conv.id)) < mine:
            low = living + 1
        else:
            high = middle
    span = low - cls.early_from
    if not cls.holes:
        return span
    counted = min(span, COUNTED_MAX)
    living = sum(1 for conv in early[cls.early_from : cls.early_from + counted] if conv > 0)
    length = len(early) - cls.early_from
    return living + (span - counted) * (length - cls.holes) // length
