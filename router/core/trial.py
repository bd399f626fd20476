"""What would be decided if a message came: the core's own engine on a copy of the floor's people. Nothing is kept.

The copy has the agents with what they have in hand, the queues, the classes; of those who wait only who stands first in
each line, and how many there are. So it costs the size of the people, and decides as the floor would.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from router.core import commands as cmd
from router.core.answers import Made, Refused
from router.core.bundle import Bundle
from router.core.calendar import is_open, next_change
from router.core.conversations import Conv
from router.core.engine import Engine
from router.core.events import AnyEvent
from router.core.flexibility import bits
from router.core.snapshot import people_of, restore_people
from router.core.state import Agent, State

# Copying this many people takes about ten milliseconds, as long as anything may keep the loop; of a larger floor the
# rules alone are told.
PEOPLE_MAX = 2_500


class Sketch(NamedTuple):
    """The copy, as bytes; what each agent's work gives way to, and how many wait, which the bytes do not say."""

    data: bytes
    name: str
    bundle: Bundle
    eased: dict[int, tuple[tuple[int, ...], frozenset[str]]]
    queued: dict[str, int]


class Tried(NamedTuple):
    """What came of it: the events, the conversation after them, and the state it stands in; or why nothing came."""

    events: tuple[AnyEvent, ...]
    conv: Conv | None
    state: State
    refused: str = ""


def sketch_of(state: State, lines: Sequence[int] = (), *, alone: bool = False) -> Sketch | None:
    """Copy what a decision about an arrival reads; None before the first configuration, and for too many people.

    `lines` are other lines of the customer: what is open on them is copied too. `alone`: nobody else who waits.
    """
    if state.bundle is None or len(state.agents) > PEOPLE_MAX:
        return None
    matching = state.matching
    heads = set() if alone else {cls.head[1] for cls in matching.classes if cls.head}
    convs = heads | {state.lines[each] for each in lines if each in state.lines}
    eased = {
        agent.id: (tuple(agent.eased), matching.limits.sets[agent.full])
        for agent in state.agents.values()
        if agent.full or any(agent.eased)
    }
    queued = {queue: count for queue, count in matching.queued.items() if count}
    return Sketch(people_of(state, convs), state.bundle_hash, state.bundle, eased, {} if alone else queued)


def awaken(sketch: Sketch) -> State:
    """Make a state of the copy."""
    state = restore_people(sketch.data, {sketch.name: sketch.bundle})
    for agent in state.agents.values():
        eased, full = sketch.eased.get(agent.id, (tuple(0 for _ in agent.eased), frozenset[str]()))
        if tuple(agent.eased) != eased or agent.full or full:
            state.matching.leave_room(agent)
            agent.eased, agent.full = list(eased), state.matching.limits.number(full)
            state.matching.enter_room(agent)
    state.matching.reserves.let_go.clear()
    state.matching.queued = dict(sketch.queued)
    return state


def move_to(state: State, at: int) -> None:
    """Let the copy stand at another time: queues open by their calendars, orders that end before it are over."""
    assert state.bundle is not None, "a sketch has a configuration"
    state.at = at
    if state.emergency_until_ms <= at:
        state.emergency_until_ms, state.emergency_notice = 0, ""
    for name, queue in state.queues.items():
        calendar = state.bundle.calendars[state.bundle.queues[name].hours]
        if queue.closure_until_ms <= at:
            queue.closure_until_ms = 0
        shut = bool(queue.closure_until_ms or state.emergency_until_ms)
        queue.open = is_open(calendar, at) and not shut
        queue.until_ms = next_change(calendar, at)
        queue.serve_until_ms = 0
    state.matching.shut = 0
    for cls in state.matching.classes:
        state.matching.shut |= 0 if state.is_offering(cls.queue) else cls.bit


def tried(state: State, receive: cmd.Receive, at: int) -> Tried:
    """Decide an arrival in a copy. The copy is spent afterwards."""
    made = Engine(state, {}).handle(receive, at)
    if isinstance(made, Made) and made.entry is not None:
        return Tried(made.entry.events, state.convs.get(state.next_conv - 1), state)
    return Tried((), None, state, made.reason if isinstance(made, Refused) else "unavailable")


class Able(NamedTuple):
    """One who can serve a conversation, and how they stand to it: free, full, away or kept for other work."""

    agent: Agent
    stands: str
    free: int


def able_for(state: State, conv: Conv) -> list[Able]:
    """Return everybody signed in who can serve a conversation as it stands now, who has room first."""
    matching, cls = state.matching, conv.cls
    profiles = {matching.profiles[index].id for index in bits(cls.profiles)}
    found = [_able(state, agent, conv) for agent in state.agents.values() if agent.profile.id in profiles]
    return sorted(found, key=lambda each: (_STANDING.index(each.stands), -each.free, each.agent.idle))


_STANDING = ("asked", "free", "kept", "full", "away")


def _able(state: State, agent: Agent, conv: Conv) -> Able:
    free = state.matching.free_for(agent, conv.cls)
    if conv.offer is not None and agent.id in conv.offer.agents:
        return Able(agent, "asked", free)
    if not agent.available:
        return Able(agent, "away", free)
    if free < conv.load:
        return Able(agent, "full", free)
    return Able(agent, "free" if state.choosing.may_take(agent, conv.cls) else "kept", free)
