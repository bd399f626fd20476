"""What needs looking after on a floor, the most severe first and at most three. Codes and figures; no words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.board.shapes import BoardQueue, NeedShape
from router.views.today import FAR_BELOW

# More sentences are not read from five metres.
NEEDS_MAX = 3
CRIT, WARN = "crit", "warn"
RANKS = (CRIT, WARN)


def needs(
    queues: Sequence[BoardQueue],
    *,
    silent: Sequence[tuple[str, int]],
    names: bool,
    alarms: Iterable[NeedShape],
    care: Iterable[NeedShape] = (),
) -> list[NeedShape]:
    """Return at most three. `silent`: who is not responding, with since when; named only where the site wants it.

    `care`: what was promised for hours and days; whoever waits on a line comes before it.
    """
    found = [*alarms, *_of_queues(queues), *_of_people(silent, names=names), *care]
    found.sort(key=lambda need: RANKS.index(need.severe))
    return found[:NEEDS_MAX]


def _of_queues(queues: Sequence[BoardQueue]) -> Iterable[NeedShape]:
    by_waiting = sorted(queues, key=lambda queue: -queue.waiting)
    for queue in by_waiting:
        if queue.open and queue.waiting and not queue.free:
            alone = not queue.staffed or bool(queue.longest and queue.longest.over)
            code = "no_free" if queue.staffed else "nobody"
            yield NeedShape(
                code=code,
                severe=CRIT if alone else WARN,
                queue=queue.name,
                count=queue.waiting,
                staffed=queue.staffed,
                since_ms=queue.longest.since_ms if queue.longest else 0,
            )
    for queue in sorted(queues, key=lambda queue: -queue.risk):
        if queue.risk:
            yield NeedShape(code="risk", severe=CRIT if queue.late else WARN, queue=queue.name, count=queue.risk)
    for queue in queues:
        if queue.level is not None and queue.level.stands == FAR_BELOW:
            yield NeedShape(code="far_below", severe=WARN, queue=queue.name, count=queue.level.of)


def _of_people(silent: Sequence[tuple[str, int]], *, names: bool) -> Iterable[NeedShape]:
    if silent and not names:
        yield NeedShape(code="silent", severe=WARN, count=len(silent), since_ms=min(since for _, since in silent))
    for name, since_ms in silent if names else ():
        yield NeedShape(code="silent_named", severe=WARN, agent=name, count=1, since_ms=since_ms)
