"""A run of faults from a seed: one after the other, sometimes two at once, and the cluster whole again between them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from random import Random

from tests.cluster.cluster import Cluster, until
from tests.cluster.databases import Databases
from tests.cluster.faults import Fault, Hand, apart, order_of

# A fault that has not ended by then is a fault of the test's.
FAULT_S_MAX = 120.0
WHOLE_S_MAX = 120.0
# So many customers hear yes after each fault before the next one falls.
SERVED = 5
TWO_AT_ONCE = 0.15
# Between two judgements of a long run: what is broken is found near what broke it.
JUDGED_EVERY = 25


@dataclass(slots=True)
class Run:
    """How a run of faults went. `whole_s`: from a fault's end until every node was ready and customers were served."""

    done: list[str] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def figures(self) -> str:
        """Return what was done, in a line for people."""
        names = Counter(each.partition(":")[0] for each in self.done)
        return f"{len(self.done)} faults: {dict(sorted(names.items()))}"


async def run_faults(cluster: Cluster, databases: Databases, chance: Random, *, count: int) -> Run:
    """Let so many faults fall under load; judge now and then, and at the end."""
    hand, run = Hand(cluster, databases, chance), Run()
    left = order_of(chance, count)
    while left:
        now = [left.pop(0)]
        if left and chance.random() < TWO_AT_ONCE and apart(now[0], left[0]):
            now.append(left.pop(0))
        await asyncio.gather(*(strike(hand, fault, run) for fault in now))
        run.whole_s.append(await whole(cluster))
        if len(run.done) % JUDGED_EVERY < len(now) or not left:
            await cluster.rest()
            run.found += await cluster.judged()
            assert not run.found, f"after {run.done[-JUDGED_EVERY:]}: {run.found[:20]}"
            cluster.crowd.writing.set()
    return run


async def nothing_waits(cluster: Cluster) -> bool:
    """Whether no letter is left behind."""
    return await cluster.waiting() == 0


async def strike(hand: Hand, fault: Fault, run: Run) -> None:
    """Let one fault fall, and note it."""
    name = fault.__name__
    hand.cluster.diary.write("fault", name=name)
    async with asyncio.timeout(FAULT_S_MAX):
        target = await fault(hand)
    hand.cluster.diary.write("healed", name=name, target=target)
    run.done.append(f"{name}: {target}")


async def whole(cluster: Cluster) -> float:
    """Wait until every node is ready and customers are served; return how long that took."""
    began = time.monotonic()
    for node in cluster.nodes:
        if not node.running:
            # Two faults at once may fall on one node: the second finds it dead.
            node.begin()
    await asyncio.gather(*(node.wait_ready(WHOLE_S_MAX) for node in cluster.nodes))
    before = cluster.crowd.acknowledged
    await until(lambda: cluster.crowd.acknowledged >= before + SERVED, "customers are served again", WHOLE_S_MAX)
    # Three crashes on one letter make it a suspect: it is decided before the next one falls.
    await until(partial(nothing_waits, cluster), "what was left behind is decided", WHOLE_S_MAX)
    return time.monotonic() - began
