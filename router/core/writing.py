"""The steps of writing that several events share: due times, room, lines, leaving. Only what `evolve` runs calls them.

They ask no rule, calendar or matcher's choice, like all that writes.
"""

from __future__ import annotations

from bisect import insort

import msgspec

from router.core.deadlines import WINDOW
from router.core.lifecycle import ACTIVE, DEFERRED, OFFERED, UNPLACED, WAITING, WRAP_UP
from router.core.matching import Class
from router.core.record import Record
from router.core.state import Abilities, Agent, Conv, Left, State


def forget_left(state: State, conv: int) -> None:
    for line in state.left.pop(conv).lines:
        if state.left_on.get(line) == conv:
            del state.left_on[line]


def set_due(state: State, conv: Conv, due_ms: int, actor: str) -> None:
    conv.due_ms, conv.actor = due_ms, actor
    state.deadlines.set_conversation(due_ms, conv.id, conv.key_ms)


def watch_window(state: State, conv: Conv) -> None:
    """Who waits in no line is told of a window that closes meanwhile by a deadline of its own."""
    if conv.state == DEFERRED and conv.hasten_ms:
        state.deadlines.set(conv.window_ms, WINDOW, conv.id)


def take_room(state: State, agent: Agent, conv: Conv, *, renew: bool) -> None:
    """A conversation takes room at an agent. `renew`: it is work begun, so the idle time begins anew."""
    if conv.id in agent.work:
        if renew:
            state.matching.renew(agent, state.next_idle)
            state.next_idle += 1
        return
    state.matching.leave_room(agent)
    load = conv.cls.load
    agent.work[conv.id] = load
    agent.used += load
    weigh(state, agent, conv, load)
    if renew:
        agent.idle = state.next_idle
        state.next_idle += 1
    state.matching.enter_room(agent)


def give_room(state: State, agent_id: int, conv: Conv, *, renew: bool) -> None:
    agent = state.agents.get(agent_id)
    if agent is None or conv.id not in agent.work:
        return
    state.matching.leave_room(agent)
    load = agent.work.pop(conv.id)
    agent.used -= load
    weigh(state, agent, conv, -load)
    if renew:
        agent.idle = state.next_idle
        state.next_idle += 1
    state.matching.enter_room(agent)


def weigh(state: State, agent: Agent, conv: Conv, load: int) -> None:
    """What an agent has begun or ended may give way to other work, and may be as much of its channel as they take."""
    if agent.limits:
        fit(state, agent)
    elif len(state.matching.kinds) > 1:
        channel = conv.cls.channel
        for kind in state.matching.kinds:
            if channel in kind.gives_way:
                agent.eased[kind.number] += load


def fit(state: State, agent: Agent) -> None:
    """Bring an agent in step with all they have in hand: what gives way, and which channels are at their limit.

    They must have left their room. What they have may be anywhere, so this is for few agents and rare changes.
    """
    matching, counts = state.matching, dict[str, int]()
    eased = [0] * len(matching.kinds)
    for conv_id, load in agent.work.items():
        conv = state.convs.peek(conv_id)
        if conv is None:
            continue
        channel = conv.cls.channel
        counts[channel] = counts.get(channel, 0) + 1
        for kind in matching.kinds:
            if channel in kind.gives_way:
                eased[kind.number] += load
    reached = [channel for channel, most in agent.limits.items() if counts.get(channel, 0) >= most]
    agent.eased, agent.full = eased, matching.limits.number(frozenset(reached)) if reached else 0


def unplace(state: State, at: int, conv: Conv) -> None:
    """Take a conversation from wherever it is: line, offer, hold, owner."""
    before, conv.state, conv.since_ms = conv.state, UNPLACED, at
    if before == UNPLACED and not conv.outside:  # all that is undone here was undone when it came to be so
        return
    if before == WAITING:  # who waits is nowhere else, and has left behind all that was said of where they were
        state.matching.leave_line(conv)
        return
    if before == OFFERED and conv.offer:
        for agent in conv.offer.agents:
            give_room(state, agent, conv, renew=False)
    elif before in _OWNED:
        give_room(state, conv.owner, conv, renew=True)
    if conv.held_for:
        _let_go(state, conv)
    if conv.participants:
        part(state, conv)
    if conv.outside:
        dismiss(state, conv)
    _clear(conv)
    if conv.relief is not None and conv.relief.calling:
        conv.relief = msgspec.structs.replace(conv.relief, calling=False)


def _clear(conv: Conv) -> None:
    """What belonged to where it was is over. Nearly all of it never was, and to look is cheaper than to write."""
    if conv.offer is not None:
        conv.offer = None
    if conv.held_for or conv.held_why:
        conv.held_for, conv.held_why = 0, ""
    if conv.on_hold or conv.nudged:
        conv.on_hold = conv.nudged = False
    if conv.ending is not None:
        conv.ending = None
    if conv.owed_ms or conv.escalated or conv.leg_lost_ms:
        conv.owed_ms, conv.escalated, conv.leg_lost_ms = 0, False, 0


def dismiss(state: State, conv: Conv) -> None:
    """No outside party is called or takes part any more; it is said at the end of the decision."""
    if conv.outside is not None:
        state.dismissed.append((conv.id, conv.outside.contact, conv.outside.handed))
    conv.outside = None


def part(state: State, conv: Conv) -> None:
    """Nobody takes part any more; those who did are told so at the end of the decision."""
    for agent in conv.participants or ():
        part_with(state, conv, agent)
        state.parted.append((conv.id, agent))
    conv.participants = None


def part_with(state: State, conv: Conv, agent_id: int) -> None:
    """An agent takes part no longer; the room it took is free again."""
    agent = state.agents.get(agent_id)
    if agent is not None:
        agent.parts.discard(conv.id)
    give_room(state, agent_id, conv, renew=False)


_OWNED = frozenset({ACTIVE, WRAP_UP})


def hold(state: State, conv: Conv, agent_id: int) -> None:
    """Keep a conversation for one agent, who need not be signed in."""
    conv.held_for = agent_id
    agent = state.agents.get(agent_id)
    held = agent.held if agent else state.kept.setdefault(agent_id, {})
    held[conv.id] = conv.load


def _let_go(state: State, conv: Conv) -> None:
    agent = state.agents.get(conv.held_for)
    if agent:
        agent.held.pop(conv.id, None)
    kept = state.kept.get(conv.held_for)
    if kept:
        kept.pop(conv.id, None)
        if not kept:
            del state.kept[conv.held_for]


def set_accepts(state: State, agent: Agent, accepts: bool) -> None:
    """Note whether work may be offered to an agent; they must have left their room before."""
    if agent.accepts != accepts:
        count_accepting(state, agent.abilities, 1 if accepts else -1)
    agent.accepts = accepts


def count_accepting(state: State, abilities: Abilities, by: int) -> None:
    """Keep how many accept work with these abilities."""
    count = state.accepting.get(abilities, 0) + by
    if count:
        state.accepting[abilities] = count
    else:
        state.accepting.pop(abilities, None)


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


def move_line(state: State, conv: Conv, line: int) -> None:
    """The conversation goes on over another line of its customer; both lead to it while it is open."""
    conv.more_lines = tuple(known for known in (*conv.more_lines, conv.line) if known != line)
    conv.line = line
    take_line(state, line, conv.id)


def move_class(state: State, at: int, conv: Conv, cls: Class) -> None:
    if conv.state == WAITING:
        unplace(state, at, conv)
    conv.cls = cls
