"""Writes down what is said in wrap-up before it is over. Like `evolve`, it asks no rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from router.core import events as ev
from router.core.conversations import Ending
from router.core.state import State
from router.core.writing import set_due


def _kept(state: State, at: int, event: ev.WrapUpKept) -> None:
    del at
    conv = state.convs[event.conv]
    conv.ending = replace(conv.ending or Ending(), outcome=event.disposition, follow_up_ms=event.follow_up_ms)


def _extended(state: State, at: int, event: ev.WrapUpExtended) -> None:
    del at
    conv = state.convs[event.conv]
    conv.ending = replace(conv.ending or Ending(), extended=True)
    set_due(state, conv, event.until_ms, "agent")


WRITERS: dict[type[ev.Event], Callable[[State, int, Any], None]] = {
    ev.WrapUpKept: _kept,
    ev.WrapUpExtended: _extended,
}
