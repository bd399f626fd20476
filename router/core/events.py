"""What the core has decided: past tense, ids and codes. A file format: fields are only added, with a default."""

from __future__ import annotations

import msgspec

from router.core.facts import Facts
from router.core.record import Record

Needs = tuple[tuple[str, int], ...]


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Time is said once per entry, not in every event."""


class LeadTaken(Event, frozen=True, tag=1):
    """Promises between us and agents move on by `gap_ms`; every desk has its grace anew until `grace_until_ms`."""

    epoch: int
    gap_ms: int
    release: str
    grace_until_ms: int


class ConfigApplied(Event, frozen=True, tag=2):
    """`by`: who put an earlier version back, 0 where the files were changed; `why`: their reason."""

    hash: str
    proposer: str
    by: int = 0
    why: str = ""


class FactsCoded(Event, frozen=True, tag=3):
    """A set of facts seen for the first time gets a number."""

    facts: int
    content: Facts


class FactsDropped(Event, frozen=True, tag=9):
    """These numbers mean nothing any more: no conversation has had such facts for long."""

    facts: tuple[int, ...]


class ClassFormed(Event, frozen=True, tag=4):
    """Conversations with the same queue, needs and load wait as one class. A number may come again once it is over."""

    cls: int
    queue: str
    channel: str
    needs: Needs
    load: int
    live: bool
    priority: int = 0
    also: tuple[Needs, ...] = ()


class Reviewed(Event, frozen=True, tag=8):
    """So many of those who wait have been looked at again, after a new configuration or a closing."""

    count: int


class Examined(Event, frozen=True, tag=111):
    """So many lines have been looked through for whom a new configuration or a closing concerns, the next up to `mark`.

    Besides so many of those who wait in no line. Who was `found`, by their places, is looked at again in that order.
    """

    lines: int
    mark: tuple[int, int]
    strays: int
    found: tuple[tuple[int, int], ...]


class QueueOpened(Event, frozen=True, tag=5):
    """`until_ms`: when the calendar next has something to say; 0 for never."""

    queue: str
    until_ms: int


class QueueClosed(Event, frozen=True, tag=6):
    """Those in line are served until `serve_until_ms`; `until_ms` is the next opening, 0 for none known."""

    queue: str
    serve_until_ms: int
    until_ms: int
    why: str


class ClosureOrdered(Event, frozen=True, tag=7):
    """`until_ms` 0: the closure has been lifted or has expired."""

    queue: str
    until_ms: int
    by: int
    reason: str


class Received(Event, frozen=True, tag=10):
    """`opened`: this message opened the conversation. `due_ms`: when its owner is reminded, 0 where none acts.

    `no_notice`: no machine may answer it, now or later. `window_ms`, `replies_left`: how long and how often it may
    be answered, 0 and -1 for no bound; from `hasten_ms` on that time is short. `reply_by_ms`: the queue's target.
    `files`: so many are still to be fetched; an effect each.
    """

    conv: int
    message: int
    line: int
    customer: int
    facts: int
    arrived_ms: int
    opened: bool
    quiet: bool
    due_ms: int = 0
    no_notice: bool = False
    window_ms: int = 0
    hasten_ms: int = 0
    replies_left: int = -1
    reply_by_ms: int = 0
    test: bool = False
    spare_line: int = 0
    files: int = 0


class MessageSetAside(Event, frozen=True, tag=11):
    message: int
    reason: str


class Routed(Event, frozen=True, tag=12):
    """The rule that placed the conversation, and its class. `key_ms`: arrival less head start.

    `why`: what raised or bound it beyond its rule (`repeat`, `team`), empty for nothing. `raised`: by how much its
    priority is above what its rule says, steps of widening not counted.
    """

    conv: int
    cls: int
    rule: str
    key_ms: int
    why: str = ""
    raised: int = 0


class Diverted(Event, frozen=True, tag=13):
    """The queue was closed: the fallback decides."""

    conv: int
    from_queue: str
    cls: int
    why: str


class Queued(Event, frozen=True, tag=14):
    """Waits in its class at its place; until `due_ms` it is looked at again at the latest.

    `answer_by_ms` is the queue's target for this leg, 0 for none.
    """

    conv: int
    due_ms: int
    why: str
    answer_by_ms: int = 0


class HeldFor(Event, frozen=True, tag=15):
    """Waits for one agent until `until_ms`, then goes to its queue in its old place."""

    conv: int
    agent: int
    until_ms: int
    why: str


class Deferred(Event, frozen=True, tag=16):
    """Kept for a later opening, place in line kept."""

    conv: int
    queue: str
    until_ms: int
    why: str


class Announced(Event, frozen=True, tag=17):
    """The customer is told a notice by name; `until_ms` is the time it speaks of, 0 for none."""

    conv: int
    line: int
    notice: str
    queue: str
    until_ms: int


class Offered(Event, frozen=True, tag=20):
    """`why` are reason codes; `among` is how many profiles (agents of equal ability) had somebody with room.

    `eased`: how much of the agent's work gives way to this, which may come on top of it.
    """

    conv: int
    agent: int
    offer: int
    until_ms: int
    why: tuple[str, ...]
    among: int
    eased: int = 0


class Accepted(Event, frozen=True, tag=21):
    """`why` is empty where a person accepted, `auto_answer` where their desk did."""

    conv: int
    agent: int
    offer: int
    due_ms: int
    why: str = ""


class Declined(Event, frozen=True, tag=22):
    """`rest_why` is empty for the queue's own rest, else the reason for another one."""

    conv: int
    agent: int
    offer: int
    reason: str
    rest_until_ms: int
    rest_why: str = ""


