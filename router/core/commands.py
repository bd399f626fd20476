"""What the core can be asked to do: imperative, complete, with ids only. No text, names or addresses."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from router.core.bundle import Bundle
from router.core.facts import Facts
from router.core.record import Record

# The three lanes of the inbox (DESIGN section 10), served in this order.
TIME, PEOPLE, ARRIVALS = 0, 1, 2


class Command(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """`id` makes a command idempotent: a known id gets the earlier answer."""

    lane: ClassVar[int] = PEOPLE
    id: str


class Acquaintance(msgspec.Struct, frozen=True, array_like=True, kw_only=True, gc=False):
    """What a look-up knows of a customer who has been here before, where a queue's affinities ask for it.

    `last_agent` was spoken to until `last_ms`; `named_agent` and `team` are who this customer is given to by name.
    `lines` are the customer's other lines; `contacts` when earlier conversations began, newest first.
    """

    last_agent: int = 0
    last_ms: int = 0
    named_agent: int = 0
    team: str = ""
    lines: tuple[int, ...] = ()
    contacts: tuple[int, ...] = ()


class Receive(Command, frozen=True, kw_only=True, tag=1):
    """A looked-up message. `record` is the parked or closed conversation of its line, if the store has one.

    `seen` is the journal position up to which the look-up's reading was current.
    `line` is where an answer goes; `channel` is how the message came (a form answers by e-mail).
    `quiet` joins its conversation and wakes nobody (automatic mail); `no_notice` sends no automatic answer.
    After `window_ms` the platform takes no answer to it, and no more than `replies` before; 0 and -1 for no bound.
    `spare_line` is another of the customer's lines that takes answers at any time. `test`: it stays out of the figures.
    `files`: so many are still to be fetched from the provider; they decide nothing.
    """

    lane: ClassVar[int] = ARRIVALS
    message: int
    line: int
    customer: int
    channel: str
    facts: Facts
    arrived_ms: int
    seen: int
    record: Record | None = None
    quiet: bool = False
    no_notice: bool = False
    window_ms: int = 0
    replies: int = -1
    test: bool = False
    spare_line: int = 0
    known: Acquaintance | None = None
    files: int = 0


class SetAside(Command, frozen=True, kw_only=True, tag=2):
    """An accepted message that opens no conversation, with its named reason."""

    lane: ClassVar[int] = ARRIVALS
    message: int
    reason: str


class LeaveLine(Command, frozen=True, kw_only=True, tag=3):
    """The customer has left the line (closed the chat, hung up).

    `ends`: they have ended it themselves, so that what only waits for them is over; `record` is then that of the
    line's newest conversation outside the core, looked up when the floor was at `seen`.
    """

    lane: ClassVar[int] = PEOPLE
    line: int
    why: str = "left"
    ends: bool = False
    seen: int = 0
    record: Record | None = None


class SignIn(Command, frozen=True, kw_only=True, tag=10):
    """An agent starts work, or what they can do has changed.

    `abilities` are sorted (name, level) pairs: `skill:billing` 3, `channel:chat` 1. `until_ms` is the end of the
    shift: then winding down begins, and they are signed out when their work is done; 0 for none.
    """

    agent: int
    abilities: tuple[tuple[str, int], ...]
    capacity: int
    presence: str = ""
    until_ms: int = 0


class SignOut(Command, frozen=True, kw_only=True, tag=11):
    """An agent ends work. Refused while live conversations are open, unless `forced`. `by`: a supervisor's order."""

    agent: int
    why: str = "signed_out"
    forced: bool = False
    by: int = 0


class SetPresence(Command, frozen=True, kw_only=True, tag=12):
    """One click, one presence for all channels. Coming back from `not_responding` is such a click.

    `by`, `reason`: a supervisor has done it, and why.
    `when` is `now`, or `after_current`: no new offers, and the presence holds when the work in hand is done.
    `abilities`: what the account can do in full, as for SignIn; a presence may leave out channels. Empty: as known.
    `idle`: not chosen, but told by a desk that nobody has touched for long, or that somebody touches again.
    """

    agent: int
    presence: str
    by: int = 0
    reason: str = ""
    when: str = "now"
    abilities: tuple[tuple[str, int], ...] = ()
    idle: bool = False


class AttachDesk(Command, frozen=True, kw_only=True, tag=13):
    """A desk socket of this agent is held by `node`; `desk` names the socket."""

    agent: int
    node: str
    desk: str


class DetachDesk(Command, frozen=True, kw_only=True, tag=14):
    """That socket is gone; with the last one the agent's grace begins."""

    agent: int
    node: str
    desk: str


class NodeLost(Command, frozen=True, kw_only=True, tag=15):
    """A node's lease ended: every desk it held is gone."""

    lane: ClassVar[int] = TIME
    node: str


