"""The core alone: decisions a second by whole commands, events with reasons made and encoded a hundred to a row.

Baseline: the same choices by a plain Python scan over dicts, in the same run. Ratios and CPU time first: other
people use this machine too. `--large` adds 10,000 agents with 100,000 waiting in 800 classes.
"""

from __future__ import annotations

import argparse
import gc
import math
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.core_load import START_MS, Load, Size, Step, bundle_of
from bench.core_scan import ScanFloor
from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Made
from router.core.bundle import Bundle
from router.core.engine import Engine
from router.core.evolve import replay
from router.core.facts import Facts
from router.core.state import MEMORY_MS, State
from router.node.node import GC_THRESHOLDS

BATCH = 100  # decisions to a journal row, as a busy floor commits them
ROUNDS = 10_000
REPEATS = 5
SCANNED_ENTRIES = 3_000
MEASURED_WAITING = 20_000

HOME = Size(1_000, 1_000, 90)
SIZES = (Size(100, 0, 12), Size(1_000, 0, 90), HOME, Size(1_000, 10_000, 90), Size(1_000, 100_000, 90))
LARGE = Size(10_000, 100_000, 800)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one size came to. Times in microseconds of CPU, percentiles by the wall."""

    size: Size
    per_second: float
    cpu_us: float
    p50_us: float
    p99_us: float
    replayed_per_second: float
    bytes_per_conversation: float


def recorded(size: Size, rounds: int = ROUNDS) -> Load:
    """Return a load whose steps are recorded, so that they can be decided again without the robots' own time."""
    load = Load(size, bundle_of(size))
    load.build()
    load.run(rounds)
    return load


def ready(load: Load) -> Engine:
    """Return a floor at the beginning of the measured steps, its memory settled as a node settles it."""
    engine = Engine()
    for at, command in load.before:
        decide(engine, at, command)
    gc.collect()
    gc.freeze()
    return engine


def decide(engine: Engine, at: int, command: cmd.Command | None) -> ev.Entry | None:
    if command is None:
        return engine.tick(at)
    answer = engine.handle(command, at)
    assert isinstance(answer, Made), answer
    return answer.entry


def throughput(load: Load) -> tuple[float, int]:
    """Return (CPU seconds, decisions) of all steps, encoded in batches."""
    engine = ready(load)
    steps, batch, made = load.steps, list[ev.Entry](), 0
    began = time.process_time()
    for at, command in steps:
        entry = decide(engine, at, command)
        if entry is not None:
            batch.append(entry)
            if len(batch) == BATCH:
                ev.encode_entries(batch)
                made += BATCH
                batch.clear()
    return time.process_time() - began, made + len(batch)


def latencies(load: Load) -> tuple[list[int], list[ev.Entry]]:
    """Return the wall time of each step in nanoseconds, sorted, and what was decided."""
    engine = ready(load)
    taken, entries = [], []
    for at, command in load.steps:
        began = time.perf_counter_ns()
        entry = decide(engine, at, command)
        taken.append(time.perf_counter_ns() - began)
        if entry is not None:
            entries.append(entry)
    return sorted(taken), entries


def replayed(load: Load, entries: list[ev.Entry]) -> float:
    """Return how many events a replica reads a second, decoding left out."""
    state = State()
    bundles: dict[str, Bundle] = {"bench": load.bundle}
    engine = Engine()
    for at, command in load.before:
        entry = decide(engine, at, command)
        if entry is not None:
            replay(state, entry, bundles)
    before = state.position
    began = time.process_time()
    for entry in entries:
        replay(state, entry, bundles)
    return (state.position - before) / (time.process_time() - began)