class OfferLapsed(Event, frozen=True, tag=23):
    """`rest_until_ms`: so long it does not ring again at who was silent; 0 where silence has made them away."""

    conv: int
    agent: int
    offer: int
    rest_until_ms: int = 0
    rest_why: str = ""


class OfferWithdrawn(Event, frozen=True, tag=24):
    conv: int
    agent: int
    offer: int
    why: str


class RangAlso(Event, frozen=True, tag=60):
    """One more agent is asked in the round that runs; the first to accept owns."""

    conv: int
    agent: int
    offer: int
    why: tuple[str, ...]
    eased: int = 0


class RingStopped(Event, frozen=True, tag=61):
    """One of several who are asked is asked no longer, and the round goes on.

    `why`: `declined` (with the agent's `reason`), `lapsed`, `taken` (another was faster), or why it was withdrawn.
    """

    conv: int
    agent: int
    offer: int
    why: str
    reason: str = ""
    rest_until_ms: int = 0
    rest_why: str = ""


class RestEnded(Event, frozen=True, tag=25):
    conv: int
    agent: int


class Replied(Event, frozen=True, tag=30):
    conv: int
    agent: int
    message: int
    line: int
    due_ms: int


class Noted(Event, frozen=True, tag=31):
    conv: int
    agent: int
    message: int


class DeliveryReported(Event, frozen=True, tag=32):
    """`actor` is who must act next because of it: `agent` after a failure, else empty."""

    conv: int
    message: int
    status: str
    reason: str
    actor: str


class Reminded(Event, frozen=True, tag=33):
    """A bound was reached and is said aloud; `due_ms` is the next one. `actor` is who keeps it waiting."""

    conv: int
    actor: str
    why: str
    due_ms: int


class TakenBack(Event, frozen=True, tag=62):
    """Taken from its owner by the queue's rule; what follows says where it goes. It rests from them until then."""

    conv: int
    agent: int
    why: str
    rest_until_ms: int = 0


class Escalated(Event, frozen=True, tag=63):
    """Said to those who supervise: it stays where it is, and `due_ms` is when something happens next."""

    conv: int
    agent: int
    why: str
    due_ms: int


class Transferred(Event, frozen=True, tag=40):
    """`rest_until_ms`: so long it does not ring again at the agent who gave it to a queue; 0 for none.

    `times`: how often it has gone back to where it came from. `back` `sender`: it comes back to who gave it if the
    agent who is asked does not take it; else it goes to its queue. `why`: a limit that has chosen the target.
    """

    conv: int
    agent: int
    cls: int
    to_agent: int
    note: int
    rest_until_ms: int = 0
    times: int = 0
    back: str = ""
    why: str = ""


class Parked(Event, frozen=True, tag=41):
    """Leaves the core; the store keeps the record with its due time. `actor` is `customer` or `clock`."""

    conv: int
    agent: int
    actor: str
    until_ms: int
    record: Record


class Returned(Event, frozen=True, tag=42):
    """Comes back into the core with its record; what follows says where it goes."""

    conv: int
    why: str
    record: Record


class CustomerLeft(Event, frozen=True, tag=43):
    conv: int
    line: int
    why: str
    due_ms: int


class Abandoned(Event, frozen=True, tag=44):
    """The customer left before anybody answered."""

    conv: int
    why: str
    record: Record


class WrapUpStarted(Event, frozen=True, tag=45):
    conv: int
    agent: int
    until_ms: int


class Closed(Event, frozen=True, tag=46):
    conv: int
    agent: int
    disposition: str
    why: str
    record: Record


class Assigned(Event, frozen=True, tag=47):
    """Given without an offer: to its owner, woken while they are present; or to who took it from the line."""

    conv: int
    agent: int
    why: str
    due_ms: int


