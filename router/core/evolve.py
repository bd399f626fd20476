"""Writes down what happened, and nothing else: one function per event. It asks no rule, calendar or matcher's choice.

The same functions serve a live decision and a replay, so a journal of an older release gives the same state.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from router.core import events as ev
from router.core import evolve_customers
from router.core.bundle import Bundle
from router.core.deadlines import AGENT, QUEUE, REST, SHIFT, Deadlines
from router.core.estimate import count_start
from router.core.evolve_offers import OFFER_WRITERS, eager_queues
from router.core.evolve_orders import WRITERS as ORDER_WRITERS
from router.core.evolve_orders import leave_party, move_on, pass_on, rest, settle
from router.core.evolve_outside import WRITERS as OUTSIDE_WRITERS
from router.core.evolve_outside import heard_from_outside
from router.core.evolve_relief import RELIEF_WRITERS, STAGED, after_answer
from router.core.evolve_review import REVIEW_WRITERS, look_at_all, look_at_deferred, look_at_line
from router.core.evolve_wrapping import WRITERS as WRAPPING_WRITERS
from router.core.lifecycle import (
    ACTIVE,
    DEFERRED,
    HELD,
    MOVES,
    OFFERED,
    OUT,
    WAITING,
    WRAP_UP,
    check,
)
from router.core.matching import Class
from router.core.orders import FAIR_TURN, IN_LINE, OVERTOOK
from router.core.profiles import limits_of, offer_times_of, without_limits
from router.core.rules import Ruleset
from router.core.state import (
    MEMORY_ENTRIES_MAX,
    MEMORY_MS,
    Agent,
    Answer,
    Conv,
    Offer,
    QueueState,
    State,
)
from router.core.writing import (
    count_accepting,
    dismiss,
    fit,
    forget_left,
    hold,
    leave_core,
    move_class,
    move_line,
    part,
    set_accepts,
    set_due,
    take_line,
    take_room,
    unplace,
    watch_window,
)

Bundles = Mapping[str, Bundle]


class BundleMissing(LookupError):
    """The journal names a bundle that was not handed in; it must be loaded before this event is read."""


def replay(state: State, entry: ev.Entry, bundles: Bundles) -> None:
    """Apply one journal entry: recovery, replicas and tests. Raises BundleMissing before anything is written."""
    at, events = entry.at, entry.events
    if ev.ConfigApplied in map(type, events):
        _check_bundles(events, bundles)
    write_down(state, at, events, bundles, [])
    remember(state, entry.command, at)


def _check_bundles(events: Iterable[ev.Event], bundles: Bundles) -> None:
    for event in events:
        if type(event) is ev.ConfigApplied and event.hash not in bundles:
            raise BundleMissing(event.hash)


def evolve(state: State, at: int, event: ev.Event, bundles: Bundles) -> None:
    """Write one event into the state. Raises IllegalMoveError before writing what the life cycle does not know."""
    other = write_down(state, at, (event,), bundles, [])
    assert other is None, "every event has a writer"


def write_down(state: State, at: int, steps: Iterable[Any], bundles: Bundles, made: list[ev.Event]) -> object | None:
    """Write event after event, each before the next is asked for; return the first step that is none, if one comes.

    What is written is added to `made`. One loop and no call for each event: everything that is decided comes by here.
    """
    convs, steps_of = state.convs, STEPS
    for event in steps:
        kind = type(event)
        known = steps_of.get(kind)
        if known is None:
            return event  # type: ignore[no-any-return]
        writer, moves = known
        if moves is not None:
            # Nearly everybody is awake, and a plain look costs a third of one that would wake.
            conv = _awake(convs, event.conv) or convs.get(event.conv)
            if conv is None:
                check(OUT, event)
            elif conv.state not in moves:
                check(conv.state, event)
        state.position += 1
        state.at = at
        if kind is ev.ConfigApplied:
            _config_applied(state, at, event, bundles)
        else:
            writer(state, at, event)
        made.append(event)
    return None


_awake = dict.get


def remember(state: State, command: str, at: int) -> None:
    """Keep the answer to a command, and forget what is older than the memory."""
    answers, matching, convs = state.answers, state.matching, state.convs
    if command:
        answers[command] = Answer(state.position, at)
    if at >= state.forget_ms or len(answers) > MEMORY_ENTRIES_MAX or len(state.left) > MEMORY_ENTRIES_MAX:
        _forget(state, at - MEMORY_MS)
    if matching.reserves.let_go:
        matching.reserves.let_go.clear()
    if convs.stirred:
        convs.settle(matching.in_lines)
    if at >= state.deadlines.opens_ms:
        _tend(state.deadlines, state, at)


def _tend(deadlines: Deadlines, state: State, at: int) -> None:
    """Once in a bucket's time: what is near becomes exact, and litter goes."""
    deadlines.open_until(at, state.convs.due_of)
    if deadlines.is_littered():
        deadlines.sweep(state.stands, state.convs.open_among)