def measure(size: Size, rounds: int = ROUNDS) -> Figures:
    load = recorded(size, rounds)
    runs = [throughput(load) for _ in range(REPEATS)]
    cpu_s = median(seconds / made for seconds, made in runs)
    taken, entries = latencies(load)
    arrivals = sum(1 for entry in entries for event in entry.events if type(event) is ev.Received)
    return Figures(
        size=size,
        per_second=1 / cpu_s,
        cpu_us=cpu_s * 1e6,
        p50_us=taken[len(taken) // 2] / 1e3,
        p99_us=taken[len(taken) * 99 // 100] / 1e3,
        replayed_per_second=replayed(load, entries),
        bytes_per_conversation=len(ev.encode_entries(entries)) / arrivals,
    )


# --- the baseline ------------------------------------------------------------------------------------------------


def scanned(load: Load) -> tuple[float, int]:
    """Return (CPU seconds, decisions) of a scan that makes the same choices; raises where they differ."""
    engine, floor = Engine(), ScanFloor()
    follower = Follower(floor)
    for step in load.before:
        follower.follow(engine, step, judged=False)
    for step in load.steps[:SCANNED_ENTRIES]:
        follower.follow(engine, step, judged=True)
    return follower.spent_s, follower.decisions


class Follower:
    """Keeps a scanning floor in step with the engine's events, and times its own choices."""

    def __init__(self, floor: ScanFloor) -> None:
        self.floor = floor
        self.spent_s = 0.0
        self.decisions = 0
        self._classes: list[ev.ClassFormed] = []
        self._conv: dict[int, tuple[int, int]] = {}  # class, key_ms
        self._load: dict[int, int] = {}
        self._written: dict[type[ev.Event], Callable[[Any], object]] = {
            ev.ClassFormed: self._classes.append,
            ev.SignedIn: self._signed_in,
            ev.PresenceSet: lambda event: floor.is_here(event.agent, here=event.accepts),
            ev.Routed: self._routed,
            ev.Accepted: lambda event: floor.began(event.agent),
            ev.Abandoned: lambda event: floor.waiting.pop(event.conv),
        }

    def follow(self, engine: Engine, step: Step, *, judged: bool) -> None:
        entry = decide(engine, *step)
        if entry is None:
            return
        began = time.process_time()
        for event in entry.events:
            self._apply(event, judged=judged)
        if judged:
            self.decisions += 1
            self.spent_s += time.process_time() - began

    def _apply(self, event: ev.AnyEvent, *, judged: bool) -> None:
        floor, kind = self.floor, type(event)
        if kind in self._written:
            self._written[kind](event)
        elif isinstance(event, ev.Queued):
            self._queued(event.conv, judged=judged)
        elif isinstance(event, ev.Offered):
            self._offered(event, judged=judged)
        elif isinstance(event, ev.OfferLapsed | ev.OfferWithdrawn):
            floor.freed(event.agent, self._load[event.conv], renew=False)
        elif isinstance(event, ev.Closed):
            floor.freed(event.agent, self._load[event.conv], renew=True)

    def _routed(self, event: ev.Routed) -> None:
        self._conv[event.conv] = (event.cls, event.key_ms)

    def _signed_in(self, event: ev.SignedIn) -> None:
        self.floor.sign_in(event.agent, dict(event.abilities), free=event.capacity)

    def _queued(self, conv: int, *, judged: bool) -> None:
        number, key_ms = self._conv[conv]
        cls = self._classes[number]
        self._load[conv] = cls.load
        self.floor.queue(conv, dict(cls.needs), key=key_ms, load=cls.load)
        if judged:
            self.floor.agent_for(conv)

    def _offered(self, event: ev.Offered, *, judged: bool) -> None:
        if judged and event.why == ("next_in_line",):
            assert self.floor.next_for(event.agent) == event.conv, "the scan chooses another conversation"
        elif judged:
            assert self.floor.agent_for(event.conv) == event.agent, "the scan chooses another agent"
        self.floor.offered(event.conv, event.agent)


# --- memory, growth, table ---------------------------------------------------------------------------------------


def memory_per_waiting() -> float:
    """Return the bytes that one waiting conversation takes once the ten minutes' memory of its command is over."""
    engine = Engine()
    load = Load(Size(0, 0, 90), bundle_of(Size(0, 0, 90)), engine=engine)
    load.build()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for number in range(1, MEASURED_WAITING + 1):
        engine.handle(_arrival(number, load.facts[number % len(load.facts)]), START_MS + number)
    engine.handle(cmd.SetAside(id="end", message=1, reason="bench"), START_MS + MEASURED_WAITING + 2 * MEMORY_MS)
    gc.collect()
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return taken / MEASURED_WAITING


def _arrival(number: int, facts: Facts) -> cmd.Receive:
    return cmd.Receive(
        id=f"a{number}",
        message=number,
        line=number + 1_000_000,
        customer=number + 2_000_000,
        channel=facts.channel,
        facts=facts,
        arrived_ms=START_MS + number,
        seen=0,
    )


def growth(figures: list[Figures]) -> float:
    """Return x in cost ~ waiting^x between a thousand and the most that wait."""
    waiting = [each for each in figures if each.size.agents == HOME.agents and each.size.waiting >= HOME.waiting]
    low, high = waiting[0], waiting[-1]
    return math.log(high.cpu_us / low.cpu_us) / math.log(high.size.waiting / low.size.waiting)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.core", description=__doc__)
    parser.add_argument("--large", action="store_true", help=f"add {LARGE}")
    sizes = (*SIZES, LARGE) if parser.parse_args(arguments).large else SIZES
    gc.set_threshold(*GC_THRESHOLDS)
    print("core: agents / waiting / classes   decisions/s  CPU us  p50 us  p99 us  replayed ev/s  journal B/conv")
    figures = []
    for size in sizes:
        one = measure(size)
        figures.append(one)
        print(
            f"{one.size!s:>33} {one.per_second:13,.0f} {one.cpu_us:7.1f} {one.p50_us:7.1f} {one.p99_us:7.1f}"
            f" {one.replayed_per_second:14,.0f} {one.bytes_per_conversation:15.0f}"
        )
    home = next(each for each in figures if each.size == HOME)
    scan_s, scans = scanned(recorded(HOME, rounds=SCANNED_ENTRIES))
    ratio = scan_s / scans * 1e6 / home.cpu_us
    print(f"baseline, plain scan of dicts at {HOME}: {scan_s / scans * 1e6:,.0f} us a decision, ratio {ratio:.0f} to 1")
    print(f"growth of cost with those who wait: exponent {growth(figures):.2f}")
    print(f"memory per waiting conversation: {memory_per_waiting():.0f} bytes")


if __name__ == "__main__":
    main()
