"""How long nobody heard yes around each fault, from the diaries of agents alone. No promise is judged here."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

from tests.cluster.diary import REST, Entry

ACTS = frozenset({"accepted", "replied", "transferred", "wrapped_up"})
# What lasts longer is said as this: the next fault may have fallen by then.
WINDOW_S = 30.0


def silences(entries: Sequence[Entry]) -> dict[str, list[float]]:
    """Return, by fault, the longest time within its window in which no agent at all was answered, sorted."""
    acts = [entry.at_s for entry in entries if entry.what in ACTS]
    falls = [(entry.at_s, entry.facts.get("name", "")) for entry in entries if entry.what in {"fault", REST}]
    found: dict[str, list[float]] = defaultdict(list)
    for (at_s, name), after in zip(falls, [*falls[1:], (float("inf"), "")], strict=True):
        last = min(bisect_left(acts, at_s + WINDOW_S) + 1, bisect_left(acts, after[0]))
        there = acts[bisect_left(acts, at_s) : last]
        if name and there:
            found[name].append(max(later - earlier for earlier, later in pairwise([at_s, *there])))
    return {name: sorted(values) for name, values in sorted(found.items())}


def told(found: Mapping[str, Sequence[float]]) -> list[str]:
    """Return lines for people."""
    return [
        f"{name:<26}{len(values):>4}{values[len(values) // 2]:>8.1f}{values[-1]:>8.1f}"
        for name, values in found.items()
    ]
