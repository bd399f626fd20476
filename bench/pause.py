"""The longest pause of a serving node's loop while a snapshot of 100,000 waiting conversations is made.

A node on a folder of its own leads a floor on which so many wait and a few more arrive all the time. A task in its
loop sleeps a millisecond again and again and keeps by how much each sleep was too long. The baseline is the same node
in the same run with no child at work; the rounds take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import itertools
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from bench.loops import run_fast
from channels.discovery import discover
from router.clock import SystemClock
from router.clustering import open_store
from router.core import commands as cmd
from router.core.answers import Made
from router.core.facts import Facts
from router.memory import settle_memory
from router.node.node import Node, NodeParts, Served
from router.node.snapshots import make_snapshot
from router.site.key import load_site_key
from router.site.places import MAIN as SITE
from router.store.port import Store
from router.telemetry import Telemetry

WAITING = 100_000
ROUNDS = 5
BASELINE_S = 4.0
PAUSE_MS_MAX = 50.0
LOOK_S = 0.001
# A floor's ordinary life meanwhile.
ARRIVALS_A_SECOND = 50
IN_FLIGHT = 500
CONFIG = """
site: {id: main, name: Bench, zone: UTC, languages: [en]}
hours: {always: always}
queues: {general: {label: {en: General}, hours: always}}
rules: [{name: rest, queue: general}]
skills: {}
presences: {available: {accepts: true, shape: disc, label: {en: Available}}}
dispositions: [done]
texts:
  greeting: {en: Welcome.}
  off-hours: {en: Closed.}
  leave-message: {en: Leave a message.}
  received: {en: Received.}
  closing: {en: Closing.}
  in-line: {en: In line.}
"""
CHANNELS = """
channels:
  form: {forms: {contact: {fields: {message: {type: textarea, required: true}}}}}
"""


@dataclass(slots=True)
class Pauses:
    """By how many milliseconds the loop was late, and how long a command waited for its commit."""

    late_ms: list[float] = field(default_factory=list)
    answered_ms: list[float] = field(default_factory=list)

    async def look(self) -> None:
        """Sleep and look at the clock, until cancelled."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(LOOK_S)
            self.late_ms.append((time.perf_counter() - began - LOOK_S) * 1_000)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.pause", description=__doc__)
    parser.add_argument("--waiting", type=int, default=WAITING)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        run_fast(bench(Path(folder), chosen.waiting, chosen.rounds))


async def bench(folder: Path, waiting: int, rounds: int) -> None:
    """Fill the floor, then let rounds with and without a child take turns."""
    node, store = await started(folder)
    served = node.floors[SITE]
    numbers = itertools.count(1)
    began = time.monotonic()
    await fill(served, waiting, numbers)
    settle_memory()
    state = await make_snapshot(store.journal, SITE, release="bench")
    print(f"{waiting:,} wait after {time.monotonic() - began:.0f} s; a snapshot is {len(state.state) / 1e6:.1f} MB")
    del state
    gc.collect()
    print("round            seconds  loop late ms: p50    p99    worst   answer ms: p50    worst")
    worst = {"nothing": 0.0, "a child": 0.0}
    for number in range(1, rounds + 1):
        for name, work in (("nothing", lambda: asyncio.sleep(BASELINE_S)), ("a child", lambda: one(served))):
            worst[name] = max(worst[name], await measured(served, numbers, f"{number} {name}", work))
    await node.stop()
    print(f"longest pause: {worst['a child']:.1f} ms with a child at work, {worst['nothing']:.1f} ms without")
    assert worst["a child"] < PAUSE_MS_MAX, f"less than {PAUSE_MS_MAX} ms is promised"


async def one(served: Served) -> None:
    """A whole snapshot: child, file, rows, and the old ones that go."""
    assert await served.snapshots.make(), "the child failed"


async def measured(served: Served, numbers: Iterator[int], name: str, work: Callable[[], Awaitable[None]]) -> float:
    """Do some work beside arrivals; print how late the loop was and return the worst."""
    pauses = Pauses()
    looking = asyncio.create_task(pauses.look())
    arriving = asyncio.create_task(arrive(served, numbers, pauses))
    began = time.monotonic()
    await work()
    lasted_s = time.monotonic() - began
    looking.cancel()
    arriving.cancel()
    await asyncio.gather(looking, arriving, return_exceptions=True)
    late, answered = sorted(pauses.late_ms), sorted(pauses.answered_ms)
    print(
        f"{name:<16} {lasted_s:7.1f} {late[len(late) // 2]:18.2f} {late[len(late) * 99 // 100]:6.2f} {late[-1]:8.2f}"
        f" {answered[len(answered) // 2]:16.2f} {answered[-1]:8.2f}",
        flush=True,
    )
    return late[-1]


async def arrive(served: Served, numbers: Iterator[int], pauses: Pauses) -> None:
    """Somebody more, again and again, until cancelled."""
    while True:
        began = time.perf_counter()
        await received(served, next(numbers))
        pauses.answered_ms.append((time.perf_counter() - began) * 1_000)
        await asyncio.sleep(1 / ARRIVALS_A_SECOND)


async def fill(served: Served, waiting: int, numbers: Iterator[int]) -> None:
    """Let so many arrive whom nobody serves."""
    left = waiting
    while left > 0:
        count = min(left, IN_FLIGHT)
        await asyncio.gather(*[received(served, next(numbers)) for _ in range(count)])
        left -= count


async def received(served: Served, number: int) -> None:
    """One message of one new customer."""
    facts = Facts(channel="form", language="en")
    answer = await served.floor.submit(
        cmd.Receive(
            id=f"L{number}",
            message=number,
            line=number,
            customer=number,
            channel="form",
            facts=facts,
            arrived_ms=int(time.time() * 1_000),
            seen=served.floor.position,
        )
    )
    assert isinstance(answer, Made), answer


async def started(folder: Path) -> tuple[Node, Store]:
    """Start a node on its own data, as `patchbay serve` does, without a web server."""
    data, config = folder / "data", folder / "config"
    write(data, config)
    key = load_site_key(data, {})
    store = await open_store(data, key)
    node = Node(
        [SITE],
        NodeParts(
            name="bench",
            home="bench",
            release="bench",
            data=data,
            config=config,
            store=store,
            clock=SystemClock(),
            key=key,
            telemetry=Telemetry((folder / "log").open("w")),
            modules=discover(),
            environment={},
            public_url="http://127.0.0.1",
            snapshot_command=[sys.executable, "-m", "router", "snapshot", "--data", str(data)],
            random=Random(1),
        ),
    )
    await node.recover()
    node.start()
    await ready(node.floors[SITE])
    return node, store


def write(data: Path, config: Path) -> None:
    """Write the configuration."""
    data.mkdir()
    config.mkdir()
    (config / "site.yaml").write_text(CONFIG)
    (config / "channels.yaml").write_text(CHANNELS)


async def ready(served: Served) -> None:
    """Wait until the floor decides and has its configuration."""
    for _ in range(1_000):
        if served.ready:
            return
        await asyncio.sleep(0.01)
    raise TimeoutError(f"the floor did not become ready: {served.problems()}")


if __name__ == "__main__":
    main()
