"""What an agent does with a conversation of theirs, from the first reply to the end of wrap-up."""

from __future__ import annotations

from itertools import chain

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.decide.placing import Steps, fill, record_of
from router.core.decide.silence import answer_due_ms
from router.core.decide.windows import refusal, wake_ms
from router.core.lifecycle import ACTIVE, OFFERED
from router.core.state import Conv, State


def owned(s: State, agent: int, conv_id: int, states: frozenset[str]) -> Conv | Refused:
    """Return a conversation that an agent owns, in one of some states."""
    conv = s.convs.get(conv_id)
    if conv is None:
        return Refused("conversation_unknown")
    if conv.owner != agent or conv.state == OFFERED:
        return Refused("not_yours")
    if conv.state not in states:
        return Refused("not_active" if ACTIVE in states else "not_in_wrap_up")
    return conv


IN_ACTIVE = frozenset({ACTIVE})


def reply(s: State, at: int, c: cmd.Reply) -> Steps:
    """Say something on the current line or another of the customer's; then stay, park or close."""
    conv = owned(s, c.agent, c.conv, IN_ACTIVE)
    if isinstance(conv, Refused):
        yield conv
        return
    if not _known_disposition(s, c.disposition):
        yield Refused("disposition_unknown")
        return
    if c.line in conv.outside_lines:
        yield Refused("line_unknown")
        return
    shut = refusal(conv, at, c.line)
    if shut:
        yield Refused(shut)
        return
    due_ms = answer_due_ms(s, at, conv)
    yield ev.Replied(conv.id, c.agent, c.message, c.line or conv.line, due_ms)
    if c.then == "park":
        yield from _park(s, at, conv, until_ms=0)
    elif c.then == "close":
        yield from wind_up(s, at, conv, disposition=c.disposition, why="handled")


def _known_disposition(s: State, disposition: str) -> bool:
    outcome, _, reason = disposition.partition(":")
    known = s.bundle is not None and outcome in s.bundle.dispositions
    return not disposition or (known and (not reason or reason in _reasons(s, outcome)))


def _reasons(s: State, outcome: str) -> tuple[str, ...]:
    return s.bundle.outcome_reasons.get(outcome, ()) if s.bundle else ()


def note(s: State, at: int, c: cmd.Note) -> Steps:
    """A note is for colleagues; whoever may see a conversation may add one."""
    del at
    if not 0 < c.conv < s.next_conv:
        yield Refused("conversation_unknown")
        return
    yield ev.Noted(c.conv, c.agent, c.message)


def hold_line(s: State, at: int, c: cmd.HoldLine) -> Steps:
    """Put a live line on hold, or take it off."""
    del at
    conv = owned(s, c.agent, c.conv, IN_ACTIVE)
    if isinstance(conv, Refused):
        yield conv
        return
    if conv.on_hold != c.on:
        yield ev.LineHeld(conv.id, c.agent, conv.line, c.on)


def park(s: State, at: int, c: cmd.Park) -> Steps:
    """Wait for the customer or for a time; the capacity is given back."""
    conv = owned(s, c.agent, c.conv, IN_ACTIVE)
    if isinstance(conv, Refused):
        yield conv
        return
    if c.until_ms and c.until_ms <= at:
        yield Refused("until_past")
        return
    yield from _park(s, at, conv, until_ms=c.until_ms)


def _park(s: State, at: int, conv: Conv, *, until_ms: int) -> Steps:
    owner, due_ms = conv.owner, wake_ms(conv, at)
    wake = bool(due_ms and (not until_ms or due_ms < until_ms))
    until_ms = due_ms if wake else until_ms
    actor = "clock" if until_ms else "customer"
    record = record_of(s, conv, at, state="parked", actor=actor)
    yield ev.Parked(conv.id, owner, actor, until_ms or at + s.queue_spec(conv.queue).park_ms, record)
    yield from fill(s, at, owner)


def close(s: State, at: int, c: cmd.Close) -> Steps:
    """End it: wrap-up follows where the queue has one, unless the disposition is said at once."""
    conv = owned(s, c.agent, c.conv, IN_ACTIVE)
    if isinstance(conv, Refused):
        return iter((conv,))
    if not _known_disposition(s, c.disposition):
        return iter((Refused("disposition_unknown"),))
    return wind_up(s, at, conv, disposition=c.disposition, why="handled")


def wind_up(s: State, at: int, conv: Conv, *, disposition: str, why: str) -> Steps:
    """Nothing more is said: wrap-up, or the end where the queue has none or the disposition is known."""
    wrap_up_ms = conv.cls.spec.wrap_up_ms
    if wrap_up_ms and not disposition:
        return iter((ev.WrapUpStarted(conv.id, conv.owner, at + wrap_up_ms),))
    return finish(s, at, conv, disposition=disposition, why=why)


def finish(s: State, at: int, conv: Conv, *, disposition: str, why: str) -> Steps:
    """Close for good; what was taken of the owner's capacity is matched at once."""
    owner = conv.owner
    closed = ev.Closed(conv.id, owner, disposition, why, record_of(s, conv, at, state="closed"))
    return chain((closed,), fill(s, at, owner))
