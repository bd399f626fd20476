"""Legs: each stay of a conversation in one queue, what its wait came to and how it ended. A fold of committed events.

A leg begins when a conversation comes into a queue's care and ends when it leaves that care: by another queue, by
being parked, closed or abandoned, or by going back in line after it was answered. A decline, a lapsed offer, a hold
or a deferral changes nothing in when it was entered; a transfer by an agent opens a new leg, also in the same queue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from router.core import events as ev
from router.store.port import ViewRow, ViewSpec
from router.views.tallies import EVERYTHING, TALLIES, Tally, Tallying, add_one
from router.views.view import Sheet, Sheets, View

LEGS, CLASSES = "legs", "leg_class"


class Leg(ViewRow, frozen=True, array_like=True, kw_only=True):
    """One leg. A time is 0 for what has not happened; `wait_ms` stands when the wait has ended by answer or leaving.

    The first leg of a conversation is entered when its customer's message arrived, any other when it was decided.
    `answer_by_ms` is the queue's target, 0 for none; `answered_late`, `replied_late`: it had passed when somebody
    took it, when they first replied. `next_replies` answered a customer who wrote again to a target of its own, of
    them `next_late` too late; `next_by_ms` is the target of one that is still owed. `test`: no figure counts it.
    """

    conv: int
    leg: int
    queue: str
    channel: str
    entered_ms: int
    entered_position: int
    entered_why: str
    answered_ms: int = 0
    answered_by: int = 0
    abandoned_ms: int = 0
    left_ms: int = 0
    left_why: str = ""
    offers: int = 0
    declines: int = 0
    lapses: int = 0
    first_reply_ms: int = 0
    wait_ms: int = 0
    answer_by_ms: int = 0
    answered_late: bool = False
    replied_late: bool = False
    next_by_ms: int = 0
    next_replies: int = 0
    next_late: int = 0
    test: bool = False

    def is_late(self, at: int) -> bool:
        """Return whether the queue's target has passed by a time."""
        return 0 < self.answer_by_ms < at

    @property
    def given_straight(self) -> bool:
        """Return whether nobody waited: what came back, or was handed over, was its agent's in the same moment."""
        return self.entered_why != "arrived" and not self.offers and self.answered_ms == self.entered_ms


class LegClass(ViewRow, frozen=True, array_like=True, kw_only=True):
    """What must be known of a class to read an event that names it."""

    cls: int
    number: int
    queue: str
    channel: str


@dataclass(frozen=True, slots=True)
class Heading:
    """A conversation between two queues, which lasts only within one decision."""

    entered_ms: int
    why: str
    queue: str = ""
    channel: str = ""
    test: bool = False


@dataclass(slots=True)
class Folding:
    """The rows of a batch while one entry is folded."""

    legs: Sheet[Leg]
    classes: Sheet[LegClass]
    at: int
    tallying: Tallying
    headings: dict[int, Heading] = field(default_factory=dict)

    def open_leg(self, conv: int) -> Leg | None:
        """Return the leg a conversation is on."""
        last = self.legs.last(conv)
        return last if last and not last.left_why else None

    def standing(self, conv: int, position: int) -> Leg:
        """Return the leg a conversation is on, begun here where it was on its way to one."""
        heading = self.headings.pop(conv, None)
        return self.open_leg(conv) or self.enter(conv, position, heading or self.again(conv))

    def again(self, conv: int) -> Heading:
        """Return the way back to the queue that had it last: an outside party had it meanwhile."""
        last = self.legs.last(conv)
        return Heading(self.at, "handed_back", last.queue, last.channel) if last else Heading(self.at, "routed")

    def enter(self, conv: int, position: int, heading: Heading) -> Leg:
        """Begin a leg."""
        last = self.legs.last(conv)
        leg = Leg(
            conv=conv,
            leg=last.leg + 1 if last else 1,
            queue=heading.queue,
            channel=heading.channel,
            entered_ms=heading.entered_ms,
            entered_position=position,
            entered_why=heading.why,
            test=heading.test or (last is not None and last.test),
        )
        self.legs.put(leg)
        return leg

    def leave(self, leg: Leg, why: str) -> None:
        """End a leg, and its wait where nobody had answered."""
        if not leg.answered_ms:
            wait_ms = max(0, self.at - leg.entered_ms)
            leg = msgspec.structs.replace(leg, wait_ms=wait_ms, answered_late=leg.is_late(self.at))
        owed = 0 < leg.next_by_ms < self.at
        self.change(leg, left_ms=self.at, left_why=why, next_by_ms=0, next_late=leg.next_late + owed)

    def change(self, leg: Leg, **fields: int | str | bool) -> Leg:
        """Write some fields of a leg; return it as it is now."""
        before, leg = self.legs.last(leg.conv), msgspec.structs.replace(leg, **fields)
        self.legs.put(leg)
        if before is not None and not leg.test:
            tally(self.tallying, before, leg)
        return leg

    def to_class(self, number: int, why: str) -> Heading:
        """Return the way to the queue of a class."""
        known = self.classes.last(number)
        return Heading(self.at, why, known.queue, known.channel) if known else Heading(self.at, why)


