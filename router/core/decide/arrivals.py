"""What a message, a leaving customer or a due record does: join, come back, or open and be placed."""

from __future__ import annotations

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import LookAgain, Refused
from router.core.decide.affinity import (
    HOLD,
    affinity_of,
    ask_own,
    contacts_within,
    known_of,
    tell_related,
)
from router.core.decide.callbacks import CUSTOMER, line_left, party_joined
from router.core.decide.classes import class_for, known_class
from router.core.decide.handling import wind_up
from router.core.decide.hastening import renew_window
from router.core.decide.holding import CONSULT
from router.core.decide.live_legs import lose_leg
from router.core.decide.outside import (
    WROTE,
    customer_gone,
    due_why,
    goes_to_queue,
    is_from_outside,
    is_handed,
)
from router.core.decide.overflow import is_kept
from router.core.decide.owing import begins_ms, owed_due_ms
from router.core.decide.patience import queued
from router.core.decide.placing import (
    Steps,
    ask,
    back_to_owner,
    bring_back,
    drop_facts,
    facts_number,
    fill,
    off_hours,
    outdated,
    overlooked,
    place,
    record_of,
    relieve,
)
from router.core.decide.rounds import withdraw_round
from router.core.decide.targets import reply_by_ms
from router.core.decide.teams import TEAM, is_staffed, team_need
from router.core.decide.windows import bounded_ms, hasten_ms
from router.core.lifecycle import ACTIVE, HELD, OFFERED, WAITING, WRAP_UP
from router.core.matching import Class
from router.core.record import Record
from router.core.rules import Placement
from router.core.state import Conv, State

# DESIGN section 5: the core holds at most so many open conversations; above, arrivals wait in the letterbox.
CONVERSATIONS_MAX = 1_000_000


def receive(s: State, at: int, c: cmd.Receive) -> Steps:
    """A message joins the open conversation of its line, wakes a parked one, reopens a fresh one, or opens its own."""
    refusal = _cannot_receive(s, c)
    if refusal:
        return iter((refusal,))
    conv = _open_conversation(s, c)
    if conv is None and _moved_since(s, c):
        return iter((LookAgain(),))
    facts = s.facts.number_of.get(c.facts)
    if facts is None or s.facts.is_crowded:
        return _with_facts(s, at, c, conv)
    return _take_in(s, at, c, conv, facts=facts)


def _with_facts(s: State, at: int, c: cmd.Receive, conv: Conv | None) -> Steps:
    """Its facts are new, or there are too many that nobody has."""
    yield from drop_facts(s)
    facts = yield from facts_number(s, c.facts)
    yield from _take_in(s, at, c, conv, facts=facts)


def _take_in(s: State, at: int, c: cmd.Receive, conv: Conv | None, *, facts: int) -> Steps:
    if conv is not None:
        return _join(s, at, conv, c, facts=facts)
    if c.record is not None and _comes_back(s, c.record, c):
        return _return(s, at, c.record, c, facts=facts)
    if c.quiet:
        return iter((ev.MessageSetAside(c.message, "automatic"),))
    return _open(s, at, c, facts=facts)


def _cannot_receive(s: State, c: cmd.Receive) -> Refused | None:
    if s.bundle is None:
        return Refused("not_configured")
    if c.channel not in s.bundle.channels:
        return Refused("channel_unknown")
    if s.next_conv > CONVERSATIONS_MAX and len(s.convs) >= CONVERSATIONS_MAX:
        return Refused("floor_full")
    return None


def _moved_since(s: State, c: cmd.Receive) -> bool:
    if c.record is None and c.line not in s.left_on:
        return False
    if c.record is not None and outdated(s, c.record):
        return True
    return overlooked(s, c.line, record=c.record, seen=c.seen)


def _open_conversation(s: State, c: cmd.Receive) -> Conv | None:
    conv_id = s.lines.get(c.line, 0) or (c.record.conv if c.record else 0)
    return s.convs.get(conv_id) if conv_id else None


def _comes_back(s: State, record: Record, c: cmd.Receive) -> bool:
    assert s.bundle is not None, "checked before"
    if record.state == "parked":
        return True
    return not c.quiet and c.arrived_ms < record.left_ms + s.bundle.reopen_ms


def _received(
    conv: int, c: cmd.Receive, *, facts: int, opened: bool, due_ms: int = 0, reply_by_ms: int = 0
) -> ev.Event:
    return ev.Received(
        conv,
        c.message,
        c.line,
        c.customer,
        facts,
        c.arrived_ms,
        opened,
        c.quiet,
        due_ms,
        c.no_notice,
        c.window_ms,
        hasten_ms(c.arrived_ms, c.window_ms),
        c.replies,
        reply_by_ms,
        c.test,
        c.spare_line,
        c.files,
    )