def _forget(state: State, before_ms: int) -> None:
    """Drop what was remembered before a time, and what is too much; note when this is next worth doing."""
    answers, left = state.answers, state.left
    were = len(answers), len(left)
    while answers and (_first(answers).at < before_ms or len(answers) > MEMORY_ENTRIES_MAX):
        answers.popitem(last=False)
    while left and (_first(left).at < before_ms or len(left) > MEMORY_ENTRIES_MAX):
        forget_left(state, next(iter(left)))
    if 2 * len(answers) < were[0]:
        state.answers = OrderedDict(answers)  # a table keeps the size it once had until it is copied
    if 2 * len(left) < were[1]:
        state.left, state.left_on = OrderedDict(left), dict(state.left_on)
    earliest_ms = min(_first(memory).at if memory else before_ms + MEMORY_MS for memory in (answers, left))
    state.forget_ms = earliest_ms + MEMORY_MS + 1


def _first(memory: Mapping[Any, Any]) -> Any:
    return next(iter(memory.values()))


# --- configuration, queues, leadership ------------------------------------------------------------


def _lead_taken(state: State, at: int, event: ev.LeadTaken) -> None:
    state.epoch = event.epoch
    for conv in state.convs.awake():
        if conv.state in {OFFERED, HELD, WRAP_UP} or (conv.state == ACTIVE and conv.actor == "agent"):
            set_due(state, conv, conv.due_ms + event.gap_ms, conv.actor)
        if conv.offer:
            conv.offer.until_ms += event.gap_ms
        if conv.owed_ms:
            conv.owed_ms += event.gap_ms
        if conv.participants or conv.leg_lost_ms or conv.outside:
            move_on(state, conv, event.gap_ms)
        if conv.resting:
            conv.resting = {rester: until_ms + event.gap_ms for rester, until_ms in conv.resting.items()}
            for rester, until_ms in conv.resting.items():
                state.deadlines.set(until_ms, REST, conv.id, place=rester)
    for agent_id in sorted(state.agents):
        agent = state.agents[agent_id]
        state.matching.leave_room(agent)
        agent.desks.clear()
        agent.grace_until_ms = event.grace_until_ms
        state.deadlines.set(event.grace_until_ms, AGENT, agent.id)


def _config_applied(state: State, at: int, event: ev.ConfigApplied, bundles: Bundles) -> None:
    del at
    before = state.bundle
    state.bundle_hash, state.bundle = event.hash, bundles[event.hash]
    for name in state.bundle.queues:
        counted = any(rule.when == "slow" for rule in state.bundle.queues[name].overflow)
        state.queues.setdefault(name, QueueState()).counted = counted
    for name in [name for name in state.queues if name not in state.bundle.queues]:
        del state.queues[name]
    state.ruleset = Ruleset(state.bundle, state.ruleset)
    _reconfigure(state, state.bundle)
    state.eager = eager_queues(state.bundle)
    look_at_all(state, before)
    _shut(state)


