"""What a waiting conversation asks of an agent after each step of widening, and when the next one is. It only reads.

A step lowers levels or drops skills, lets agents of other queues in, raises the priority.
"""

from __future__ import annotations

from typing import NamedTuple

from router.core.bundle import Bundle, Queue, Widening
from router.core.rules import needs_of
from router.core.state import Conv, State
from router.core.waiting import Needs

# A step that names a language names whichever the conversation is in.
LANGUAGE = "language:"


class Shape(NamedTuple):
    """What makes the class of a conversation within its queue: what it needs, what else will do, its priority."""

    needs: Needs
    also: tuple[Needs, ...] = ()
    priority: int = 0


def next_step_ms(s: State, at: int, conv: Conv) -> int:
    """Return when the next step is due; at once where nobody who works now could ever serve the conversation."""
    del s
    return step_ms(at, conv, conv.step)


def step_ms(at: int, conv: Conv, step: int) -> int:
    """Return when so many steps are followed by another; 0 when there is no other."""
    steps = conv.cls.spec.widen
    if step >= len(steps):
        return 0
    if not conv.cls.profiles:
        return at
    return (conv.leg_ms or at) + steps[step].after_ms


def after_step(bundle: Bundle, channel: str, shape: Shape, step: Widening) -> Shape:
    """Return what is asked for after one more step."""
    needs, also = shape.needs, list(shape.also)
    for name, level in step.needs:
        needs = tuple(each for need in needs if (each := _lowered(need, name, level)) is not None)
    for queue in step.queues:
        if queue in bundle.queues and (other := needs_of(bundle, queue, channel)) not in (needs, *also):
            also.append(other)
    return Shape(needs, tuple(sorted(also)), shape.priority + step.priority)


def _lowered(need: tuple[str, int], name: str, level: int) -> tuple[str, int] | None:
    same = need[0].startswith(LANGUAGE) if name == LANGUAGE else need[0] == name
    if not same:
        return need
    return (need[0], min(need[1], level)) if level else None


def after_steps(bundle: Bundle, spec: Queue, channel: str, *, shape: Shape, steps: int) -> Shape:
    """Return what is asked for after so many steps, of as many as the queue has."""
    for step in spec.widen[:steps]:
        shape = after_step(bundle, channel, shape, step)
    return shape
