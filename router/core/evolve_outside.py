"""Writes down what outside parties bring: called, come, gone, given a conversation. Like `evolve`, it asks no rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from router.core import events as ev
from router.core.deadlines import OUTSIDE
from router.core.lifecycle import DEFERRED
from router.core.record import Outside
from router.core.state import Conv, State
from router.core.writing import set_due, take_line, unplace, watch_window

# Who acts next while an outside party has a conversation.
PROVIDER = "provider"


def heard_from_outside(state: State, at: int, conv: Conv, *, due_ms: int) -> None:
    """Somebody else than the customer has written: the owner is to look, and answers go where they went."""
    if due_ms:
        conv.owed_ms = conv.owed_ms or at
        set_due(state, conv, due_ms, "agent")


def _outside_asked(state: State, at: int, event: ev.OutsideAsked) -> None:
    del at
    conv = state.convs[event.conv]
    if event.message:
        if event.line not in conv.outside_lines:
            conv.outside_lines = (*conv.outside_lines, event.line)
            conv.more_lines = (*conv.more_lines, event.line)
            take_line(state, event.line, conv.id)
        return
    handed = conv.state == DEFERRED
    conv.outside = Outside(event.contact, event.by, event.until_ms, handed=handed)
    if not handed:
        state.deadlines.set(event.until_ms, OUTSIDE, conv.id)


def _outside_joined(state: State, at: int, event: ev.OutsideJoined) -> None:
    del at
    conv = state.convs[event.conv]
    if conv.outside is not None:
        conv.outside = replace(conv.outside, joined=True, until_ms=0)
    if event.due_ms:
        set_due(state, conv, event.due_ms, PROVIDER)


def _outside_left(state: State, at: int, event: ev.OutsideLeft) -> None:
    """Either they left what goes on, or it is said now of what is over."""
    del at
    if state.dismissed and state.dismissed[0][:2] == (event.conv, event.contact):
        state.dismissed.pop(0)
        return
    conv = state.convs.get(event.conv)
    if conv is not None:
        conv.outside = None


def _handed_out(state: State, at: int, event: ev.HandedOut) -> None:
    conv = state.convs[event.conv]
    there, conv.outside = conv.outside, None
    joined = there is not None and there.joined
    unplace(state, at, conv)
    conv.state, conv.owner, conv.rule, conv.resting, conv.relief = DEFERRED, 0, "", None, None
    conv.leg_ms = conv.step = 0
    conv.outside = Outside(event.contact, event.agent, 0 if joined else event.until_ms, joined=joined, handed=True)
    set_due(state, conv, event.until_ms, PROVIDER)
    watch_window(state, conv)


WRITERS: dict[type[ev.Event], Callable[[State, int, Any], None]] = {
    ev.OutsideAsked: _outside_asked,
    ev.OutsideJoined: _outside_joined,
    ev.OutsideLeft: _outside_left,
    ev.HandedOut: _handed_out,
}
