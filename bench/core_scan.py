"""The baseline of the core's benchmark: the same choices by plain scans over dicts, as most routing engines make them.

It reads the journal's steps (who came, who accepted, who finished) and chooses by itself; the choices must agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class ScanFloor:
    """Agents and waiting conversations as dicts; a decision looks at all of them."""

    agents: dict[int, dict[str, Any]] = field(default_factory=dict)
    waiting: dict[int, dict[str, Any]] = field(default_factory=dict)
    clock: int = 0

    def sign_in(self, agent: int, skills: dict[str, int], *, free: int) -> None:
        self.agents[agent] = {"id": agent, "skills": skills, "free": free, "idle": self._now(), "here": True}

    def _now(self) -> int:
        self.clock += 1
        return self.clock

    def queue(self, conv: int, needs: dict[str, int], *, key: int, load: int) -> None:
        self.waiting[conv] = {"id": conv, "needs": needs, "key": key, "load": load}

    def agent_for(self, conv: int) -> int:
        """Choose the longest idle agent who may take a conversation, 0 for none."""
        asked = self.waiting[conv]
        able = [
            agent
            for agent in self.agents.values()
            if agent["here"] and agent["free"] >= asked["load"] and _fits(asked["needs"], agent["skills"])
        ]
        return min(able, key=lambda agent: (agent["idle"], agent["id"]))["id"] if able else 0

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


def _fits(needs: dict[str, int], skills: dict[str, int]) -> bool:
    return all(skills.get(name, -1) >= level for name, level in needs.items())
