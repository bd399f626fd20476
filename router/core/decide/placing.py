"""Where a conversation goes and who is asked next: the steps that arrival, decline, transfer and opening share.

After a `yield` the state is read again: the event has been written by then.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator

from router.core import events as ev
from router.core.answers import LookAgain, Refused
from router.core.bundle import DAY_MS
from router.core.decide.classes import class_for
from router.core.decide.overflow import KEPT, way_out
from router.core.decide.owing import begins_ms
from router.core.decide.patience import queued
from router.core.decide.rerouting import reroute
from router.core.decide.returning import comes_back, give_back
from router.core.decide.rounds import BY_NAME, OWN_AGENT, SAME_CUSTOMER, carry_on
from router.core.decide.together import of_same_customer
from router.core.decide.windows import bounded_ms, is_hastened
from router.core.facts import Facts
from router.core.lifecycle import WAITING
from router.core.orders import URGENT
from router.core.record import NO_RELIEF, Record
from router.core.rules import Fallback, fall_back, needs_of
from router.core.state import Agent, Conv, State

Steps = Iterator[ev.Event | Refused | LookAgain]

# What comes back by our doing is told nothing: its customer did not ask just now.
UNTOLD = frozenset({"due", "reply_failed", "window_closing", "outside_due"})
# A queue without any opening in its calendar keeps what is deferred and looks again after this time.
NO_OPENING_RECHECK_MS = DAY_MS
# Who winds down to this is signed out when their work is done; nobody can choose it as a presence.
OFFLINE = "offline"
# The mode in which a customer is called before an agent is asked.
CUSTOMER_FIRST = "customer_first"


def facts_number(s: State, facts: Facts) -> Generator[ev.Event | Refused | LookAgain, None, int]:
    """Return the number of a fact set, given to it when it is new."""
    known = s.facts.number_of.get(facts)
    if known is None:
        known = s.facts.next_number
        yield ev.FactsCoded(known, facts)
    return known


def drop_facts(s: State) -> Steps:
    """Let go of fact sets that nobody has; before a decision looks up a number, so that none goes in the middle."""
    superfluous = s.facts.superfluous()
    if superfluous:
        yield ev.FactsDropped(superfluous)


def place(s: State, at: int, conv: Conv, why: str, *, freed: int = 0) -> Steps:
    """Put a conversation in its line, at its old place, and ask whoever may take it now.

    `freed` is an agent who has got room by giving it away: they take the oldest they may, which need not be this one.
    """
    if conv.passed is not None and comes_back(s, conv):
        yield from give_back(s, at, conv, why)
        return
    if conv.queue not in s.queues:
        yield from reroute(s, at, conv)
    if not s.queue_state(conv.queue).serves(at):
        yield from off_hours(s, at, conv, told=why in UNTOLD, freed=freed)
        return
    yield from line_up(s, at, conv, why, freed=freed)


def line_up(s: State, at: int, conv: Conv, why: str, *, freed: int = 0) -> Steps:
    """Stand in line at its place and ask; who comes to a queue that is too much for them is sent on."""
    yield queued(s, at, conv, why)
    if freed:
        yield from fill(s, at, freed)
    for agent in _parted(s) if s.parted else ():
        yield from fill(s, at, agent)
    yield from ask(s, at, conv)
    yield from relieve(s, at, conv)


def _parted(s: State) -> tuple[int, ...]:
    """Return who took part in what has just left its owner: they have room by it, and hear of it in a moment."""
    return tuple(agent for _, agent in s.parted)


def relieve(s: State, at: int, conv: Conv) -> Steps:
    """Who has just come and is taken by nobody is sent on where the queue is too much for them."""
    if conv.state == WAITING and conv.leg_ms == at and conv.cls.spec.overflow:
        yield from flow_over(s, at, conv)


def flow_over(s: State, at: int, conv: Conv) -> Steps:
    """Take the first way out of a queue that is too much: another queue, place kept, or an offer to the customer."""
    found = way_out(s, at, conv)
    if found is None:
        return
    rule, closed_to = found.rule, conv.queue
    if rule.way != "queue":
        kept = rule.way if rule.way in KEPT else ""
        yield ev.OverflowTold(conv.id, rule.way, found.why, found.waiting, found.wait_ms, kept)
        yield ev.Announced(conv.id, conv.line, rule.notice, closed_to, 0)
        return
    assert s.bundle is not None, "no conversation is open before the first configuration"
    also = (conv.cls.needs, *conv.cls.also) if rule.keep else ()
    needs = needs_of(s.bundle, rule.to, conv.channel, language=language_of(s, conv))
    cls = yield from class_for(s, rule.to, conv.channel, needs, load=conv.load, priority=conv.cls.priority, also=also)
    yield ev.Overflowed(conv.id, closed_to, cls.id, found.why, found.waiting, found.wait_ms)
    if rule.notice and not conv.no_notice:
        yield ev.Announced(conv.id, conv.line, rule.notice, cls.queue, 0)
    yield from line_up(s, at, conv, found.why)


def ask(s: State, at: int, conv: Conv) -> Steps:
    """Offer a waiting conversation to the agent who should have it of those who may take it, if there is one."""
    if conv.state != WAITING or s.matching.shut & conv.cls.bit:
        return
    if s.matching.reserves.let_go:  # whom a reserve has let go takes the most urgent in line, who need not be this one
        yield from let_go(s, at)
        if conv.state != WAITING:
            return
    asked = s.choosing.agent_for(conv.cls, conv.resting)
    if asked is not None:
        yield offer(s, at, conv, agent=asked.agent, why=asked.why, among=asked.among)
        if s.eager and conv.cls.queue in s.eager:
            yield from carry_on(s, at, conv)


def language_of(s: State, conv: Conv) -> str:
    return s.facts.by_number[conv.facts].language


def offer(s: State, at: int, conv: Conv, *, agent: int, why: tuple[str, ...], among: int) -> ev.Event:
    """Return the offer of a conversation to an agent, or the call to a customer who wants to be called first."""
    if conv.relief and conv.relief.callback == CUSTOMER_FIRST and conv.state == WAITING:
        return call_customer(s, at, conv)
    until_ms = at + conv.cls.spec.offer_ms * s.agents[agent].offer_times
    return ev.Offered(conv.id, agent, s.next_offer, until_ms, why, among, s.agents[agent].eased[conv.cls.kind])


def call_customer(s: State, at: int, conv: Conv) -> ev.Event:
    """Return the call to a customer whose turn has come: they are matched once they answer."""
    spec = s.queue_spec(conv.queue).callback
    attempt = (conv.relief or NO_RELIEF).tries + 1
    return ev.CustomerCalled(conv.id, conv.line, attempt, at + spec.ring_ms)


def off_hours(s: State, at: int, conv: Conv, *, told: bool, freed: int = 0) -> Steps:
    """The queue is closed: its fallback decides, and the customer hears the truth, once."""
    assert s.bundle is not None, "no conversation is open before the first configuration"
    emergency = s.emergency_until_ms > at
    closed, told = conv.queue, told or conv.no_notice or (conv.off_hours and not emergency)
    fallback = fall_back(s.bundle, closed, conv.channel, lambda name: s.queue_state(name).open)
    if emergency:  # everything is closed: whoever comes is kept for the queue they came for
        fallback = Fallback(closed, deferred=True, notice=s.emergency_notice)
    if fallback.queue != closed:
        needs = needs_of(s.bundle, fallback.queue, conv.channel, language=language_of(s, conv))
        cls = yield from class_for(s, fallback.queue, conv.channel, needs, load=conv.load, priority=conv.cls.priority)
        yield ev.Diverted(conv.id, closed, cls.id, "off_hours")
    if not told:
        yield ev.Announced(conv.id, conv.line, fallback.notice, closed, s.queue_state(closed).until_ms)
    if fallback.deferred:
        until_ms = s.queue_state(fallback.queue).until_ms or at + NO_OPENING_RECHECK_MS
        yield ev.Deferred(conv.id, fallback.queue, max(until_ms, at + 1), "off_hours")
        return
    yield from line_up(s, at, conv, "off_hours", freed=freed)


def fill(s: State, at: int, agent_id: int) -> Steps:
    """Freed capacity is matched at once: first what is held for this agent, then the lines, the most urgent first."""
    while True:
        agent = s.agents.get(agent_id)
        if agent is None or agent.grace_until_ms or not agent.accepts or not s.matching.has_any_room(agent):
            if agent is not None and agent.winding and not agent.work:
                yield from _wound_down(s, at, agent)
            return
        held = _held_that_fits(s, agent) if agent.held else None
        if held:
            yield from _give_held(s, at, held, agent)
            continue
        taken = s.choosing.next_for(agent, at)
        if taken is None:
            return
        conv, why = taken
        if s.ruleset is not None and s.ruleset.links and conv.cls.priority < URGENT:
            own = of_same_customer(s, agent)
            conv, why = (own, SAME_CUSTOMER) if own is not None else taken
        yield offer(s, at, conv, agent=agent_id, why=why, among=1)
        if s.eager and conv.cls.queue in s.eager:
            yield from carry_on(s, at, conv)


def let_go(s: State, at: int) -> Steps:
    """Fill those whom the decision so far has freed of a reserve; that may free others in turn."""
    done, freed = 0, s.matching.reserves.let_go
    while done < len(freed):
        yield from fill(s, at, freed[done])
        done += 1


def _held_that_fits(s: State, agent: Agent) -> Conv | None:
    """Return the oldest conversation held for this agent that there is room for."""
    held = [s.convs[conv_id] for conv_id in agent.held]
    fitting = [conv for conv in held if conv.load <= s.matching.free_for(agent, conv.cls)]
    return min(fitting, key=lambda conv: (conv.key_ms, conv.id), default=None)


def _give_held(s: State, at: int, conv: Conv, agent: Agent) -> Steps:
    if conv.owner == agent.id:
        yield ev.Assigned(conv.id, agent.id, "owner_free", begins_ms(s, at, conv))
        return
    why = (conv.held_why,) if conv.held_why in OWN_AGENT else BY_NAME
    yield offer(s, at, conv, agent=agent.id, why=why, among=1)
    if s.eager and conv.queue in s.eager:
        yield from carry_on(s, at, conv)


def _wound_down(s: State, at: int, agent: Agent) -> Steps:
    """The work in hand is done: the presence that was chosen for then holds, or the shift is over."""
    if agent.winding != OFFLINE:
        spec = s.bundle.presences.get(agent.winding) if s.bundle else None
        yield ev.PresenceSet(agent.id, agent.winding, bool(spec and spec.accepts), "wound_down")
        return
    held = sorted(agent.held)
    yield ev.SignedOut(agent.id, "shift_over")
    kept = [conv_id for conv_id in held if waits_for_absent(s, s.convs[conv_id], agent.id)]
    for conv_id in kept:
        yield hold_for_absent(s, at, s.convs[conv_id])
    yield from back_in_line(s, at, [conv_id for conv_id in held if conv_id not in kept], "owner_gone")


def waits_for_absent(s: State, conv: Conv, agent: int) -> bool:
    """Return whether a conversation waits for its owner although they are not signed in: its queue's rule says so."""
    return conv.owner == agent != 0 and not conv.live and s.queue_spec(conv.queue).owner_absent_ms > 0