class Accept(Command, frozen=True, kw_only=True, tag=20):
    agent: int
    conv: int
    offer: int


class Take(Command, frozen=True, kw_only=True, tag=50):
    """An agent takes a conversation that waits in a queue which allows it."""

    agent: int
    conv: int


class Decline(Command, frozen=True, kw_only=True, tag=21):
    agent: int
    conv: int
    offer: int
    reason: str = ""


class Reply(Command, frozen=True, kw_only=True, tag=22):
    """`message` is already in the archive. `line` 0 means the conversation's current line.

    `then` is `stay`, `park` (wait for the customer, capacity given back) or `close`.
    """

    agent: int
    conv: int
    message: int
    line: int = 0
    then: str = "stay"
    disposition: str = ""


class Note(Command, frozen=True, kw_only=True, tag=23):
    agent: int
    conv: int
    message: int


class Transfer(Command, frozen=True, kw_only=True, tag=24):
    """To exactly one of `queue` and `to_agent`; `note` is the archive id of a note, or 0.

    `skills` are needed besides those of the queue; without a queue they are raised within its own.
    """

    agent: int
    conv: int
    queue: str = ""
    to_agent: int = 0
    note: int = 0
    skills: tuple[tuple[str, int], ...] = ()


class Park(Command, frozen=True, kw_only=True, tag=25):
    """Wait for the customer (`until_ms` 0: the queue's own limit) or for a time."""

    agent: int
    conv: int
    until_ms: int = 0


class Close(Command, frozen=True, kw_only=True, tag=26):
    """End the conversation: wrap-up follows where the queue has one, unless `disposition` settles it."""

    agent: int
    conv: int
    disposition: str = ""


class FinishWrapUp(Command, frozen=True, kw_only=True, tag=27):
    agent: int
    conv: int
    disposition: str
    follow_up_ms: int = 0


class ExtendWrapUp(Command, frozen=True, kw_only=True, tag=77):
    """A minute more for wrap-up, once."""

    lane: ClassVar[int] = PEOPLE
    agent: int
    conv: int


class ReportDelivery(Command, frozen=True, kw_only=True, tag=28):
    """What became of an outbound message: `sent`, `delivered`, `read`, `failed`.

    `record` comes along when the conversation is parked or closed: a failure brings it back to its owner.
    """

    lane: ClassVar[int] = PEOPLE
    conv: int
    message: int
    status: str
    reason: str = ""
    record: Record | None = None


class Rate(Command, frozen=True, kw_only=True, tag=76):
    """The customer says how they were served: 1 (badly) to 5 (very well)."""

    lane: ClassVar[int] = PEOPLE
    conv: int
    score: int


class SendCopy(Command, frozen=True, kw_only=True, tag=80):
    """The customer wants a copy of what was said on the line `of`; `line` leads to where they want it."""

    lane: ClassVar[int] = PEOPLE
    conv: int
    of: int
    line: int


class HoldLine(Command, frozen=True, kw_only=True, tag=29):
    """Put a live line on hold, or take it off."""

    agent: int
    conv: int
    on: bool


class ReportParty(Command, frozen=True, kw_only=True, tag=32):
    """A live line reports that somebody is connected, or no longer. The customer's leaving is LeaveLine."""

    line: int
    party: str
    joined: bool
    why: str = ""


class Wake(Command, frozen=True, kw_only=True, tag=30):
    """A parked conversation is due, or its reply failed: the record comes back."""

    lane: ClassVar[int] = TIME
    record: Record
    why: str = "due"


class OrderClosure(Command, frozen=True, kw_only=True, tag=31):
    """A supervisor closes a queue now, until a time. `until_ms` 0 ends the closure."""

    queue: str
    until_ms: int
    by: int
    reason: str


class Assign(Command, frozen=True, kw_only=True, tag=57):
    """A supervisor gives a conversation to an agent as theirs, wherever it is; `forced`: also without room."""

    conv: int
    to_agent: int
    by: int
    reason: str
    forced: bool = False


class Move(Command, frozen=True, kw_only=True, tag=58):
    """A supervisor moves a conversation to another queue, its place kept. `skills` are needed besides the queue's."""

    conv: int
    queue: str
    by: int
    reason: str
    skills: tuple[tuple[str, int], ...] = ()


class Reprioritise(Command, frozen=True, kw_only=True, tag=59):
    """A supervisor gives a conversation another priority."""

    conv: int
    priority: int
    by: int
    reason: str


class TakeOver(Command, frozen=True, kw_only=True, tag=60):
    """A supervisor who is signed in becomes the owner, in whatever presence and with whatever load."""

    conv: int
    by: int
    reason: str


class WithdrawOffer(Command, frozen=True, kw_only=True, tag=61):
    """A supervisor stops the ringing; the conversation goes back to its place and rests from who was asked."""

    conv: int
    by: int
    reason: str


