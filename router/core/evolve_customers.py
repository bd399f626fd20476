"""Writes down what customers bring: reply windows, targets, links between their conversations. It asks no rule.

Like all writers it knows events and state only; `evolve` includes these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from router.core import events as ev
from router.core.state import Conv, State
from router.core.writing import move_class, move_line

REPLIES_UNCOUNTED = -1


def take_window(conv: Conv, event: ev.Received) -> None:
    """The window that came with a message is the conversation's."""
    conv.window_ms, conv.hasten_ms, conv.replies_left = event.window_ms, event.hasten_ms, event.replies_left
    conv.spare_line = event.spare_line


def renew_window(conv: Conv, event: ev.Received, at: int, *, line: int) -> None:
    """The widest window that is open counts; another line has windows of its own. `line`: the one before."""
    used_up = conv.window_ms <= at or conv.replies_left == 0
    if event.line != line or (event.window_ms and (used_up or event.window_ms >= conv.window_ms)):
        take_window(conv, event)
    if event.reply_by_ms:
        conv.reply_by_ms = event.reply_by_ms


def count_reply(conv: Conv, line: int) -> None:
    """One more answer has gone out on the line whose platform counts them."""
    if conv.replies_left > 0 and line == conv.line:
        conv.replies_left -= 1


def to_other_line(state: State, conv: Conv, line: int) -> None:
    """Answers go over another line now, whose windows nobody knows before its customer writes on it."""
    move_line(state, conv, line)
    conv.window_ms = conv.hasten_ms = 0
    conv.replies_left = REPLIES_UNCOUNTED


def _announced(state: State, at: int, event: ev.Announced) -> None:
    """A notice is an answer too, as platforms count them."""
    del at
    count_reply(state.convs[event.conv], event.line)


def _reclassed(state: State, at: int, event: ev.Reclassed) -> None:
    move_class(state, at, state.convs[event.conv], state.matching.classes[event.cls])


def _window_closed(state: State, at: int, event: ev.WindowClosed) -> None:
    """What has been said is not said again: nothing hastens it from now on."""
    del at
    conv = state.convs[event.conv]
    conv.hasten_ms = 0
    if event.to_line:
        to_other_line(state, conv, event.to_line)


def _related(state: State, at: int, event: ev.Related) -> None:
    del at
    conv = state.convs[event.conv]
    if event.other not in conv.related:
        conv.related = (*conv.related, event.other)


def _unrelated(state: State, at: int, event: ev.Unrelated) -> None:
    del at
    conv = state.convs[event.conv]
    conv.related = tuple(other for other in conv.related if other != event.other)


WRITERS: dict[type[ev.Event], Callable[[State, int, Any], None]] = {
    ev.Announced: _announced,
    ev.Reclassed: _reclassed,
    ev.WindowClosed: _window_closed,
    ev.Related: _related,
    ev.Unrelated: _unrelated,
}
