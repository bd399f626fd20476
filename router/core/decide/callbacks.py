"""Call-backs: asked for on any line, offered when their turn comes, tried again, given up by name. Places are kept."""

from __future__ import annotations

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import DAY_MS, MINUTE_MS
from router.core.calendar import is_open, next_open
from router.core.decide.classes import class_for
from router.core.decide.placing import (
    Steps,
    back_in_line,
    fill,
    place,
    record_of,
)
from router.core.decide.rounds import withdraw_round
from router.core.lifecycle import ACTIVE, UNPLACED, WRAP_UP
from router.core.record import NO_RELIEF
from router.core.rules import on_channel
from router.core.state import Conv, State

# What is due sooner than this stays in the core; the rest waits in the store with its record.
NEAR_MS = 10 * MINUTE_MS
# Calendars are expanded for a year; nobody plans a call farther ahead than a season.
AHEAD_MS_MAX = 90 * DAY_MS
# The words with which a line says that the customer was called in vain.
UNREACHED = frozenset({"no_answer", "no-answer", "busy", "failed", "canceled", "machine"})
CUSTOMER = "customer"


def request_callback(s: State, at: int, c: cmd.RequestCallback) -> Steps:
    """The customer keeps their place and may hang up; they are called when their turn comes, or at a time."""
    conv = s.convs.get(c.conv or s.lines.get(c.line, 0))
    refusal = _cannot_ask(s, at, conv, c)
    if conv is None or refusal:
        yield refusal or Refused("conversation_unknown")
        return
    if conv.relief and conv.relief.callback and not c.at_ms:
        return
    cls, told_on = conv.cls, conv.line
    if c.channel and c.channel != conv.channel:
        needs = on_channel(conv.cls.needs, c.channel)
        cls = yield from class_for(s, conv.queue, c.channel, needs, load=_load(s, c.channel))
    freed: tuple[int, ...] = ()
    if conv.offer and (c.at_ms or cls is not conv.cls):
        freed = yield from withdraw_round(conv, "callback_asked")
    spec = s.queue_spec(conv.queue).callback
    yield ev.CallbackAsked(conv.id, c.to_line or conv.line, cls.id, spec.mode, c.at_ms, c.by)
    if spec.notice and not conv.no_notice:
        yield ev.Announced(conv.id, told_on, spec.notice, conv.queue, c.at_ms)
    yield from _wait_for_turn(s, at, conv, at_ms=c.at_ms, freed=freed)
    for agent in freed:
        yield from fill(s, at, agent)


def _cannot_ask(s: State, at: int, conv: Conv | None, c: cmd.RequestCallback) -> Refused | None:
    if conv is None or s.bundle is None or conv.state == WRAP_UP:
        return Refused("conversation_unknown")
    spec = s.queue_spec(conv.queue)
    if not spec.callback.mode:
        return Refused("callback_not_offered")
    if c.channel and c.channel not in s.bundle.channels:
        return Refused("channel_unknown")
    if conv.outside is not None or c.to_line in conv.outside_lines:
        return Refused("outside_asked" if conv.outside else "line_unknown")
    if conv.state == ACTIVE:
        if conv.owner != c.by:
            return Refused("not_yours")
        return _cannot_call_at(s, at, spec.hours, c.at_ms) if c.at_ms else Refused("callback_time_missing")
    return _cannot_call_at(s, at, spec.hours, c.at_ms) if c.at_ms else None


def _cannot_call_at(s: State, at: int, hours: str, at_ms: int) -> Refused | None:
    if at_ms <= at:
        return Refused("until_past")
    if at_ms > at + AHEAD_MS_MAX:
        return Refused("callback_too_far")
    assert s.bundle is not None, "checked before"
    return None if is_open(s.bundle.calendars.get(hours, ()), at_ms) else Refused("callback_closed")


def _load(s: State, channel: str) -> int:
    assert s.bundle is not None, "checked before"
    return s.bundle.channels[channel].load


def _wait_for_turn(s: State, at: int, conv: Conv, *, at_ms: int, freed: tuple[int, ...]) -> Steps:
    """In line at the old place, kept for a near time, or parked for a far one."""
    if at_ms and (conv.state == ACTIVE or at_ms - at > NEAR_MS):
        owner = conv.owner
        record = record_of(s, conv, at, state="parked", actor="clock")
        yield ev.Parked(conv.id, owner, "clock", at_ms, record)
        if owner:
            yield from fill(s, at, owner)
    elif at_ms:
        yield ev.Deferred(conv.id, conv.queue, at_ms, "callback")
    elif conv.state == UNPLACED:
        yield from back_in_line(s, at, [conv.id], "callback_asked", freed=freed)


def fail_callback(s: State, at: int, c: cmd.FailCallback) -> Steps:
    """An agent says that nobody answered."""
    conv = s.convs.get(c.conv)
    if conv is None:
        yield Refused("conversation_unknown")
    elif conv.owner != c.agent:
        yield Refused("not_yours")
    elif conv.state != ACTIVE or not conv.relief or not conv.relief.callback:
        yield Refused("no_callback")
    else:
        yield from fail(s, at, conv, c.why)


def fail(s: State, at: int, conv: Conv, why: str) -> Steps:
    """An attempt came to nothing: again after a while, in opening hours, or given up by name."""
    agent = conv.owner
    spec = s.queue_spec(conv.queue)
    attempt = (conv.relief or NO_RELIEF).tries + 1
    yield ev.CallbackFailed(conv.id, agent, attempt, why)
    if attempt >= spec.callback.attempts:
        yield ev.Closed(conv.id, agent, "", "callback_unreached", record_of(s, conv, at, state="closed"))
    else:
        calendar = s.bundle.calendars.get(spec.hours, ()) if s.bundle else ()
        again_ms = at + spec.callback.retry_ms
        yield ev.Deferred(conv.id, conv.queue, next_open(calendar, again_ms) or again_ms, "callback_retry")
    if agent:
        yield from fill(s, at, agent)


def line_left(s: State, at: int, conv: Conv, c: cmd.LeaveLine) -> Steps:
    """Who is to be called back may hang up; who was called and did not answer is tried again."""
    tried = conv.state == ACTIVE or (conv.relief or NO_RELIEF).calling
    if tried and c.line == conv.line and c.why in UNREACHED:
        yield from fail(s, at, conv, c.why)
        return
    yield ev.CustomerLeft(conv.id, c.line, c.why, at + s.queue_spec(conv.queue).remind_ms)


def party_joined(s: State, at: int, conv: Conv) -> Steps:
    """The customer has answered: with their agent, or in line at the old place."""
    tried = conv.state == ACTIVE or (conv.relief or NO_RELIEF).calling
    if not tried:
        return
    yield ev.CallbackReached(conv.id)
    if conv.state != ACTIVE:
        yield from place(s, at, conv, "callback_reached")
