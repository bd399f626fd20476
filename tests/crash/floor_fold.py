"""Folds a journal's plain arrays and says which promise about conversations and agents it breaks. Nothing of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

# The journal's own numbers of its events, and where in each array the fields lie (the number itself is at 0).
LEAD_TAKEN, CLASS_FORMED, RECEIVED = 1, 4, 10
ROUTED, DIVERTED, QUEUED, HELD_FOR, DEFERRED = 12, 13, 14, 15, 16
OFFERED, ACCEPTED, DECLINED, LAPSED, WITHDRAWN = 20, 21, 22, 23, 24
REPLIED, TRANSFERRED, PARKED, RETURNED, ABANDONED, WRAP_UP, CLOSED, ASSIGNED = 30, 40, 41, 42, 44, 45, 46, 47
SIGNED_IN, SIGNED_OUT = 50, 51


@dataclass(slots=True)
class Kept:
    """A conversation: its load, who owns it or has it held for them, its offer, and at whom it takes room."""

    load: int = 0
    owner: int = 0
    held_for: int = 0
    offer: int = 0
    at: int = 0
    state: str = "unplaced"


@dataclass(slots=True)
class FloorFold:
    """One floor, as the arrays tell it."""

    found: list[str] = field(default_factory=list)
    convs: dict[int, Kept] = field(default_factory=dict)
    loads: dict[int, int] = field(default_factory=dict)
    capacity: dict[int, int] = field(default_factory=dict)
    next_position: int = 1
    at_ms: int = 0
    epoch: int = 0

    def row(self, first: int, count: int, *, epoch: int, entries: list[Any]) -> None:
        """Take one row of the journal."""
        events = [event for _, _, said in entries for event in said]
        if first != self.next_position:
            self.found.append(f"the journal goes on at {first} where {self.next_position} comes next")
        if count != len(events):
            self.found.append(f"the journal's row at {first} says {count} events and holds {len(events)}")
        if epoch < self.epoch:
            self.found.append(f"the journal's row at {first} is of an earlier leader")
        self.next_position, self.epoch = first + count, max(self.epoch, epoch)
        for at_ms, _, said in entries:
            if at_ms < self.at_ms:
                self.found.append(f"journal time goes back at {first}")
            self.at_ms = at_ms
            for event in said:
                _STEPS.get(event[0], _other)(self, event)

    def used(self, agent: int) -> int:
        """Return what an agent's work takes of their capacity."""
        return sum(conv.load for conv in self.convs.values() if conv.at == agent)

    def conv(self, number: int) -> Kept:
        return self.convs.setdefault(number, Kept())


def _other(_fold: FloorFold, _event: list[Any]) -> None:
    return None


def _class_formed(fold: FloorFold, event: list[Any]) -> None:
    fold.loads[event[1]] = event[5]


def _received(fold: FloorFold, event: list[Any]) -> None:
    if event[7] and event[1] in fold.convs:
        fold.found.append(f"conversation {event[1]} was opened twice")
    fold.conv(event[1])


def _classed(place: int) -> Callable[[FloorFold, list[Any]], None]:
    def step(fold: FloorFold, event: list[Any]) -> None:
        conv = fold.conv(event[1])
        conv.load = fold.loads.get(event[place], 0)
        if event[0] == TRANSFERRED:
            _free(conv, "unplaced")

    return step


def _offered(fold: FloorFold, event: list[Any]) -> None:
    _, number, agent, offer, *_ = event
    conv = fold.conv(number)
    if conv.owner:
        fold.found.append(f"conversation {number} was offered though agent {conv.owner} owns it")
    if conv.offer:
        fold.found.append(f"conversation {number} was offered in two rounds at once")
    if agent not in fold.capacity:
        fold.found.append(f"conversation {number} was offered to agent {agent} who is not signed in")
    conv.state, conv.offer, conv.at = "offered", offer, agent
    if fold.used(agent) > fold.capacity.get(agent, 0):
        fold.found.append(f"agent {agent} was given one too many: {fold.used(agent)} of {fold.capacity.get(agent, 0)}")


def _accepted(fold: FloorFold, event: list[Any]) -> None:
    _, number, agent, offer, *_ = event
    conv = fold.conv(number)
    if (conv.offer, conv.at) != (offer, agent):
        fold.found.append(f"offer {offer} was accepted by agent {agent}, who did not have it")
    _assigned(fold, [ASSIGNED, number, agent])


def _assigned(fold: FloorFold, event: list[Any]) -> None:
    _, number, agent, *_ = event
    conv = fold.conv(number)
    if conv.owner not in {0, agent}:
        fold.found.append(f"conversation {number} has two owners, {conv.owner} and {agent}")
    conv.state, conv.owner, conv.offer, conv.at = "active", agent, 0, agent


def _freed(state: str) -> Callable[[FloorFold, list[Any]], None]:
    def step(fold: FloorFold, event: list[Any]) -> None:
        _free(fold.conv(event[1]), state)

    return step


def _free(conv: Kept, state: str) -> None:
    conv.state, conv.owner, conv.held_for, conv.offer, conv.at = state, 0, 0, 0, 0


def _held(fold: FloorFold, event: list[Any]) -> None:
    conv = fold.conv(event[1])
    _free(conv, "held")
    conv.held_for = event[2]


def _replied(fold: FloorFold, event: list[Any]) -> None:
    if fold.conv(event[1]).owner != event[2]:
        fold.found.append(f"agent {event[2]} replied in conversation {event[1]}, which they do not own")


def _wrapped_up(fold: FloorFold, event: list[Any]) -> None:
    fold.conv(event[1]).state = "wrap_up"


def _signed_in(fold: FloorFold, event: list[Any]) -> None:
    fold.capacity[event[1]] = event[3]


def _signed_out(fold: FloorFold, event: list[Any]) -> None:
    fold.capacity.pop(event[1], None)


_STEPS: dict[int, Callable[[FloorFold, list[Any]], None]] = {
    CLASS_FORMED: _class_formed,
    RECEIVED: _received,
    ROUTED: _classed(2),
    DIVERTED: _classed(3),
    TRANSFERRED: _classed(3),
    QUEUED: _freed("waiting"),
    HELD_FOR: _held,
    DEFERRED: _freed("deferred"),
    OFFERED: _offered,
    ACCEPTED: _accepted,
    ASSIGNED: _assigned,
    DECLINED: _freed("unplaced"),
    LAPSED: _freed("unplaced"),
    WITHDRAWN: _freed("unplaced"),
    REPLIED: _replied,
    PARKED: _freed("parked"),
    RETURNED: _freed("unplaced"),
    ABANDONED: _freed("abandoned"),
    WRAP_UP: _wrapped_up,
    CLOSED: _freed("closed"),
    SIGNED_IN: _signed_in,
    SIGNED_OUT: _signed_out,
}
