"""Everything the core holds, as plain records. Only `evolve` writes here; deciders and screens read."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from router.core.bundle import Bundle, Queue
from router.core.choosing import Choosing
from router.core.conversations import Conv, Conversations, Offer
from router.core.deadlines import (
    AGENT,
    CONVERSATION,
    LEG,
    OUTSIDE,
    PARTICIPANT,
    QUEUE,
    REST,
    SHIFT,
    WINDOW,
    Deadlines,
    Due,
)
from router.core.fact_sets import FactSets
from router.core.lifecycle import DEFERRED
from router.core.matching import Matching
from router.core.profiles import Profile
from router.core.rules import Ruleset
from router.core.waiting import Place

# DESIGN section 5: what may still be repeated is remembered for ten minutes, a million entries at the most.
MEMORY_MS = 600_000
MEMORY_ENTRIES_MAX = 1_000_000

# What waits in a queue with this `pull` is never offered.
PULL_ONLY = "only"

Abilities = tuple[tuple[str, int], ...]


@dataclass(slots=True, eq=False)
class Agent:
    """A signed-in agent. `work` maps each conversation that takes capacity to its load.

    `eased` is, for each kind of room, how much of `used` gives way to it. `passed` counts how often in succession they
    took somebody while another had waited longer. `limits` are the most conversations of a channel that they take,
    `full` the number of the set of those that they have reached.
    """

    id: int
    abilities: tuple[tuple[str, int], ...]
    capacity: int
    presence: str
    accepts: bool
    since_ms: int
    profile: Profile
    idle: int
    used: int = 0
    work: dict[int, int] = field(default_factory=dict)
    held: dict[int, int] = field(default_factory=dict)
    desks: set[tuple[str, str]] = field(default_factory=set)
    parts: set[int] = field(default_factory=set)
    grace_until_ms: int = 0
    eased: list[int] = field(default_factory=lambda: [0])
    passed: int = 0
    limits: dict[str, int] = field(default_factory=dict)
    offer_times: int = 1
    full: int = 0
    silent: int = 0  # offers in a row that they did not answer
    winding: str = ""  # the presence that holds when the work in hand is done
    until_ms: int = 0  # the end of their shift

    @property
    def available(self) -> bool:
        """Whether work may be offered: the presence accepts and the desk is there."""
        return self.accepts and self.grace_until_ms == 0

    @property
    def free(self) -> int:
        return self.capacity - self.used


@dataclass(slots=True)
class QueueState:
    """Whether a queue is open, until when, and how long those in line are still served."""

    open: bool = False
    until_ms: int = 0
    serve_until_ms: int = 0
    closure_until_ms: int = 0
    opened_ms: int = 0
    staged_ms: int = 0  # the last place given to what is let in by and by
    counted: bool = False  # whether anybody asks how fast it goes
    spell_ms: int = 0  # since when `starts` are counted; `starts_before` are those of the spell before
    starts: int = 0
    starts_before: int = 0

    def serves(self, at: int) -> bool:
        return self.open or at < self.serve_until_ms

    @property
    def in_service(self) -> bool:
        """Whether the matcher may serve it: until the end of serving is written down, so it asks no clock."""
        return self.open or self.serve_until_ms > 0


class Answer(msgspec.Struct, gc=False):
    """What a command got: the position after its last event."""

    position: int
    at: int


class Left(msgspec.Struct, frozen=True, gc=False):
    """That a conversation has left the core: its record's version, when, at which position, from which lines."""

    version: int
    at: int
    position: int
    lines: tuple[int, ...]