def _join(s: State, at: int, conv: Conv, c: cmd.Receive, *, facts: int) -> Steps:
    if c.quiet:
        yield _received(conv.id, c, facts=facts, opened=False)
        return
    owed, window = conv.state == ACTIVE, (conv.window_ms, conv.hasten_ms)
    # What is said on top of what nobody has answered does not begin the wait anew.
    due_ms = (conv.due_ms if conv.owed_ms else owed_due_ms(s, at, conv, owed_ms=at)) if owed else 0
    if owed and c.window_ms:
        due_ms = min(due_ms, max(hasten_ms(c.arrived_ms, c.window_ms), at + 1))
    promised_ms = reply_by_ms(s, conv, c.arrived_ms) if owed else 0
    yield _received(conv.id, c, facts=facts, opened=False, due_ms=due_ms, reply_by_ms=promised_ms)
    if conv.state == WRAP_UP:
        why = WROTE if is_from_outside(conv, c.line) else "customer_wrote"
        yield ev.Assigned(conv.id, conv.owner, why, begins_ms(s, at, conv))
    elif conv.state == WAITING and (conv.window_ms, conv.hasten_ms) != window:
        yield from renew_window(s, at, conv)
    elif conv.state == HELD and bounded_ms(conv, at, conv.due_ms) < conv.due_ms:
        yield ev.HeldFor(conv.id, conv.held_for, bounded_ms(conv, at, conv.due_ms), conv.held_why)


def _return(s: State, at: int, record: Record, c: cmd.Receive, *, facts: int) -> Steps:
    if c.quiet:
        yield _received(record.conv, c, facts=facts, opened=False)
        return
    outside = is_from_outside(record, c.line)
    said = WROTE if outside else "customer_wrote"
    why = said if record.state == "parked" else "reopened"
    conv = yield from bring_back(s, record, why)
    yield _received(conv.id, c, facts=facts, opened=False)
    if not outside and c.known is not None and s.queue_spec(conv.queue).related:
        yield from tell_related(s, conv, c.known)
    yield from back_to_owner(s, at, conv, why)


def _open(s: State, at: int, c: cmd.Receive, *, facts: int) -> Steps:
    assert s.bundle is not None, "checked before"
    assert s.ruleset is not None, "a bundle brings its ruleset"
    yield _received(s.next_conv, c, facts=facts, opened=True)
    conv = s.convs[s.next_conv - 1]
    placement, known = s.ruleset.place(s.facts.by_number[facts], at), c.known
    cls = _class_of_stranger(s, c, placement) if known is None else None
    if cls is not None:
        yield ev.Routed(conv.id, cls.id, placement.rule, c.arrived_ms - placement.head_start_ms)
    else:
        yield from _route(s, conv, c, placement)
    if known is not None and conv.cls.spec.related:
        yield from tell_related(s, conv, known)
    if not s.queues[placement.queue].open:
        yield from off_hours(s, at, conv, told=False)
        return
    confirm = s.bundle.channels[c.channel].confirm
    if confirm and not c.no_notice:
        yield ev.Announced(conv.id, conv.line, confirm, conv.queue, 0)
    yield queued(s, at, conv, "arrived")
    if known is not None:
        yield from ask_own(s, at, conv, known, affinity=affinity_of(s, placement))
    if conv.state == WAITING:
        yield from ask(s, at, conv)
    if conv.cls.spec.overflow:
        yield from relieve(s, at, conv)


def _class_of_stranger(s: State, c: cmd.Receive, placement: Placement) -> Class | None:
    """Return the class of somebody of whom nothing is known, as nearly everybody: if it is formed, it is this."""
    return known_class(s, placement.queue, c.channel, placement.needs, load=placement.load, priority=placement.priority)


def _route(s: State, conv: Conv, c: cmd.Receive, placement: Placement) -> Steps:
    """Into its class: what the rules say, raised for who comes again, and for a while bound to the customer's team."""
    known, affinity = known_of(c), affinity_of(s, placement)
    raised = placement.repeat if contacts_within(placement.repeat, known, c.arrived_ms) else None
    priority = placement.priority + (raised.priority if raised else 0)
    head_start_ms = placement.head_start_ms + (raised.head_start_ms if raised else 0)
    why = ["repeat"] if raised else []
    cls = yield from class_for(s, placement.queue, c.channel, placement.needs, load=placement.load, priority=priority)
    team = team_need(affinity, known.team)
    if team:
        needs = tuple(sorted((*placement.needs, *team)))
        of_team = yield from class_for(s, placement.queue, c.channel, needs, load=placement.load, priority=priority)
        if affinity[TEAM].when_away == HOLD or is_staffed(s, of_team):
            cls = of_team
            why.append(TEAM)
    key_ms, by = c.arrived_ms - head_start_ms, priority - placement.priority
    yield ev.Routed(conv.id, cls.id, placement.rule, key_ms, ",".join(why), by)


CUSTOMER_LEFT = "customer_left"
_IN_QUEUE = frozenset({WAITING, HELD, OFFERED})


def set_aside(s: State, at: int, c: cmd.SetAside) -> Steps:
    """An accepted message that opens no conversation, by its named reason."""
    del s, at
    yield ev.MessageSetAside(c.message, c.reason)


