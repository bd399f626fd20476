"""What must be true of a floor, by scans over people and abilities: no class, mask or heap is believed."""

from __future__ import annotations

from collections.abc import Iterator

from router.core import events as ev
from router.core.deadlines import BUCKET_MS, CONVERSATION
from router.core.lifecycle import ACTIVE, DEFERRED, HELD, OFFERED, WAITING, WRAP_UP
from router.core.state import Agent, Conv, State

OPEN_STATES = {WAITING, HELD, OFFERED, ACTIVE, WRAP_UP, DEFERRED}
ACTORS = {"queue", "agent", "customer", "provider", "clock"}


def place(conv: Conv) -> tuple[int, int]:
    return conv.key_ms, conv.id


def is_able(agent: Agent, conv: Conv) -> bool:
    levels = dict(agent.abilities)
    return all(levels.get(name, -1) >= level for name, level in conv.cls.needs)


def serves(state: State, conv: Conv) -> bool:
    queue = state.queues.get(conv.queue)
    return queue is not None and (queue.open or queue.serve_until_ms > 0)


def could_take(state: State, agent: Agent, conv: Conv) -> bool:
    """Whether nothing speaks against it: presence, desk, room, ability, rest, hours."""
    there = agent.accepts and agent.grace_until_ms == 0
    fits = agent.capacity - sum(agent.work.values()) >= conv.load
    rests = agent.id in (conv.resting or {})
    return there and fits and not rests and is_able(agent, conv) and serves(state, conv)


def waiting(state: State) -> list[Conv]:
    return sorted((conv for conv in state.convs.values() if conv.state == WAITING), key=place)


def check_offer(state: State, event: ev.Offered) -> None:
    """Hold an offer against a scan of the state just before it."""
    conv, agent = state.convs[event.conv], state.agents[event.agent]
    assert agent.accepts, "an offer to somebody away"
    assert agent.grace_until_ms == 0, "an offer to a lost desk"
    assert agent.capacity - sum(agent.work.values()) >= conv.load, "an offer over capacity"
    if event.why == ("named_agent",):
        return
    assert could_take(state, agent, conv), "an offer that something speaks against"
    if event.why == ("longest_idle",):
        able = [each for each in state.agents.values() if could_take(state, each, conv)]
        assert min(able, key=lambda each: (each.idle, each.id)) is agent, "somebody was idle longer"
        like = [each for each in waiting(state) if each.cls is conv.cls and could_take(state, agent, each)]
        assert like[0].id == conv.id, "a like conversation was there before"
    else:
        assert event.why == ("next_in_line",)
        takeable = [each for each in waiting(state) if could_take(state, agent, each)]
        assert takeable[0].id == conv.id, "somebody eligible was there before"


def check_settled(state: State) -> None:
    """What holds after every command."""
    check_people(state)
    check_conversations(state)
    check_nobody_waits_in_vain(state)
    check_indexes(state)


def check_people(state: State) -> None:
    for agent in state.agents.values():
        work = {
            conv.id: conv.load
            for conv in state.convs.values()
            if (conv.state in {ACTIVE, WRAP_UP} and conv.owner == agent.id)
            or (conv.state == OFFERED and conv.offer is not None and conv.offer.agent == agent.id)
        }
        assert agent.work == work
        assert agent.used == sum(work.values())
        held = {c.id: c.load for c in state.convs.values() if c.state == HELD and c.held_for == agent.id}
        assert agent.held == held


def check_conversations(state: State) -> None:
    for conv in state.convs.values():
        assert conv.state in OPEN_STATES
        assert conv.due_ms > 0, "forgotten: no time at which something happens"
        assert conv.actor in ACTORS
        assert (conv.offer is not None) == (conv.state == OFFERED)
        assert (conv.held_for != 0) == (conv.state == HELD)
        if conv.state in {ACTIVE, WRAP_UP}:
            assert conv.owner in state.agents, "owned by somebody who is gone"
        elif conv.state != HELD:
            assert conv.owner == 0, "nobody owns what is asked for or waits"
        if conv.offer is not None:
            assert state.agents[conv.offer.agent].accepts, "an offer to somebody away"
        for line in (conv.line, *conv.more_lines):
            assert line in state.lines, "a message of this line would open another conversation"
    for line, holder in state.lines.items():
        assert line in (state.convs[holder].line, *state.convs[holder].more_lines)