def _reconfigure(state: State, bundle: Bundle) -> None:
    """Lines, steps, kinds of room and reserves follow the configuration; who has room stands in it anew."""
    if not state.matching.moves_rooms(bundle):
        state.matching.configure(bundle)
        return
    for agent in state.agents.values():
        state.matching.leave_room(agent)
    state.matching.configure(bundle)
    for agent in state.agents.values():
        fit(state, agent)
        state.matching.enter_room(agent)
    kinds = state.matching.kinds
    state.matching.reserves.let_go = [kinds[0].who[idle].id for idle in kinds[0].idle]


def _queue_opened(state: State, at: int, event: ev.QueueOpened) -> None:
    """Who was deferred comes back by their own deadline; an opening that nobody foresaw has them reviewed."""
    queue = state.queues[event.queue]
    if not queue.open and queue.until_ms != at:
        look_at_deferred(state, event.queue, at)
    if not queue.open:
        queue.opened_ms = queue.staged_ms = at
    queue.open, queue.until_ms, queue.serve_until_ms = True, event.until_ms, 0
    state.deadlines.set(event.until_ms, QUEUE, 0, name=event.queue)
    _shut_queue(state, event.queue)


def _queue_closed(state: State, at: int, event: ev.QueueClosed) -> None:
    queue = state.queues[event.queue]
    queue.open, queue.until_ms = False, event.until_ms
    queue.serve_until_ms = event.serve_until_ms if event.serve_until_ms > at else 0
    state.deadlines.set(event.until_ms, QUEUE, 0, name=event.queue)
    if queue.serve_until_ms:
        state.deadlines.set(queue.serve_until_ms, QUEUE, 1, name=event.queue)
    else:
        look_at_line(state, event.queue)
    _shut_queue(state, event.queue)


def _shut(state: State) -> None:
    """Tell the matcher which classes may be served now."""
    state.matching.shut = 0
    for name in state.matching.of_queue:
        _shut_queue(state, name)


def _shut_queue(state: State, name: str) -> None:
    """Tell it for the classes of one queue."""
    classes = state.matching.of_queue.get(name, 0)
    if name in state.queues and state.is_offering(name):
        state.matching.shut &= ~classes
    else:
        state.matching.shut |= classes


def _closure_ordered(state: State, at: int, event: ev.ClosureOrdered) -> None:
    del at
    state.queues[event.queue].closure_until_ms = event.until_ms
    state.deadlines.set(event.until_ms, QUEUE, 0, name=event.queue)


def _facts_coded(state: State, at: int, event: ev.FactsCoded) -> None:
    del at
    state.facts.code(event.facts, event.content)


def _facts_dropped(state: State, at: int, event: ev.FactsDropped) -> None:
    del at
    for number in event.facts:
        state.facts.drop(number)


def _class_formed(state: State, at: int, event: ev.ClassFormed) -> None:
    del at
    state.matching.form_class(
        Class(
            id=event.cls,
            queue=event.queue,
            channel=event.channel,
            needs=event.needs,
            load=event.load,
            live=event.live,
            priority=event.priority,
            also=event.also,
        )
    )
    state.matching.shut &= ~(1 << event.cls)
    if not state.is_offering(event.queue):
        state.matching.shut |= 1 << event.cls


# --- arrivals ------------------------------------------------------------


def _received(state: State, at: int, event: ev.Received) -> None:
    if not event.opened:
        _joined(state, at, event)
        return
    number, arrived_ms = event.conv, event.arrived_ms
    conv = Conv(number, 0, event.customer, event.line, event.facts, _NOWHERE, arrived_ms, arrived_ms, at)
    conv.no_notice, conv.test = event.no_notice, event.test
    if event.window_ms or event.replies_left >= 0:
        evolve_customers.take_window(conv, event)
    state.convs[conv.id] = conv
    state.facts.take(conv.facts)
    state.lines[conv.line] = conv.id
    state.next_conv = max(state.next_conv, event.conv + 1)


