"""What supervisors order: assign, move, reprioritise, take over, withdraw, end, recall. Who and why is written first.

Whether somebody may order is the caller's to check: the core knows no roles.
"""

from __future__ import annotations

from collections.abc import Generator

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import LookAgain, Refused
from router.core.decide.classes import class_for
from router.core.decide.outside import is_handed
from router.core.decide.owing import begins_ms
from router.core.decide.placing import (
    Steps,
    back_in_line,
    back_to_owner,
    bring_back,
    drop_facts,
    fill,
    language_of,
    outdated,
    place,
    record_of,
)
from router.core.decide.rounds import withdraw_round
from router.core.lifecycle import ACTIVE, DEFERRED, HELD, OFFERED, WAITING, WRAP_UP
from router.core.matching import Class
from router.core.rules import needs_of
from router.core.state import Agent, Conv, State

Order = cmd.Assign | cmd.Move | cmd.Reprioritise | cmd.TakeOver | cmd.WithdrawOffer | cmd.End

# Where a conversation stands that nobody has accepted.
_NOBODYS = (WAITING, HELD, OFFERED, DEFERRED)


def _ordered(s: State, c: Order) -> Conv | Refused:
    """Return the conversation that an order is about, if it can be ordered about at all."""
    conv = s.convs.get(c.conv)
    if conv is None:
        return Refused("conversation_unknown")
    if not c.reason:
        return Refused("reason_missing")
    return Refused("in_wrap_up") if conv.state == WRAP_UP else conv


def assign(s: State, at: int, c: cmd.Assign) -> Steps:
    """To a named agent as theirs, from wherever it is; without room only by force, which has its name."""
    conv = _ordered(s, c)
    agent = s.agents.get(c.to_agent)
    refusal = conv if isinstance(conv, Refused) else _cannot_take(s, conv, agent, forced=c.forced)
    if refusal or isinstance(conv, Refused) or agent is None:
        yield refusal or Refused("target_away")
        return
    why = "supervisor" if _room_for(s, agent, conv) else "supervisor_forced"
    yield ev.Ordered(conv.id, c.by, "assign", c.reason, agent=agent.id)
    yield from _give(s, at, conv, agent=agent.id, why=why)


def _room_for(s: State, agent: Agent, conv: Conv) -> bool:
    """Return whether an agent has room, what rings at them of it already counted once."""
    return s.matching.free_for(agent, conv.cls) + agent.work.get(conv.id, 0) >= conv.load


def _cannot_take(s: State, conv: Conv, agent: Agent | None, *, forced: bool) -> Refused | None:
    if agent is None or not agent.available:
        return Refused("target_away")
    if conv.owner == agent.id and conv.state == ACTIVE:
        return Refused("target_owns")
    return None if forced or _room_for(s, agent, conv) else Refused("target_full")


def take_over(s: State, at: int, c: cmd.TakeOver) -> Steps:
    """The supervisor becomes the owner: their own deed, so neither presence nor room is asked."""
    conv = _ordered(s, c)
    if isinstance(conv, Refused):
        yield conv
    elif c.by not in s.agents:
        yield Refused("agent_unknown")
    elif conv.owner == c.by and conv.state == ACTIVE:
        yield Refused("target_self")
    else:
        yield ev.Ordered(conv.id, c.by, "take_over", c.reason, agent=c.by)
        yield from _give(s, at, conv, agent=c.by, why="taken_over")


def _give(s: State, at: int, conv: Conv, *, agent: int, why: str) -> Steps:
    freed = yield from _take_away(conv, conv.cls, to_agent=agent)
    yield ev.Assigned(conv.id, agent, why, begins_ms(s, at, conv))
    for each in freed:
        if each != agent:
            yield from fill(s, at, each)


def _take_away(
    conv: Conv, cls: Class, *, to_agent: int = 0, rest_until_ms: int = 0
) -> Generator[ev.Event, None, tuple[int, ...]]:
    """Take a conversation from whom it rings at or who owns it; return those agents, who have room now."""
    if conv.offer is not None:
        return (yield from withdraw_round(conv, "supervisor"))
    if conv.state == ACTIVE:
        owner = conv.owner
        yield ev.Transferred(conv.id, owner, cls.id, to_agent, 0, rest_until_ms)
        return (owner,)
    return ()


