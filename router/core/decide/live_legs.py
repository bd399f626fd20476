"""What follows when the owner of a live conversation is gone from its line. Reports come in by `arrivals`."""

from __future__ import annotations

from router.core import commands as cmd
from router.core import events as ev
from router.core.deadlines import Due
from router.core.decide.outside import outside_reported
from router.core.decide.participants import party_lost
from router.core.decide.people import NOT_RESPONDING
from router.core.decide.placing import Steps, back_in_line
from router.core.decide.rounds import withdraw_offers
from router.core.lifecycle import ACTIVE
from router.core.state import Conv, State

LEG_LOST = "agent_leg_lost"


def lose_leg(s: State, at: int, conv: Conv, c: cmd.ReportParty) -> Steps:
    """An owner who is no longer on the line has a grace to come back."""
    yield from outside_reported(s, at, conv, c)
    if not c.joined:
        yield from party_lost(s, at, conv, c)
    if not c.joined and _is_owner_lost(conv, c) and not conv.leg_lost_ms:
        grace_ms = s.queue_spec(conv.queue).leg_grace_ms
        yield ev.LegLost(conv.id, conv.owner, at + grace_ms, c.why)


def _is_owner_lost(conv: Conv, c: cmd.ReportParty) -> bool:
    talking = conv.state == ACTIVE and conv.live and not conv.gone and c.line == conv.line
    return talking and c.party == f"agent:{conv.owner}"


def leg_due(s: State, at: int, due: Due) -> Steps:
    """The owner did not come back and the customer is still there: back to the line at the old place."""
    conv = s.convs.get(due[3])
    if conv is None or conv.leg_lost_ms != due[0]:
        return
    owner = conv.owner
    yield ev.TakenBack(conv.id, owner, LEG_LOST, 0)
    unplaced = yield from withdraw_offers(s, owner, "agent_away")
    yield ev.PresenceSet(owner, NOT_RESPONDING, False, LEG_LOST)
    yield from back_in_line(s, at, [conv.id, *unplaced], LEG_LOST)