def _joined(state: State, at: int, event: ev.Received) -> None:
    """A quiet message may belong to a conversation that is not here; then there is nothing to change."""
    conv = state.convs.get(event.conv)
    if conv is None or event.quiet:
        return
    if event.line in conv.outside_lines:
        heard_from_outside(state, at, conv, due_ms=event.due_ms)
        return
    conv.gone, conv.no_notice, conv.nudged = False, event.no_notice, False
    before = conv.line
    if before != event.line:
        move_line(state, conv, event.line)
    evolve_customers.renew_window(conv, event, at, line=before)
    watch_window(state, conv)
    if event.due_ms:
        conv.owed_ms = conv.owed_ms or at
        set_due(state, conv, event.due_ms, "agent")


def _routed(state: State, at: int, event: ev.Routed) -> None:
    """Within its queue a conversation keeps its leg and how far it was widened."""
    conv, cls = state.convs[event.conv], state.matching.classes[event.cls]
    if conv.passed is not None:
        settle(conv)
    if cls.queue != conv.queue:
        conv.leg_ms = conv.step = 0
    move_class(state, at, conv, cls)
    conv.rule, conv.key_ms, conv.raised = event.rule, event.key_ms, event.raised


def _diverted(state: State, at: int, event: ev.Diverted) -> None:
    conv = state.convs[event.conv]
    move_class(state, at, conv, state.matching.classes[event.cls])
    conv.off_hours = True
    conv.leg_ms = conv.step = 0


def _queued(state: State, at: int, event: ev.Queued) -> None:
    conv = state.convs[event.conv]
    unplace(state, at, conv)
    if conv.passed is not None:
        settle(conv)
    conv.state, conv.owner = WAITING, 0
    conv.leg_ms = conv.leg_ms or at
    if event.answer_by_ms:
        conv.reply_by_ms = event.answer_by_ms
    state.matching.join_line(conv)
    set_due(state, conv, event.due_ms, "queue")


def _widened(state: State, at: int, event: ev.Widened) -> None:
    conv = state.convs[event.conv]
    before, cls = conv.cls, state.matching.classes[event.cls]
    before.widened[event.step - 1] = cls
    move_class(state, at, conv, cls)
    conv.state, conv.step = WAITING, event.step
    state.matching.join_line(conv)
    set_due(state, conv, event.due_ms, "queue")


def _held_for(state: State, at: int, event: ev.HeldFor) -> None:
    conv = state.convs[event.conv]
    unplace(state, at, conv)
    conv.state, conv.held_why = HELD, event.why
    hold(state, conv, event.agent)
    set_due(state, conv, event.until_ms, "queue")


def _deferred(state: State, at: int, event: ev.Deferred) -> None:
    conv = state.convs[event.conv]
    unplace(state, at, conv)
    if conv.passed is not None:
        settle(conv)
    conv.state, conv.owner, conv.off_hours = DEFERRED, 0, True
    conv.leg_ms = conv.step = 0
    if event.why == STAGED:
        queue = state.queues[event.queue]
        queue.staged_ms = max(queue.staged_ms, event.until_ms)
    set_due(state, conv, event.until_ms, "clock")
    watch_window(state, conv)


# --- offers ------------------------------------------------------------


def _offered(state: State, at: int, event: ev.Offered) -> None:
    conv = state.convs[event.conv]
    unplace(state, at, conv)
    conv.state = OFFERED
    conv.offer = Offer(event.offer, event.agent, event.until_ms, at, event.why)
    state.next_offer = max(state.next_offer, event.offer + 1)
    agent = state.agents[event.agent]
    if event.why[0] in OVERTOOK:
        agent.passed += 1
    elif event.why[0] in _IN_TURN:
        agent.passed = 0
    take_room(state, agent, conv, renew=False)
    set_due(state, conv, event.until_ms, "queue")


_IN_TURN = frozenset({IN_LINE, FAIR_TURN})


