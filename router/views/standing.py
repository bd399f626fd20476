"""How things stand on a floor: who waits since when and until when, what is at risk, who is in which state.

Like the board's figures these are contributions, computed anew from the replica for whatever a commit touched. A time
is kept, an age or a risk is not: those are the reader's, by the reader's clock.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from router.core.bundle import MINUTE_MS, Bundle
from router.core.lifecycle import ACTIVE, DEFERRED, HELD, OFFERED, WAITING, WRAP_UP
from router.core.state import Agent, Conv, State
from router.views.board import Board
from router.views.touched import Touched

IN_LINE = frozenset({WAITING, HELD, OFFERED})
NOT_RESPONDING = "not_responding"
# What somebody is in who has chosen no reason to be away, the first that is true.
WRAPPING, HANDLING, AVAILABLE = "wrap_up", "handling", "available"
# The next clock is at risk when it runs out within a fifth of its target and at most a minute; without anybody on the
# line there is half an hour to do something about it.
RISK_MS_MAX, RISK_SHARE, RISK_ASYNC_MS = MINUTE_MS, 5, 30 * MINUTE_MS

Cell = tuple[str, str]


class Place(NamedTuple):
    """One conversation's contribution. `due_ms` is its next clock, of answer or reply; 0 for none."""

    cell: Cell
    in_line: bool
    entered_ms: int
    due_ms: int


@dataclass(slots=True)
class Times:
    """Of one queue and channel: since when those in line wait, their clocks, and those of replies that are owed."""

    entered: list[int] = field(default_factory=list)
    line_due: list[int] = field(default_factory=list)
    owed_due: list[int] = field(default_factory=list)


class Waiting(NamedTuple):
    """What waits in one queue on one channel. `late`: still waiting beyond the target. `risk`: late, or due soon."""

    queue: str
    channel: str
    waiting: int
    oldest_ms: int
    late: int
    risk: int


class Seat(NamedTuple):
    """One agent's contribution: their state, and whether one who is handling could take more."""

    state: str
    can_more: bool


