"""How other systems choose an agent, as plug-ins of our own core: the same floor, the same chance, another choice.

Each replaces whom to ask and nothing else; whom to take is first come first served, as with all of them. They count
what they give, so they serve one run each. Nothing of the product knows them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from router.core.choosing import LONGEST_IDLE, Asked, Choosing, Taken
from router.core.engine import Engine
from router.core.first_tasks import PRIMARY
from router.core.state import Agent
from router.core.waiting import Class
from router.planning.policy import Policy
from router.planning.scenario import Scenario

# First come first served by the clock on the wall, the longest idle agent, nobody kept, nobody's first task.
PLAIN = Policy(order="fifo", clock="clock", agents=(LONGEST_IDLE,), fair_every=0)


def plain(scenario: Scenario) -> Scenario:
    """Return a scenario that routes as the simplest systems do, whatever its own file says."""
    groups = tuple(
        replace(group, abilities=tuple(each for each in group.abilities if not each[0].startswith(PRIMARY)))
        for group in scenario.groups
    )
    return replace(scenario, bundle=PLAIN.imposed(scenario.bundle), groups=groups)


@dataclass(slots=True, eq=False)
class Peer(Choosing):
    """A choice among all who may be asked. `given` is how often, `last` when each agent was last given something."""

    given: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    clock: int = 0

    @classmethod
    def install(cls, engine: Engine) -> None:
        """Let a fresh engine choose in this way."""
        engine.state.choosing = cls(engine.state.matching)

    def agent_for(self, cls: Class, resting: dict[int, int] | None) -> Asked | None:
        kind = self.matching.kinds[cls.kind]
        able = [
            agent
            for agent in map(kind.who.__getitem__, kind.idle)
            if cls.profiles & agent.profile.bit
            and kind.free(agent) >= cls.load
            and not (resting and agent.id in resting)
        ]
        if not able:
            return None
        chosen = min(able, key=self.rank)
        self._note(chosen.id)
        return Asked(chosen.id, (type(self).__name__,), len(able))

    def next_for(self, agent: Agent, at: int) -> Taken | None:
        # Named in full: a class with slots is made twice, and the short form knows only the first.
        taken = Choosing.next_for(self, agent, at)
        if taken is not None:
            self._note(agent.id)
        return taken

    def _note(self, agent: int) -> None:
        self.clock += 1
        self.given[agent] = self.given.get(agent, 0) + 1
        self.last[agent] = self.clock

    def rank(self, agent: Agent) -> tuple[int, int]:
        """Return what is smallest for whom to ask."""
        return agent.idle, agent.id


class RoundRobin(Peer):
    """Chatwoot: whose turn was longest ago."""

    __slots__ = ()

    def rank(self, agent: Agent) -> tuple[int, int]:
        return self.last.get(agent.id, 0), agent.id


class Fewest(Peer):
    """Asterisk's fewestcalls: who has been given least; ties to the longest idle."""

    __slots__ = ()

    def rank(self, agent: Agent) -> tuple[int, int]:
        return self.given.get(agent.id, 0), agent.idle


class First(Peer):
    """Asterisk's linear: the first of the list who is free."""

    __slots__ = ()

    def rank(self, agent: Agent) -> tuple[int, int]:
        return agent.id, 0


class LowestLoad(Peer):
    """Rocket.Chat's auto-selection: who has fewest open; ties to whose turn was longest ago."""

    __slots__ = ()

    def rank(self, agent: Agent) -> tuple[int, int]:
        return len(agent.work), self.last.get(agent.id, 0)
