"""The live figures of every queue, kept by following commits: no scan per request, and nothing written anywhere.

Each contribution is computed anew from the replica for whatever a commit touched, so a follower that lags behind the
replica ends with the same figures, and a rebuild is the same computation over everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush

from router.core.bundle import Bundle
from router.core.events import Entry
from router.core.lifecycle import ACTIVE, HELD, OFFERED, WAITING
from router.core.state import Agent, Conv, State
from router.views.touched import Touched, touched

# Where a conversation counts. Wrap-up and deferred count nowhere: nobody waits and nobody talks.
COLUMN = {WAITING: "waiting", HELD: "waiting", OFFERED: "offered", ACTIVE: "active"}
# A leg is in line from entering until it is answered; a decline does not begin it anew.
IN_LINE = frozenset({"waiting", "offered"})
# The heap of entries is made anew when so many of them are dead.
DEAD_SLACK = 256

Abilities = tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Figures:
    """`oldest_ms`: when the longest wait began, 0 when nobody waits. Staffed: can serve; free: may take one now.

    `escalated`: how many of those active those who supervise were told of, because nobody has answered.
    """

    waiting: int = 0
    offered: int = 0
    oldest_ms: int = 0
    active: int = 0
    staffed: int = 0
    free: int = 0
    escalated: int = 0


@dataclass(frozen=True, slots=True)
class Stay:
    """One conversation's contribution: its leg as the figures see it. A test contributes nothing."""

    queue: str
    column: str
    entered_ms: int
    escalated: bool = False


