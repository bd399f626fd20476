"""Who of those that wait belongs to a customer whom an agent has already: one person is answered by one."""

from __future__ import annotations

from router.core.lifecycle import WAITING
from router.core.state import Agent, Conv, State


def of_same_customer(s: State, agent: Agent) -> Conv | None:
    """Return the oldest waiting conversation of a customer whom an agent has, if they may take it now."""
    waiting = [other for conv_id in agent.work for other in _others(s, agent, s.convs[conv_id])]
    return min(waiting, key=lambda conv: (conv.key_ms, conv.id), default=None)


def _others(s: State, agent: Agent, conv: Conv) -> list[Conv]:
    found = [s.convs.get(number) for number in conv.related]
    return [other for other in found if other is not None and _may_have(s, agent, other)]


def _may_have(s: State, agent: Agent, conv: Conv) -> bool:
    if conv.state != WAITING or s.matching.shut >> conv.cls.id & 1:
        return False
    return not (conv.resting and agent.id in conv.resting) and s.choosing.may_take(agent, conv.cls)
