"""Who gets whom, alone: each choice of a recorded load made by the core's index and by a plain scan, and compared.

A replica is written event by event. Where the core chose, both choose again from the same standing: an arrival asks for
the longest idle agent who may take it, a freed agent for the oldest conversation they may take. Both know the same
abilities, loads, presence and order; a difference raises. What is timed on the scan's side is its choice and the
keeping of its two dictionaries; on the core's side its choice (`index`), or that and writing every event into the whole
state (`written`: lines, loads, deadlines). Checks, reasons and encoding are in neither.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench.core_scan import ScanFloor
from router.core import events as ev
from router.core.bundle import Bundle
from router.core.evolve import evolve, remember
from router.core.state import State


@dataclass(slots=True)
class Spent:
    """CPU seconds of so many choices of one kind."""

    choices: int = 0
    index_s: float = 0.0
    scan_s: float = 0.0

    @property
    def ratio(self) -> float:
        return self.scan_s / self.index_s

    def __str__(self) -> str:
        return (
            f"{self.scan_s / self.choices * 1e6:,.1f} us to {self.index_s / self.choices * 1e6:.1f} us,"
            f" {self.ratio:,.0f} to 1 ({self.choices:,} choices)"
        )


@dataclass(slots=True)
class Choices:
    """Follows entries; those that are `judged` are timed."""

    bundles: dict[str, Bundle]
    replica: State = field(default_factory=State)
    floor: ScanFloor = field(default_factory=ScanFloor)
    arrivals: Spent = field(default_factory=Spent)
    freed: Spent = field(default_factory=Spent)
    written_s: float = 0.0
    kept_s: float = 0.0

    def follow(self, entry: ev.Entry, *, judged: bool) -> None:
        """Make the entry's choices again, then write it down on both sides."""
        asking: list[int] = []
        for event in entry.events:
            if isinstance(event, ev.Offered):
                asking = [conv for conv in asking if conv != event.conv]
                if judged:
                    self._choose(event, entry.at)
            began = time.process_time()
            evolve(self.replica, entry.at, event, self.bundles)
            between = time.process_time()
            self._keep(event)
            if judged:
                self.written_s += between - began
                self.kept_s += time.process_time() - between
            if isinstance(event, ev.Queued):
                asking.append(event.conv)
        remember(self.replica, entry.command, entry.at)
        for conv in asking if judged else ():
            assert self._ask(conv) == 0, "somebody could have taken it"

    def _choose(self, event: ev.Offered, at: int) -> None:
        if event.why[-1] == "longest_idle":
            assert self._ask(event.conv) == event.agent, "another agent was chosen"
            return
        agent, choosing = self.replica.agents[event.agent], self.replica.choosing
        found = self._timed(self.freed, lambda: choosing.next_for(agent, at), lambda: self.floor.next_for(agent.id, at))
        assert found[0].conv.id == found[1] == event.conv, "another conversation was chosen"

    def _ask(self, conv_id: int) -> int:
        conv, choosing = self.replica.convs[conv_id], self.replica.choosing
        found = self._timed(
            self.arrivals,
            lambda: choosing.agent_for(conv.cls, conv.resting),
            lambda: self.floor.agent_for(conv_id),
        )
        assert (found[0].agent if found[0] else 0) == found[1], "index and scan choose differently"
        return found[1]

    @staticmethod
    def _timed(spent: Spent, index: Callable[[], Any], scan: Callable[[], int]) -> tuple[Any, int]:
        began = time.process_time()
        by_index = index()
        between = time.process_time()
        by_scan = scan()
        spent.scan_s += time.process_time() - between
        spent.index_s += between - began
        spent.choices += 1
        return by_index, by_scan

    def _keep(self, event: ev.AnyEvent) -> None:
        """Keep the scan's dictionaries in step."""
        floor = self.floor
        match event:
            case ev.ClassFormed():
                floor.form(event.cls, dict(event.needs))
            case ev.SignedIn():
                floor.sign_in(event.agent, dict(event.abilities), free=event.capacity)
            case ev.PresenceSet():
                floor.is_here(event.agent, here=event.accepts)
            case ev.Queued():
                conv = self.replica.convs[event.conv]
                floor.queue(conv.id, conv.cls.id, key=conv.key_ms, load=conv.load)
            case ev.Offered():
                floor.offered(event.conv, event.agent)
            case ev.Accepted():
                floor.began(event.agent)
            case ev.Abandoned():
                floor.waiting.pop(event.conv)
            case ev.OfferLapsed() | ev.OfferWithdrawn():
                floor.freed(event.agent, self.replica.convs[event.conv].load, renew=False)
            case ev.Closed():
                floor.freed(event.agent, event.record.load, renew=True)
            case _:
                return

    @property
    def written_ratio(self) -> float:
        """How many times the index's side, with all it writes, is cheaper than the scan with all it keeps."""
        chosen = (self.arrivals, self.freed)
        scan_s = sum(each.scan_s for each in chosen) + self.kept_s
        return scan_s / (sum(each.index_s for each in chosen) + self.written_s)