@dataclass(slots=True)
class State:
    """One floor. `position` counts events; `at` is the time of the last one and never goes back."""

    position: int = 0
    at: int = 0
    epoch: int = 0
    next_conv: int = 1
    next_offer: int = 1
    next_idle: int = 1
    bundle_hash: str = ""
    bundle: Bundle | None = None
    ruleset: Ruleset | None = None
    convs: Conversations = field(default_factory=Conversations)
    lines: dict[int, int] = field(default_factory=dict)  # line -> the conversation that its messages join
    next_on_line: dict[int, list[int]] = field(default_factory=dict)  # line -> other open ones on it, by id
    agents: dict[int, Agent] = field(default_factory=dict)
    queues: dict[str, QueueState] = field(default_factory=dict)
    facts: FactSets = field(default_factory=FactSets)
    matching: Matching = field(init=False)
    choosing: Choosing = field(init=False)
    deadlines: Deadlines = field(default_factory=Deadlines)
    answers: OrderedDict[str, Answer] = field(default_factory=OrderedDict)
    left: OrderedDict[int, Left] = field(default_factory=OrderedDict)  # by conversation, in order of leaving
    left_on: dict[int, int] = field(default_factory=dict)  # line -> the last conversation that left it
    unexamined: deque[int] = field(default_factory=deque)  # classes whose lines are to be looked through, by number
    examined: Place = (0, 0)  # how far the first of those has been
    strays: deque[int] = field(default_factory=deque)  # who waits in no line and is to be looked at as well
    review: list[Place] = field(default_factory=list)  # a heap: whom that found, to be placed again
    reviewed: list[int] = field(default_factory=list)  # whom the last slice took from it, for its decision
    parted: list[tuple[int, int]] = field(default_factory=list)  # who took part in what is over, until it is said
    dismissed: list[tuple[int, str, bool]] = field(default_factory=list)  # contacts who were in what is over, likewise
    kept: dict[int, dict[int, int]] = field(default_factory=dict)  # absent agent -> what is held, with its load
    accepting: dict[Abilities, int] = field(default_factory=dict)  # abilities -> agents who accept work with them
    eager: frozenset[str] = frozenset()  # queues that do more with an offer than make it
    emergency_until_ms: int = 0
    emergency_notice: str = ""
    forget_ms: int = 0  # before this there is nothing in the memory that is old enough to go

    def __post_init__(self) -> None:
        self.matching = Matching(self.convs)
        self.choosing = Choosing(self.matching)

    @property
    def is_examining(self) -> bool:
        """Whether it is still looked for whom a configuration or a closing concerns."""
        return bool(self.unexamined or self.strays)

    def queue_spec(self, name: str) -> Queue:
        """Return a queue's settings; a queue that a newer configuration has dropped keeps the defaults."""
        known = self.bundle.queues.get(name) if self.bundle else None
        return known or Queue(name=name, hours="")

    def queue_state(self, name: str) -> QueueState:
        return self.queues.get(name) or QueueState()

    def is_offering(self, name: str) -> bool:
        """Whether a queue offers what waits in it: it serves, and does not leave it to its agents to take."""
        return self.queue_state(name).in_service and self.queue_spec(name).pull != PULL_ONLY

    def stands(self, due: Due) -> bool:
        """Return whether a noted deadline still agrees with its owner."""
        due_ms, kind, place, owner, name = due
        if kind == AGENT:
            agent = self.agents.get(owner)
            return agent is not None and agent.grace_until_ms == due_ms
        if kind == SHIFT:
            agent = self.agents.get(owner)
            return agent is not None and agent.until_ms == due_ms
        if kind == QUEUE and not name:
            return due_ms == self.emergency_until_ms
        if kind == QUEUE:
            queue = self.queues.get(name)
            return queue is not None and due_ms in {queue.until_ms, queue.closure_until_ms, queue.serve_until_ms}
        if kind == CONVERSATION:
            known = self.convs.due_of(owner)
            return known is not None and known[0] == due_ms
        conv = self.convs.peek(owner)
        if conv is None:
            return False
        return due_ms in _dues(conv, kind, place)

    def standing(self) -> Iterator[Due]:
        """Yield every deadline that still stands, in no order."""
        for conv in self.convs.values():
            yield from _standing_of(conv)
        for agent in self.agents.values():
            if agent.grace_until_ms:
                yield agent.grace_until_ms, AGENT, 0, agent.id, ""
            if agent.until_ms:
                yield agent.until_ms, SHIFT, 0, agent.id, ""
        yield from self._standing_queues()

    def _standing_queues(self) -> Iterator[Due]:
        if self.emergency_until_ms:
            yield self.emergency_until_ms, QUEUE, 0, 2, ""
        for name, queue in self.queues.items():
            for due_ms in {queue.until_ms, queue.closure_until_ms} - {0}:
                yield due_ms, QUEUE, 0, 0, name
            if queue.serve_until_ms:
                yield queue.serve_until_ms, QUEUE, 0, 1, name


def _standing_of(conv: Conv) -> Iterator[Due]:
    if conv.due_ms:
        yield conv.due_ms, CONVERSATION, conv.key_ms, conv.id, ""
    for agent, until_ms in (conv.resting or {}).items():
        yield until_ms, REST, agent, conv.id, ""
    for agent, participant in (conv.participants or {}).items():
        if participant.until_ms:
            yield participant.until_ms, PARTICIPANT, agent, conv.id, ""
    if conv.leg_lost_ms:
        yield conv.leg_lost_ms, LEG, 0, conv.id, ""
    if conv.outside and not conv.outside.handed and conv.outside.until_ms:
        yield conv.outside.until_ms, OUTSIDE, 0, conv.id, ""
    if conv.state == DEFERRED and conv.hasten_ms:
        yield conv.window_ms, WINDOW, 0, conv.id, ""


def _dues(conv: Conv, kind: int, agent: int) -> tuple[int, ...]:
    """Return the time at which a deadline of a kind stands for a conversation, if it stands."""
    if kind == LEG:
        return (conv.leg_lost_ms,)
    if kind == OUTSIDE:
        return (conv.outside.until_ms if conv.outside and not conv.outside.handed else 0,)
    if kind == WINDOW:
        return (conv.window_ms if conv.state == DEFERRED and conv.hasten_ms else 0,)
    if kind == REST:
        return ((conv.resting or {}).get(agent, 0),)
    participant = (conv.participants or {}).get(agent)
    return (participant.until_ms,) if participant else ()


__all__ = [
    "MEMORY_ENTRIES_MAX",
    "MEMORY_MS",
    "Agent",
    "Answer",
    "Conv",
    "Conversations",
    "Left",
    "Offer",
    "QueueState",
    "State",
]