def _accepted(state: State, at: int, event: ev.Accepted) -> None:
    conv, agent = state.convs[event.conv], state.agents[event.agent]
    if conv.passed is not None:
        settle(conv)
    conv.state, conv.since_ms, conv.owner, conv.offer = ACTIVE, at, event.agent, None
    if not conv.answered and not conv.test:
        queue = state.queues.get(conv.queue)
        if queue is not None and queue.counted:
            count_start(queue, at)
    conv.answered, conv.resting, conv.owed_ms = True, None, at
    if conv.relief is not None:
        conv.relief = after_answer(conv.relief)
    agent.silent = 0
    take_room(state, agent, conv, renew=True)
    set_due(state, conv, event.due_ms, "agent")


def _assigned(state: State, at: int, event: ev.Assigned) -> None:
    conv = state.convs[event.conv]
    if conv.passed is not None:
        settle(conv)
    if conv.state != WRAP_UP or conv.owner != event.agent:
        unplace(state, at, conv)
    conv.state, conv.since_ms, conv.owner = ACTIVE, at, event.agent
    conv.answered, conv.resting, conv.owed_ms = True, None, at
    if conv.relief is not None:
        conv.relief = after_answer(conv.relief)
    take_room(state, state.agents[event.agent], conv, renew=True)
    set_due(state, conv, event.due_ms, "agent")


def _declined(state: State, at: int, event: ev.Declined) -> None:
    conv = state.convs[event.conv]
    unplace(state, at, conv)
    state.agents[event.agent].silent = 0
    rest(state, at, conv, agent=event.agent, until_ms=event.rest_until_ms)


def _offer_withdrawn(state: State, at: int, event: ev.OfferWithdrawn) -> None:
    unplace(state, at, state.convs[event.conv])


def _rest_ended(state: State, at: int, event: ev.RestEnded) -> None:
    del at
    conv = state.convs[event.conv]
    if conv.resting:
        conv.resting = {agent: until for agent, until in conv.resting.items() if agent != event.agent} or None


# --- handling ------------------------------------------------------------


def _replied(state: State, at: int, event: ev.Replied) -> None:
    del at
    conv = state.convs[event.conv]
    if conv.line != event.line:
        evolve_customers.to_other_line(state, conv, event.line)
    evolve_customers.count_reply(conv, event.line)
    conv.failed, conv.reply_by_ms, conv.owed_ms, conv.escalated = False, 0, 0, False
    conv.nudged = False
    set_due(state, conv, event.due_ms, "customer")


def _delivery_reported(state: State, at: int, event: ev.DeliveryReported) -> None:
    conv = state.convs.get(event.conv)
    if conv and event.actor:
        conv.failed = True
        if conv.state == ACTIVE:
            conv.owed_ms = conv.owed_ms or at
            set_due(state, conv, conv.due_ms, event.actor)


def _reminded(state: State, at: int, event: ev.Reminded) -> None:
    del at
    conv = state.convs[event.conv]
    conv.nudged = event.why == "customer_silent"
    set_due(state, conv, event.due_ms, event.actor)


def _transferred(state: State, at: int, event: ev.Transferred) -> None:
    conv = state.convs[event.conv]
    pass_on(conv, event, queue=conv.queue)
    unplace(state, at, conv)
    move_class(state, at, conv, state.matching.classes[event.cls])
    conv.owner, conv.resting, conv.rule, conv.relief = 0, None, "", None
    conv.leg_ms = conv.step = 0
    rest(state, at, conv, agent=event.agent, until_ms=event.rest_until_ms)


def _parked(state: State, at: int, event: ev.Parked) -> None:
    leave_core(state, at, state.convs[event.conv], event.record)


def _ended(state: State, at: int, event: ev.Closed | ev.Abandoned) -> None:
    leave_core(state, at, state.convs[event.conv], event.record)


