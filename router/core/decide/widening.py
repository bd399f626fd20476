"""The prompt that widens who may serve a waiting conversation, step by step, its place kept."""

from __future__ import annotations

from router.core import events as ev
from router.core.decide.classes import Forming, class_for
from router.core.decide.patience import prompted_ms
from router.core.decide.placing import (
    Steps,
    ask,
)
from router.core.state import Conv, State
from router.core.widening import Shape, after_step, step_ms


def _wider_class(s: State, conv: Conv) -> Forming:
    assert s.bundle is not None, "nobody waits before the first configuration"
    before = conv.cls
    shape = Shape(before.needs, before.also, before.priority)
    needs, also, priority = after_step(s.bundle, before.channel, shape, before.spec.widen[conv.step])
    return class_for(s, before.queue, before.channel, needs, load=before.load, priority=priority, also=also)


def widen(s: State, at: int, conv: Conv) -> Steps:
    """Take the next step, and ask whoever may serve it now."""
    cls = conv.cls.widened.get(conv.step)
    if cls is None:
        cls = yield from _wider_class(s, conv)
    due_ms = prompted_ms(s, at, conv, but="widen")
    next_ms = step_ms(at, conv, conv.step + 1)
    yield ev.Widened(conv.id, cls.id, conv.step + 1, min(due_ms, max(next_ms, at + 1)) if next_ms else due_ms)
    yield from ask(s, at, conv)
