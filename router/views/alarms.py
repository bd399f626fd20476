"""What goes wrong before a customer says so: queues that nobody serves, letters and effects that stand. Reads only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from router.core.bundle import MINUTE_MS, SECOND_MS
from router.core.state import State
from router.views.board import serves

# A queue that has just opened may wait a minute for its people.
UNSTAFFED_AFTER_MS = MINUTE_MS
# A letter is decided in milliseconds and submitted again after two seconds: ten are five times that.
LETTERBOX_AGE_MS = 10 * SECOND_MS
# An effect is tried again after seconds; one that has waited so long holds a lane that a customer listens to.
OUTBOX_AGE_MS = MINUTE_MS

QUEUE_UNSTAFFED, LETTERBOX_AGES, OUTBOX_STANDS = "queue_unstaffed", "letterbox_ages", "outbox_stands"
# Every alarm there is, with the sentence people read.
ALARMS: Mapping[str, str] = {
    QUEUE_UNSTAFFED: "A queue is open and nobody who can serve it is signed in.",
    LETTERBOX_AGES: "Accepted messages wait longer for a decision than they should.",
    OUTBOX_STANDS: "Something that is to leave has waited longer than it should.",
}


class Alarm(NamedTuple):
    """One thing that is wrong now. `since_ms`: when it began, the opening of the queue or the oldest row."""

    name: str
    subject: str
    since_ms: int
    waiting: int


def unstaffed(state: State, at: int) -> list[Alarm]:
    """Return the queues that have been open for a while with nobody signed in who can serve them, on any channel."""
    bundle = state.bundle
    if bundle is None:
        return []
    present = {agent.abilities for agent in state.agents.values()}
    return [
        Alarm(QUEUE_UNSTAFFED, name, queue.opened_ms, state.matching.queued.get(name, 0))
        for name, queue in sorted(state.queues.items())
        if queue.open
        and at - queue.opened_ms >= UNSTAFFED_AFTER_MS
        and not any(serves(bundle, name, abilities) for abilities in present)
    ]


def standing(name: str, waiting: int, oldest_ms: int, *, at: int, after_ms: int) -> list[Alarm]:
    """Return the alarm of a store's rows whose oldest has waited too long, or nothing."""
    return [Alarm(name, "", oldest_ms, waiting)] if oldest_ms and at - oldest_ms >= after_ms else []


def alarms(state: State, at: int, *, letters: tuple[int, int], effects: tuple[int, int]) -> list[Alarm]:
    """Return what is wrong now. `letters` and `effects`: how many wait, and since when the oldest does, 0 for none."""
    return [
        *unstaffed(state, at),
        *standing(LETTERBOX_AGES, *letters, at=at, after_ms=LETTERBOX_AGE_MS),
        *standing(OUTBOX_STANDS, *effects, at=at, after_ms=OUTBOX_AGE_MS),
    ]
