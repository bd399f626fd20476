"""Two releases in one cluster: while an older one lives, a newer one leaves the lead to it. Decides nothing.

What an older release cannot read breaks its replica, and only a newer leader can write it. So nothing of it is written
before the last of the older ones has gone. Each node says with its presence how many kinds of event it can read.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import get_args

from router.core import events
from router.store.port import Leases

# A kind that comes where no older release knows it: `Closed` to what waits, since supervisors end it.
WIDENED = 1
# Both are only ever added, so this rises with each release that brings one.
KINDS = len(get_args(events.AnyEvent)) + WIDENED
# An older node that does not take a free lead for so long cannot: somebody must lead.
YIELD_S = 6.0
MARK = "#"


def presence_of(node: str) -> str:
    """Return as whom a node holds its presence: its name, and what it can read."""
    return f"{node}{MARK}{KINDS}"


def kinds_of(owner: str) -> int:
    """Return how many kinds of event a node can read; one that does not say is older than all that do."""
    said = owner.rpartition(MARK)[2]
    return int(said) if MARK in owner and said.isdecimal() else 0


class Elders:
    """Who of the living is older than this node, and whether the lead is left to them now."""

    def __init__(self, leases: Leases, site: str, *, lead: str, prefix: str, now_ms: Callable[[], int]) -> None:
        self._leases = leases
        self._site = site
        self._lead = lead
        self._prefix = prefix
        self._now_ms = now_ms
        self._names: frozenset[str] = frozenset()
        self._free_since = 0.0
        self._looked = False

    async def look(self) -> None:
        """See who lives. Raises StoreError."""
        living = await self._leases.holders(self._site, self._prefix, now_ms=self._now_ms())
        self._names = frozenset(
            name.removeprefix(self._prefix) for name, owner, held in living if held and kinds_of(owner) < KINDS
        )
        self._looked = True

    async def first(self) -> bool:
        """Whether a lead that is free is left to an older node. Whoever has just lost it does not count: it may be
        dead. Raises StoreError."""
        if not self._looked:
            await self.look()
        if not self._names:
            return False
        leads = await self._leases.holders(self._site, self._lead, now_ms=self._now_ms())
        last = {owner for name, owner, _ in leads if name == self._lead}
        if any(held for name, _, held in leads if name == self._lead):
            self._free_since = 0.0
            return True
        self._free_since = self._free_since or time.monotonic()
        return bool(self._names - last) and time.monotonic() - self._free_since < YIELD_S
