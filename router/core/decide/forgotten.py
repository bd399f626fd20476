"""What becomes of a conversation that stands still at its owner: said aloud, given back, taken upstairs."""

from __future__ import annotations

from router.core import events as ev
from router.core.decide.handling import wind_up
from router.core.decide.hastening import window_closed
from router.core.decide.owing import TO_QUEUE, is_bound, owed_due_ms, rule_of
from router.core.decide.placing import Steps, fill, place
from router.core.decide.rounds import rest_of
from router.core.decide.silence import customer_silent
from router.core.decide.windows import WINDOW_CLOSED, stage
from router.core.state import Conv, State


def stands_still(s: State, at: int, conv: Conv) -> Steps:
    """The time of an active conversation has come; who keeps it waiting decides what happens."""
    window = stage(conv, at)
    if window == WINDOW_CLOSED:
        yield window_closed(s, conv)
    if conv.actor != "agent":
        yield from customer_silent(s, at, conv)
    elif conv.owed_ms:
        yield from _unanswered(s, at, conv, window)
    elif conv.gone and conv.live:
        # All was answered and nobody is on the line any more: what is left is wrap-up, which has its own bound.
        yield from wind_up(s, at, conv, disposition="", why="customer_left")
    else:
        yield _reminded(s, at, conv, why="agent_silent")


def _reminded(s: State, at: int, conv: Conv, *, why: str) -> ev.Event:
    return ev.Reminded(conv.id, conv.actor, why, at + s.queue_spec(conv.queue).remind_ms)


def _unanswered(s: State, at: int, conv: Conv, window: str) -> Steps:
    """The customer waits for the owner: a reminder, and when the rule's time is up, what the rule says."""
    spec = s.queue_spec(conv.queue)
    rule = rule_of(spec, conv.channel)
    if not is_bound(rule, conv, at):
        target_ms = spec.next_within_ms.get(conv.channel, 0)
        late = target_ms and conv.due_ms == conv.owed_ms + target_ms
        why = window or ("reply_late" if late else "agent_silent")
        yield ev.Reminded(conv.id, "agent", why, owed_due_ms(s, at, conv, owed_ms=conv.owed_ms))
    elif rule.then == TO_QUEUE:
        yield from take_back(s, at, conv, why="unanswered")
    else:
        due_ms = owed_due_ms(s, at, conv, owed_ms=conv.owed_ms)
        yield ev.Escalated(conv.id, conv.owner, "unanswered", due_ms)


def take_back(s: State, at: int, conv: Conv, *, why: str) -> Steps:
    """Back to its queue, at its old place; it rests from who had it."""
    owner = conv.owner
    until_ms, _ = rest_of(s, at, conv, agent=owner)
    yield ev.TakenBack(conv.id, owner, why, until_ms)
    yield from place(s, at, conv, why, freed=owner)
    yield from fill(s, at, owner)
