"""How long somebody who waits will wait: a range, by each queue's own pace and its own errors. Nothing is written.

It follows committed events from when this node began to; what it has seen so far is said beside each figure.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from router.bus.port import Follower
from router.core import events as ev
from router.core.events import Entry
from router.core.lifecycle import WAITING
from router.core.state import Agent, Conv, State
from router.views.ahead import Ahead
from router.views.board import Abilities, serves
from router.views.pace import ERRORS_KEPT, Bounds, Errors, Guess, Line, Wait
from router.views.touched import Touched, touched

# So many predictions of one queue wait to come true at once. More would be of the same minute and tell the same.
OPEN_MAX = ERRORS_KEPT // 4

# So many commits may pile up before it begins anew; after that, or a new floor, a moment's rest.
BATCHES_BEHIND_MAX, REST_S = 4_096, 0.2

# Who comes by these was not in line before; taken at once they say nothing about how the line moves.
_FRESH = (ev.Received, ev.Returned, ev.Transferred, ev.HeldFor)
_TAKEN = (ev.Offered, ev.Assigned)
_BACK = (ev.Declined, ev.OfferLapsed, ev.OfferWithdrawn)
_ANSWERED = (ev.Accepted, ev.Assigned)
_OVER = (ev.Abandoned, ev.Closed, ev.Parked, ev.Deferred, ev.Transferred, ev.Diverted, ev.Overflowed, ev.CallbackAsked)
# After these a conversation is in no line, and its record names the queue; after the others it may be in another
# queue than before, so all lines are counted.
_LEFT = (ev.Abandoned, ev.Closed, ev.Parked)
_MOVED = (
    *(ev.Transferred, ev.Diverted, ev.Overflowed, ev.Deferred),
    *(ev.Returned, ev.HeldFor, ev.Reviewed),
)


@dataclass(frozen=True, slots=True)
class _Open:
    """What was predicted when somebody came into line."""

    queue: str
    at: int
    guesses: tuple[tuple[Guess, Bounds | None], ...]  # each with its range


class Estimates:
    """The estimates of one floor. `replica` returns the committed state, which may be another object later."""

    def __init__(self, replica: Callable[[], State]) -> None:
        self._replica = replica
        self._state: State | None = None
        self._bundle_hash = ""
        self._lines: dict[str, Line] = {}
        self._open: dict[int, _Open] = {}
        self._rung: dict[int, str] = {}
        self._seats: dict[int, tuple[str, ...]] = {}
        self._able: dict[Abilities, tuple[str, ...]] = {}
        self._gone: set[str] = set()
        self._ahead = Ahead()
        self.rebuild()

    def rebuild(self) -> None:
        """Something was missed: what is under way no longer counts, what has been measured does."""
        state = self._state = self._replica()
        self._bundle_hash = state.bundle_hash
        self._open.clear()
        self._rung.clear()
        self._seats.clear()
        self._able.clear()
        self._ahead.forget()
        for line in self._lines.values():
            line.able, line.open, line.at = 0, 0, 0
        for agent in state.agents.values():
            self._seat(agent.id, agent)
        self._settle(state.queues, state)

    # --- asking ---------------------------------------------------------------------------------------------------

    def newcomer(self, queue: str) -> Wait | None:
        """Return how long somebody would wait who came into a queue now and stood last; None without a basis."""
        return self._wait(queue, self._replica().matching.queued.get(queue, 0))

    def remaining(self, conv: Conv) -> Wait | None:
        """Return how much longer somebody in line will wait; None for who is in none, or without a basis."""
        if conv.state != WAITING:
            return None
        return self._wait(conv.queue, self._ahead.of(self._replica(), conv))

    def _wait(self, queue: str, ahead: int) -> Wait | None:
        state, line = self._replica(), self._lines.get(queue)
        if line is None or not state.queue_state(queue).serves(state.at):
            return None
        return line.wait(ahead, head_ms=self._head_ms(state, queue))

    def _head_ms(self, state: State, queue: str) -> int:
        oldest_ms = self._ahead.oldest_ms(state, queue)
        return state.at - oldest_ms if oldest_ms else 0

    def guesses(self, conv: Conv) -> list[Guess]:
        """Return what each predictor with a basis says of somebody in line."""
        state, line = self._replica(), self._lines.get(conv.queue)
        return line.guesses(self._ahead.of(state, conv), head_ms=self._head_ms(state, conv.queue)) if line else []

    def errors(self, queue: str) -> dict[str, Errors]:
        """Return what is known of each predictor's errors in a queue, by basis."""
        line = self._lines.get(queue)
        return line.errors if line else {}

    # --- following ------------------------------------------------------------------------------------------------

    async def run(self, follow: Callable[[int], Follower]) -> None:
        """Follow a floor's commits until cancelled; after a gap begin anew with what was measured."""
        while True:
            follower = follow(BATCHES_BEHIND_MAX)
            try:
                self.rebuild()
                async for committed in follower:
                    self.follow(committed.entries)
            finally:
                follower.close()
            await asyncio.sleep(REST_S)

    def follow(self, entries: Iterable[Entry]) -> None:
        """Follow a commit, in order."""
        state, known = self._replica(), list(entries)
        if state is not self._state:
            self.rebuild()
            return
        found = touched(known)
        came, moved = self._hear(known, state)
        if found.everything or state.bundle_hash != self._bundle_hash:
            self._reseat(state)
        for agent in found.agents:
            self._seat(agent, state.agents.get(agent))
        self._settle(self._lines if moved else self._queues(found, state), state)
        for conv_id in came:
            self._predict(state, conv_id)

    def _hear(self, entries: list[Entry], state: State) -> tuple[list[int], bool]:
        """Count what the events say; return who came into line, and whether somebody may have changed queues."""
        came: list[int] = []
        fresh: set[int] = set()
        moved = False
        for entry in entries:
            for event in entry.events:
                if isinstance(event, ev.ClassFormed):
                    self._ahead.forget()
                moved = moved or isinstance(event, _MOVED)
                if isinstance(event, _LEFT):
                    self._gone.add(event.record.queue)
                if isinstance(event, _FRESH):
                    fresh.add(event.conv)
                if isinstance(event, ev.Queued) and event.conv in fresh:
                    came.append(event.conv)
                self._count(event, entry.at, state, fresh)
        return came, moved

    def _count(self, event: ev.Event, at: int, state: State, fresh: set[int]) -> None:
        if isinstance(event, _TAKEN):
            self._taken(event.conv, state, fresh)
        if isinstance(event, _BACK):
            self._back(event.conv)
        if isinstance(event, _ANSWERED):
            self._answered(event.conv, at)
        elif isinstance(event, _OVER):
            self._over(event)

    def _taken(self, conv_id: int, state: State, fresh: set[int]) -> None:
        conv = state.convs.peek(conv_id)
        line = self._lines.get(conv.queue) if conv else None
        if conv is not None and line is not None and line.waiting and conv_id not in fresh and not conv.held_for:
            line.move()
            self._rung[conv_id] = conv.queue

    def _back(self, conv_id: int) -> None:
        """Whom nobody took stands in line again: it has not moved."""
        line = self._lines.get(self._rung.pop(conv_id, ""))
        if line is not None:
            line.moves = max(0.0, line.moves - 1.0)

    def _answered(self, conv_id: int, at: int) -> None:
        self._rung.pop(conv_id, None)
        made = self._open.pop(conv_id, None)
        if made is None:
            return
        line, waited_ms = self._lines[made.queue], at - made.at
        line.open -= 1
        line.last_ms = waited_ms
        for guess, said in made.guesses:
            line.errors.setdefault(guess.basis, Errors()).learn(guess, waited_ms, said)

    def _over(self, event: ev.Event) -> None:
        """Who left, or stands elsewhere, will not tell how good a prediction was."""
        conv_id = int(getattr(event, "conv", 0))
        self._rung.pop(conv_id, None)
        made = self._open.pop(conv_id, None)
        if made is not None:
            self._lines[made.queue].open -= 1
        if isinstance(event, ev.Abandoned) and event.record.queue in self._lines:
            self._lines[event.record.queue].left += 1.0

    def _queues(self, found: Touched, state: State) -> set[str]:
        left, self._gone = self._gone & self._lines.keys(), set()
        convs = (state.convs.peek(number) for number in found.convs)
        return {conv.queue for conv in convs if conv is not None} | found.queues | left

    def _settle(self, queues: Iterable[str], state: State) -> None:
        for queue in list(queues):
            line = self._lines.setdefault(queue, Line())
            line.settle(state.at, state.matching.queued.get(queue, 0))

    def _predict(self, state: State, conv_id: int) -> None:
        """Note what would have been said, to see what comes true; evenly over the time of a wait."""
        conv = state.convs.peek(conv_id)
        if conv is None or conv.state != WAITING or conv.test or conv_id in self._open:
            return
        line = self._lines[conv.queue]
        if line.able <= 0 or line.open >= OPEN_MAX or state.at < line.next_ms:
            return
        guesses = self.guesses(conv)
        if guesses:
            line.open += 1
            line.next_ms = state.at + round(guesses[0].ms / OPEN_MAX)
            said = ((guess, line.errors.setdefault(guess.basis, Errors()).bounds(guess)) for guess in guesses)
            self._open[conv_id] = _Open(conv.queue, state.at, tuple(said))

    # --- who is able ----------------------------------------------------------------------------------------------

    def _reseat(self, state: State) -> None:
        """Queues, skills or desks may be others now."""
        self._bundle_hash = state.bundle_hash
        self._able.clear()
        self._ahead.forget()
        for agent in {*self._seats, *state.agents}:
            self._seat(agent, state.agents.get(agent))
        for name in [name for name in self._lines if name not in state.queues and not self._lines[name].waiting]:
            self._drop(name)

    def _drop(self, queue: str) -> None:
        """A queue is no more."""
        del self._lines[queue]
        self._open = {conv: made for conv, made in self._open.items() if made.queue != queue}

    def _seat(self, agent_id: int, agent: Agent | None) -> None:
        before, after = self._seats.pop(agent_id, ()), self._seat_of(agent)
        if after:
            self._seats[agent_id] = after
        if before == after:
            return
        at = self._replica().at
        for queues, by in ((before, -1), (after, 1)):
            for queue in queues:
                line = self._lines.setdefault(queue, Line())
                line.settle(at, line.waiting)
                line.able += by

    def _seat_of(self, agent: Agent | None) -> tuple[str, ...]:
        """Return the queues that somebody serves now: signed in, and accepting work."""
        bundle = self._state.bundle if self._state else None
        if agent is None or bundle is None or not agent.available:
            return ()
        able = self._able.get(agent.abilities)
        if able is None:
            able = tuple(name for name in bundle.queues if serves(bundle, name, agent.abilities))
            self._able[agent.abilities] = able
        return able