class Standing:
    """How one floor stands. `state` returns the replica; the board has followed the same commit before."""

    def __init__(self, state: Callable[[], State], board: Board) -> None:
        self._replica, self._board = state, board
        self._state: State | None = None
        self._places: dict[int, Place] = {}
        self._times: dict[Cell, Times] = {}
        self._seats: dict[int, Seat] = {}
        self.states: Counter[str] = Counter()
        self.can_more = 0
        self.apart: set[int] = set()
        self.rebuild()

    def rebuild(self) -> None:
        """Throw everything away and compute it from the replica."""
        state = self._state = self._replica()
        self._places, self._times, self._seats = {}, {}, {}
        self.states, self.can_more, self.apart = Counter(), 0, set()
        for conv in state.convs.values():
            self._place(conv.id, conv)
        for agent in state.agents.values():
            self._seat(agent.id, agent)

    def follow(self, found: Touched) -> None:
        """Follow a commit that the board has followed."""
        state = self._replica()
        if state is not self._state:
            self.rebuild()
            return
        for conv in found.convs:
            self._place(conv, state.convs.get(conv))
        for agent in {*self._seats, *state.agents} if found.everything else found.agents:
            self._seat(agent, state.agents.get(agent))

    # --- what is asked ------------------------------------------------------------------------------------

    def waiting(self, at: int) -> list[Waiting]:
        """Return every queue and channel where somebody waits or is owed a reply, in order of their names."""
        bundle, found = self._replica().bundle, []
        for (queue, channel), times in sorted(self._times.items()):
            risk = bisect_right(times.line_due, at + risk_ms(bundle, queue, channel))
            risk += bisect_right(times.owed_due, at + risk_ms(bundle, queue, channel, owed=True))
            late = bisect_left(times.line_due, at)
            oldest_ms = times.entered[0] if times.entered else 0
            found.append(Waiting(queue, channel, len(times.entered), oldest_ms, late, risk))
        return found

    @property
    def signed_in(self) -> int:
        return len(self._seats)

    def in_state(self, state: str) -> list[int]:
        """Return the agents in a state, by number."""
        return sorted(agent for agent, seat in self._seats.items() if seat.state == state)

    # --- conversations --------------------------------------------------------------------------------------

    def _place(self, conv_id: int, conv: Conv | None) -> None:
        if conv is not None and waits_apart(conv):
            self.apart.add(conv_id)
        else:
            self.apart.discard(conv_id)
        before, after = self._places.pop(conv_id, None), self._place_of(conv)
        if after is not None:
            self._places[conv_id] = after
        if before == after:
            return
        if before is not None:
            self._take(before)
        if after is not None:
            self._add(after)

    def _place_of(self, conv: Conv | None) -> Place | None:
        if conv is None or conv.test:
            return None
        in_line = conv.state in IN_LINE
        if not in_line and not (conv.state == ACTIVE and conv.reply_by_ms):
            return None
        entered_ms = (self._board.entered_ms(conv.id) or conv.opened_ms) if in_line else 0
        return Place((conv.queue, conv.channel), in_line, entered_ms, conv.reply_by_ms)

    def _add(self, place: Place) -> None:
        times = self._times.setdefault(place.cell, Times())
        for kept, value in _kept(times, place):
            insort(kept, value)

    def _take(self, place: Place) -> None:
        times = self._times[place.cell]
        for kept, value in _kept(times, place):
            del kept[bisect_left(kept, value)]
        if not times.entered and not times.owed_due:
            del self._times[place.cell]

    # --- agents -----------------------------------------------------------------------------------------------

    def _seat(self, agent_id: int, agent: Agent | None) -> None:
        before, after = self._seats.pop(agent_id, None), self._seat_of(agent)
        if after is not None:
            self._seats[agent_id] = after
        for seat, by in ((before, -1), (after, 1)):
            if seat is not None:
                self.states[seat.state] += by
                self.can_more += by if seat.can_more else 0

    def _seat_of(self, agent: Agent | None) -> Seat | None:
        if agent is None:
            return None
        state = state_of(self._replica(), agent)
        return Seat(state, state == HANDLING and agent.available and agent.free > 0)


def waits_apart(conv: Conv) -> bool:
    """Return whether somebody waits and stands in no line: rings, is kept for an agent, or is to be called back."""
    called = conv.state == DEFERRED and conv.relief is not None and bool(conv.relief.callback)
    return called or conv.state in {OFFERED, HELD}


def _kept(times: Times, place: Place) -> list[tuple[list[int], int]]:
    """Return which of a cell's lists hold a place, and by what value."""
    found = [(times.entered, place.entered_ms)] if place.in_line else []
    if place.due_ms:
        found.append((times.line_due if place.in_line else times.owed_due, place.due_ms))
    return found


def state_of(state: State, agent: Agent) -> str:
    """Return the one state somebody is in: not responding, a reason to be away, wrap-up, handling, available."""
    presence = state.bundle.presences.get(agent.presence) if state.bundle else None
    if presence is None or not presence.accepts:
        return agent.presence or NOT_RESPONDING
    states = {conv.state for number in agent.work if (conv := state.convs.get(number)) is not None}
    if ACTIVE in states:
        return HANDLING
    return WRAPPING if WRAP_UP in states else AVAILABLE


def risk_ms(bundle: Bundle | None, queue: str, channel: str, *, owed: bool = False) -> int:
    """Return how long before its time is up a clock is at risk: that of an answer, or of a reply that is owed."""
    spec = bundle.channels.get(channel) if bundle else None
    if spec is not None and not spec.live:
        return RISK_ASYNC_MS
    queues = bundle.queues if bundle else {}
    targets = {} if queue not in queues else queues[queue].next_within_ms if owed else queues[queue].answer_within_ms
    within = targets.get(channel, 0)
    return min(RISK_MS_MAX, within // RISK_SHARE) if within else RISK_MS_MAX