def _returned(state: State, at: int, event: ev.Returned) -> None:
    record = event.record
    cls = state.matching.class_of(
        record.queue,
        record.channel,
        record.needs,
        load=record.load,
        priority=record.priority,
        also=record.also,
    )
    assert cls is not None, "the class of a returning record is formed before it returns"
    conv = Conv(
        id=record.conv,
        version=record.version,
        customer=record.customer,
        line=record.line,
        facts=state.facts.number_of[record.facts],
        cls=cls,
        key_ms=record.key_ms,
        opened_ms=record.opened_ms,
        since_ms=at,
        owner=record.owner,
        rule=record.rule,
        answered=record.answered,
        more_lines=record.more_lines,
        step=record.step,
        window_ms=record.window_ms,
        relief=record.relief if event.why == "due" else None,
        hasten_ms=record.hasten_ms,
        replies_left=record.replies_left,
        test=record.test,
        spare_line=record.spare_line,
        passed=record.passed,
        outside_lines=record.outside_lines,
        raised=record.raised,
    )
    state.convs[conv.id] = conv
    state.facts.take(conv.facts)
    for line in (conv.line, *conv.more_lines):
        take_line(state, line, conv.id)
    state.next_conv = max(state.next_conv, conv.id + 1)


def _customer_left(state: State, at: int, event: ev.CustomerLeft) -> None:
    del at
    conv = state.convs[event.conv]
    if event.line != conv.line:
        return
    conv.gone, conv.leg_lost_ms = True, 0
    if conv.state == ACTIVE:
        conv.nudged = False
        set_due(state, conv, event.due_ms, "agent")


def _wrap_up_started(state: State, at: int, event: ev.WrapUpStarted) -> None:
    conv = state.convs[event.conv]
    if conv.participants:
        part(state, conv)
    if conv.outside:
        dismiss(state, conv)
    conv.leg_lost_ms = 0
    conv.state, conv.since_ms, conv.on_hold = WRAP_UP, at, False
    conv.owed_ms, conv.escalated, conv.nudged, conv.ending = 0, False, False, None
    set_due(state, conv, event.until_ms, "agent")


def _line_held(state: State, at: int, event: ev.LineHeld) -> None:
    del at
    state.convs[event.conv].on_hold = event.on


def _only_told(state: State, at: int, event: ev.Event) -> None:
    """Notes, notices and set-aside messages change nothing the core must know."""
    del state, at, event


# --- agents ------------------------------------------------------------


def _signed_in(state: State, at: int, event: ev.SignedIn) -> None:
    agent = state.agents.get(event.agent)
    if agent is None:
        agent = state.agents[event.agent] = Agent(
            id=event.agent,
            abilities=event.abilities,
            capacity=event.capacity,
            presence=event.presence,
            accepts=False,
            since_ms=at,
            profile=state.matching.enter_profile(without_limits(event.abilities)),
            idle=state.next_idle,
            limits=limits_of(event.abilities),
            offer_times=offer_times_of(event.abilities),
            held=state.kept.pop(event.agent, {}),
            until_ms=event.until_ms,
        )
        state.next_idle += 1
        state.deadlines.set(event.until_ms, SHIFT, event.agent)
        fit(state, agent)
        return
    state.matching.leave_room(agent)
    if agent.accepts:
        count_accepting(state, agent.abilities, -1)
        count_accepting(state, event.abilities, 1)
    before, agent.profile = agent.profile, state.matching.enter_profile(without_limits(event.abilities))
    state.matching.leave_profile(before)
    agent.abilities, agent.capacity, agent.limits = event.abilities, event.capacity, limits_of(event.abilities)
    agent.until_ms, agent.offer_times = event.until_ms, offer_times_of(event.abilities)
    state.deadlines.set(event.until_ms, SHIFT, event.agent)
    fit(state, agent)
    state.matching.enter_room(agent)


