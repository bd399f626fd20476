"""Writes down how offers go on and what is taken back: rounds of several, silence, winding down. It asks nothing.

Like all that writes: one function per event, no rule, no calendar, no matcher's choice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from router.core import events as ev
from router.core.bundle import Bundle
from router.core.evolve_orders import rest
from router.core.state import State
from router.core.writing import give_room, set_accepts, set_due, take_room, unplace

# What the party of a live line is called when it is somebody of ours: `agent:7`.
AGENT_PARTY = "agent"


def eager_queues(bundle: Bundle) -> frozenset[str]:
    """Return the queues that do more with an offer than make it: none of them, and nothing is asked again."""
    return frozenset(name for name, queue in bundle.queues.items() if queue.ring > 1 or queue.auto_answer)


def _rang_also(state: State, at: int, event: ev.RangAlso) -> None:
    del at
    conv = state.convs[event.conv]
    assert conv.offer is not None, "a round runs"
    conv.offer.others += (event.agent,)
    take_room(state, state.agents[event.agent], conv, renew=False)


def _ring_stopped(state: State, at: int, event: ev.RingStopped) -> None:
    """Whoever was asked first has no right of their own: the next one takes their place in the record."""
    conv = state.convs[event.conv]
    assert conv.offer is not None, "a round runs"
    first, *others = (agent for agent in conv.offer.agents if agent != event.agent)
    conv.offer.agent, conv.offer.others = first, tuple(others)
    give_room(state, event.agent, conv, renew=False)
    _count_silence(state, event.agent, lapsed=event.why == "lapsed")
    rest(state, at, conv, agent=event.agent, until_ms=event.rest_until_ms)


def _count_silence(state: State, agent_id: int, *, lapsed: bool) -> None:
    agent = state.agents.get(agent_id)
    if agent:
        agent.silent = agent.silent + 1 if lapsed else agent.silent


def _offer_lapsed(state: State, at: int, event: ev.OfferLapsed) -> None:
    conv = state.convs[event.conv]
    unplace(state, at, conv)
    _count_silence(state, event.agent, lapsed=True)
    rest(state, at, conv, agent=event.agent, until_ms=event.rest_until_ms)


def _taken_back(state: State, at: int, event: ev.TakenBack) -> None:
    conv = state.convs[event.conv]
    unplace(state, at, conv)
    conv.owner, conv.leg_ms, conv.step = 0, 0, 0
    rest(state, at, conv, agent=event.agent, until_ms=event.rest_until_ms)


def _escalated(state: State, at: int, event: ev.Escalated) -> None:
    del at
    conv = state.convs[event.conv]
    conv.escalated = True
    set_due(state, conv, event.due_ms, "agent")


def _winding_down(state: State, at: int, event: ev.WindingDown) -> None:
    """From now on nothing is offered; a shift's end has been noticed once it is written."""
    del at
    agent = state.agents[event.agent]
    state.matching.leave_room(agent)
    set_accepts(state, agent, accepts=False)
    agent.winding, agent.until_ms = event.presence, 0
    state.matching.enter_room(agent)


def _party_reported(state: State, at: int, event: ev.PartyReported) -> None:
    """Somebody of ours speaks on the line: nobody waits for a written answer."""
    del at
    conv = state.convs[event.conv]
    if event.joined and event.party.startswith(AGENT_PARTY):
        conv.owed_ms, conv.escalated = 0, False
        if event.line == conv.line and event.party == f"{AGENT_PARTY}:{conv.owner}":
            conv.leg_lost_ms = 0


OFFER_WRITERS: dict[type[ev.Event], Callable[[State, int, Any], None]] = {
    ev.RangAlso: _rang_also,
    ev.RingStopped: _ring_stopped,
    ev.OfferLapsed: _offer_lapsed,
    ev.TakenBack: _taken_back,
    ev.Escalated: _escalated,
    ev.WindingDown: _winding_down,
    ev.PartyReported: _party_reported,
}
