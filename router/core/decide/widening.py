"""The prompt that widens who may serve a waiting conversation, step by step, its place kept."""

from __future__ import annotations

from router.core import events as ev
from router.core.decide.classes import class_for
from router.core.decide.patience import prompted_ms
from router.core.decide.placing import (
    Steps,
    ask,
)
from router.core.state import Conv, State
from router.core.widening import Shape, after_step, step_ms


def widen(s: State, at: int, conv: Conv) -> Steps:
    """Take the next step, and ask whoever may serve it now."""
    assert s.bundle is not None, "nobody waits before the first configuration"
    step = s.queue_spec(conv.queue).widen[conv.step]
    shape = Shape(conv.cls.needs, conv.cls.also, conv.cls.priority)
    needs, also, priority = after_step(s.bundle, conv.channel, shape, step)
    cls = yield from class_for(s, conv.queue, conv.channel, needs, load=conv.load, priority=priority, also=also)
    due_ms = prompted_ms(s, at, conv, but="widen")
    next_ms = step_ms(s, at, conv, conv.step + 1)
    yield ev.Widened(conv.id, cls.id, conv.step + 1, min(due_ms, max(next_ms, at + 1)) if next_ms else due_ms)
    yield from ask(s, at, conv)
