"""Customers who fall silent while an agent waits for them: a reminder, then the end, as their queue says by channel."""

from __future__ import annotations

from router.core import events as ev
from router.core.decide.placing import Steps, fill, record_of
from router.core.state import Conv, State

# The name under which a customer who says nothing is reminded and, where a queue says so, left alone.
SILENT = "customer_silent"


def answer_due_ms(s: State, at: int, conv: Conv) -> int:
    """Return when a customer who has just been answered is silent."""
    spec = s.queue_spec(conv.queue)
    silence = spec.silent.get(conv.channel) if spec.silent else None
    return at + (silence.remind_ms if silence else spec.remind_ms)


def customer_silent(s: State, at: int, conv: Conv) -> Steps:
    """Nothing has been heard for long: said aloud; where the queue says so told, and left alone the next time."""
    spec = s.queue_spec(conv.queue)
    silence = spec.silent.get(conv.channel) if spec.silent and not conv.on_hold else None
    if silence is None:
        yield ev.Reminded(conv.id, conv.actor, SILENT, at + spec.remind_ms)
        return
    if conv.nudged:
        owner = conv.owner
        yield ev.Closed(conv.id, owner, "", SILENT, record_of(s, conv, at, state="closed"))
        yield from fill(s, at, owner)
        return
    yield ev.Reminded(conv.id, conv.actor, SILENT, at + silence.close_ms - silence.remind_ms)
    if silence.notice and not conv.no_notice:
        yield ev.Announced(conv.id, conv.line, silence.notice, conv.queue, 0)