class LineHeld(Event, frozen=True, tag=48):
    conv: int
    agent: int
    line: int
    on: bool


class PartyReported(Event, frozen=True, tag=49):
    conv: int
    line: int
    party: str
    joined: bool
    why: str


class SignedIn(Event, frozen=True, tag=50):
    agent: int
    abilities: Needs
    capacity: int
    presence: str
    until_ms: int = 0


class SignedOut(Event, frozen=True, tag=51):
    agent: int
    why: str


class PresenceSet(Event, frozen=True, tag=52):
    """`accepts` is written down, so that no later reader has to ask the configuration."""

    agent: int
    presence: str
    accepts: bool
    why: str


class WindingDown(Event, frozen=True, tag=64):
    """No new offers; when the work in hand is done this presence holds, or the shift ends (`offline`)."""

    agent: int
    presence: str
    why: str


class DeskAttached(Event, frozen=True, tag=53):
    agent: int
    node: str
    desk: str


class DeskDetached(Event, frozen=True, tag=54):
    """`grace_until_ms` is 0 while another desk of the agent is attached."""

    agent: int
    node: str
    desk: str
    grace_until_ms: int


class Reclassed(Event, frozen=True, tag=87):
    """Waits in another class of its queue from now on, its place and leg kept; `why` names the reason."""

    conv: int
    cls: int
    why: str


class WindowClosed(Event, frozen=True, tag=88):
    """The platform takes no answer on `line` any more; `to_line` is where answers go from now on, 0 for nowhere."""

    conv: int
    line: int
    to_line: int


class Related(Event, frozen=True, tag=89):
    """Another conversation of the same customer is open."""

    conv: int
    other: int


class Unrelated(Event, frozen=True, tag=110):
    """The other conversation was taken for the same customer's, and is not."""

    conv: int
    other: int


class Ordered(Event, frozen=True, tag=67):
    """A supervisor's order about a conversation: who, what, why. What follows in the decision is what it did.

    `agent` and `queue` are what the order names, `number` its figure (a priority).
    """

    conv: int
    by: int
    deed: str
    why: str
    agent: int = 0
    queue: str = ""
    number: int = 0


class Directed(Event, frozen=True, tag=68):
    """A supervisor's order about an agent or a queue."""

    by: int
    deed: str
    why: str
    agent: int = 0
    queue: str = ""


class Reprioritised(Event, frozen=True, tag=69):
    """Another class of the same queue and needs; place, leg and step stay. No rule moves it any more."""

    conv: int
    cls: int


class Rested(Event, frozen=True, tag=70):
    """Until a time this conversation does not ring at this agent, for another reason than their own decline."""

    conv: int
    agent: int
    until_ms: int
    why: str


class Widened(Event, frozen=True, tag=96):
    """More people may serve it from now on: its class after so many steps, its place kept."""

    conv: int
    cls: int
    step: int
    due_ms: int


class Overflowed(Event, frozen=True, tag=77):
    """Another queue takes over, the place is kept. `waiting` were in the queue; `wait_ms`: waited, or to be waited."""

    conv: int
    from_queue: str
    cls: int
    why: str
    waiting: int
    wait_ms: int


class OverflowTold(Event, frozen=True, tag=78):
    """The customer has been offered another way than a queue and stays in line; `kept`: leaving it gives nothing up."""

    conv: int
    way: str
    why: str
    waiting: int
    wait_ms: int
    kept: str = ""


class LookedAt(Event, frozen=True, tag=79):
    """Nothing was to be done for who waits; it is looked at again at `due_ms`."""

    conv: int
    due_ms: int


class CallbackAsked(Event, frozen=True, tag=80):
    """The customer is to be called on `line`, when their turn comes or at `at_ms`. `by`: the agent who asked."""

    conv: int
    line: int
    cls: int
    mode: str
    at_ms: int
    by: int


class CustomerCalled(Event, frozen=True, tag=81):
    """The customer's turn has come and they are called before an agent is; until `until_ms` it rings."""

    conv: int
    line: int
    attempt: int
    until_ms: int


class CallbackReached(Event, frozen=True, tag=82):
    """The customer has answered the call."""

    conv: int


class CallbackFailed(Event, frozen=True, tag=83):
    """An attempt came to nothing; `agent` is free again, 0 where none was there."""

    conv: int
    agent: int
    attempt: int
    why: str


class EmergencyOrdered(Event, frozen=True, tag=84):
    """Every queue is closed until `until_ms`, and customers are told `notice`; 0: it was lifted or has expired."""

    until_ms: int
    notice: str
    by: int
    reason: str