@dataclass(slots=True)
class _Lines:
    """The counters of one queue, and who entered when."""

    counts: Figures = field(default_factory=Figures)
    entered: list[tuple[int, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Seat:
    """One agent's contribution: the queues they can serve, and whether they may take a conversation now."""

    queues: tuple[str, ...]
    free: bool


def serves(bundle: Bundle, queue: str, abilities: Abilities) -> bool:
    """Return whether somebody with these abilities can serve a queue at all, on one channel at least."""
    levels = dict(abilities)
    skills = bundle.queues[queue].skills
    on_a_channel = any(f"channel:{name}" in levels for name in bundle.channels)
    return on_a_channel and all(levels.get(f"skill:{name}", -1) >= level for name, level in skills.items())


def least_load(bundle: Bundle, abilities: Abilities) -> int:
    """Return what the lightest conversation takes that somebody with these abilities can have; 0 for none."""
    levels = dict(abilities)
    return min((spec.load for name, spec in bundle.channels.items() if f"channel:{name}" in levels), default=0)


def may_take(agent: Agent, load: int) -> bool:
    """Return whether an agent is there, accepts work, and has room for so much."""
    return agent.available and load > 0 and agent.free >= load


def somebody_is_free(state: State, queue: str, channel: str) -> bool:
    """Return whether anybody could take a conversation of a channel in a queue this moment."""
    spec = state.bundle.channels.get(channel) if state.bundle else None
    if state.bundle is None or spec is None or queue not in state.bundle.queues:
        return False
    return any(
        may_take(agent, spec.load)
        and f"channel:{channel}" in dict(agent.abilities)
        and serves(state.bundle, queue, agent.abilities)
        for agent in state.agents.values()
    )


def lines_are_empty(counts: Figures) -> bool:
    """Return whether nobody is in a queue any more."""
    return not (counts.waiting or counts.offered or counts.active)


class Board:
    """The figures of one floor. `state` returns the replica, which may be another object after a recovery."""

    def __init__(self, state: Callable[[], State]) -> None:
        self._replica = state
        self._state: State | None = None
        self._bundle_hash = ""
        self._stays: dict[int, Stay] = {}
        self._seats: dict[int, _Seat] = {}
        self._lines: dict[str, _Lines] = {}
        self._able: dict[Abilities, tuple[tuple[str, ...], int]] = {}
        self.rebuild()

    def rebuild(self) -> None:
        """Throw everything away and compute it from the replica."""
        state = self._state = self._replica()
        self._bundle_hash = state.bundle_hash
        self._stays, self._seats, self._lines, self._able = {}, {}, {}, {}
        for name in state.queues:
            self._lines[name] = _Lines()
        for conv in state.convs.values():
            self._place(conv.id, conv)
        for agent in state.agents.values():
            self._seat(agent.id, agent)

    def _seat_everybody(self, state: State) -> set[str]:
        """Queues, skills or desks may be others now. Conversations stay where they are: there may be a million."""
        self._bundle_hash, self._able = state.bundle_hash, {}
        for name in state.queues:
            self._lines.setdefault(name, _Lines())
        for agent in {*self._seats, *state.agents}:
            self._seat(agent, state.agents.get(agent))
        for name in [name for name in self._lines if name not in state.queues]:
            if lines_are_empty(self._lines[name].counts):
                del self._lines[name]
        return set(self._lines)

    def apply(self, entries: Iterable[Entry]) -> set[str]:
        """Follow a commit; return the queues whose line may have changed."""
        return self.follow(touched(entries))

    def follow(self, found: Touched) -> set[str]:
        """Like `apply`, for who has looked at the commit already."""
        state = self._replica()
        if state is not self._state:
            self.rebuild()
            return set(self._lines)
        changed = set(found.queues)
        if found.everything or state.bundle_hash != self._bundle_hash:
            changed |= self._seat_everybody(state)
        for conv in found.convs:
            changed |= self._place(conv, state.convs.get(conv))
        for agent in found.agents:
            changed |= self._seat(agent, state.agents.get(agent))
        return changed

    def figures(self, queue: str) -> Figures:
        """Return a queue's figures; of an unknown one, zeros."""
        lines = self._lines.get(queue)
        if lines is None:
            return Figures()
        lines.counts.oldest_ms = self._oldest_ms(queue, lines)
        return lines.counts

    def queues(self) -> list[str]:
        """Return the queues that have figures: the configured ones, and dropped ones somebody is still in."""
        return list(self._lines)

    def queues_of(self, agent: Agent) -> list[str]:
        """Return the queues whose conversations an agent can serve."""
        seat = self._seat_of(agent)
        return list(seat.queues) if seat else []

    def escalated(self) -> list[int]:
        """Return the conversations that those who supervise were told of."""
        return sorted(conv for conv, stay in self._stays.items() if stay.escalated) if self._any_escalated() else []

    def _any_escalated(self) -> bool:
        return any(lines.counts.escalated for lines in self._lines.values())

    def entered_ms(self, conv: int) -> int:
        """Return when a conversation entered its queue, 0 when it is in no line."""
        stay = self._stays.get(conv)
        return stay.entered_ms if stay else 0

    # --- conversations --------------------------------------------------------------------------------

    def _place(self, conv_id: int, conv: Conv | None) -> set[str]:
        before = self._stays.get(conv_id)
        after = self._stay(conv, before)
        if after == before:
            return set()
        if before:
            self._count(before, -1)
            del self._stays[conv_id]
        if after:
            self._stays[conv_id] = after
            self._count(after, 1)
            if after.column in IN_LINE and not self._same_leg(before, after):
                self._enter(after, conv_id)
        return {stay.queue for stay in (before, after) if stay}

    @staticmethod
    def _same_leg(before: Stay | None, after: Stay) -> bool:
        return before is not None and before.column in IN_LINE and before.queue == after.queue

    def _stay(self, conv: Conv | None, before: Stay | None) -> Stay | None:
        column = COLUMN.get(conv.state) if conv else None
        if conv is None or column is None or conv.test:
            return None
        entered_ms = conv.since_ms if conv.answered else conv.opened_ms
        after = Stay(conv.queue, column, entered_ms, conv.escalated)
        if column in IN_LINE and before is not None and self._same_leg(before, after):
            return Stay(conv.queue, column, before.entered_ms)
        return after

    def _count(self, stay: Stay, by: int) -> None:
        counts = self._lines.setdefault(stay.queue, _Lines()).counts
        setattr(counts, stay.column, getattr(counts, stay.column) + by)
        counts.escalated += by if stay.escalated else 0

    def _enter(self, stay: Stay, conv_id: int) -> None:
        lines = self._lines[stay.queue]
        heappush(lines.entered, (stay.entered_ms, conv_id))
        if len(lines.entered) > 2 * (lines.counts.waiting + lines.counts.offered) + DEAD_SLACK:
            lines.entered = sorted({entry for entry in lines.entered if self._still_in(stay.queue, entry)})
            heapify(lines.entered)

    def _oldest_ms(self, queue: str, lines: _Lines) -> int:
        while lines.entered and not self._still_in(queue, lines.entered[0]):
            heappop(lines.entered)
        return lines.entered[0][0] if lines.entered else 0

    def _still_in(self, queue: str, entry: tuple[int, int]) -> bool:
        stay = self._stays.get(entry[1])
        return stay is not None and stay.queue == queue and stay.column in IN_LINE and stay.entered_ms == entry[0]

    # --- agents ----------------------------------------------------------------------------------------

    def _seat(self, agent_id: int, agent: Agent | None) -> set[str]:
        before, after = self._seats.get(agent_id), self._seat_of(agent)
        if after == before:
            return set()
        changed: set[str] = set()
        for seat, by in ((before, -1), (after, 1)):
            for queue in seat.queues if seat else ():
                counts = self._lines.setdefault(queue, _Lines()).counts
                counts.staffed += by
                counts.free += by if seat and seat.free else 0
                changed.add(queue)
        if after:
            self._seats[agent_id] = after
        else:
            self._seats.pop(agent_id, None)
        return changed

    def _seat_of(self, agent: Agent | None) -> _Seat | None:
        bundle = self._state.bundle if self._state else None
        if agent is None or bundle is None:
            return None
        able = self._able.get(agent.abilities)
        if able is None:
            queues = tuple(name for name in bundle.queues if serves(bundle, name, agent.abilities))
            able = self._able[agent.abilities] = (queues, least_load(bundle, agent.abilities))
        return _Seat(able[0], may_take(agent, able[1]))
