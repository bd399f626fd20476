"""Writes down what supervisors' orders and transfers bring. It asks no rule, calendar or matcher's choice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from router.core import events as ev
from router.core.deadlines import REST
from router.core.state import Conv, State
from router.core.writing import move_class


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


def only_told(state: State, at: int, event: ev.Event) -> None:
    """An order is written before what it brings, and changes nothing itself."""
    del state, at, event


WRITERS: dict[type[ev.Event], Callable[[State, int, Any], None]] = {
    ev.Ordered: only_told,
    ev.Directed: only_told,
    ev.Reprioritised: reprioritised,
    ev.Rested: rested,
}
