"""What happens to a conversation while it waits, and when: one table of prompts. What they do lives elsewhere.

A prompt says when it next has something to do for a conversation in line, 0 for never; it reads and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from router.core import events as ev
from router.core.bundle import HOUR_MS
from router.core.decide.overflow import overflow_due_ms
from router.core.decide.targets import answer_by_ms
from router.core.decide.teams import team_until_ms
from router.core.decide.windows import closed_ms, closing_ms
from router.core.state import Conv, State
from router.core.widening import next_step_ms

# Nobody is forgotten: after so long in line a conversation is said aloud, and again after each such time.
WAITING_BOUND_MS = HOUR_MS

# Name -> when. An earlier one goes first where two fall due together; what they do is in upkeep's table of that name.
PROMPTS: dict[str, Callable[[State, int, Conv], int]] = {
    "window_closed": closed_ms,
    "window": closing_ms,
    "team": team_until_ms,
    "widen": next_step_ms,
    "overflow": overflow_due_ms,
}


def prompted_ms(s: State, at: int, conv: Conv, *, but: str = "") -> int:
    """Return when the next thing happens to a conversation that waits or is about to, `but` one; later than `at`."""
    due_ms = at + WAITING_BOUND_MS
    for name in PROMPTS if conv.hasten_ms else conv.cls.prompts:
        next_ms = 0 if name == but else PROMPTS[name](s, at, conv)
        if next_ms and next_ms < due_ms:
            due_ms = next_ms if next_ms > at else at + 1
    return due_ms


def queued(s: State, at: int, conv: Conv, why: str) -> ev.Event:
    """Return that a conversation waits from now on, with its next prompt and, where a leg begins, its target."""
    return ev.Queued(conv.id, prompted_ms(s, at, conv), why, answer_by_ms(s, at, conv))


def prompt(s: State, at: int, conv: Conv) -> str:
    """Return the name of what is to be done for a waiting conversation now; empty when only its bound is reached."""
    for name in PROMPTS if conv.hasten_ms else conv.cls.prompts:
        if 0 < PROMPTS[name](s, at, conv) <= at:
            return name
    return ""
