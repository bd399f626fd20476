"""What is promised for a time and is away: another time or owner, or an end, without anybody having to take it first.

Whether somebody may ask for it is the caller's to check: the core knows no roles. Whoever is not its owner says why.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import LookAgain, Refused
from router.core.decide.placing import Steps, bring_back, drop_facts, outdated, record_of
from router.core.decide.wrapping import known_outcome
from router.core.record import Record
from router.core.state import State

REPLANNED = "replanned"
SETTLED = "settled"
ASKED = frozenset({"required", "fixed"})


def replan(s: State, at: int, c: cmd.Replan) -> Steps:
    """Another time, another owner, or both: it stays away, in its old place when it comes."""
    refusal = _cannot(s, c.record, by=c.by, reason=c.reason)
    if refusal is None and c.until_ms <= at:
        refusal = Refused("until_past")
    if refusal is not None:
        yield refusal
        return
    yield from drop_facts(s)
    conv = yield from bring_back(s, c.record, REPLANNED)
    owner = c.to_agent or c.record.owner
    if c.by != c.record.owner:
        yield ev.Ordered(conv.id, c.by, "replan", c.reason, agent=owner, number=c.until_ms)
    # The record stays what it was: a call-back is one still, whatever a return by another name forgets.
    record = replace(c.record, version=c.record.version + 1, owner=owner, left_ms=at, actor="clock")
    yield ev.Parked(conv.id, owner, "clock", _bounded_ms(c.record, at, c.until_ms), record)


def _bounded_ms(record: Record, at: int, until_ms: int) -> int:
    """Nothing is moved beyond the time in which its platform takes an answer: then it could not be kept any more."""
    return min(until_ms, record.hasten_ms) if record.hasten_ms > at else until_ms


def settle(s: State, at: int, c: cmd.Settle) -> Steps:
    """What was promised is done, or needs no doing any more: it ends where it is."""
    refusal = _cannot(s, c.record, by=c.by, reason=c.reason)
    if refusal is None:
        refusal = _cannot_end(s, c)
    if refusal is not None:
        yield refusal
        return
    yield from drop_facts(s)
    conv = yield from bring_back(s, c.record, SETTLED)
    if c.by != c.record.owner:
        yield ev.Ordered(conv.id, c.by, "settle", c.reason)
    yield ev.Closed(conv.id, c.record.owner, c.disposition, "handled", record_of(s, conv, at, state="closed"))


def _cannot(s: State, record: Record, *, by: int, reason: str) -> Refused | LookAgain | None:
    if s.bundle is None:
        return Refused("not_configured")
    if record.conv in s.convs or record.state != "parked":
        return Refused("not_parked")
    if by != record.owner and not reason:
        return Refused("reason_missing")
    return LookAgain() if outdated(s, record) else None


def _cannot_end(s: State, c: cmd.Settle) -> Refused | None:
    spec = s.queue_spec(c.record.queue)
    if not known_outcome(s, c.disposition, spec):
        return Refused("disposition_unknown")
    missing = not c.disposition and spec.wrap_up_ms and spec.wrap_up_mode in ASKED
    return Refused("outcome_missing") if missing else None
