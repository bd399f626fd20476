"""Writes down overflow, call-backs, emergencies and what is let in by and by. Like `evolve`, it asks no rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from router.core import events as ev
from router.core.deadlines import QUEUE
from router.core.lifecycle import ACTIVE, DEFERRED, HELD, WAITING
from router.core.record import NO_RELIEF, Relief
from router.core.state import Conv, State
from router.core.writing import move_class, move_line, set_due, unplace, watch_window

# What is let in by and by after an opening is deferred once more, by this name.
STAGED = "staged_opening"


def _ease(conv: Conv, **changes: Any) -> None:
    relief = msgspec.structs.replace(conv.relief or NO_RELIEF, **changes)
    conv.relief = None if relief == NO_RELIEF else relief


def after_answer(relief: Relief) -> Relief | None:
    """Return what is still to be known once an agent has it: only a call-back goes on."""
    return relief if relief.callback else None


def _overflowed(state: State, at: int, event: ev.Overflowed) -> None:
    conv = state.convs[event.conv]
    move_class(state, at, conv, state.matching.classes[event.cls])
    relief = conv.relief or NO_RELIEF
    _ease(conv, passed=(*relief.passed, event.from_queue))
    conv.rule = ""  # no rule has placed it here, so none moves it on
    conv.leg_ms = conv.step = 0


def _overflow_told(state: State, at: int, event: ev.OverflowTold) -> None:
    del at
    conv = state.convs[event.conv]
    relief = conv.relief or NO_RELIEF
    _ease(conv, told=(*relief.told, event.way), kept=event.kept or relief.kept)


def _looked_at(state: State, at: int, event: ev.LookedAt) -> None:
    del at
    set_due(state, state.convs[event.conv], event.due_ms, "queue")


def _callback_asked(state: State, at: int, event: ev.CallbackAsked) -> None:
    conv = state.convs[event.conv]
    cls = state.matching.classes[event.cls]
    if cls is not conv.cls and conv.state in {WAITING, HELD}:
        unplace(state, at, conv)
    conv.cls = cls
    _ease(conv, callback=event.mode, tries=0, calling=False)
    if conv.line != event.line:
        move_line(state, conv, event.line)


def _customer_called(state: State, at: int, event: ev.CustomerCalled) -> None:
    conv = state.convs[event.conv]
    unplace(state, at, conv)
    conv.state = DEFERRED
    _ease(conv, calling=True)
    set_due(state, conv, event.until_ms, "customer")
    watch_window(state, conv)


def _callback_reached(state: State, at: int, event: ev.CallbackReached) -> None:
    conv = state.convs[event.conv]
    conv.relief, conv.off_hours, conv.gone = None, False, False
    if conv.state != ACTIVE:
        unplace(state, at, conv)


def _callback_failed(state: State, at: int, event: ev.CallbackFailed) -> None:
    conv = state.convs[event.conv]
    unplace(state, at, conv)
    conv.owner = 0
    _ease(conv, tries=event.attempt, calling=False)


def _emergency_ordered(state: State, at: int, event: ev.EmergencyOrdered) -> None:
    del at
    state.emergency_until_ms, state.emergency_notice = event.until_ms, event.notice
    state.deadlines.set(event.until_ms, QUEUE, 2)


RELIEF_WRITERS: dict[type[ev.Event], Callable[[State, int, Any], None]] = {
    ev.Overflowed: _overflowed,
    ev.OverflowTold: _overflow_told,
    ev.LookedAt: _looked_at,
    ev.CallbackAsked: _callback_asked,
    ev.CustomerCalled: _customer_called,
    ev.CallbackReached: _callback_reached,
    ev.CallbackFailed: _callback_failed,
    ev.EmergencyOrdered: _emergency_ordered,
}
