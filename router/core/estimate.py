"""How long somebody new would wait, from a few counters of a queue: whole numbers, and no number without a basis."""

from __future__ import annotations

from router.core.bundle import MINUTE_MS
from router.core.state import Conv, QueueState, State

# Starts are counted by spells of this length; what is older than two of them says nothing about now.
SPELL_MS = 5 * MINUTE_MS
# Fewer starts than this are no pace.
STARTS_MIN = 3


def count_start(queue: QueueState, at: int) -> None:
    """Count that somebody from this queue has been answered."""
    if at >= queue.spell_ms + 2 * SPELL_MS:
        queue.spell_ms, queue.starts_before, queue.starts = at, 0, 0
    elif at >= queue.spell_ms + SPELL_MS:
        queue.spell_ms, queue.starts_before, queue.starts = queue.spell_ms + SPELL_MS, queue.starts, 0
    queue.starts += 1


def pace(queue: QueueState, at: int) -> tuple[int, int]:
    """Return (starts, in so many ms) of the last five to ten minutes; (0, 0) where there were too few."""
    if at >= queue.spell_ms + 2 * SPELL_MS:
        return 0, 0
    before = queue.starts_before if at < queue.spell_ms + SPELL_MS else 0
    starts = before + queue.starts
    span_ms = at - queue.spell_ms + (SPELL_MS if before else 0)
    return (starts, span_ms) if starts >= STARTS_MIN and span_ms > 0 else (0, 0)


def estimated_ms(s: State, at: int, conv: Conv) -> int:
    """Return how long the last in this conversation's queue is to wait; 0 where nothing is known.

    So many are ahead and so fast it goes; without a pace, as long as the first of its line has waited already.
    """
    ahead = s.matching.queued.get(conv.queue, 0)
    starts, span_ms = pace(s.queue_state(conv.queue), at)
    if starts:
        return ahead * span_ms // starts
    head = s.convs.peek(conv.cls.head[1]) if conv.cls.head else None
    return at - head.leg_ms if head is not None and head.leg_ms else 0
