"""The life cycle of a conversation as one table: event -> state before -> state after. Nothing else lives here.

`unplaced` lasts only within one decision; `out` is outside the core (not yet opened, parked, closed, abandoned).
An event that the table does not know for a state is a bug of ours, and evolve says so before writing anything.
"""

from __future__ import annotations

from router.core import events as ev

OUT = "out"
UNPLACED = "unplaced"
WAITING = "waiting"
HELD = "held"
OFFERED = "offered"
ACTIVE = "active"
WRAP_UP = "wrap_up"
DEFERRED = "deferred"
STATES = (OUT, UNPLACED, WAITING, HELD, OFFERED, ACTIVE, WRAP_UP, DEFERRED)

_OPEN = (UNPLACED, WAITING, HELD, OFFERED, ACTIVE, WRAP_UP, DEFERRED)
_STAYS = {state: state for state in _OPEN}


def _from(states: tuple[str, ...], to: str) -> dict[str, str]:
    return dict.fromkeys(states, to)


MOVES: dict[type[ev.Event], dict[str, str]] = {
    ev.Received: {OUT: UNPLACED, **_STAYS},
    ev.Returned: {OUT: UNPLACED},
    ev.Routed: {UNPLACED: UNPLACED, WAITING: UNPLACED, HELD: HELD, ACTIVE: ACTIVE, DEFERRED: DEFERRED},
    ev.Diverted: {UNPLACED: UNPLACED, WAITING: UNPLACED, HELD: HELD, ACTIVE: ACTIVE, DEFERRED: DEFERRED},
    ev.Queued: _from((UNPLACED, WAITING, HELD, ACTIVE, DEFERRED), WAITING),
    ev.HeldFor: _from((UNPLACED, WAITING, HELD, ACTIVE), HELD),
    ev.Deferred: _from((UNPLACED, WAITING, HELD, ACTIVE, DEFERRED), DEFERRED),
    ev.Announced: _STAYS,
    ev.Offered: _from((WAITING, HELD, UNPLACED), OFFERED),
    ev.Accepted: {OFFERED: ACTIVE},
    ev.Declined: {OFFERED: UNPLACED},
    ev.OfferLapsed: {OFFERED: UNPLACED},
    ev.OfferWithdrawn: {OFFERED: UNPLACED},
    ev.RangAlso: {OFFERED: OFFERED},
    ev.RingStopped: {OFFERED: OFFERED},
    ev.RestEnded: _STAYS,
    ev.Assigned: _from((UNPLACED, WAITING, HELD, WRAP_UP, DEFERRED), ACTIVE),
    ev.Replied: {ACTIVE: ACTIVE},
    ev.DeliveryReported: {OUT: OUT, **_STAYS},
    ev.Rated: {OUT: OUT, **_STAYS},
    ev.CopyWanted: {OUT: OUT, **_STAYS},
    ev.Noted: {OUT: OUT, **_STAYS},
    ev.Reminded: {WAITING: WAITING, ACTIVE: ACTIVE},
    ev.LineHeld: {ACTIVE: ACTIVE},
    ev.PartyReported: _STAYS,
    ev.CustomerLeft: _STAYS,
    ev.Escalated: {ACTIVE: ACTIVE},
    ev.TakenBack: {ACTIVE: UNPLACED},
    ev.Transferred: {ACTIVE: UNPLACED},
    ev.Parked: _from((ACTIVE, WRAP_UP, UNPLACED, WAITING, HELD, DEFERRED), OUT),
    ev.WrapUpStarted: {ACTIVE: WRAP_UP},
    ev.WrapUpKept: {WRAP_UP: WRAP_UP},
    ev.WrapUpExtended: {WRAP_UP: WRAP_UP},
    ev.Closed: _from((WAITING, HELD, ACTIVE, WRAP_UP, UNPLACED, DEFERRED), OUT),
    ev.Ordered: _STAYS,
    ev.Reprioritised: {**_STAYS, WAITING: UNPLACED},
    ev.Rested: _STAYS,
    ev.Widened: {WAITING: WAITING},
    ev.TransferReturned: _from((UNPLACED, HELD, DEFERRED), UNPLACED),
    ev.ParticipantAsked: {ACTIVE: ACTIVE},
    ev.ParticipantJoined: {ACTIVE: ACTIVE},
    ev.ParticipantLeft: {OUT: OUT, **_STAYS},
    ev.LegLost: {ACTIVE: ACTIVE},
    ev.OutsideAsked: {ACTIVE: ACTIVE, DEFERRED: DEFERRED},
    ev.OutsideJoined: {ACTIVE: ACTIVE, DEFERRED: DEFERRED},
    ev.OutsideLeft: {OUT: OUT, **_STAYS},
    ev.HandedOut: {ACTIVE: DEFERRED},
    ev.Abandoned: _from((WAITING, HELD, UNPLACED), OUT),
    ev.Overflowed: {WAITING: UNPLACED},
    ev.OverflowTold: {WAITING: WAITING},
    ev.LookedAt: {WAITING: WAITING},
    ev.CallbackAsked: {**_STAYS},
    ev.CustomerCalled: {WAITING: DEFERRED},
    ev.CallbackReached: {ACTIVE: ACTIVE, DEFERRED: UNPLACED},
    ev.CallbackFailed: _from((ACTIVE, DEFERRED), UNPLACED),
    ev.Reclassed: {WAITING: UNPLACED, DEFERRED: DEFERRED},
    ev.WindowClosed: _STAYS,
    ev.Related: _STAYS,
    ev.Unrelated: _STAYS,
}


class IllegalMoveError(AssertionError):
    """An event came to a conversation in a state that the life cycle does not know for it."""


def check(before: str, event: ev.Event) -> None:
    """Raise IllegalMoveError unless the table has this event for this state."""
    moves = MOVES[type(event)]
    if before not in moves:
        raise IllegalMoveError(f"{type(event).__name__} cannot happen to a conversation that is {before}")


def diagram() -> str:
    """Return the life cycle as a Mermaid state diagram, drawn from the table; steps that stay are left out."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for event, moves in MOVES.items():
        for before, after in moves.items():
            if before != after:
                arrows.setdefault((before, after), []).append(event.__name__)
    lines = ["stateDiagram-v2"]
    for (before, after), names in sorted(arrows.items()):
        ends = ["[*]" if state == OUT else state for state in (before, after)]
        lines.append(f"    {ends[0]} --> {ends[1]}: {', '.join(sorted(names))}")
    return "\n".join(lines) + "\n"