class TransferReturned(Event, frozen=True, tag=71):
    """The agent who was asked did not take it: back to `agent`, who gave it. `why`: what they did instead."""

    conv: int
    agent: int
    why: str


class ParticipantAsked(Event, frozen=True, tag=72):
    """It rings at somebody who is to take part without owning; it takes room at them as if it were theirs."""

    conv: int
    agent: int
    by: int
    role: str
    until_ms: int


class ParticipantJoined(Event, frozen=True, tag=73):
    conv: int
    agent: int
    role: str
    by: int


class ParticipantLeft(Event, frozen=True, tag=74):
    """`agent` 0: nobody who was looked for has been found."""

    conv: int
    agent: int
    why: str


class LegLost(Event, frozen=True, tag=75):
    """The owner is no longer on the live line; until `until_ms` they may come back to it."""

    conv: int
    agent: int
    until_ms: int
    why: str


class OutsideAsked(Event, frozen=True, tag=76):
    """A contact is called onto the line until `until_ms`, or (`message`) written to on `line`; `by` asked for it."""

    conv: int
    contact: str
    by: int
    role: str
    until_ms: int
    line: int = 0
    message: int = 0


class OutsideJoined(Event, frozen=True, tag=97):
    """The contact is on the line. `due_ms`: when something happens next where no agent has it, else 0."""

    conv: int
    contact: str
    due_ms: int = 0


class OutsideLeft(Event, frozen=True, tag=98):
    """The contact did not come, or is gone. `handed`: they had it, or were to; what follows says where it goes."""

    conv: int
    contact: str
    why: str
    handed: bool = False


class HandedOut(Event, frozen=True, tag=99):
    """No agent has it any more: the contact does, or is called to have it until `until_ms`."""

    conv: int
    agent: int
    contact: str
    until_ms: int
    note: int = 0


class Rated(Event, frozen=True, tag=100):
    """The customer says how they were served, 1 (badly) to 5 (very well); a later word replaces an earlier one."""

    conv: int
    score: int


class CopyWanted(Event, frozen=True, tag=112):
    """A copy of what was said on the line `of` goes to the customer over another, which is none of the conversation."""

    conv: int
    of: int
    line: int


class WrapUpKept(Event, frozen=True, tag=101):
    """What came of it is said and holds when the time of its wrap-up is over."""

    conv: int
    agent: int
    disposition: str
    follow_up_ms: int = 0


class WrapUpExtended(Event, frozen=True, tag=102):
    conv: int
    agent: int
    until_ms: int


AnyEvent = (
    LeadTaken
    | ConfigApplied
    | FactsCoded
    | FactsDropped
    | ClassFormed
    | Reviewed
    | Examined
    | QueueOpened
    | QueueClosed
    | ClosureOrdered
    | Received
    | MessageSetAside
    | Routed
    | Diverted
    | Queued
    | HeldFor
    | Deferred
    | Announced
    | Offered
    | Accepted
    | Declined
    | OfferLapsed
    | OfferWithdrawn
    | RangAlso
    | RingStopped
    | RestEnded
    | Replied
    | Noted
    | DeliveryReported
    | Rated
    | CopyWanted
    | Reminded
    | TakenBack
    | Escalated
    | Transferred
    | Parked
    | Returned
    | CustomerLeft
    | Abandoned
    | WrapUpStarted
    | Closed
    | Assigned
    | LineHeld
    | PartyReported
    | SignedIn
    | SignedOut
    | PresenceSet
    | WindingDown
    | DeskAttached
    | DeskDetached
    | Widened
    | Overflowed
    | OverflowTold
    | LookedAt
    | CallbackAsked
    | CustomerCalled
    | CallbackReached
    | CallbackFailed
    | EmergencyOrdered
    | Reclassed
    | WindowClosed
    | Related
    | Unrelated
    | Ordered
    | Directed
    | Reprioritised
    | Rested
    | TransferReturned
    | ParticipantAsked
    | ParticipantJoined
    | ParticipantLeft
    | LegLost
    | OutsideAsked
    | OutsideJoined
    | OutsideLeft
    | HandedOut
    | WrapUpKept
    | WrapUpExtended
)


class Entry(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One decision in the journal: when, by which command, which events. Events are numbered by position."""

    at: int
    command: str
    events: tuple[AnyEvent, ...]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[Entry])


def encode_entries(entries: list[Entry]) -> bytes:
    """Encode one commit's decisions as one journal row."""
    return _encoder.encode(entries)


def decode_entries(data: bytes) -> list[Entry]:
    """Read a journal row back. Raises `msgspec.ValidationError` on foreign bytes."""
    return _decoder.decode(data)
