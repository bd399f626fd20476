"""What is done when a reply window is about to close, has closed, or opens again; and when a team's time is up.

The conversation moves to another class of its queue; its place and its leg stay what they were.
"""

from __future__ import annotations

from router.core import events as ev
from router.core.deadlines import Due
from router.core.decide.classes import class_for
from router.core.decide.patience import queued
from router.core.decide.placing import (
    Steps,
    ask,
)
from router.core.decide.teams import without_team
from router.core.decide.windows import is_hastened
from router.core.lifecycle import DEFERRED
from router.core.orders import URGENT
from router.core.state import Conv, State


def hasten(s: State, at: int, conv: Conv) -> Steps:
    """Its window is about to close: it goes before all others, to whoever can do it."""
    yield from _reclass(s, conv, conv.cls.priority + URGENT, "window_closing")
    yield from _wait_on(s, at, conv, "window_closing")


def close_window(s: State, at: int, conv: Conv) -> Steps:
    """It has closed: said by name, and answers go over another line where the queue says so and there is one."""
    yield window_closed(s, conv)
    if is_hastened(conv):
        yield from _reclass(s, conv, conv.cls.priority - URGENT, "window_closed")
    yield from _wait_on(s, at, conv, "window_closed")


def window_ends(s: State, at: int, due: Due) -> Steps:
    """It closes while the conversation waits in no line: said then, and nothing presses when its queue opens."""
    del at
    conv = s.convs.get(due[3])
    if conv is None or conv.state != DEFERRED or not conv.hasten_ms or conv.window_ms != due[0]:
        return
    yield window_closed(s, conv)
    if is_hastened(conv):
        yield from _reclass(s, conv, conv.cls.priority - URGENT, "window_closed")


def renew_window(s: State, at: int, conv: Conv) -> Steps:
    """Its customer wrote again while it waits: nothing presses any more."""
    if is_hastened(conv) and not 0 < conv.hasten_ms <= at:
        yield from _reclass(s, conv, conv.cls.priority - URGENT, "window_renewed")
    yield from _wait_on(s, at, conv, "window_renewed")


def leave_team(s: State, at: int, conv: Conv) -> Steps:
    """The customer's own team has had its time: whoever can do it may have it."""
    yield from _reclass(s, conv, conv.cls.priority, "team_hold_over")
    yield from _wait_on(s, at, conv, "team_hold_over")


def window_closed(s: State, conv: Conv) -> ev.Event:
    """Return the event that says it, with the line over which the conversation can go on."""
    to_line = 0
    if s.queue_spec(conv.queue).window_closed == "other-line":
        to_line = conv.spare_line or (conv.more_lines[-1] if conv.more_lines else 0)
    return ev.WindowClosed(conv.id, conv.line, to_line if to_line != conv.line else 0)


def _reclass(s: State, conv: Conv, priority: int, why: str) -> Steps:
    before = conv.cls
    cls = yield from class_for(
        s,
        before.queue,
        before.channel,
        without_team(before.needs),
        load=before.load,
        priority=priority,
        also=before.also,
    )
    yield ev.Reclassed(conv.id, cls.id, why)


def _wait_on(s: State, at: int, conv: Conv, why: str) -> Steps:
    yield queued(s, at, conv, why)
    yield from ask(s, at, conv)