def _signed_out(state: State, at: int, event: ev.SignedOut) -> None:
    for conv_id in sorted(state.agents[event.agent].parts):
        leave_party(state, conv_id, event.agent)
    agent = state.agents.pop(event.agent)
    state.matching.leave_room(agent)
    set_accepts(state, agent, accepts=False)
    state.matching.leave_profile(agent.profile)
    for conv_id in list(agent.held):
        unplace(state, at, state.convs[conv_id])


def _presence_set(state: State, at: int, event: ev.PresenceSet) -> None:
    agent = state.agents[event.agent]
    state.matching.leave_room(agent)
    if event.accepts and not agent.accepts:
        agent.idle = state.next_idle
        state.next_idle += 1
    set_accepts(state, agent, accepts=event.accepts)
    agent.presence, agent.since_ms, agent.silent, agent.winding = event.presence, at, 0, ""
    state.matching.enter_room(agent)


def _desk_attached(state: State, at: int, event: ev.DeskAttached) -> None:
    del at
    agent = state.agents[event.agent]
    state.matching.leave_room(agent)
    agent.desks.add((event.node, event.desk))
    agent.grace_until_ms = 0
    state.matching.enter_room(agent)


def _desk_detached(state: State, at: int, event: ev.DeskDetached) -> None:
    del at
    agent = state.agents[event.agent]
    agent.desks.discard((event.node, event.desk))
    if event.grace_until_ms:
        state.matching.leave_room(agent)
        agent.grace_until_ms = event.grace_until_ms
        state.deadlines.set(event.grace_until_ms, AGENT, agent.id)


# A conversation that was received and not yet routed belongs to this class, and never waits in it.
_NOWHERE = Class(id=-1, queue="", channel="", needs=(), load=0, live=False)

WRITERS: dict[type[ev.Event], Callable[[State, int, Any], None]] = {
    ev.LeadTaken: _lead_taken,
    ev.QueueOpened: _queue_opened,
    ev.QueueClosed: _queue_closed,
    ev.ClosureOrdered: _closure_ordered,
    ev.FactsCoded: _facts_coded,
    ev.FactsDropped: _facts_dropped,
    ev.ClassFormed: _class_formed,
    ev.Received: _received,
    ev.MessageSetAside: _only_told,
    ev.Rated: _only_told,
    ev.CopyWanted: _only_told,
    ev.Routed: _routed,
    ev.Diverted: _diverted,
    ev.Queued: _queued,
    ev.HeldFor: _held_for,
    ev.Widened: _widened,
    ev.Deferred: _deferred,
    ev.Offered: _offered,
    ev.Accepted: _accepted,
    ev.Declined: _declined,
    ev.OfferWithdrawn: _offer_withdrawn,
    ev.RestEnded: _rest_ended,
    ev.Replied: _replied,
    ev.Noted: _only_told,
    ev.DeliveryReported: _delivery_reported,
    ev.Reminded: _reminded,
    ev.Transferred: _transferred,
    ev.Parked: _parked,
    ev.Returned: _returned,
    ev.CustomerLeft: _customer_left,
    ev.Abandoned: _ended,
    ev.WrapUpStarted: _wrap_up_started,
    ev.Closed: _ended,
    ev.Assigned: _assigned,
    ev.LineHeld: _line_held,
    ev.SignedIn: _signed_in,
    ev.SignedOut: _signed_out,
    ev.PresenceSet: _presence_set,
    ev.DeskAttached: _desk_attached,
    ev.DeskDetached: _desk_detached,
    **evolve_customers.WRITERS,
    **RELIEF_WRITERS,
    **ORDER_WRITERS,
    **OFFER_WRITERS,
    **REVIEW_WRITERS,
    **OUTSIDE_WRITERS,
    **WRAPPING_WRITERS,
}

_KINDS: list[type[ev.Event]] = [*WRITERS, ev.ConfigApplied]
# Each event with its writer and its row of the life cycle; a configuration is written with its bundles at hand.
STEPS = {kind: (WRITERS.get(kind, _only_told), MOVES.get(kind)) for kind in _KINDS}
