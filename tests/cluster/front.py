"""Which node a client goes to, as behind a load balancer: any that has not just failed. Nothing is sent from here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

# As long as a plain balancer leaves a server alone that has refused.
AVOID_S = 1.0


@dataclass(slots=True)
class Front:
    """The addresses of the nodes as clients reach them: each through its own link."""

    bases: Sequence[str]
    chance: Random
    _failed_at: dict[str, float] = field(default_factory=dict)

    def pick(self) -> str:
        """Return a node that has not failed within a moment; any, where all have."""
        now = time.monotonic()
        sound = [base for base in self.bases if now - self._failed_at.get(base, 0.0) >= AVOID_S]
        return self.chance.choice(sound or list(self.bases))

    def failed(self, base: str) -> None:
        """Leave a node alone for a moment."""
        self._failed_at[base] = time.monotonic()
