"""To whom a customer belongs: who has them now, who is named for them, whom they spoke to last.

Each is tried in turn, for as long as the queue or the rule says; after that anybody may have them. Their team is an
ability that is needed for a while: see `teams`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, product

from router.core import events as ev
from router.core.bundle import Affinity, Repeat
from router.core.commands import Acquaintance, Receive, Relate
from router.core.decide.placing import Steps, offer
from router.core.decide.windows import bounded_ms
from router.core.lifecycle import ACTIVE, HELD, OFFERED, WRAP_UP
from router.core.rules import Placement
from router.core.state import Agent, Conv, State

SAME_CUSTOMER, NAMED_AGENT, LAST_AGENT = "same_customer", "named_agent", "last_agent"
# The agents that are tried, in this order; their names are the reasons that an offer or a hold shows.
KINDS = (SAME_CUSTOMER, NAMED_AGENT, LAST_AGENT)
HOLD = "hold"
# Of a customer's other conversations so many are told of a new one; more of them open at once is no person's doing.
RELATED_MAX = 5
_STRANGER = Acquaintance()
_HAS_AGENT = {ACTIVE: 0, WRAP_UP: 1, OFFERED: 2, HELD: 3}


def known_of(c: Receive) -> Acquaintance:
    """Return what the look-up knows of who wrote; nothing of a stranger."""
    return c.known or _STRANGER


def contacts_within(repeat: Repeat | None, known: Acquaintance, arrived_ms: int) -> bool:
    """Return whether a customer was here so lately that the rule for repeated contacts raises them."""
    return repeat is not None and any(began >= arrived_ms - repeat.within_ms for began in known.contacts)


def tell_related(s: State, conv: Conv, known: Acquaintance) -> Steps:
    """Each of a customer's open conversations knows of the others, so that their agents do."""
    for other in list(_others(s, conv, known))[:RELATED_MAX]:
        if other.id not in conv.related:
            yield ev.Related(conv.id, other.id)
            yield ev.Related(other.id, conv.id)


def relate(s: State, at: int, c: Relate) -> Steps:
    """Two customers are found to be one person: what they have open in queues that care is told of each other.

    Nothing is asked for it now: who waits has a place already, and an agent with room takes their own first.
    """
    del at
    mine, theirs = _open_on(s, c.lines), _open_on(s, c.apart)
    for one, other in product(mine, theirs):
        yield from _part(one, other)
    telling = [conv for conv in mine if s.queue_spec(conv.queue).related] if not c.apart else []
    for one, other in combinations(telling[: RELATED_MAX + 1], 2):
        if other.id not in one.related:
            yield ev.Related(one.id, other.id)
        if one.id not in other.related:
            yield ev.Related(other.id, one.id)


def _part(one: Conv, other: Conv) -> Steps:
    """Two that were told of each other are told that they are not one customer's."""
    if other.id in one.related:
        yield ev.Unrelated(one.id, other.id)
    if one.id in other.related:
        yield ev.Unrelated(other.id, one.id)


def _open_on(s: State, lines: Iterable[int]) -> list[Conv]:
    """Return what is open on lines, the earliest first."""
    numbers = {s.lines.get(line, 0) for line in lines}
    return [conv for number in sorted(numbers) if (conv := s.convs.get(number)) is not None]


def _others(s: State, conv: Conv, known: Acquaintance) -> Iterator[Conv]:
    """Yield the open conversations on the customer's other lines, in the order of those lines."""
    for line in known.lines:
        other = s.convs.get(s.lines.get(line, 0))
        if other is not None and other.id != conv.id:
            yield other


def ask_own(s: State, at: int, conv: Conv, known: Acquaintance, *, affinity: Mapping[str, Affinity]) -> Steps:
    """Offer a waiting conversation to the agent it belongs to, or keep it for them; else it waits as it did."""
    if s.matching.shut >> conv.cls.id & 1:
        return
    for kind in KINDS:
        bond = affinity.get(kind)
        agent = s.agents.get(_agent_of(s, at, conv, known, kind=kind, bond=bond)) if bond else None
        if bond is None or agent is None or not conv.cls.bit & agent.profile.classes:
            continue
        if may_take(s, conv, agent):
            yield offer(s, at, conv, agent=agent.id, why=(kind,), among=1)
            return
        until_ms = bounded_ms(conv, at, at + bond.hold_ms)
        if until_ms > at + 1 and _is_worth_waiting_for(s, conv, agent, bond):
            yield ev.HeldFor(conv.id, agent.id, until_ms, kind)
            return


def _agent_of(s: State, at: int, conv: Conv, known: Acquaintance, *, kind: str, bond: Affinity) -> int:
    if kind == NAMED_AGENT:
        return known.named_agent
    if kind == LAST_AGENT:
        return known.last_agent if at - known.last_ms <= bond.within_ms else 0
    having = [other for other in _others(s, conv, known) if other.state in _HAS_AGENT]
    best = min(having, key=lambda other: (_HAS_AGENT[other.state], other.id), default=None)
    if best is None:
        return 0
    return best.owner or (best.offer.agent if best.offer else best.held_for)


def may_take(s: State, conv: Conv, agent: Agent) -> bool:
    """Return whether an agent may be offered a conversation now by all that holds for anybody."""
    if not agent.available or (conv.resting and agent.id in conv.resting):
        return False
    return s.choosing.may_take(agent, conv.cls)


def _is_worth_waiting_for(s: State, conv: Conv, agent: Agent, bond: Affinity) -> bool:
    """Who is full will have room; who is away is waited for only by rule; what else speaks against it may last."""
    if conv.resting and agent.id in conv.resting:
        return False
    if agent.available:
        return s.matching.free_for(agent, conv.cls) < conv.load
    return bond.when_away == HOLD


def affinity_of(s: State, placement: Placement) -> Mapping[str, Affinity]:
    """Return what holds for a placement: its rule's, then its queue's."""
    of_queue = s.queue_spec(placement.queue).affinity
    return {**of_queue, **placement.affinity} if placement.affinity else of_queue
