"""What a customer who waits for the owner is promised: when the owner is reminded, and what comes after. It only reads.

The wait begins with the first message that nobody has answered; what is said on top of it does not begin it anew.
"""

from __future__ import annotations

from router.core.bundle import Queue, Unanswered
from router.core.decide.windows import sooner_ms
from router.core.state import Conv, State

# Where a queue says nothing, those who supervise are told after so many reminders of the owner.
REMINDERS_UNTIL_TOLD = 6

TO_QUEUE, TO_SUPERVISOR = "queue", "supervisor"


def rule_of(spec: Queue, channel: str) -> Unanswered:
    """Return a queue's rule for unanswered conversations of a channel."""
    rule = (spec.unanswered.get(channel) or spec.unanswered.get("")) if spec.unanswered else None
    after_ms = REMINDERS_UNTIL_TOLD * spec.remind_ms
    return rule or Unanswered(remind_ms=spec.remind_ms, after_ms=after_ms, then=TO_SUPERVISOR)


def begins_ms(s: State, at: int, conv: Conv) -> int:
    """Return when something happens next to a conversation that is about to be somebody's."""
    return owed_due_ms(s, at, conv, owed_ms=at)


def owed_due_ms(s: State, at: int, conv: Conv, *, owed_ms: int) -> int:
    """Return when something happens next while the customer has waited for the owner since `owed_ms`."""
    del s
    spec = conv.cls.spec
    if not spec.unanswered and not spec.next_within_ms:
        # The bound of the default rule is one of its own reminders.
        return sooner_ms(conv, at, at + spec.remind_ms)
    rule = rule_of(spec, conv.channel)
    target_ms = owed_ms + spec.next_within_ms.get(conv.channel, 0)
    bound_ms = owed_ms + rule.after_ms * max((at - owed_ms) // rule.after_ms + 1, 1)
    due_ms = min(each for each in (at + rule.remind_ms, target_ms, bound_ms) if each > at)
    return sooner_ms(conv, at, due_ms)


def is_bound(rule: Unanswered, conv: Conv, at: int) -> bool:
    """Return whether a due time is that of the rule's `then`: the first after its time, and each such time again."""
    waited_ms = at - conv.owed_ms
    if waited_ms < rule.after_ms:
        return False
    return not conv.escalated or (conv.due_ms - conv.owed_ms) % rule.after_ms == 0