def leave_line(s: State, at: int, c: cmd.LeaveLine) -> Steps:
    """Who leaves unanswered has abandoned; what was left off-hours stays; an owner is told, a call is over."""
    conv = s.convs.get(s.lines.get(c.line, 0))
    if conv is None:
        yield from _end_parked(s, at, c)
        return
    if is_handed(conv) and c.line == conv.line:
        yield from customer_gone(s, at, conv, c)
        return
    if conv.relief and conv.relief.callback:
        yield from line_left(s, at, conv, c)
        return
    in_queue = conv.state in _IN_QUEUE and conv.live and not is_kept(conv)
    if in_queue and c.line == conv.line:
        yield from _abandon(s, at, conv, c.why)
        return
    hung_up = c.line == conv.line and _is_talk(conv)
    yield ev.CustomerLeft(conv.id, c.line, c.why, at + s.queue_spec(conv.queue).remind_ms)
    if hung_up:
        yield from wind_up(s, at, conv, disposition="", why=CUSTOMER_LEFT)


def _is_talk(conv: Conv) -> bool:
    """Whether the owner alone speaks with the customer, so that a hang-up leaves nothing to be said."""
    spoken = conv.state == ACTIVE and conv.live and conv.actor == "agent" and not conv.owed_ms
    asked = any(part.role == CONSULT for part in (conv.participants or {}).values())
    return spoken and not asked and conv.outside is None


def _end_parked(s: State, at: int, c: cmd.LeaveLine) -> Steps:
    """Whoever ends what only waits for them ends it; what was promised them for a time, or asked for, stands."""
    record = c.record
    if c.ends and (overlooked(s, c.line, record=record, seen=c.seen) or (record and outdated(s, record))):
        yield LookAgain()
    elif s.bundle is None or not c.ends or record is None or not _waits_for_customer(s, record, c.line):
        yield Refused("conversation_unknown")
    else:
        yield from drop_facts(s)
        conv = yield from bring_back(s, record, CUSTOMER_LEFT)
        ended = record_of(s, conv, at, state="closed")
        yield ev.Closed(conv.id, conv.owner, "", CUSTOMER_LEFT, ended)


def _waits_for_customer(s: State, record: Record, line: int) -> bool:
    waits = record.state == "parked" and record.actor == "customer" and record.conv not in s.convs
    return waits and record.line == line and not (record.relief and record.relief.callback)


def _abandon(s: State, at: int, conv: Conv, why: str) -> Steps:
    asked: tuple[int, ...] = ()
    if conv.offer:
        asked = yield from withdraw_round(conv, CUSTOMER_LEFT)
    yield ev.Abandoned(conv.id, why, record_of(s, conv, at, state="abandoned"))
    for agent in asked:
        yield from fill(s, at, agent)


def wake(s: State, at: int, c: cmd.Wake) -> Steps:
    """A parked conversation is due: to its owner or queue; one whose customer stayed silent is closed by name."""
    if s.bundle is None:
        yield Refused("not_configured")
        return
    record = c.record
    if record.conv in s.convs:
        return
    if outdated(s, record):
        yield LookAgain()
        return
    yield from drop_facts(s)
    why = c.why
    if why == "due" and record.actor == "clock" and 0 < record.hasten_ms <= at < record.window_ms:
        why = "window_closing"
    why = due_why(record, why)
    conv = yield from bring_back(s, record, why)
    if goes_to_queue(s, record, why):
        yield from place(s, at, conv, why)
        return
    if c.why == "due" and record.actor == "customer":
        silent = record_of(s, conv, at, state="closed")
        yield ev.Closed(conv.id, conv.owner, "", "customer_silent", silent)
        return
    yield from back_to_owner(s, at, conv, why)


def report_delivery(s: State, at: int, c: cmd.ReportDelivery) -> Steps:
    """What became of a message of ours; a failed reply is ours to act on, wherever its conversation is."""
    failed = c.status == "failed"
    if failed and 0 < c.conv < s.next_conv and c.conv not in s.convs:
        if s.bundle is None or c.record is None or outdated(s, c.record):
            yield LookAgain()
            return
        yield from drop_facts(s)
        conv = yield from bring_back(s, c.record, "reply_failed")
        yield ev.DeliveryReported(c.conv, c.message, c.status, c.reason, "agent")
        yield from back_to_owner(s, at, conv, "reply_failed")
        return
    yield ev.DeliveryReported(c.conv, c.message, c.status, c.reason, "agent" if failed else "")


def report_party(s: State, at: int, c: cmd.ReportParty) -> Steps:
    """Somebody is connected to a live line, or no longer; a customer who was called back has answered."""
    conv = s.lines.get(c.line, 0)
    if conv not in s.convs:
        yield Refused("conversation_unknown")
        return
    yield ev.PartyReported(conv, c.line, c.party, c.joined, c.why)
    called = s.convs[conv]
    yield from lose_leg(s, at, called, c)
    if c.joined and c.party == CUSTOMER and called.relief and called.relief.callback:
        yield from party_joined(s, at, called)
