"""Nobody starves: under endless urgent traffic the lowest class keeps its stated share, in every order."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import ChannelSpec, Queue, Rule
from tests.core.floor_plan import Floor, bundle

CHAT = ("channel:chat", 1)
AGENTS = 3
URGENT_RULE = Rule(name="vip", when='customer.segment == "vip"', queue="urgent", priority=50)


def overloaded(order: str, fair_every: int) -> Floor:
    """A floor whose urgent queue never empties, and the lowest class besides, which came first."""
    queues = {
        "urgent": Queue(
            name="urgent", hours="always", order=order, weight=50, wrap_up_ms=0, answer_within_ms={"chat": 1_000}
        ),
        "low": Queue(name="low", hours="always", order=order, wrap_up_ms=0, answer_within_ms={"chat": 3_600_000}),
    }
    running = bundle(
        queues=queues,
        rules=(URGENT_RULE, Rule(name="rest", queue="low")),
        channels={"chat": ChannelSpec(load=100, live=True)},
        fair_every=fair_every,
    )
    floor = Floor(running)
    for line in range(1, 400):
        floor.wait(1)
        floor.arrive(line, segment="" if line % 2 else "vip")
    return floor


def served(floor: Floor, choices: int) -> list[str]:
    """Let the agents serve so many, an urgent customer coming for each; return the queues in order."""
    queues = []
    for agent in range(1, AGENTS + 1):
        came: list[ev.Event] = floor.sign_in(agent, abilities=(CHAT,))
        queues += _offered(floor, came)
    for number in range(choices):
        floor.wait(500)
        floor.arrive(1_000 + number, segment="vip")
        ringing: Any = next(conv for conv in floor.state.convs.values() if conv.state == "offered")
        agent = ringing.offer.agent
        floor.accept(ringing.id)
        queues += _offered(
            floor, floor.do(cmd.Close(id=f"end{number}", agent=agent, conv=ringing.id, disposition="solved"))
        )
    return queues


def _offered(floor: Floor, events: list[ev.Event]) -> list[str]:
    return [floor.state.convs[event.conv].queue for event in events if isinstance(event, ev.Offered)]


@pytest.mark.parametrize("order", ["balanced", "priority", "deadline", "age"])
@pytest.mark.parametrize("fair_every", [2, 5, 20])
def test_the_lowest_class_gets_at_least_its_share_of_each_agents_choices(order: str, fair_every: int) -> None:
    queues = served(overloaded(order, fair_every), 240)
    low = [index for index, queue in enumerate(queues) if queue == "low"]
    assert len(low) >= len(queues) // fair_every - AGENTS
    gaps = [after - before for before, after in pairwise(low)]
    assert max(gaps, default=0) <= fair_every * AGENTS


def test_without_a_share_strict_priority_starves_and_that_is_what_the_share_is_for() -> None:
    assert "low" not in served(overloaded("priority", 0), 150)


def test_a_balanced_score_outgrows_any_priority_after_a_stated_wait() -> None:
    """(p + 1) targets at weight 1: later nobody who has just come goes before."""
    levels, target_ms = 3, 60_000
    rules = (
        Rule(name="vip", when='customer.segment == "vip"', queue="low", priority=levels),
        Rule(name="rest", queue="low"),
    )
    queues = {"low": Queue(name="low", hours="always", answer_within_ms={"chat": target_ms})}
    for waited_ms, first in ((levels * target_ms - 2_000, 2), ((levels + 1) * target_ms, 1)):
        floor = Floor(bundle(queues=queues, rules=rules, fair_every=0))
        floor.arrive(1)
        floor.wait(waited_ms)
        floor.arrive(2, segment="vip")
        floor.wait(1_000)
        came = floor.sign_in(1, capacity=25, abilities=(CHAT,))
        assert [event.conv for event in came if isinstance(event, ev.Offered)] == [first]
