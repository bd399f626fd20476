"""The fold's own picture of a floor: what each event changes, written down and nothing else. No checks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from router.core import events as ev
from router.verify.fold_offers import MOVED_ON, OFFER_WRITERS

OUT, UNPLACED, WAITING, HELD, OFFERED = "out", "unplaced", "waiting", "held", "offered"
ACTIVE, WRAP_UP, DEFERRED = "active", "wrap_up", "deferred"
PARKED, CLOSED, ABANDONED = "parked", "closed", "abandoned"
GONE = frozenset({OUT, PARKED, CLOSED, ABANDONED})
TAKING = frozenset({OFFERED, ACTIVE, WRAP_UP})
"""The states in which a conversation takes room at an agent."""

ClassKey = tuple[str, str, ev.Needs, int, int, tuple[ev.Needs, ...]]


@dataclass(slots=True)
class Conversation:
    """One conversation, as the journal tells it. `since` is the position of its last change of state.

    `also` are agents who ring besides `agent`, each with the room it takes there.
    """

    id: int
    state: str = OUT
    line: int = 0
    cls: int = -1
    queue: str = ""
    load: int = 0
    key_ms: int = 0
    owner: int = 0
    agent: int = 0  # at whom it takes room
    taken: int = 0  # how much
    held_for: int = 0
    offer: int = 0
    due_ms: int = 0
    opened: int = 0  # position
    since: int = 0
    actor: str = ""
    resting: set[int] = field(default_factory=set)
    also: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Agent:
    """One signed-in agent."""

    id: int
    capacity: int
    accepts: bool = False
    used: int = 0


@dataclass(slots=True)
class Queue:
    """Whether a queue is open; `closed` is the position at which it closed."""

    open: bool
    serve_until_ms: int = 0
    closed: int = 0


@dataclass(slots=True)
class Fold:
    """Everything the events have said so far."""

    position: int = 0
    at: int = 0
    epoch: int = 0
    convs: dict[int, Conversation] = field(default_factory=dict)
    agents: dict[int, Agent] = field(default_factory=dict)
    queues: dict[str, Queue] = field(default_factory=dict)
    classes: dict[int, tuple[str, int]] = field(default_factory=dict)  # queue, load
    class_ids: dict[ClassKey, int] = field(default_factory=dict)
    led_since_ms: int = 0
    touched: set[int] = field(default_factory=set)
    work: dict[int, set[int]] = field(default_factory=dict)  # agent -> what takes room there
    held: dict[int, set[int]] = field(default_factory=dict)  # agent -> what is held for them

    def conv(self, number: int) -> Conversation:
        """Return a conversation, known or not."""
        found = self.convs.get(number)
        if found is None:
            found = self.convs[number] = Conversation(number)
        return found

    def apply(self, event: ev.Event) -> None:
        """Write one event down."""
        writer = WRITERS.get(type(event))
        number = getattr(event, "conv", 0)
        if isinstance(event, ev.DeliveryReported | ev.Rated | ev.CopyWanted) and number not in self.convs:
            return  # A receipt may come for what no conversation knows, and a word about one that is long over.
        conv = self.conv(number) if hasattr(event, "conv") else None
        before = conv.state if conv else OUT
        if writer is not None:
            writer(self, conv, event)
        if conv is not None:
            self.touched.add(number)
            if conv.state != before:
                conv.since = self.position

    def take(self, conv: Conversation, agent: int, *, keep: bool = False) -> None:
        """Let a conversation take room at an agent, once; `keep`: those who ring besides go on ringing."""
        if conv.agent == agent:
            return
        also = conv.also if keep else {}
        conv.also = {} if keep else conv.also
        self.release(conv)
        conv.also = also
        conv.agent, conv.taken = agent, conv.load
        self.work.setdefault(agent, set()).add(conv.id)
        if agent in self.agents:
            self.agents[agent].used += conv.taken

    def take_also(self, conv: Conversation, agent: int) -> None:
        """Let a conversation that rings take room at one more agent."""
        conv.also[agent] = conv.load
        self.work.setdefault(agent, set()).add(conv.id)
        if agent in self.agents:
            self.agents[agent].used += conv.load

    def release_also(self, conv: Conversation, agent: int) -> None:
        """Give back the room at an agent who rang besides."""
        taken = conv.also.pop(agent, 0)
        self.work.get(agent, set()).discard(conv.id)
        if agent in self.agents:
            self.agents[agent].used -= taken

    def release(self, conv: Conversation) -> None:
        """Give room and hold back."""
        for agent in list(conv.also):
            self.release_also(conv, agent)
        if conv.agent in self.agents:
            self.agents[conv.agent].used -= conv.taken
        self.work.get(conv.agent, set()).discard(conv.id)
        self.held.get(conv.held_for, set()).discard(conv.id)
        conv.agent, conv.taken, conv.held_for = 0, 0, 0

    def lift(self, conv: Conversation, state: str) -> None:
        """Take a conversation from wherever it is, into a state that takes no room."""
        self.release(conv)
        conv.state, conv.offer = state, 0

    def enter_class(self, conv: Conversation, cls: int) -> None:
        """Move a conversation to a class; who waits in another leaves its line first."""
        if conv.state == WAITING and conv.cls != cls:
            self.lift(conv, UNPLACED)
        conv.cls = cls
        conv.queue, conv.load = self.classes.get(cls, ("", 0))


def _lead_taken(fold: Fold, _conv: None, event: ev.LeadTaken) -> None:
    """Promises between us and agents move on by the gap, and none of them is late at the moment we are back."""
    fold.epoch, fold.led_since_ms = event.epoch, fold.at
    for conv in fold.convs.values():
        if conv.state in {OFFERED, HELD, WRAP_UP} or (conv.state, conv.actor) in MOVED_ON:
            conv.due_ms += event.gap_ms


def _class_formed(fold: Fold, _conv: None, event: ev.ClassFormed) -> None:
    fold.classes[event.cls] = (event.queue, event.load)
    key = (event.queue, event.channel, event.needs, event.load, event.priority, event.also)
    fold.class_ids[key] = event.cls


def _queue_opened(fold: Fold, _conv: None, event: ev.QueueOpened) -> None:
    fold.queues[event.queue] = Queue(open=True)


def _queue_closed(fold: Fold, _conv: None, event: ev.QueueClosed) -> None:
    known = fold.queues.get(event.queue)
    closed = known.closed if known and not known.open else fold.position
    fold.queues[event.queue] = Queue(open=False, serve_until_ms=event.serve_until_ms, closed=closed)


def _received(fold: Fold, conv: Conversation, event: ev.Received) -> None:
    if event.opened:
        conv.state, conv.opened, conv.key_ms = UNPLACED, fold.position, event.arrived_ms
    if not event.quiet or event.opened:
        conv.line = event.line
    if event.due_ms and not event.quiet:
        conv.due_ms, conv.actor = event.due_ms, "agent"


def _returned(fold: Fold, conv: Conversation, event: ev.Returned) -> None:
    record = event.record
    key = (record.queue, record.channel, record.needs, record.load, record.priority, record.also)
    cls = fold.class_ids.get(key, -1)
    conv.state, conv.owner, conv.key_ms = UNPLACED, record.owner, record.key_ms
    conv.cls, conv.queue, conv.load, conv.line = cls, record.queue, record.load, record.line
    conv.opened = 0  # It was admitted long ago, whatever its queue did since.
    conv.resting.clear()


def _routed(fold: Fold, conv: Conversation, event: ev.Routed) -> None:
    fold.enter_class(conv, event.cls)
    conv.key_ms = event.key_ms


def _diverted(fold: Fold, conv: Conversation, event: ev.Diverted) -> None:
    fold.enter_class(conv, event.cls)


def _reclassed(fold: Fold, conv: Conversation, event: ev.Reclassed) -> None:
    fold.lift(conv, conv.state if conv.state == DEFERRED else UNPLACED)
    fold.enter_class(conv, event.cls)


def _window_closed(_fold: Fold, conv: Conversation, event: ev.WindowClosed) -> None:
    conv.line = event.to_line or conv.line


def _queued(fold: Fold, conv: Conversation, event: ev.Queued) -> None:
    fold.lift(conv, WAITING)
    conv.owner, conv.due_ms, conv.actor = 0, event.due_ms, "queue"


def _widened(fold: Fold, conv: Conversation, event: ev.Widened) -> None:
    fold.enter_class(conv, event.cls)
    fold.lift(conv, WAITING)
    conv.due_ms, conv.actor = event.due_ms, "queue"


def _held_for(fold: Fold, conv: Conversation, event: ev.HeldFor) -> None:
    fold.lift(conv, HELD)
    conv.held_for, conv.due_ms, conv.actor = event.agent, event.until_ms, "queue"
    fold.held.setdefault(event.agent, set()).add(conv.id)


def _deferred(fold: Fold, conv: Conversation, event: ev.Deferred) -> None:
    fold.lift(conv, DEFERRED)
    conv.owner, conv.due_ms, conv.actor = 0, event.until_ms, "clock"


def _offered(fold: Fold, conv: Conversation, event: ev.Offered) -> None:
    fold.lift(conv, OFFERED)
    conv.offer, conv.due_ms, conv.actor = event.offer, event.until_ms, "queue"
    fold.take(conv, event.agent)


def _begun(fold: Fold, conv: Conversation, event: ev.Accepted | ev.Assigned) -> None:
    conv.state, conv.owner, conv.offer = ACTIVE, event.agent, 0
    conv.due_ms, conv.actor = event.due_ms, "agent"
    conv.resting.clear()
    fold.take(conv, event.agent)


def _declined(fold: Fold, conv: Conversation, event: ev.Declined) -> None:
    fold.lift(conv, UNPLACED)
    if event.rest_until_ms > fold.at:
        conv.resting.add(event.agent)


def _offer_withdrawn(fold: Fold, conv: Conversation, _event: ev.OfferWithdrawn) -> None:
    fold.lift(conv, UNPLACED)


def _rest_ended(_fold: Fold, conv: Conversation, event: ev.RestEnded) -> None:
    conv.resting.discard(event.agent)


def _replied(_fold: Fold, conv: Conversation, event: ev.Replied) -> None:
    conv.line, conv.due_ms, conv.actor = event.line, event.due_ms, "customer"


def _delivery_reported(_fold: Fold, conv: Conversation, event: ev.DeliveryReported) -> None:
    if event.actor and conv.state == ACTIVE:
        conv.actor = event.actor


def _reminded(_fold: Fold, conv: Conversation, event: ev.Reminded) -> None:
    conv.due_ms, conv.actor = event.due_ms, event.actor


def _transferred(fold: Fold, conv: Conversation, event: ev.Transferred) -> None:
    fold.lift(conv, UNPLACED)
    fold.enter_class(conv, event.cls)
    conv.owner = 0
    conv.resting.clear()
    if event.rest_until_ms > fold.at:
        conv.resting.add(event.agent)


def _customer_left(_fold: Fold, conv: Conversation, event: ev.CustomerLeft) -> None:
    """Who leaves a line that the conversation has moved away from has not left it."""
    if conv.state == ACTIVE and conv.line == event.line:
        conv.due_ms, conv.actor = event.due_ms, "agent"


def _wrap_up_started(_fold: Fold, conv: Conversation, event: ev.WrapUpStarted) -> None:
    conv.state, conv.due_ms, conv.actor = WRAP_UP, event.until_ms, "agent"


def _left(state: str) -> Callable[[Fold, Conversation, Any], None]:
    def write(fold: Fold, conv: Conversation, event: ev.Parked | ev.Closed | ev.Abandoned) -> None:
        fold.lift(conv, state)
        conv.owner, conv.queue = event.record.owner, event.record.queue
        conv.due_ms = event.until_ms if isinstance(event, ev.Parked) else 0

    return write


def _overflowed(fold: Fold, conv: Conversation, event: ev.Overflowed) -> None:
    fold.lift(conv, UNPLACED)
    fold.enter_class(conv, event.cls)


def _looked_at(_fold: Fold, conv: Conversation, event: ev.LookedAt) -> None:
    conv.due_ms, conv.actor = event.due_ms, "queue"


def _callback_asked(fold: Fold, conv: Conversation, event: ev.CallbackAsked) -> None:
    """On another channel it waits in another class."""
    if event.cls != conv.cls and conv.state in {WAITING, HELD}:
        fold.lift(conv, UNPLACED)
    fold.enter_class(conv, event.cls)
    conv.line = event.line


def _customer_called(fold: Fold, conv: Conversation, event: ev.CustomerCalled) -> None:
    fold.lift(conv, DEFERRED)
    conv.due_ms, conv.actor = event.until_ms, "customer"


def _callback_reached(fold: Fold, conv: Conversation, _event: ev.CallbackReached) -> None:
    if conv.state != ACTIVE:
        fold.lift(conv, UNPLACED)


def _callback_failed(fold: Fold, conv: Conversation, _event: ev.CallbackFailed) -> None:
    fold.lift(conv, UNPLACED)
    conv.owner = 0


def _signed_in(fold: Fold, _conv: None, event: ev.SignedIn) -> None:
    agent = fold.agents.get(event.agent)
    if agent is None:
        fold.agents[event.agent] = Agent(event.agent, event.capacity)
    else:
        agent.capacity = event.capacity


def _signed_out(fold: Fold, _conv: None, event: ev.SignedOut) -> None:
    fold.agents.pop(event.agent, None)
    for number in sorted(fold.held.get(event.agent, ())):
        fold.lift(fold.convs[number], UNPLACED)
        fold.touched.add(number)


def _presence_set(fold: Fold, _conv: None, event: ev.PresenceSet) -> None:
    if event.agent in fold.agents:
        fold.agents[event.agent].accepts = event.accepts


WRITERS: dict[type[ev.Event], Callable[[Fold, Any, Any], None]] = {
    ev.LeadTaken: _lead_taken,
    ev.ClassFormed: _class_formed,
    ev.QueueOpened: _queue_opened,
    ev.QueueClosed: _queue_closed,
    ev.Received: _received,
    ev.Returned: _returned,
    ev.Routed: _routed,
    ev.Diverted: _diverted,
    ev.Reclassed: _reclassed,
    ev.WindowClosed: _window_closed,
    ev.Queued: _queued,
    ev.HeldFor: _held_for,
    ev.Widened: _widened,
    ev.Deferred: _deferred,
    ev.Offered: _offered,
    ev.Accepted: _begun,
    ev.Assigned: _begun,
    ev.Declined: _declined,
    ev.OfferWithdrawn: _offer_withdrawn,
    ev.RestEnded: _rest_ended,
    ev.Replied: _replied,
    ev.DeliveryReported: _delivery_reported,
    ev.Reminded: _reminded,
    ev.Transferred: _transferred,
    ev.CustomerLeft: _customer_left,
    ev.WrapUpStarted: _wrap_up_started,
    ev.Parked: _left(PARKED),
    ev.Closed: _left(CLOSED),
    ev.Abandoned: _left(ABANDONED),
    ev.Overflowed: _overflowed,
    ev.LookedAt: _looked_at,
    ev.CallbackAsked: _callback_asked,
    ev.CustomerCalled: _customer_called,
    ev.CallbackReached: _callback_reached,
    ev.CallbackFailed: _callback_failed,
    ev.SignedIn: _signed_in,
    ev.SignedOut: _signed_out,
    ev.PresenceSet: _presence_set,
    **OFFER_WRITERS,
}
