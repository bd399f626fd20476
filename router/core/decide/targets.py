"""Targets as times: until when a queue promises an answer, in opening time or by the clock. Nothing acts on them."""

from __future__ import annotations

from router.core.bundle import Queue
from router.core.calendar import add_business_ms
from router.core.state import Conv, State

BUSINESS = "business"


def answer_by_ms(s: State, at: int, conv: Conv) -> int:
    """Return until when a leg that begins now is to be answered; 0 for no target, or when the leg stands already.

    What its customer still waits for with their first message counts from that; any other leg from its own beginning.
    """
    if conv.leg_ms:
        return 0
    spec = conv.cls.spec
    within_ms = spec.answer_within_ms.get(conv.cls.channel) if spec.answer_within_ms else 0
    if not within_ms:
        return 0
    first = conv.rule and not conv.answered
    return _after(s, spec, conv.opened_ms if first else at, within_ms)


def reply_by_ms(s: State, conv: Conv, arrived_ms: int) -> int:
    """Return until when a message in a running conversation is to be answered; 0 for no target, or an earlier one."""
    spec = s.queue_spec(conv.queue)
    within_ms = spec.next_within_ms.get(conv.channel) if spec.next_within_ms else 0
    if not within_ms or conv.reply_by_ms:
        return 0
    return _after(s, spec, arrived_ms, within_ms)


def _after(s: State, spec: Queue, from_ms: int, within_ms: int) -> int:
    calendar = s.bundle.calendars.get(spec.hours) if s.bundle and spec.clock == BUSINESS else None
    if calendar is None:
        return from_ms + within_ms
    return add_business_ms(calendar, from_ms, within_ms)
