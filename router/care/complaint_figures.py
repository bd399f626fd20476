"""What complaints say when they are counted: by week, in time or late, what came of them, why and where. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median_low
from typing import NamedTuple

from router.store.port import Complaint

# What has not happened yet.
NEVER_MS = 2**62


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
    times = _times(rows)
    cells = Counter((each.cause, each.queue) for each in ended)
    return Figures(
        weeks=[_week(times, from_ms, min(to_ms, now_ms)) for from_ms, to_ms in pairwise(bounds)],
        opened=sum(first <= each.opened_ms < last for each in rows),
        closed=len(ended),
        answered=len(answered),
        in_time=sum(each.answered_ms <= each.answer_by_ms for each in answered),
        median_answer_ms=median_low(took) if took else 0,
        outcomes=dict(Counter(each.outcome for each in ended)),
        causes=[Cell(cause, queue, count) for (cause, queue), count in sorted(cells.items())],
    )


class _Times(NamedTuple):
    """When things happened, each list sorted: a week is counted by searching, not by walking all rows again.

    `late_from` and `late_to`: from when a complaint was past its promise to answer, until it was answered or closed.
    """

    opened: list[int]
    closed: list[int]
    late_from: list[int]
    late_to: list[int]


def _times(rows: Sequence[Complaint]) -> _Times:
    late = [
        (max(each.opened_ms, each.answer_by_ms), min(_end(each.answered_ms), _end(each.closed_ms))) for each in rows
    ]
    kept = [(since, until) for since, until in late if since < until]
    return _Times(
        opened=sorted(each.opened_ms for each in rows),
        closed=sorted(each.closed_ms for each in rows if each.closed_ms),
        late_from=sorted(since for since, _ in kept),
        late_to=sorted(until for _, until in kept),
    )


def _end(at_ms: int) -> int:
    return at_ms or NEVER_MS


def _week(times: _Times, from_ms: int, to_ms: int) -> Week:
    opened, closed = bisect_left(times.opened, to_ms), bisect_left(times.closed, to_ms)
    return Week(
        from_ms=from_ms,
        opened=max(0, opened - bisect_left(times.opened, from_ms)),
        closed=max(0, closed - bisect_left(times.closed, from_ms)),
        open=opened - closed,
        late=bisect_left(times.late_from, to_ms) - bisect_left(times.late_to, to_ms),
    )
