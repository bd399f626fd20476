"""What complaints say when they are counted: by week, in time or late, what came of them, why and where. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median_low
from typing import NamedTuple

from router.store.port import Complaint


class Week(NamedTuple):
    """One stretch of the period. `open` and `late` are as it ended: late is past the promise to answer."""

    from_ms: int
    opened: int
    closed: int
    open: int
    late: int


class Cell(NamedTuple):
    """How many complaints of a queue were closed with a cause."""

    cause: str
    queue: str
    closed: int


class Figures(NamedTuple):
    """A period. `in_time` are those of `answered` that kept their promise; the median is of theirs, by the clock."""

    weeks: list[Week]
    opened: int
    closed: int
    answered: int
    in_time: int
    median_answer_ms: int
    outcomes: dict[str, int]
    causes: list[Cell]


def figures(complaints: Iterable[Complaint], bounds: Sequence[int], *, now_ms: int) -> Figures:
    """Count complaints between the first and the last of `bounds`, which part the period into weeks."""
    rows, first, last = list(complaints), bounds[0], bounds[-1]
    answered = [each for each in rows if first <= each.answered_ms < last]
    ended = [each for each in rows if first <= each.closed_ms < last]
    took = [each.answered_ms - each.begun_ms for each in answered]
    cells = Counter((each.cause, each.queue) for each in ended)
    return Figures(
        weeks=[_week(rows, from_ms, min(to_ms, now_ms)) for from_ms, to_ms in pairwise(bounds)],
        opened=sum(first <= each.opened_ms < last for each in rows),
        closed=len(ended),
        answered=len(answered),
        in_time=sum(each.answered_ms <= each.answer_by_ms for each in answered),
        median_answer_ms=median_low(took) if took else 0,
        outcomes=dict(Counter(each.outcome for each in ended)),
        causes=[Cell(cause, queue, count) for (cause, queue), count in sorted(cells.items())],
    )


def _week(rows: Sequence[Complaint], from_ms: int, to_ms: int) -> Week:
    still = [each for each in rows if each.opened_ms < to_ms and not 0 < each.closed_ms < to_ms]
    return Week(
        from_ms=from_ms,
        opened=sum(from_ms <= each.opened_ms < to_ms for each in rows),
        closed=sum(from_ms <= each.closed_ms < to_ms for each in rows),
        open=len(still),
        late=sum(each.answer_by_ms < to_ms and not 0 < each.answered_ms < to_ms for each in still),
    )
