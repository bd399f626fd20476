"""Writes down what supervisors' orders and transfers bring. It asks no rule, calendar or matcher's choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from router.core import events as ev
from router.core.conversations import Participant
from router.core.deadlines import LEG, OUTSIDE, PARTICIPANT, REST
from router.core.record import Passed
from router.core.state import Conv, State
from router.core.writing import move_class, part_with, set_due, take_room, unplace

# What a conversation does whose transfer to an agent was refused: back to who gave it, else on to its queue.
SENDER = "sender"


def reprioritised(state: State, at: int, event: ev.Reprioritised) -> None:
    """What a supervisor has placed, no rule moves."""
    conv = state.convs[event.conv]
    move_class(state, at, conv, state.matching.classes[event.cls])
    conv.rule = ""


def rested(state: State, at: int, event: ev.Rested) -> None:
    rest(state, at, state.convs[event.conv], agent=event.agent, until_ms=event.until_ms)


def rest(state: State, at: int, conv: Conv, *, agent: int, until_ms: int) -> None:
    """For a while this conversation does not ring at this agent."""
    if until_ms > at:
        conv.resting = {**(conv.resting or {}), agent: until_ms}
        state.deadlines.set(until_ms, REST, conv.id, place=agent)


def pass_on(conv: Conv, event: ev.Transferred, *, queue: str) -> None:
    """Remember who gave a conversation out of which queue, and who has still to take it."""
    asked = event.to_agent if event.back == SENDER else 0
    conv.passed = Passed(event.agent, queue, event.times, asked)


def settle(conv: Conv) -> None:
    """Whoever was asked by a transfer has taken it, or it has gone on its way: nobody gets it back."""
    if conv.passed is not None and conv.passed.asked:
        conv.passed = replace(conv.passed, asked=0)


def transfer_returned(state: State, at: int, event: ev.TransferReturned) -> None:
    conv = state.convs[event.conv]
    unplace(state, at, conv)
    settle(conv)


def participant_asked(state: State, at: int, event: ev.ParticipantAsked) -> None:
    del at
    conv = state.convs[event.conv]
    _take_part(state, conv, event.agent, Participant(event.role, event.by, event.until_ms))
    take_room(state, state.agents[event.agent], conv, renew=False)
    state.deadlines.set(event.until_ms, PARTICIPANT, conv.id, place=event.agent)


def participant_joined(state: State, at: int, event: ev.ParticipantJoined) -> None:
    del at
    _take_part(state, state.convs[event.conv], event.agent, Participant(event.role, event.by))


def _take_part(state: State, conv: Conv, agent: int, participant: Participant) -> None:
    state.agents[agent].parts.add(conv.id)
    conv.participants = {**(conv.participants or {}), agent: participant}


def participant_left(state: State, at: int, event: ev.ParticipantLeft) -> None:
    """Either they left what goes on, or it is said now of what is over."""
    del at
    if (event.conv, event.agent) in state.parted:
        state.parted.remove((event.conv, event.agent))
        return
    conv = state.convs.get(event.conv)
    if conv is not None and event.agent in (conv.participants or {}):
        _depart(state, conv, event.agent)


def leave_party(state: State, conv_id: int, agent: int) -> None:
    """Who is signed out takes part no longer; it is said at the end of the decision."""
    _depart(state, state.convs[conv_id], agent)
    state.parted.append((conv_id, agent))


def _depart(state: State, conv: Conv, agent: int) -> None:
    others = {other: part for other, part in (conv.participants or {}).items() if other != agent}
    conv.participants = others or None
    part_with(state, conv, agent)


def leg_lost(state: State, at: int, event: ev.LegLost) -> None:
    del at
    conv = state.convs[event.conv]
    conv.leg_lost_ms = event.until_ms
    state.deadlines.set(event.until_ms, LEG, conv.id)


def move_on(state: State, conv: Conv, gap_ms: int) -> None:
    """What rings at participants, the grace of a lost leg and an outside party's time were no promises meanwhile."""
    conv.participants = {
        agent: replace(each, until_ms=each.until_ms and each.until_ms + gap_ms)
        for agent, each in (conv.participants or {}).items()
    } or None
    conv.leg_lost_ms = conv.leg_lost_ms and conv.leg_lost_ms + gap_ms
    if conv.outside is not None:
        conv.outside = replace(conv.outside, until_ms=conv.outside.until_ms and conv.outside.until_ms + gap_ms)
        if conv.outside.handed:
            set_due(state, conv, conv.due_ms + gap_ms, conv.actor)
        else:
            state.deadlines.set(conv.outside.until_ms, OUTSIDE, conv.id)
    for agent, each in (conv.participants or {}).items():
        state.deadlines.set(each.until_ms, PARTICIPANT, conv.id, place=agent)
    state.deadlines.set(conv.leg_lost_ms, LEG, conv.id)


def only_told(state: State, at: int, event: ev.Event) -> None:
    """An order is written before what it brings, and changes nothing itself."""
    del state, at, event


WRITERS: dict[type[ev.Event], Callable[[State, int, Any], None]] = {
    ev.Ordered: only_told,
    ev.Directed: only_told,
    ev.Reprioritised: reprioritised,
    ev.Rested: rested,
    ev.TransferReturned: transfer_returned,
    ev.ParticipantAsked: participant_asked,
    ev.ParticipantJoined: participant_joined,
    ev.ParticipantLeft: participant_left,
    ev.LegLost: leg_lost,
}