def hold_for_absent(s: State, at: int, conv: Conv) -> ev.Event:
    """Return the hold for an owner who is not signed in, with its end."""
    until_ms = bounded_ms(conv, at, at + s.queue_spec(conv.queue).owner_absent_ms)
    return ev.HeldFor(conv.id, conv.owner, until_ms, "owner_absent")


def give_to(s: State, at: int, conv: Conv, *, agent_id: int, why: str) -> Steps:
    """Give an unplaced conversation to one agent: as theirs if they own it, else by offer; hold it if they are full."""
    agent = s.agents.get(agent_id)
    if agent is None:
        yield from place(s, at, conv, why)
        return
    if agent.available and s.matching.free_for(agent, conv.cls) >= conv.load:
        yield from _give_held(s, at, conv, agent)
        return
    until_ms = bounded_ms(conv, at, at + s.queue_spec(conv.queue).hold_ms)
    yield ev.HeldFor(conv.id, agent_id, until_ms, why)


def back_in_line(
    s: State, at: int, conv_ids: list[int], why: str, *, freed: tuple[int, ...] = (), rescued: Collection[int] = ()
) -> Steps:
    """Place several conversations again, oldest place first, but whose window is about to close before everybody.

    `freed` are agents who have got room by it: they take the oldest they may before anybody is asked.
    """
    convs = [s.convs[conv_id] for conv_id in conv_ids if conv_id in s.convs]
    convs.sort(key=lambda each: (not is_hastened(each), each.key_ms, each.id))
    elsewhere: list[Conv] = []
    for conv in convs:
        if not freed or comes_back(s, conv):
            yield from place(s, at, conv, _reason(conv, why, rescued))
        elif s.queue_state(conv.queue).serves(at):
            yield queued(s, at, conv, _reason(conv, why, rescued))
        else:
            elsewhere.append(conv)
    for agent in (*freed, *_parted(s)):
        yield from fill(s, at, agent)
    for conv in convs if freed else ():
        yield from ask(s, at, conv)
    for conv in elsewhere:  # theirs is another line: who has come back to this one has been asked for by now
        yield from place(s, at, conv, _reason(conv, why, rescued))