def tally(tallying: Tallying, before: Leg, after: Leg) -> None:
    """Count what has become of a leg: answered, abandoned, moved on, over. Each happens to a leg once."""
    answered = after.answered_ms and not before.answered_ms and not after.given_straight
    over = after.left_why and not before.left_why
    if not answered and not over:
        return
    cell, targeted = tallying.cell(after.queue, after.channel), bool(after.answer_by_ms)
    if answered:
        cell.answered += 1
        cell.targeted += targeted
        cell.in_time += targeted and not after.answered_late
        cell.wait_ms += after.wait_ms
        add_one(cell.waits, after.wait_ms)
    if over and after.answered_ms:
        cell.handled += after.left_why != "parked"
        cell.handle_ms += after.left_ms - after.answered_ms
    elif over and after.abandoned_ms:
        add_one(cell.left, after.wait_ms)
        if targeted:
            add_one(cell.left_targeted, after.wait_ms)
    elif over:
        cell.flowed += 1
        cell.flowed_targeted += targeted


def _class_formed(folding: Folding, _position: int, event: ev.ClassFormed) -> None:
    folding.classes.put(LegClass(cls=event.cls, number=0, queue=event.queue, channel=event.channel))


def _received(folding: Folding, _position: int, event: ev.Received) -> None:
    if event.opened:
        folding.headings[event.conv] = Heading(event.arrived_ms, "arrived", test=event.test)
        return
    leg = folding.open_leg(event.conv) if event.reply_by_ms else None
    if leg:
        folding.change(leg, next_by_ms=event.reply_by_ms)


def _returned(folding: Folding, _position: int, event: ev.Returned) -> None:
    record = event.record
    folding.headings[event.conv] = Heading(folding.at, event.why, record.queue, record.channel, record.test)


def _routed(folding: Folding, position: int, event: ev.Routed) -> None:
    """Rules place what arrives or comes back; what waits they may move. Another class of the same queue is no move."""
    there = folding.to_class(event.cls, "moved")
    leg, heading = folding.open_leg(event.conv), folding.headings.pop(event.conv, None)
    if leg is None and heading is None and folding.legs.last(event.conv):
        # An outside party has it: a supervisor fetches it, and it stands in that queue in a moment.
        folding.headings[event.conv] = replace(there, why="handed_back")
    elif leg is None:
        heading = heading or there
        folding.enter(event.conv, position, replace(heading, queue=there.queue, channel=there.channel))
    elif leg.queue != there.queue:
        folding.leave(leg, "moved")
        folding.enter(event.conv, position, there)


def _diverted(folding: Folding, position: int, event: ev.Diverted) -> None:
    """The closed queue had it, if only for a moment: its leg says so."""
    folding.leave(folding.standing(event.conv, position), "diverted")
    folding.enter(event.conv, position, folding.to_class(event.cls, "diverted"))


def _in_line(folding: Folding, position: int, event: ev.Queued | ev.HeldFor | ev.Deferred) -> None:
    """Whoever was answered already and stands in line again (its owner has gone) begins a new wait."""
    leg = folding.standing(event.conv, position)
    if leg.answered_ms:
        folding.leave(leg, "requeued")
        leg = folding.enter(event.conv, position, Heading(folding.at, event.why, leg.queue, leg.channel))
    if isinstance(event, ev.Queued) and event.answer_by_ms and not leg.answer_by_ms:
        folding.change(leg, answer_by_ms=event.answer_by_ms)


def _offered(folding: Folding, position: int, event: ev.Offered) -> None:
    leg = folding.standing(event.conv, position)
    folding.change(leg, offers=leg.offers + 1)


def _rang_also(folding: Folding, position: int, event: ev.RangAlso) -> None:
    leg = folding.standing(event.conv, position)
    folding.change(leg, offers=leg.offers + 1)


def _ring_stopped(folding: Folding, position: int, event: ev.RingStopped) -> None:
    leg = folding.standing(event.conv, position)
    folding.change(leg, declines=leg.declines + (event.why == "declined"), lapses=leg.lapses + (event.why == "lapsed"))


def _declined(folding: Folding, position: int, event: ev.Declined) -> None:
    leg = folding.standing(event.conv, position)
    folding.change(leg, declines=leg.declines + 1)


def _lapsed(folding: Folding, position: int, event: ev.OfferLapsed) -> None:
    leg = folding.standing(event.conv, position)
    folding.change(leg, lapses=leg.lapses + 1)


def _answered(folding: Folding, position: int, event: ev.Accepted | ev.Assigned) -> None:
    """The customer who writes during wrap-up goes on with the same leg."""
    leg = folding.standing(event.conv, position)
    if not leg.answered_ms:
        wait_ms = max(0, folding.at - leg.entered_ms)
        late = leg.is_late(folding.at)
        folding.change(leg, answered_ms=folding.at, answered_by=event.agent, wait_ms=wait_ms, answered_late=late)


