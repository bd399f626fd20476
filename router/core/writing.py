"""The steps of writing that several events share: due times, room, lines, leaving. Only what `evolve` runs calls them.

They ask no rule, calendar or matcher's choice, like all that writes.
"""

from __future__ import annotations

from bisect import insort

from router.core.lifecycle import ACTIVE, OFFERED, UNPLACED, WAITING, WRAP_UP
from router.core.matching import Class
from router.core.record import Record
from router.core.state import Agent, Conv, Left, State


def forget_left(state: State, conv: int) -> None:
    for line in state.left.pop(conv).lines:
        if state.left_on.get(line) == conv:
            del state.left_on[line]


def set_due(state: State, conv: Conv, due_ms: int, actor: str) -> None:
    conv.due_ms, conv.actor = due_ms, actor
    state.deadlines.set_conversation(due_ms, conv.id, conv.key_ms)


def take_room(state: State, agent: Agent, conv: Conv, *, renew: bool) -> None:
    """A conversation takes room at an agent. `renew`: it is work begun, so the idle time begins anew."""
    state.matching.leave_room(agent)
    if conv.id not in agent.work:
        agent.work[conv.id] = conv.load
        agent.used += conv.load
    if renew:
        agent.idle = state.next_idle
        state.next_idle += 1
    state.matching.enter_room(agent)


def give_room(state: State, agent_id: int, conv: Conv, *, renew: bool) -> None:
    agent = state.agents.get(agent_id)
    if agent is None or conv.id not in agent.work:
        return
    state.matching.leave_room(agent)
    agent.used -= agent.work.pop(conv.id)
    if renew:
        agent.idle = state.next_idle
        state.next_idle += 1
    state.matching.enter_room(agent)


def unplace(state: State, at: int, conv: Conv) -> None:
    """Take a conversation from wherever it is: line, offer, hold, owner."""
    before, conv.state, conv.since_ms = conv.state, UNPLACED, at
    if before == WAITING:
        state.matching.leave_line(conv)
    elif before == OFFERED and conv.offer:
        give_room(state, conv.offer.agent, conv, renew=False)
    elif before in _OWNED:
        give_room(state, conv.owner, conv, renew=True)
    if conv.held_for:
        holder = state.agents.get(conv.held_for)
        if holder:
            holder.held.pop(conv.id, None)
    conv.offer, conv.held_for, conv.on_hold = None, 0, False


_OWNED = frozenset({ACTIVE, WRAP_UP})


def leave_core(state: State, at: int, conv: Conv, record: Record) -> None:
    unplace(state, at, conv)
    del state.convs[conv.id]
    state.facts.give_back(conv.facts)
    lines = (conv.line, *conv.more_lines)
    if conv.id in state.left:
        forget_left(state, conv.id)
    for line in lines:
        _free_line(state, line, conv.id)
        state.left_on[line] = conv.id
    state.left[conv.id] = Left(record.version, at, state.position, lines)


def take_line(state: State, line: int, conv: int) -> None:
    """Messages of a line join the conversation that had it first; the others come after it, by id."""
    if state.lines.setdefault(line, conv) != conv:
        others = state.next_on_line.setdefault(line, [])
        if conv not in others:
            insort(others, conv)


def _free_line(state: State, line: int, conv: int) -> None:
    others = state.next_on_line.get(line)
    if others is None:
        if state.lines.get(line) == conv:
            del state.lines[line]
        return
    if state.lines[line] == conv:
        state.lines[line] = others.pop(0)
    else:
        others.remove(conv)
    if not others:
        del state.next_on_line[line]


def move_class(state: State, at: int, conv: Conv, cls: Class) -> None:
    if conv.state == WAITING:
        unplace(state, at, conv)
    conv.cls = cls
