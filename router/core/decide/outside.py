"""Outside parties: a partner or technician of the contact book is asked to take part, or is given a conversation.

On a line that others can be brought onto they are called; else they are written to, and what they answer comes back
into the conversation. What they do not take goes back by the contact's rule, at its old place: nobody is forgotten.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import Bundle, Contact
from router.core.calendar import is_open
from router.core.deadlines import Due
from router.core.decide.handling import IN_ACTIVE, owned, wind_up
from router.core.decide.holding import bring_forth, can_connect, set_aside
from router.core.decide.owing import begins_ms
from router.core.decide.placing import Steps, fill, place, record_of
from router.core.decide.windows import bounded_ms
from router.core.evolve_outside import PROVIDER
from router.core.lifecycle import ACTIVE
from router.core.record import Outside, Record
from router.core.state import Conv, State

CONSULT, TRANSFER = "consult", "transfer"
ROLES = frozenset({CONSULT, TRANSFER})
CALL, MAIL = "call", "mail"
LEAVES, TO_SENDER = "leaves", "sender"
# Why it has come back, or is over.
REFUSED, LEFT, DUE, WROTE = "outside_refused", "outside_left", "outside_due", "outside_wrote"
HANDED_OUT, DONE = "handed_out", "outside_done"
PARTY = "outside:"


def contact_of(bundle: Bundle | None, name: str) -> Contact:
    """Return a contact; one that a newer configuration has dropped keeps the defaults."""
    return (bundle.contacts.get(name) if bundle else None) or Contact(name=name)


def way_of(s: State, conv: Conv, contact: Contact, role: str) -> str:
    """Return how a contact is reached for a conversation: called onto its line, or written to; empty for not at all.

    A call cannot be given to somebody by mail, only asked about.
    """
    if can_connect(s, conv) and contact.phone:
        return CALL
    return MAIL if contact.email and (role == CONSULT or not can_connect(s, conv)) else ""


def ask_outside(s: State, at: int, c: cmd.AskOutside) -> Steps:
    """Consult a contact, or give the conversation to them."""
    conv = owned(s, c.agent, c.conv, IN_ACTIVE)
    refusal = conv if isinstance(conv, Refused) else cannot_ask(s, at, conv, c)
    if refusal or isinstance(conv, Refused):
        yield refusal or Refused("not_yours")
        return
    contact = contact_of(s.bundle, c.contact)
    if c.message:
        yield from _write(s, at, conv, contact, c)
    elif c.role == CONSULT:
        yield ev.OutsideAsked(conv.id, contact.name, c.agent, CONSULT, at + contact.ring_ms)
    else:
        until_ms = at + contact.ring_ms
        yield ev.HandedOut(conv.id, c.agent, contact.name, until_ms, c.note)
        yield from _tell(conv, contact)
        yield ev.OutsideAsked(conv.id, contact.name, c.agent, TRANSFER, until_ms)
        yield from fill(s, at, c.agent)


def cannot_ask(s: State, at: int, conv: Conv, c: cmd.AskOutside) -> Refused | None:
    """Return why a contact cannot be asked now, None where they can."""
    contact = s.bundle.contacts.get(c.contact) if s.bundle else None
    if contact is None or s.bundle is None:
        return Refused("contact_unknown")
    if c.role not in ROLES:
        return Refused("role_unknown")
    if contact.queues and conv.queue not in contact.queues:
        return Refused("contact_not_allowed")
    if contact.hours and not is_open(s.bundle.calendars.get(contact.hours, ()), at):
        return Refused("contact_closed")
    way = way_of(s, conv, contact, c.role)
    if not way or (way == MAIL) != bool(c.message):
        return Refused("contact_no_way")
    if c.message and c.line in {conv.line, *conv.more_lines} - {*conv.outside_lines}:
        return Refused("line_unknown")  # It is the customer's own.
    return Refused("outside_asked") if conv.outside and way == CALL else None


def _tell(conv: Conv, contact: Contact) -> Steps:
    if contact.notice and not conv.no_notice:
        yield ev.Announced(conv.id, conv.line, contact.notice, conv.queue, 0)


def _write(s: State, at: int, conv: Conv, contact: Contact, c: cmd.AskOutside) -> Steps:
    """They are written to, and answer into the conversation; given to them it waits for that, or is over for us."""
    if c.note:
        yield ev.Noted(conv.id, c.agent, c.note)
    yield ev.OutsideAsked(conv.id, contact.name, c.agent, c.role, 0, c.line, c.message)
    if c.role != TRANSFER:
        return
    yield from _tell(conv, contact)
    if contact.then == LEAVES:
        yield from wind_up(s, at, conv, disposition="", why=HANDED_OUT)
        return
    record = replace(record_of(s, conv, at, state="parked", actor=PROVIDER), contact=contact.name)
    yield ev.Parked(conv.id, c.agent, PROVIDER, at + contact.due_ms, record)
    yield from fill(s, at, c.agent)


def let_outside_go(s: State, at: int, c: cmd.LetOutsideGo) -> Steps:
    """The owner needs them no longer."""
    del at
    conv = owned(s, c.agent, c.conv, IN_ACTIVE)
    if isinstance(conv, Refused) or conv.outside is None:
        yield conv if isinstance(conv, Refused) else Refused("no_outside")
        return
    yield ev.OutsideLeft(conv.id, conv.outside.contact, "cancelled")
    yield from bring_forth(s, conv)


def complete_outside(s: State, at: int, c: cmd.CompleteOutside) -> Steps:
    """Hand over to the outside party who is on the line: the agent leaves the two of them."""
    conv = owned(s, c.agent, c.conv, IN_ACTIVE)
    if isinstance(conv, Refused) or conv.outside is None or not conv.outside.joined:
        yield conv if isinstance(conv, Refused) else Refused("no_outside")
        return
    contact = contact_of(s.bundle, conv.outside.contact)
    yield ev.HandedOut(conv.id, c.agent, contact.name, at + contact.due_ms, c.note)
    if contact.then == LEAVES:
        yield ev.Closed(conv.id, 0, "", HANDED_OUT, record_of(s, conv, at, state="closed"))
    yield from fill(s, at, c.agent)


# --- what the line reports, and what time brings ---------------------------------------------------------------------


def outside_reported(s: State, at: int, conv: Conv, c: cmd.ReportParty) -> Steps:
    """The outside party has come, or is gone; whoever is none of this conversation's changes nothing."""
    there = conv.outside
    if there is None or c.party != f"{PARTY}{there.contact}" or c.line != conv.line:
        return
    if not c.joined:
        yield from _gone(s, at, conv, there, why=c.why or "left")
    elif not there.joined:
        yield from _come(s, at, conv, there)


