"""Nobody starves, in whatever configuration: the stated bound on what may go before who has waited longest.

Of `fair_every` choices of an agent at least one goes to who has waited longest of all they may take. So the share of
choices that pass over the lowest class is (fair_every - 1) / fair_every at the most, and once somebody has waited
longest, k agents who may take them pass them over k · (fair_every - 1) times at the most.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import Bundle, ChannelSpec, Queue, Rule
from router.core.lifecycle import ACTIVE, WAITING
from router.core.orders import ORDERS
from tests.core.floor_plan import Floor, bundle

CONFIGURATIONS = 4 * int(os.environ.get("PATCHBAY_ROUNDS", "4"))
CHOICES = 120
# So many wait before anybody serves, and one comes for each who is served: the line never empties.
CROWD = 30
SKILLS = ("a", "b", "c")
CHAT = ("channel:chat", 1)


@dataclass
class Overload:
    """A random floor that never catches up, and who was passed over how often."""

    chance: random.Random
    fair_every: int = 0
    passed: Counter[int] = field(default_factory=Counter)
    choices: Counter[int] = field(default_factory=Counter)
    in_turn: Counter[int] = field(default_factory=Counter)
    oldest: int = 0
    passed_over: int = 0

    def __post_init__(self) -> None:
        self.floor = Floor(self._configuration())
        self.people = range(1, self.chance.randint(1, 4) + 1)
        self.line = 0

    def _configuration(self) -> Bundle:
        chance = self.chance
        self.fair_every = chance.choice((2, 3, 5, 20))
        orders = chance.choice(([chance.choice(list(ORDERS))], list(ORDERS)))
        self.segments = [f"s{number}" for number in range(chance.randint(2, 5))]
        queues = {name: self._queue(name, chance.choice(orders)) for name in self.segments}
        rules = [
            Rule(name=name, when=f'customer.segment == "{name}"', queue=name, priority=chance.choice((0, 0, 1, 50)))
            for name in self.segments
        ]
        return bundle(
            queues=queues,
            rules=(*rules, Rule(name="rest", queue=self.segments[0])),
            skills=dict.fromkeys(SKILLS, 1),
            channels={"chat": ChannelSpec(load=100, live=True)},
            fair_every=self.fair_every,
        )

    def _queue(self, name: str, order: str) -> Queue:
        return Queue(
            name=name,
            hours="always",
            order=order,
            weight=self.chance.choice((1, 1, 5, 50)),
            skills={skill: 1 for skill in SKILLS if self.chance.random() < 0.3},
            answer_within_ms={"chat": self.chance.choice((1_000, 60_000, 3_600_000))},
            wrap_up_ms=0,
        )

    def arrive(self) -> None:
        """Somebody comes; the later ones are mostly of one kind, so that the others are the lowest."""
        self.line += 1
        favourite = self.line > CROWD and self.chance.random() < 0.8
        segment = self.segments[0] if favourite else self.chance.choice(self.segments)
        self.floor.wait(self.chance.choice((1, 200, 5_000)))
        self.floor.arrive(self.line, segment=segment)

    def live(self) -> None:
        for _ in range(CROWD):
            self.arrive()
        for agent in self.people:
            skills = tuple((f"skill:{skill}", 1) for skill in SKILLS if agent == 1 or self.chance.random() < 0.5)
            first = (("primary:" + self.chance.choice(self.segments), 1),) if self.chance.random() < 0.3 else ()
            self._choose(
                agent,
                cmd.SignIn(
                    id=f"in{agent}", agent=agent, abilities=tuple(sorted((CHAT, *first, *skills))), capacity=100
                ),
            )
        for _ in range(CHOICES):
            self.arrive()
            busy = [conv for conv in self.floor.state.convs.values() if conv.state == ACTIVE]
            conv = self.chance.choice(busy)
            close = cmd.Close(id=f"end{conv.id}", agent=conv.owner, conv=conv.id, disposition="solved")
            self._choose(conv.owner, close)

    def _choose(self, agent: int, command: cmd.Command) -> None:
        """Have an agent who is free choose, and hold the choice against a scan of the line."""
        abilities = command.abilities if isinstance(command, cmd.SignIn) else self.floor.state.agents[agent].abilities
        line = [conv for conv in self.floor.state.convs.values() if conv.state == WAITING]
        able = sorted((conv.key_ms, conv.id) for conv in line if set(conv.cls.needs) <= set(abilities))
        made: list[Any] = [event for event in self.floor.do(command) if isinstance(event, ev.Offered)]
        if not made:
            assert not able, "somebody waits whom they may take, and they got nothing"
            return
        (offered,) = made
        self.floor.accept(offered.conv)
        self._count(agent, offered.conv, oldest=able[0][1], first=min(line, key=lambda conv: (conv.key_ms, conv.id)).id)

    def _count(self, agent: int, given: int, *, oldest: int, first: int) -> None:
        self.choices[agent] += 1
        self.in_turn[agent] += given == oldest
        self.passed[agent] = 0 if given == oldest else self.passed[agent] + 1
        assert self.passed[agent] < self.fair_every, "passed over more often in a row than is promised"
        if first != self.oldest:
            self.oldest, self.passed_over = first, 0
        self.passed_over += oldest == first != given
        assert self.passed_over <= len(self.people) * (self.fair_every - 1), "the first of all waits beyond the bound"

    def shares(self) -> list[tuple[int, int]]:
        """Return for each agent how many choices went to who had waited longest, and how many there were."""
        return [(self.in_turn[agent], self.choices[agent]) for agent in self.people]


@pytest.mark.parametrize("seed", range(CONFIGURATIONS))
def test_the_lowest_class_is_passed_over_no_more_often_than_the_stated_share(seed: int) -> None:
    floor = Overload(random.Random(f"fair/{seed}"))
    floor.live()
    for in_turn, choices in floor.shares():
        assert in_turn >= choices // floor.fair_every
    assert sum(floor.choices.values()) > CHOICES // 2


def test_the_bound_is_reached_and_without_it_the_lowest_is_passed_over_beyond_it() -> None:
    most = 0
    for seed in range(12):
        floor = Overload(random.Random(f"fair/{seed}"))
        floor.live()
        most = max(most, *(choices - in_turn for in_turn, choices in floor.shares()))
    assert most > CHOICES // 8, "these floors would not have starved anybody"


def test_a_floor_that_gives_no_turns_is_caught() -> None:
    caught = 0
    for seed in range(12):
        floor = Overload(random.Random(f"fair/{seed}"))
        running = floor.floor.state.bundle
        floor.floor.do(cmd.ApplyConfig(id="unfair", hash="b2", bundle=_unfair(running)))
        try:
            floor.live()
        except AssertionError:
            caught += 1
    assert caught >= 3


def _unfair(running: Bundle) -> Bundle:
    return Bundle(**{**{name: getattr(running, name) for name in running.__struct_fields__}, "fair_every": 0})
