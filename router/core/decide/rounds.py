"""How a round of asking goes on once it has begun, and how it is taken back: at one agent, or at several at once."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from router.core import events as ev
from router.core.decide.owing import begins_ms
from router.core.lifecycle import OFFERED
from router.core.state import Conv, State

# Where nobody else can take a conversation it comes back to who gave it away after this time at the latest: soon
# enough for the customer, and long enough that it does not ring in a tight loop.
ONLY_ONE_REST_MS = 5_000
ONLY_ONE = "only_one_able"

BY_NAME = ("named_agent",)
SAME_CUSTOMER = ("same_customer",)
# Why somebody's own customer rings at them, and at nobody else besides.
OWN_AGENT = frozenset({"same_customer", "named_agent", "last_agent"})


def carry_on(s: State, at: int, conv: Conv) -> Iterator[ev.Event]:
    """After the first agent of a round was asked: their desk accepts, or more of them are asked."""
    round_, spec = conv.offer, s.queue_spec(conv.queue)
    if round_ is None:  # its customer is called before anybody is asked
        return
    if spec.auto_answer:
        if s.agents[round_.agent].desks:
            yield ev.Accepted(conv.id, round_.agent, round_.id, begins_ms(s, at, conv), "auto_answer")
        return
    while len(round_.agents) < spec.ring and round_.why[0] not in OWN_AGENT:
        asked = s.choosing.agent_for(conv.cls, {**(conv.resting or {}), **dict.fromkeys(round_.agents, 0)})
        if asked is None:
            return
        eased = s.agents[asked.agent].eased[conv.cls.kind]
        yield ev.RangAlso(conv.id, asked.agent, round_.id, asked.why, eased)


def rest_of(s: State, at: int, conv: Conv, *, agent: int) -> tuple[int, str]:
    """Return until when a conversation does not ring again at who gave it away, and why not for the queue's time."""
    rest_ms = s.queue_spec(conv.queue).rest_ms
    if rest_ms > ONLY_ONE_REST_MS and not _others_able(s, conv, agent):
        return at + ONLY_ONE_REST_MS, ONLY_ONE
    return at + rest_ms, ""


def _others_able(s: State, conv: Conv, agent_id: int) -> bool:
    """Return whether anybody else who accepts work can serve a conversation, with room or not."""
    agent = s.agents.get(agent_id)
    own = agent.abilities if agent and agent.accepts else None
    wanted = (conv.cls.needs, *conv.cls.also)
    for abilities, count in s.accepting.items():
        if count > (abilities == own) and any(_fulfils(abilities, needs) for needs in wanted):
            return True
    return False


def _fulfils(abilities: ev.Needs, needs: ev.Needs) -> bool:
    levels = dict(abilities)
    return all(levels.get(name, -1) >= level for name, level in needs)


def is_asked(conv: Conv, agent: int, offer: int) -> bool:
    """Return whether an agent is being asked in this round."""
    asked = conv.offer
    return asked is not None and asked.id == offer and (asked.agent == agent or agent in asked.others)


def stop_others(conv: Conv, agent: int, why: str) -> Iterator[ev.Event]:
    """Everybody but one is asked no longer."""
    assert conv.offer is not None, "a round runs"
    for other in conv.offer.agents:
        if other != agent:
            yield ev.RingStopped(conv.id, other, conv.offer.id, why)


def withdraw_round(conv: Conv, why: str) -> Generator[ev.Event, None, tuple[int, ...]]:
    """Take a round back from everybody who is asked; return them. The conversation is unplaced then."""
    asked = conv.offer
    assert asked is not None, "a round runs"
    agents = asked.agents
    yield from stop_others(conv, asked.agent, why)
    yield ev.OfferWithdrawn(conv.id, asked.agent, asked.id, why)
    return agents


def withdraw_offers(s: State, agent_id: int, why: str) -> Generator[ev.Event, None, list[int]]:
    """Take back every offer an agent has; return the conversations that are unplaced then: nobody else is asked."""
    agent = s.agents[agent_id]
    unplaced = []
    for conv_id in sorted(conv_id for conv_id in agent.work if s.convs[conv_id].state == OFFERED):
        running = s.convs[conv_id].offer
        assert running is not None, "an offered conversation has its offer"
        if running.others:
            yield ev.RingStopped(conv_id, agent_id, running.id, why)
        else:
            yield ev.OfferWithdrawn(conv_id, agent_id, running.id, why)
            unplaced.append(conv_id)
    return unplaced