def _come(s: State, at: int, conv: Conv, there: Outside) -> Steps:
    contact = contact_of(s.bundle, there.contact)
    if not there.handed:
        yield ev.OutsideJoined(conv.id, contact.name)
        yield from set_aside(s, conv)
        return
    yield ev.OutsideJoined(conv.id, contact.name, at + contact.due_ms)
    if contact.then == LEAVES:
        yield ev.Closed(conv.id, 0, "", HANDED_OUT, record_of(s, conv, at, state="closed"))


def _gone(s: State, at: int, conv: Conv, there: Outside, *, why: str) -> Steps:
    yield ev.OutsideLeft(conv.id, there.contact, why, there.handed)
    if there.handed:
        yield from give_back(s, at, conv, there, why=LEFT if there.joined else REFUSED)
    else:
        yield from bring_forth(s, conv)


def asking_outside_ends(s: State, at: int, due: Due) -> Steps:
    """Nobody answered there: the owner hears it, and may ask another."""
    conv = s.convs.get(due[3])
    there = conv.outside if conv else None
    if conv is not None and there is not None and not there.handed and there.until_ms == due[0]:
        yield from _gone(s, at, conv, there, why="no_answer")


def is_handed(conv: Conv) -> bool:
    """Return whether an outside party has a conversation, or is called to have it, and no agent does."""
    return conv.outside is not None and conv.outside.handed


def handed_due(s: State, at: int, conv: Conv) -> Steps:
    """They have not come in their time, or have had it for as long as the contact's rule says."""
    there = conv.outside
    assert there is not None, "asked before"
    yield ev.OutsideLeft(conv.id, there.contact, "due" if there.joined else "no_answer", True)
    yield from give_back(s, at, conv, there, why=DUE if there.joined else REFUSED)


def give_back(s: State, at: int, conv: Conv, there: Outside, *, why: str) -> Steps:
    """By the contact's rule to who gave it, while they are there, or to its queue: at its old place."""
    giver = s.agents.get(there.by)
    to_sender = contact_of(s.bundle, there.contact).refused == TO_SENDER
    if not to_sender or giver is None or not giver.available:
        yield from place(s, at, conv, why)
        return
    yield ev.TransferReturned(conv.id, giver.id, why)
    if s.matching.free_for(giver, conv.cls) >= conv.load:
        yield ev.Assigned(conv.id, giver.id, why, begins_ms(s, at, conv))
    else:
        until_ms = bounded_ms(conv, at, at + s.queue_spec(conv.queue).hold_ms)
        yield ev.HeldFor(conv.id, giver.id, until_ms, why)


def customer_gone(s: State, at: int, conv: Conv, c: cmd.LeaveLine) -> Steps:
    """The customer has left the outside party, or would not wait for it: nothing is left to do."""
    there = conv.outside
    assert there is not None, "asked before"
    yield ev.CustomerLeft(conv.id, c.line, c.why, conv.due_ms)
    yield ev.OutsideLeft(conv.id, there.contact, "customer_left", True)
    why = DONE if there.joined else "customer_left"
    yield ev.Closed(conv.id, 0, "", why, record_of(s, conv, at, state="closed"))


def tell_dismissed(s: State) -> Steps:
    """Whoever was called into what is over, or has become another's, is let go; what has left us is theirs."""
    while s.dismissed:
        conv_id, contact, handed = s.dismissed[0]
        conv = s.convs.get(conv_id)
        why = HANDED_OUT if handed and conv is None else "over"
        yield ev.OutsideLeft(conv_id, contact, why, handed and conv is not None and conv.state != ACTIVE)


# --- what is parked with them ---------------------------------------------------------------------------------------


def is_from_outside(conv: Conv | Record, line: int) -> bool:
    """Return whether a message came from somebody else than the customer."""
    return line in conv.outside_lines


def due_why(record: Record, why: str) -> str:
    """Return by which name a parked conversation comes back in its time: who had it has not answered."""
    return DUE if why == "due" and record.actor == PROVIDER else why


def goes_to_queue(s: State, record: Record, why: str) -> bool:
    """Return whether what a contact has not answered goes to its queue, by the contact's rule."""
    return why == DUE and contact_of(s.bundle, record.contact).refused != TO_SENDER
