"""The baseline of the core's benchmark: the same choices by plain scans over dicts, as most routing engines make them.

It reads the journal's steps (who came, who accepted, who finished) and chooses by itself; the choices must agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class ScanFloor:
    """Agents and waiting conversations as dicts; a decision looks at all of them.

    How many classes an agent can serve is counted when they sign in or a class is new, as a careful scan would.
    """

    agents: dict[int, dict[str, Any]] = field(default_factory=dict)
    classes: dict[int, dict[str, int]] = field(default_factory=dict)
    waiting: dict[int, dict[str, Any]] = field(default_factory=dict)
    clock: int = 0

    def sign_in(self, agent: int, skills: dict[str, int], *, free: int) -> None:
        able = sum(_fits(needs, skills) for needs in self.classes.values())
        known = {"id": agent, "skills": skills, "free": free, "idle": self._now(), "here": True}
        self.agents[agent] = {**known, "able": able, "levels": sum(skills.values())}

    def form(self, cls: int, needs: dict[str, int]) -> None:
        """A class is new; its number never comes again here."""
        self.classes[cls] = needs
        for agent in self.agents.values():
            agent["able"] += _fits(needs, agent["skills"])

    def _now(self) -> int:
        self.clock += 1
        return self.clock

    def queue(self, conv: int, needs: dict[str, int], *, key: int, load: int) -> None:
        self.waiting[conv] = {"id": conv, "needs": needs, "key": key, "load": load}

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

    def next_for(self, agent_id: int) -> int:
        """Choose the oldest conversation that an agent may take, 0 for none."""
        agent = self.agents[agent_id]
        if not agent["here"] or agent["free"] <= 0:
            return 0
        takeable = [
            conv
            for conv in self.waiting.values()
            if conv["load"] <= agent["free"] and _fits(conv["needs"], agent["skills"])
        ]
        return min(takeable, key=lambda conv: (conv["key"], conv["id"]))["id"] if takeable else 0

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


def _order_of_asking(agent: dict[str, Any]) -> tuple[int, int, int, int, int]:
    return agent["able"], agent["levels"], agent["free"], agent["idle"], agent["id"]


def _fits(needs: dict[str, int], skills: dict[str, int]) -> bool:
    return all(skills.get(name, -1) >= level for name, level in needs.items())
