"""Which event may come to a conversation in which state, as `verify` reads DESIGN: its own table, not the core's."""

from __future__ import annotations

from router.core import events as ev
from router.verify.fold import (
    ABANDONED,
    ACTIVE,
    CLOSED,
    DEFERRED,
    HELD,
    OFFERED,
    OUT,
    PARKED,
    UNPLACED,
    WAITING,
    WRAP_UP,
)

_LEFT = frozenset({PARKED, CLOSED, ABANDONED})
_OPEN = frozenset({UNPLACED, WAITING, HELD, OFFERED, ACTIVE, WRAP_UP, DEFERRED})
_KNOWN = _OPEN | _LEFT
_PLACEABLE = frozenset({UNPLACED, WAITING, HELD, ACTIVE, DEFERRED})

ALLOWED: dict[type[ev.Event], frozenset[str]] = {
    ev.Returned: _LEFT,
    ev.Routed: _PLACEABLE,
    ev.Diverted: _PLACEABLE,
    ev.Queued: _PLACEABLE,
    ev.Reclassed: frozenset({WAITING, DEFERRED}),
    ev.WindowClosed: _OPEN,
    ev.Related: _OPEN,
    ev.Unrelated: _OPEN,
    ev.HeldFor: frozenset({UNPLACED, WAITING, HELD, ACTIVE}),
    ev.Deferred: _PLACEABLE,
    ev.Announced: _OPEN,
    ev.Offered: frozenset({UNPLACED, WAITING, HELD}),
    ev.Accepted: frozenset({OFFERED}),
    ev.Declined: frozenset({OFFERED}),
    ev.OfferLapsed: frozenset({OFFERED}),
    ev.OfferWithdrawn: frozenset({OFFERED}),
    ev.RangAlso: frozenset({OFFERED}),
    ev.RingStopped: frozenset({OFFERED}),
    ev.RestEnded: _OPEN,
    ev.Assigned: frozenset({UNPLACED, WAITING, HELD, WRAP_UP, DEFERRED}),
    ev.Ordered: _OPEN,
    ev.Reprioritised: _OPEN - {WRAP_UP},
    ev.Rested: _OPEN,
    ev.TransferReturned: frozenset({UNPLACED, HELD, DEFERRED}),
    ev.ParticipantAsked: frozenset({ACTIVE}),
    ev.ParticipantJoined: frozenset({ACTIVE}),
    ev.ParticipantLeft: _KNOWN,
    ev.LegLost: frozenset({ACTIVE}),
    ev.OutsideAsked: frozenset({ACTIVE, DEFERRED}),
    ev.OutsideJoined: frozenset({ACTIVE, DEFERRED}),
    ev.OutsideLeft: _KNOWN,
    ev.HandedOut: frozenset({ACTIVE}),
    ev.Replied: frozenset({ACTIVE}),
    ev.Noted: _KNOWN,
    ev.DeliveryReported: _KNOWN | {OUT},
    ev.Rated: _KNOWN | {OUT},
    ev.CopyWanted: _KNOWN | {OUT},
    ev.Widened: frozenset({WAITING}),
    ev.Reminded: frozenset({WAITING, ACTIVE}),
    ev.LineHeld: frozenset({ACTIVE}),
    ev.PartyReported: _OPEN,
    ev.CustomerLeft: _OPEN,
    ev.Escalated: frozenset({ACTIVE}),
    ev.TakenBack: frozenset({ACTIVE}),
    ev.Transferred: frozenset({ACTIVE}),
    ev.Parked: _PLACEABLE | {WRAP_UP},
    ev.WrapUpStarted: frozenset({ACTIVE}),
    ev.WrapUpKept: frozenset({WRAP_UP}),
    ev.WrapUpExtended: frozenset({WRAP_UP}),
    ev.Closed: frozenset({WAITING, HELD, ACTIVE, WRAP_UP, UNPLACED, DEFERRED}),
    ev.Abandoned: frozenset({WAITING, HELD, UNPLACED}),
    ev.Overflowed: frozenset({WAITING}),
    ev.OverflowTold: frozenset({WAITING}),
    ev.LookedAt: frozenset({WAITING}),
    ev.CallbackAsked: _OPEN,
    ev.CustomerCalled: frozenset({WAITING}),
    ev.CallbackReached: frozenset({ACTIVE, DEFERRED}),
    ev.CallbackFailed: frozenset({ACTIVE, DEFERRED}),
}

# Where a forbidden move breaks a promise that has a name of its own.
NAMES: dict[tuple[type[ev.Event], str], str] = {
    (ev.Offered, OFFERED): "double_offer",
    (ev.Offered, ACTIVE): "offer_while_owned",
    (ev.Offered, WRAP_UP): "offer_while_owned",
    (ev.Accepted, ACTIVE): "double_owner",
    (ev.Accepted, WRAP_UP): "double_owner",
    (ev.Assigned, ACTIVE): "double_owner",
}


def fault(event: ev.Event, state: str) -> str:
    """Return the name of what is wrong with this event in this state, empty when nothing is."""
    if isinstance(event, ev.Received):
        return "" if _may_receive(event, state) else "wrong_state"
    allowed = ALLOWED.get(type(event))
    if allowed is None or state in allowed:
        return ""
    return NAMES.get((type(event), state), "wrong_state")


def _may_receive(event: ev.Received, state: str) -> bool:
    """What opens a conversation is its first event; only a quiet message joins one that has left."""
    if event.opened:
        return state == OUT
    return state in (_KNOWN if event.quiet else _OPEN)