def _replied(folding: Folding, position: int, event: ev.Replied) -> None:
    leg = folding.standing(event.conv, position)
    if not leg.first_reply_ms:
        leg = folding.change(leg, first_reply_ms=folding.at, replied_late=leg.is_late(folding.at))
    if leg.next_by_ms:
        late = leg.next_by_ms < folding.at
        folding.change(leg, next_by_ms=0, next_replies=leg.next_replies + 1, next_late=leg.next_late + late)


def _transferred(folding: Folding, position: int, event: ev.Transferred) -> None:
    folding.leave(folding.standing(event.conv, position), "transferred")
    folding.headings[event.conv] = folding.to_class(event.cls, "transferred")


def _handed_out(folding: Folding, position: int, event: ev.HandedOut) -> None:
    folding.leave(folding.standing(event.conv, position), "handed_out")


def _taken_back(folding: Folding, position: int, event: ev.TakenBack) -> None:
    leg = folding.standing(event.conv, position)
    folding.leave(leg, event.why)
    folding.headings[event.conv] = Heading(folding.at, event.why, leg.queue, leg.channel)


def _overflowed(folding: Folding, position: int, event: ev.Overflowed) -> None:
    """The queue that was too much had it until now."""
    folding.leave(folding.standing(event.conv, position), event.why)
    folding.enter(event.conv, position, folding.to_class(event.cls, event.why))


def _called_in_vain(folding: Folding, position: int, event: ev.CallbackFailed) -> None:
    """What was answered by an agent and not by the customer ends there; what comes after is another wait."""
    leg = folding.standing(event.conv, position)
    if leg.answered_ms:
        folding.leave(leg, "callback_failed")
        folding.headings[event.conv] = Heading(folding.at, "callback_retry", leg.queue, leg.channel)


def _callback_asked(folding: Folding, position: int, event: ev.CallbackAsked) -> None:
    """Whoever is to be called waits on for a call, in the same leg."""
    folding.change(folding.standing(event.conv, position), channel=folding.to_class(event.cls, "").channel)


def _outside_left(folding: Folding, _position: int, event: ev.OutsideLeft) -> None:
    """Who had it has left it with us: where rules place it, there it comes back."""
    if event.handed and folding.open_leg(event.conv) is None:
        folding.headings[event.conv] = folding.again(event.conv)


def _abandoned(folding: Folding, position: int, event: ev.Abandoned) -> None:
    leg = msgspec.structs.replace(folding.standing(event.conv, position), abandoned_ms=folding.at)
    folding.leave(leg, "abandoned")


def _out(folding: Folding, _position: int, event: ev.Parked | ev.Closed) -> None:
    """What comes back only to be closed (its customer stayed silent) was in no queue in between."""
    leg = folding.open_leg(event.conv)
    if leg:
        folding.leave(leg, "parked" if isinstance(event, ev.Parked) else "closed")


STEPS: dict[type[ev.Event], Callable[[Folding, int, Any], None]] = {
    ev.ClassFormed: _class_formed,
    ev.Received: _received,
    ev.Returned: _returned,
    ev.Routed: _routed,
    ev.Diverted: _diverted,
    ev.Queued: _in_line,
    ev.HeldFor: _in_line,
    ev.Deferred: _in_line,
    ev.Offered: _offered,
    ev.Declined: _declined,
    ev.OfferLapsed: _lapsed,
    ev.Accepted: _answered,
    ev.Assigned: _answered,
    ev.Replied: _replied,
    ev.RangAlso: _rang_also,
    ev.RingStopped: _ring_stopped,
    ev.TakenBack: _taken_back,
    ev.Transferred: _transferred,
    ev.HandedOut: _handed_out,
    ev.OutsideLeft: _outside_left,
    ev.Abandoned: _abandoned,
    ev.Overflowed: _overflowed,
    ev.CallbackAsked: _callback_asked,
    ev.CallbackFailed: _called_in_vain,
    ev.Parked: _out,
    ev.Closed: _out,
}


def subjects(event: ev.Event) -> Iterable[tuple[str, int]]:
    """Return the conversation whose leg an event is about, and the class that it names."""
    if type(event) not in STEPS or isinstance(event, ev.ClassFormed):
        return
    yield LEGS, event.conv  # type: ignore[attr-defined]
    yield TALLIES, EVERYTHING
    if isinstance(event, (ev.Routed, ev.Diverted, ev.Transferred, ev.Overflowed, ev.CallbackAsked)):
        yield CLASSES, event.cls


def fold(sheets: Sheets, first: int, entry: ev.Entry) -> None:
    """Write the legs that an entry begins, changes and ends."""
    tallying = Tallying(sheets[TALLIES].last(EVERYTHING), entry.at)
    folding = Folding(sheets[LEGS], sheets[CLASSES], entry.at, tallying)
    for position, event in enumerate(entry.events, first):
        step = STEPS.get(type(event))
        if step:
            step(folding, position, event)
    for row in tallying.rows():
        sheets[TALLIES].put(row)


LEGS_VIEW = View(
    spec=ViewSpec(name=LEGS, version=5, tables={LEGS: Leg, CLASSES: LegClass, TALLIES: Tally}),
    subjects=subjects,
    fold=fold,
)