def _reason(conv: Conv, why: str, rescued: Collection[int]) -> str:
    return "rescued" if conv.id in rescued else why


def record_of(s: State, conv: Conv, at: int, *, state: str, actor: str = "") -> Record:
    """Return the small record with which a conversation leaves the core."""
    cls = conv.cls
    return Record(  # in the order of its fields: thirty names cost a closing a microsecond
        conv.id,
        conv.version + 1,
        conv.customer,
        conv.line,
        cls.channel,
        cls.queue,
        cls.needs,
        cls.load,
        conv.key_ms,
        conv.opened_ms,
        conv.owner,
        s.facts.by_number[conv.facts],
        at,
        state,
        conv.answered,
        actor,
        conv.rule,
        conv.more_lines,
        cls.priority,
        cls.also,
        conv.step,
        conv.window_ms,
        conv.hasten_ms,
        conv.replies_left,
        conv.test,
        conv.spare_line,
        conv.relief,
        conv.passed,
        conv.outside_lines,
        "",
        conv.raised,
    )


def outdated(s: State, record: Record) -> bool:
    """Return whether the core knows that the record's conversation has left again since it was read."""
    left = s.left.get(record.conv)
    return left is not None and record.version < left.version


def overlooked(s: State, line: int, *, record: Record | None, seen: int) -> bool:
    """Return whether a look-up missed a conversation that left this line after what it had seen."""
    conv = s.left_on.get(line)
    if conv is None or (record is not None and record.conv == conv):
        return False
    return s.left[conv].position > seen


def bring_back(s: State, record: Record, why: str) -> Generator[ev.Event | Refused | LookAgain, None, Conv]:
    """Bring a record's conversation back into the core, unplaced."""
    assert s.bundle is not None, "no conversation comes back before the first configuration"
    yield from facts_number(s, record.facts)
    yield from class_for(
        s,
        record.queue,
        record.channel,
        record.needs,
        load=record.load,
        priority=record.priority,
        also=record.also,
    )
    yield ev.Returned(record.conv, why, record)
    return s.convs[record.conv]


def back_to_owner(s: State, at: int, conv: Conv, why: str) -> Steps:
    """What was woken returns to its owner if present, at once or after a hold; else to its queue, in its place."""
    if conv.owner in s.agents:
        yield from give_to(s, at, conv, agent_id=conv.owner, why=why)
        return
    if waits_for_absent(s, conv, conv.owner):
        yield hold_for_absent(s, at, conv)
        return
    yield from place(s, at, conv, why)
