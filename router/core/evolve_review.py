"""Writes down who is to be looked at again after a new configuration, a closing or an opening. It asks no rule.

Nobody is walked past here at once, however many wait: lines are only named, and looked through in slices.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from router.core import events as ev
from router.core.bundle import Bundle
from router.core.flexibility import bits
from router.core.lifecycle import DEFERRED
from router.core.rules import places_alike
from router.core.state import State


def look_at_all(state: State, before: Bundle | None) -> None:
    """A new configuration: look at whom the rules might place elsewhere, and at everybody who is deferred."""
    state.review.clear()
    state.examined = (0, 0)
    state.unexamined = deque(bits(_concerned(state, before) & state.matching.waiting))
    state.strays = deque(sorted(conv.id for conv in state.convs.awake() if conv.state == DEFERRED))


def _concerned(state: State, before: Bundle | None) -> int:
    """Return the classes that a configuration may move: all of them, unless it places everybody as the one before."""
    ruleset, bundle = state.ruleset, state.bundle
    if before is None or bundle is None or ruleset is None:
        return -1
    if ruleset.asks_hours or not places_alike(before, bundle):
        return -1
    dropped = state.matching.of_queue.keys() - state.queues.keys()
    return sum(state.matching.of_queue[queue] for queue in sorted(dropped))


def look_at_line(state: State, queue: str) -> None:
    """A queue serves nobody any more: whoever is in line there is looked at, from the beginning."""
    classes = state.matching.of_queue.get(queue, 0) & state.matching.waiting
    if state.unexamined and classes >> state.unexamined[0] & 1:
        state.examined = (0, 0)
    known = set(state.unexamined)
    state.unexamined.extend(number for number in bits(classes) if number not in known)


def look_at_deferred(state: State, queue: str, at: int) -> None:
    """A queue opens unforeseen: who is kept for its opening is looked at; the others come by their own deadline."""
    kept = (conv for conv in state.convs.awake() if conv.state == DEFERRED and conv.queue == queue and conv.due_ms > at)
    known = set(state.strays)
    state.strays.extend(sorted(conv.id for conv in kept if conv.id not in known))


def _examined(state: State, at: int, event: ev.Examined) -> None:
    del at
    for _ in range(event.lines):
        state.unexamined.popleft()
    state.examined = event.mark
    for _ in range(event.strays):
        state.strays.popleft()
    for place in event.found:
        heappush(state.review, place)


def _reviewed(state: State, at: int, event: ev.Reviewed) -> None:
    """An older release had everybody in it at once; a journal of it takes nobody here."""
    del at
    state.reviewed = [heappop(state.review)[1] for _ in range(min(event.count, len(state.review)))]


REVIEW_WRITERS: dict[type[ev.Event], Callable[[State, int, Any], None]] = {
    ev.Examined: _examined,
    ev.Reviewed: _reviewed,
}
