"""The baseline of the core's benchmark: the same choices by plain scans over dicts, as most routing engines make them.

It reads the journal's steps (who came, who accepted, who finished) and chooses by itself; the choices must agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class ScanFloor:
    """Agents and waiting conversations as dicts; a decision looks at all of them.

    How many classes an agent can serve, and how many agents a class, is counted when one of them is new, as a careful
    scan would.
    """

    agents: dict[int, dict[str, Any]] = field(default_factory=dict)
    classes: dict[int, dict[str, int]] = field(default_factory=dict)
    people: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, dict[str, Any]] = field(default_factory=dict)
    clock: int = 0

    def sign_in(self, agent: int, skills: dict[str, int], *, free: int) -> None:
        own = [cls for cls, needs in self.classes.items() if _fits(needs, skills)]
        for cls in own:
            self.people[cls] += 1
        able = len(own)
        known = {"id": agent, "skills": skills, "free": free, "idle": self._now(), "here": True}
        self.agents[agent] = {**known, "able": able, "levels": sum(skills.values())}

    def form(self, cls: int, needs: dict[str, int]) -> None:
        """A class is new; its number never comes again here."""
        self.classes[cls] = needs
        self.people[cls] = sum(_fits(needs, agent["skills"]) for agent in self.agents.values())
        for agent in self.agents.values():
            agent["able"] += _fits(needs, agent["skills"])

    def _now(self) -> int:
        self.clock += 1
        return self.clock

    def queue(self, conv: int, cls: int, *, key: int, load: int) -> None:
        self.waiting[conv] = {"id": conv, "cls": cls, "needs": self.classes[cls], "key": key, "load": load}

    def agent_for(self, conv: int) -> int:
        """Choose the least flexible who may take a conversation, of those the fullest, then the longest idle; or 0.

        Everybody in this load takes calls too, so that whoever has begun with chats is filled up first.
        """
        asked = self.waiting[conv]
        able = [
            agent
            for agent in self.agents.values()
            if agent["here"] and agent["free"] >= asked["load"] and _fits(asked["needs"], agent["skills"])
        ]
        return min(able, key=_order_of_asking)["id"] if able else 0

    def next_for(self, agent_id: int, at: int) -> int:
        """Choose the oldest conversation that an agent may take, 0 for none.

        The wait of those whom at most half as many people can serve as others of this agent's counts fivefold.
        """
        agent = self.agents[agent_id]
        if not agent["here"] or agent["free"] <= 0:
            return 0
        takeable = [
            conv
            for conv in self.waiting.values()
            if conv["load"] <= agent["free"] and _fits(conv["needs"], agent["skills"])
        ]
        if not takeable:
            return 0
        oldest = min(takeable, key=_order_of_waiting)
        most = max(self.people[cls] for cls, needs in self.classes.items() if _fits(needs, agent["skills"]))
        scarce = [conv for conv in takeable if 2 * self.people[conv["cls"]] <= most]
        first = min(scarce, key=_order_of_waiting, default=oldest)
        chosen = first if oldest not in scarce and 5 * (at - first["key"]) >= at - oldest["key"] else oldest
        return int(chosen["id"])

    def offered(self, conv: int, agent: int) -> dict[str, Any]:
        asked = self.waiting.pop(conv)
        self.agents[agent]["free"] -= asked["load"]
        return asked

    def freed(self, agent: int, load: int, *, renew: bool) -> None:
        self.agents[agent]["free"] += load
        if renew:
            self.agents[agent]["idle"] = self._now()

    def began(self, agent: int) -> None:
        self.agents[agent]["idle"] = self._now()

    def is_here(self, agent: int, *, here: bool) -> None:
        if here and not self.agents[agent]["here"]:
            self.agents[agent]["idle"] = self._now()
        self.agents[agent]["here"] = here


def _order_of_waiting(conv: dict[str, Any]) -> tuple[int, int]:
    return conv["key"], conv["id"]


def _order_of_asking(agent: dict[str, Any]) -> tuple[int, int, int, int, int]:
    return agent["able"], agent["levels"], agent["free"], agent["idle"], agent["id"]


def _fits(needs: dict[str, int], skills: dict[str, int]) -> bool:
    return all(skills.get(name, -1) >= level for name, level in needs.items())