def move(s: State, at: int, c: cmd.Move) -> Steps:
    """To another queue, at its old place; whoever had it rests from it."""
    conv = _ordered(s, c)
    refusal = conv if isinstance(conv, Refused) else _cannot_move(s, conv, c)
    if refusal or isinstance(conv, Refused):
        yield refusal or Refused("queue_unknown")
        return
    assert s.bundle is not None, "checked before"
    needs = needs_of(s.bundle, c.queue, conv.channel, dict(c.skills), language=language_of(s, conv))
    cls = yield from class_for(s, c.queue, conv.channel, needs, load=conv.load, priority=conv.cls.priority)
    yield ev.Ordered(conv.id, c.by, "move", c.reason, queue=c.queue)
    owned = conv.state == ACTIVE
    rest_until_ms = at + s.queue_spec(c.queue).rest_ms
    freed = yield from _take_away(conv, cls, rest_until_ms=rest_until_ms)
    if not owned:
        yield ev.Routed(conv.id, cls.id, "", conv.key_ms)
    yield from back_in_line(s, at, [conv.id], "moved_by_supervisor", freed=freed)


def _cannot_move(s: State, conv: Conv, c: cmd.Move) -> Refused | None:
    if s.bundle is None or c.queue not in s.bundle.queues:
        return Refused("queue_unknown")
    if not all(name in s.bundle.skills for name, _ in c.skills):
        return Refused("skill_unknown")
    if not s.queue_state(c.queue).open:
        return Refused("queue_closed")
    stays = conv.queue == c.queue and conv.state != ACTIVE and not c.skills
    return Refused("already_there") if stays else None


def reprioritise(s: State, at: int, c: cmd.Reprioritise) -> Steps:
    """Another priority, the same place among its like."""
    conv = _ordered(s, c)
    if isinstance(conv, Refused):
        yield conv
        return
    was, cls = conv.state, conv.cls
    new = yield from class_for(s, cls.queue, cls.channel, cls.needs, load=cls.load, priority=c.priority, also=cls.also)
    yield ev.Ordered(conv.id, c.by, "reprioritise", c.reason, number=c.priority)
    if new is cls:
        return
    yield ev.Reprioritised(conv.id, new.id)
    if was == WAITING:
        yield from place(s, at, conv, "reprioritised")


def withdraw_offer(s: State, at: int, c: cmd.WithdrawOffer) -> Steps:
    """Stop the ringing: back to its old place, and a rest from who was asked."""
    conv = _ordered(s, c)
    if isinstance(conv, Refused):
        yield conv
        return
    asked = conv.offer
    if conv.state != OFFERED or asked is None:
        yield Refused("not_offered")
        return
    yield ev.Ordered(conv.id, c.by, "withdraw", c.reason, agent=asked.agent)
    freed = yield from withdraw_round(conv, "supervisor")
    for agent in freed:
        yield ev.Rested(conv.id, agent, at + s.queue_spec(conv.queue).rest_ms, "withdrawn")
    yield from back_in_line(s, at, [conv.id], "withdrawn", freed=freed)


def end(s: State, at: int, c: cmd.End) -> Steps:
    """Close what nobody has; what somebody has, they end themselves, or who takes it over does."""
    conv = _ordered(s, c)
    if isinstance(conv, Refused):
        yield conv
        return
    if conv.state not in _NOBODYS or is_handed(conv):
        yield Refused("not_waiting")
        return
    yield ev.Ordered(conv.id, c.by, "end", c.reason)
    freed: tuple[int, ...] = ()
    if conv.offer is not None:
        freed = yield from withdraw_round(conv, "supervisor")
    yield ev.Closed(conv.id, 0, "", "supervisor", record_of(s, conv, at, state="closed"))
    for agent in freed:
        yield from fill(s, at, agent)


def recall(s: State, at: int, c: cmd.Recall) -> Steps:
    """Bring a parked conversation back now: to its owner, or to its queue at its old place."""
    if s.bundle is None or not c.reason:
        yield Refused("reason_missing" if s.bundle else "not_configured")
        return
    if c.record.conv in s.convs or c.record.state != "parked":
        yield Refused("not_parked")
        return
    if outdated(s, c.record):
        yield LookAgain()
        return
    yield from drop_facts(s)
    conv = yield from bring_back(s, c.record, "recalled")
    yield ev.Ordered(conv.id, c.by, "recall", c.reason, agent=0 if c.to_queue else conv.owner)
    if c.to_queue:
        yield from place(s, at, conv, "recalled")
    else:
        yield from back_to_owner(s, at, conv, "recalled")
