"""The end of a conversation for whoever had it: outcome, follow-up, a minute more, and what happens when time is up.

What a queue asks of its wrap-up is its mode: `optional` (an outcome may be left out), `timed` (time ends it),
`required` (an outcome is asked for; time ends it only so that nobody stays there for ever) and `fixed` (nobody leaves
early: what is said is kept until time is up).
"""

from __future__ import annotations

from msgspec.structs import replace

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import WRAP_UP_EXTRA_MS, Queue
from router.core.conversations import Ending
from router.core.decide.handling import finish, owned
from router.core.decide.placing import Steps, fill, record_of
from router.core.lifecycle import WRAP_UP
from router.core.state import Conv, State

IN_WRAP_UP = frozenset({WRAP_UP})
# What stands where nobody has said what came of it.
TIMEOUT = "timeout"
# Modes in which the time is a limit one works against; in the others it is only a bound.
EXTENDED = frozenset({"timed", "fixed"})


def finish_wrap_up(s: State, at: int, c: cmd.FinishWrapUp) -> Steps:
    """The owner has said what came of it; with `follow_up_ms` it comes back to them then."""
    conv = owned(s, c.agent, c.conv, IN_WRAP_UP)
    if isinstance(conv, Refused):
        return iter((conv,))
    refusal = _cannot_finish(s, at, conv, c)
    if refusal:
        return iter((refusal,))
    if conv.cls.spec.wrap_up_mode == "fixed":
        return iter((ev.WrapUpKept(conv.id, c.agent, c.disposition, c.follow_up_ms),))
    return _end(s, at, conv, Ending(outcome=c.disposition, follow_up_ms=c.follow_up_ms), why="handled")


def _cannot_finish(s: State, at: int, conv: Conv, c: cmd.FinishWrapUp) -> Refused | None:
    spec = conv.cls.spec
    if not known_outcome(s, c.disposition, spec):
        return Refused("disposition_unknown")
    if c.follow_up_ms and c.follow_up_ms <= at:
        return Refused("until_past")
    missing = not c.disposition and not c.follow_up_ms and spec.wrap_up_mode in {"required", "fixed"}
    return Refused("outcome_missing") if missing else None


def known_outcome(s: State, disposition: str, spec: Queue | None = None) -> bool:
    """Return whether an outcome is configured; `outcome:reason` where it has reasons of its own."""
    if not disposition:
        return True
    if s.bundle is None:
        return False
    outcome, _, reason = disposition.partition(":")
    names = (spec.outcomes if spec else ()) or s.bundle.dispositions
    return outcome in names and (not reason or reason in s.bundle.outcome_reasons.get(outcome, ()))


def extend_wrap_up(s: State, at: int, c: cmd.ExtendWrapUp) -> Steps:
    """A minute more, once."""
    del at
    conv = owned(s, c.agent, c.conv, IN_WRAP_UP)
    if isinstance(conv, Refused):
        yield conv
    elif conv.cls.spec.wrap_up_mode not in EXTENDED:
        yield Refused("no_time_limit")
    elif conv.ending is not None and conv.ending.extended:
        yield Refused("extended_once")
    else:
        yield ev.WrapUpExtended(conv.id, c.agent, conv.due_ms + WRAP_UP_EXTRA_MS)


def wrap_up_ends(s: State, at: int, conv: Conv) -> Steps:
    """Time is up: what was kept holds, else it is said that nobody said anything."""
    kept = conv.ending or Ending()
    if kept.outcome or kept.follow_up_ms:
        yield from _end(s, at, conv, kept, why="handled")
    else:
        yield from _end(s, at, conv, replace(kept, outcome=TIMEOUT), why="wrap_up_timeout")


def _end(s: State, at: int, conv: Conv, said: Ending, *, why: str) -> Steps:
    if said.follow_up_ms <= at:
        yield from finish(s, at, conv, disposition=said.outcome, why=why)
        return
    owner = conv.owner
    record = record_of(s, conv, at, state="parked", actor="clock")
    yield ev.Parked(conv.id, owner, "clock", said.follow_up_ms, record)
    yield from fill(s, at, owner)