def check_nobody_waits_in_vain(state: State) -> None:
    for conv in waiting(state):
        takers = [agent.id for agent in state.agents.values() if could_take(state, agent, conv)]
        assert not takers, f"conversation {conv.id} waits although {takers} could take it"
    for conv in state.convs.values():
        holder = state.agents.get(conv.held_for)
        if conv.state == HELD and holder is not None and holder.available:
            assert holder.free < conv.load, "held for somebody who has room"


def check_indexes(state: State) -> None:
    """The matcher's indexes against full scans."""
    matching = state.matching
    for cls in matching.classes:
        line = [conv for conv in waiting(state) if conv.cls is cls]
        assert [conv.id for conv in matching.in_line(cls)] == [conv.id for conv in line]
        assert cls.waiting == len(line)
        assert cls.head == (place(line[0]) if line else None)
        assert bool(matching.waiting >> cls.id & 1) == bool(line)
        queue = state.queues.get(cls.queue)
        served = queue is not None and (queue.open or queue.serve_until_ms > 0)
        assert bool(matching.shut >> cls.id & 1) == (not served)
    heads = [(*place, cls.id) for *place, cls in matching.heads.among(-1)]
    assert heads == sorted((*cls.head, cls.id) for cls in matching.classes if cls.head)
    _check_profiles(state)
    exact, buckets = set(state.deadlines.heap), state.deadlines.buckets
    for due in state.standing():
        later = due[1] == CONVERSATION and due[3] in buckets.get(due[0] // BUCKET_MS, ())
        assert later or due in exact, "a deadline that nobody will notice"


def _check_profiles(state: State) -> None:
    matching = state.matching
    roomy = [agent for agent in state.agents.values() if agent.available and agent.free > 0]
    for profile in matching.profiles:
        levels = dict(profile.abilities)
        able = [cls.id for cls in matching.classes if all(levels.get(name, -1) >= level for name, level in cls.needs)]
        assert profile.classes == sum(1 << cls for cls in able)
        assert all(matching.eligible_profiles(matching.classes[cls]) >> profile.id & 1 for cls in able)
        rooms: dict[int, list[tuple[int, int]]] = {}
        for agent in sorted(roomy, key=lambda each: (each.idle, each.id)):
            if agent.profile is profile:
                rooms.setdefault(agent.free, []).append((agent.idle, agent.id))
        assert profile.rooms == rooms
    free_profiles: dict[int, int] = {}
    for agent in roomy:
        free_profiles[agent.free] = free_profiles.get(agent.free, 0) | 1 << agent.profile.id
    assert matching.room_mask == free_profiles


def overdue(state: State, at: int) -> Iterator[str]:
    """Yield what has outlived its deadline; after the time has been worked off there is nothing."""
    for conv in state.convs.values():
        if conv.due_ms <= at:
            yield f"conversation {conv.id} is {conv.state} past its time"
        if conv.offer is not None and conv.offer.until_ms <= at:
            yield f"offer {conv.offer.id} rings past its time"
        for agent, until_ms in (conv.resting or {}).items():
            if until_ms <= at:
                yield f"conversation {conv.id} rests from {agent} past its time"
    for agent_id, agent in state.agents.items():
        if 0 < agent.grace_until_ms <= at:
            yield f"agent {agent_id} is missed past the grace"
    for name, queue in state.queues.items():
        if 0 < queue.serve_until_ms <= at or 0 < queue.until_ms <= at or 0 < queue.closure_until_ms <= at:
            yield f"queue {name} has not turned"
