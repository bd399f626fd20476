"""The life cycle is its table: every cell is walked, and the page with its picture is drawn from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from router.core import events as ev
from router.core.evolve import WRITERS, evolve
from router.core.facts import Facts
from router.core.lifecycle import (
    ACTIVE,
    DEFERRED,
    HELD,
    MOVES,
    OFFERED,
    OUT,
    STATES,
    UNPLACED,
    WAITING,
    WRAP_UP,
    IllegalMoveError,
    diagram,
)
from router.core.record import Record
from router.core.snapshot import encode_state
from router.core.state import State

PAGE = Path(__file__).parent.parent.parent / "docs" / "LIFECYCLE.md"
NEEDS = (("channel:chat", 1),)
CHAT = Facts(channel="chat")
RECORD = Record(
    conv=1,
    version=1,
    customer=1,
    line=1,
    channel="chat",
    queue="general",
    needs=NEEDS,
    load=25,
    key_ms=1,
    opened_ms=1,
    owner=7,
    facts=CHAT,
    left_ms=1,
    state="parked",
)
RECEIVED = ev.Received(1, 1, 1, 1, 1, 1, opened=True, quiet=False)
QUEUED = (RECEIVED, ev.Routed(1, 0, "rest", 1), ev.Queued(1, 100, "arrived"))
OFFER = (*QUEUED, ev.Offered(1, 7, 1, 100, ("longest_idle",), 1))
ROUND = (*OFFER, ev.RangAlso(1, 8, 1, ("rings_too",)))
BEGUN = (*OFFER, ev.Accepted(1, 7, 1, 100))

WAY_TO: dict[str, tuple[ev.Event, ...]] = {
    OUT: (),
    UNPLACED: (RECEIVED, ev.Routed(1, 0, "rest", 1)),
    WAITING: QUEUED,
    HELD: (*QUEUED[:2], ev.HeldFor(1, 7, 100, "transferred")),
    OFFERED: ROUND,
    ACTIVE: BEGUN,
    WRAP_UP: (*BEGUN, ev.WrapUpStarted(1, 7, 100)),
    DEFERRED: (*QUEUED[:2], ev.Deferred(1, "general", 100, "off_hours")),
}

HAPPENS: dict[type[ev.Event], ev.Event] = {
    ev.Received: RECEIVED,
    ev.Returned: ev.Returned(1, "due", RECORD),
    ev.Routed: ev.Routed(1, 1, "bills", 1),
    ev.Diverted: ev.Diverted(1, "general", 1, "off_hours"),
    ev.Queued: ev.Queued(1, 100, "declined"),
    ev.Widened: ev.Widened(1, 1, 1, 100),
    ev.HeldFor: ev.HeldFor(1, 7, 100, "transferred"),
    ev.Deferred: ev.Deferred(1, "general", 100, "off_hours"),
    ev.Announced: ev.Announced(1, 1, "off-hours", "general", 100),
    ev.Offered: ev.Offered(1, 7, 1, 100, ("longest_idle",), 1),
    ev.Accepted: ev.Accepted(1, 7, 1, 100),
    ev.Declined: ev.Declined(1, 7, 1, "busy", 50),
    ev.OfferLapsed: ev.OfferLapsed(1, 7, 1),
    ev.OfferWithdrawn: ev.OfferWithdrawn(1, 7, 1, "agent_away"),
    ev.RangAlso: ev.RangAlso(1, 9, 1, ("rings_too",)),
    ev.RingStopped: ev.RingStopped(1, 8, 1, "declined", "busy", 50),
    ev.RestEnded: ev.RestEnded(1, 7),
    ev.Assigned: ev.Assigned(1, 7, "owner_free", 100),
    ev.Replied: ev.Replied(1, 7, 1, 1, 100),
    ev.DeliveryReported: ev.DeliveryReported(1, 1, "failed", "gone", "agent"),
    ev.Rated: ev.Rated(1, 5),
    ev.CopyWanted: ev.CopyWanted(1, 1, 9),
    ev.Noted: ev.Noted(1, 7, 1),
    ev.Reminded: ev.Reminded(1, "agent", "agent_silent", 100),
    ev.LineHeld: ev.LineHeld(1, 7, 1, on=True),
    ev.PartyReported: ev.PartyReported(1, 1, "customer", joined=True, why=""),
    ev.CustomerLeft: ev.CustomerLeft(1, 1, "left", 100),
    ev.Escalated: ev.Escalated(1, 7, "unanswered", 100),
    ev.TakenBack: ev.TakenBack(1, 7, "unanswered", 100),
    ev.Transferred: ev.Transferred(1, 7, 1, 0, 0),
    ev.Parked: ev.Parked(1, 7, "customer", 100, RECORD),
    ev.WrapUpStarted: ev.WrapUpStarted(1, 7, 100),
    ev.WrapUpKept: ev.WrapUpKept(1, 7, "solved"),
    ev.WrapUpExtended: ev.WrapUpExtended(1, 7, 200),
    ev.Closed: ev.Closed(1, 7, "", "handled", RECORD),
    ev.Ordered: ev.Ordered(1, 9, "move", "asked", queue="billing"),
    ev.Reprioritised: ev.Reprioritised(1, 1),
    ev.TransferReturned: ev.TransferReturned(1, 7, "declined"),
    ev.ParticipantAsked: ev.ParticipantAsked(1, 8, 7, "consult", 100),
    ev.ParticipantJoined: ev.ParticipantJoined(1, 8, "consult", 7),
    ev.ParticipantLeft: ev.ParticipantLeft(1, 8, "left"),
    ev.LegLost: ev.LegLost(1, 7, 100, "failed"),
    ev.OutsideAsked: ev.OutsideAsked(1, "acme", 7, "consult", 100),
    ev.OutsideJoined: ev.OutsideJoined(1, "acme"),
    ev.OutsideLeft: ev.OutsideLeft(1, "acme", "left"),
    ev.HandedOut: ev.HandedOut(1, 7, "acme", 100),
    ev.Rested: ev.Rested(1, 7, 50, "withdrawn"),
    ev.Abandoned: ev.Abandoned(1, "left", RECORD),
    ev.Reclassed: ev.Reclassed(1, 1, "window_closing"),
    ev.WindowClosed: ev.WindowClosed(1, 1, 0),
    ev.Related: ev.Related(1, 2),
    ev.Unrelated: ev.Unrelated(1, 2),
    ev.Overflowed: ev.Overflowed(1, "general", 1, "overflow_full", 51, 0),
    ev.OverflowTold: ev.OverflowTold(1, "voicemail", "overflow_slow", 3, 60_000, "voicemail"),
    ev.LookedAt: ev.LookedAt(1, 100),
    ev.CallbackAsked: ev.CallbackAsked(1, 1, 0, "agent_first", 0, 0),
    ev.CustomerCalled: ev.CustomerCalled(1, 1, 1, 100),
    ev.CallbackReached: ev.CallbackReached(1),
    ev.CallbackFailed: ev.CallbackFailed(1, 7, 1, "no_answer"),
}


def floor_in(state: str) -> State:
    """Return a floor with one agent and one conversation in this state."""
    floor = State()
    ready = (
        ev.FactsCoded(1, CHAT),
        ev.ClassFormed(0, "general", "chat", NEEDS, 25, live=True),
        ev.ClassFormed(1, "billing", "chat", NEEDS, 25, live=True),
        *(ev.SignedIn(agent, NEEDS, 100, "available") for agent in (7, 8, 9)),
        *(ev.PresenceSet(agent, "available", accepts=True, why="signed_in") for agent in (7, 8, 9)),
    )
    for event in (*ready, *WAY_TO[state]):
        evolve(floor, 1, event, {})
    return floor


def state_of(floor: State) -> str:
    conv = floor.convs.get(1)
    return conv.state if conv else OUT


CELLS = [(event, state) for event in MOVES for state in STATES]


@pytest.mark.parametrize(("event", "state"), CELLS, ids=lambda cell: cell if isinstance(cell, str) else cell.__name__)
def test_a_cell_of_the_table_says_what_happens(event: type[ev.Event], state: str) -> None:
    floor = floor_in(state)
    assert state_of(floor) == state
    before = encode_state(floor)
    if state in MOVES[event]:
        known: Any = HAPPENS[event]
        happens = msgspec.structs.replace(known, opened=state == OUT) if event is ev.Received else known
        evolve(floor, 2, happens, {})
        assert state_of(floor) == MOVES[event][state]
    else:
        with pytest.raises(IllegalMoveError, match=event.__name__):
            evolve(floor, 2, HAPPENS[event], {})
        assert encode_state(floor) == before


def test_every_event_has_its_writer_and_every_one_of_a_conversation_its_row() -> None:
    events = {each for each in vars(ev).values() if isinstance(each, type) and issubclass(each, ev.Event)}
    assert set(WRITERS) | {ev.ConfigApplied} == events - {ev.Event}
    of_conversations = {each for each in events if "conv" in each.__struct_fields__}
    assert of_conversations == set(MOVES) == set(HAPPENS)


def test_a_quiet_message_of_a_conversation_outside_leaves_it_there() -> None:
    floor = floor_in(OUT)
    evolve(floor, 2, ev.Received(1, 1, 1, 1, 1, 1, opened=False, quiet=True), {})
    assert state_of(floor) == OUT


def page() -> str:
    """Return the page of the life cycle: the picture, then the table it is drawn from."""
    lines = ["# Life cycle of a conversation", "", "Drawn from `router/core/lifecycle.py`; a test compares.", ""]
    lines += ["```mermaid", diagram().rstrip(), "```", ""]
    lines += ["| event | " + " | ".join(STATES) + " |", "| --- |" + " --- |" * len(STATES)]
    for event, moves in sorted(MOVES.items(), key=lambda each: each[0].__name__):
        lines.append(f"| {event.__name__} | " + " | ".join(moves.get(state, "") for state in STATES) + " |")
    lines += ["", "An empty cell is a fault of ours: nothing is written, and the floor says so.", ""]
    return "\n".join(lines)


def test_the_page_is_drawn_from_the_table() -> None:
    assert PAGE.read_text() == page(), "write page() of this test to docs/LIFECYCLE.md"
