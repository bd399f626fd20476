"""Leads spread evenly over the nodes: who leads more is slower to take one, and gives one away. Decides nothing."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable

import msgspec

from router.bus.link import Link
from router.node.elders import KINDS

# What nodes say of themselves is no site's. No site can have this name.
NODES = "~nodes"
SAY_EVERY_S = 1.0
# Who has not said anything for so long is no longer counted among the living.
SILENT_S = 4.0
# For each lead that it has already a node waits so long before it takes another that is free.
HESITATE_MS, HESITATE_MS_MAX = 60, 600
# A difference of one cannot be made smaller.
UNEVEN = 2
PRINT_CHARS = 16


class _Leads(msgspec.Struct, frozen=True, array_like=True, gc=False):
    node: str
    leads: int
    serves: str = ""


def _print_of(sites: Iterable[str]) -> str:
    """Return a print of which sites a node serves, and of its release.

    One with another file of sites (a new one is on its way) cannot take every lead that it is given, and a newer one
    must not: what it writes an older one cannot read. So only nodes that are alike are compared.
    """
    return hashlib.sha256("\n".join((str(KINDS), *sorted(sites))).encode()).hexdigest()[:PRINT_CHARS]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Leads)


class Balance:
    """How many floors this node leads, and what the others say of themselves. Nothing but evenness depends on it."""

    def __init__(self, link: Link, node: str, *, leading: Callable[[], Iterable[str]], sites: Iterable[str]) -> None:
        self._link = link
        self._serves = _print_of(sites)
        self._node = node
        self._leading = leading
        self._others: dict[str, tuple[int, float]] = {}

    def hesitation_ms(self) -> int:
        """Return how long to wait before a free lead is taken."""
        return min(HESITATE_MS * len(tuple(self._leading())), HESITATE_MS_MAX)

    async def listen(self) -> None:
        """Hear of the others, until cancelled."""
        async for hint in self._link.hints(NODES):
            try:
                said = _decoder.decode(hint)
            except msgspec.DecodeError:
                continue
            if said.serves == self._serves:
                self._others[said.node] = said.leads, time.monotonic()

    async def run(self, give_away: Callable[[str], None]) -> None:
        """Say how many we lead, and give one away when somebody leads two fewer, until cancelled."""
        while True:
            leads = sorted(self._leading())
            self._link.hint(NODES, _encoder.encode(_Leads(self._node, len(leads), self._serves)))
            if leads and self._least() <= len(leads) - UNEVEN:
                give_away(leads[-1])
            await asyncio.sleep(SAY_EVERY_S)

    def _least(self) -> int:
        """Return how many the living node with the fewest leads; without others, more than anybody has."""
        now = time.monotonic()
        self._others = {node: said for node, said in self._others.items() if now - said[1] < SILENT_S}
        return min((leads for leads, _ in self._others.values()), default=1 << 30)