class End(Command, frozen=True, kw_only=True, tag=78):
    """A supervisor ends what nobody has yet: it leaves its line, and the customer may come again."""

    conv: int
    by: int
    reason: str


class Recall(Command, frozen=True, kw_only=True, tag=62):
    """A supervisor brings a parked conversation back now, to its owner or (`to_queue`) to its queue."""

    record: Record
    by: int
    reason: str
    to_queue: bool = False


class Replan(Command, frozen=True, kw_only=True, tag=90):
    """What is parked until a time comes at another, or to another owner; who is not its owner says why."""

    record: Record
    by: int
    until_ms: int
    to_agent: int = 0
    reason: str = ""


class Settle(Command, frozen=True, kw_only=True, tag=91):
    """What is parked has been done, or needs no doing any more; who is not its owner says why."""

    record: Record
    by: int
    disposition: str = ""
    reason: str = ""


class RequestCallback(Command, frozen=True, kw_only=True, tag=70):
    """Call the customer of a conversation, or of the one on a line, when their turn comes, or at a time.

    `to_line` and its `channel`: another line of the same customer to call on; 0 for the current one. `by` is the agent
    who asks, 0 for the customer.
    """

    conv: int = 0
    line: int = 0
    to_line: int = 0
    channel: str = ""
    at_ms: int = 0
    by: int = 0


class FailCallback(Command, frozen=True, kw_only=True, tag=71):
    """The agent has called and nobody answered: tried again later, or given up by name."""

    agent: int
    conv: int
    why: str = "no_answer"


class OrderEmergency(Command, frozen=True, kw_only=True, tag=72):
    """Close every queue of the site now, with an announcement of its own, until a time; 0 lifts it."""

    until_ms: int
    notice: str
    by: int
    reason: str


class Consult(Command, frozen=True, kw_only=True, tag=63):
    """The owner asks a colleague to take part: exactly one of `to_agent` and whoever serves `queue`."""

    agent: int
    conv: int
    to_agent: int = 0
    queue: str = ""


class JoinConsult(Command, frozen=True, kw_only=True, tag=64):
    """Who was asked takes part."""

    agent: int
    conv: int


class LeaveParty(Command, frozen=True, kw_only=True, tag=65):
    """A participant leaves, or declines to come."""

    agent: int
    conv: int


class CancelConsult(Command, frozen=True, kw_only=True, tag=66):
    """The owner lets a participant go, or stops asking."""

    agent: int
    conv: int
    to_agent: int


class CompleteConsult(Command, frozen=True, kw_only=True, tag=67):
    """The owner hands over to a colleague who takes part already; `note` as in a transfer."""

    agent: int
    conv: int
    to_agent: int
    note: int = 0


class JoinAs(Command, frozen=True, kw_only=True, tag=68):
    """A supervisor takes part: `listen` (unheard), `whisper` (heard by the owner) or `barge` (heard by all)."""

    agent: int
    conv: int
    role: str
    reason: str


class AskOutside(Command, frozen=True, kw_only=True, tag=69):
    """The owner asks a contact to take part (`consult`), or gives the conversation to them (`transfer`).

    By telephone where the line can bring others onto it, else by mail: then `message` is what they are written, already
    in the archive, and `line` the line on which they are, and answer.
    """

    agent: int
    conv: int
    contact: str
    role: str = "consult"
    line: int = 0
    message: int = 0
    note: int = 0


class LetOutsideGo(Command, frozen=True, kw_only=True, tag=73):
    """The owner lets the outside party go, or stops calling it."""

    agent: int
    conv: int


class CompleteOutside(Command, frozen=True, kw_only=True, tag=74):
    """The owner hands over to the outside party who is on the line; `note` as in a transfer."""

    agent: int
    conv: int
    note: int = 0


class Relate(Command, frozen=True, kw_only=True, tag=75):
    """These lines are one person's, as somebody has just found: what is open on them is told of each other.

    `apart` are those of somebody else, with whom they were taken for one: what is open there is told no longer.
    """

    lines: tuple[int, ...]
    apart: tuple[int, ...] = ()


class ApplyConfig(Command, frozen=True, kw_only=True, tag=40):
    """Swap in a bundle that is already stored under `hash`; `by` and `why` where a person puts an earlier one back."""

    lane: ClassVar[int] = TIME
    hash: str
    bundle: Bundle
    proposer: str = ""
    by: int = 0
    why: str = ""


class TakeLead(Command, frozen=True, kw_only=True, tag=41):
    """Opens each leadership; `gap_ms` is how long nobody led."""

    lane: ClassVar[int] = TIME
    epoch: int
    gap_ms: int
    release: str


class Tick(Command, frozen=True, kw_only=True, tag=42):
    """Fire what is due, in order of (deadline, kind, id)."""

    lane: ClassVar[int] = TIME
