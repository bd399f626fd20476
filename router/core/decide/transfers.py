"""Handing over: to a queue, to needs within it, to an agent. Place and story are kept; back and forth has an end."""

from __future__ import annotations

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.decide.classes import Forming, class_for
from router.core.decide.handling import IN_ACTIVE, owned
from router.core.decide.owing import owed_due_ms
from router.core.decide.placing import (
    Steps,
    fill,
    give_to,
    language_of,
    place,
)
from router.core.rules import needs_of
from router.core.state import Conv, State

# Why a transfer went elsewhere than asked, or did not happen: it had gone back and forth too often.
TRANSFERS_MAX = "transfers_max"


def transfer(s: State, at: int, c: cmd.Transfer) -> Steps:
    """To a queue or an agent, place and history kept; what went back and forth too often goes up by rule."""
    conv = owned(s, c.agent, c.conv, IN_ACTIVE)
    refusal = conv if isinstance(conv, Refused) else _cannot_transfer(s, c)
    if refusal or isinstance(conv, Refused):
        yield refusal or Refused("not_yours")
        return
    times = _times(conv, c)
    spec = s.queue_spec(conv.queue)
    if times <= spec.transfers_max:
        yield from _hand_over(s, at, conv, c, times=times)
    elif spec.transfers_then and s.queue_state(spec.transfers_then).open:
        up = cmd.Transfer(id=c.id, agent=c.agent, conv=c.conv, queue=spec.transfers_then, note=c.note)
        yield from _hand_over(s, at, conv, up, times=times, why=TRANSFERS_MAX)
    else:
        if c.note:
            yield ev.Noted(conv.id, c.agent, c.note)
        due_ms = owed_due_ms(s, at, conv, owed_ms=at)
        yield ev.Escalated(conv.id, c.agent, TRANSFERS_MAX, due_ms)


def _times(conv: Conv, c: cmd.Transfer) -> int:
    """Return how often a conversation has gone back to where it came from, this time included."""
    last = conv.passed
    if last is None:
        return 0
    back = c.to_agent == last.agent if c.to_agent else (c.queue or conv.queue) == last.queue
    return last.times + 1 if back else 0


def _hand_over(s: State, at: int, conv: Conv, c: cmd.Transfer, *, times: int, why: str = "") -> Steps:
    cls = conv.cls if c.to_agent else (yield from _class_there(s, conv, c))
    rest_until_ms = 0 if c.to_agent else at + s.queue_spec(cls.queue).rest_ms
    back = s.queue_spec(conv.queue).transfer_refused if c.to_agent else ""
    yield ev.Transferred(conv.id, c.agent, cls.id, c.to_agent, c.note, rest_until_ms, times, back, why)
    if c.to_agent:
        yield from give_to(s, at, conv, agent_id=c.to_agent, why="transferred")
    else:
        yield from place(s, at, conv, why or "transferred", freed=c.agent)
    yield from fill(s, at, c.agent)


def _class_there(s: State, conv: Conv, c: cmd.Transfer) -> Forming:
    assert s.bundle is not None, "checked before"
    queue = c.queue or conv.queue
    needs = needs_of(s.bundle, queue, conv.channel, dict(c.skills), language=language_of(s, conv))
    return (yield from class_for(s, queue, conv.channel, needs, load=conv.load, priority=conv.cls.priority))


def _cannot_transfer(s: State, c: cmd.Transfer) -> Refused | None:
    to_queue = bool(c.queue or c.skills)
    if to_queue == bool(c.to_agent):
        return Refused("target_missing")
    if c.to_agent:
        return _cannot_go_to(s, c)
    queue = c.queue or s.convs[c.conv].queue
    if s.bundle is None or queue not in s.bundle.queues:
        return Refused("queue_unknown")
    if not all(name in s.bundle.skills for name, _ in c.skills):
        return Refused("skill_unknown")
    return None if s.queue_state(queue).open else Refused("queue_closed")


def _cannot_go_to(s: State, c: cmd.Transfer) -> Refused | None:
    if c.to_agent == c.agent:
        return Refused("target_self")
    target = s.agents.get(c.to_agent)
    return None if target and target.accepts else Refused("target_away")
