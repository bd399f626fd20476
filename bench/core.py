"""The core alone: decisions a second by whole commands, events with reasons made and encoded a hundred to a row.

Baseline: the same choices by a plain Python scan over dicts, in the same run. Ratios and CPU time first: other
people use this machine too. `--large` adds 10,000 agents with 100,000 waiting in 800 classes.
"""

from __future__ import annotations

import argparse
import gc
import math
import resource
import time
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from bench.core_choice import Choices
from bench.core_load import START_MS, Load, Size, bundle_of
from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Made
from router.core.bundle import Bundle
from router.core.engine import Engine
from router.core.evolve import replay
from router.core.facts import Facts
from router.core.state import MEMORY_MS, State
from router.memory import GC_THRESHOLDS

BATCH = 100  # decisions to a journal row, as a busy floor commits them
ROUNDS = 10_000
REPEATS = 5
CHOICES_ROUNDS = 1_000
ARRIVALS_MS = 3_000_000  # who is weighed has come within fifty minutes: nobody has been reminded of them yet
CROWD_ROUNDS = 60  # a scan of a hundred thousand takes a twentieth of a second

HOME = Size(1_000, 1_000, 90)
CROWD = Size(1_000, 100_000, 90)
SIZES = (Size(100, 0, 12), Size(1_000, 0, 90), HOME, Size(1_000, 10_000, 90), CROWD)
LARGE = Size(10_000, 100_000, 800)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one size came to. Times in microseconds of CPU, the percentiles too."""

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
    deadlines = engine.state.deadlines  # a floor built within one millisecond has not yet been swept
    while deadlines.is_littered():
        deadlines.sweep(engine.state.stands, engine.state.convs.open_among)
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
    """Return the processor time of each step in nanoseconds, sorted, and what was decided."""
    engine = ready(load)
    taken, entries = [], []
    for at, command in load.steps:
        began = time.thread_time_ns()
        entry = decide(engine, at, command)
        taken.append(time.thread_time_ns() - began)
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


def chosen(size: Size, rounds: int) -> Choices:
    """Return the time of the same choices by index and by scan."""
    load = recorded(size, rounds)
    engine, choices = Engine(), Choices({"bench": load.bundle})
    for steps, judged in ((load.before, False), (load.steps, True)):
        for at, command in steps:
            entry = decide(engine, at, command)
            if entry is not None:
                choices.follow(entry, judged=judged)
    return choices


def print_choices(size: Size, rounds: int, cpu_us: float) -> None:
    choices = chosen(size, rounds)
    kinds = (choices.arrivals, choices.freed)
    count, scan_s = sum(each.choices for each in kinds), sum(each.scan_s for each in kinds)
    index_s = sum(each.index_s for each in kinds)
    scan_us = (scan_s + choices.kept_s) / count * 1e6
    print(f"who gets whom at {size}, scan to index: all {scan_s / index_s:,.0f} to 1")
    print(f"  arrival {choices.arrivals}; freed agent {choices.freed}")
    print(f"  with all that both keep and write down {choices.written_ratio:,.0f} to 1")
    print(f"  a scan to a whole command: {scan_us:,.0f} us to {cpu_us:.1f} us, {scan_us / cpu_us:,.0f} to 1")


# --- memory, growth, table ---------------------------------------------------------------------------------------


def memory_per_waiting(waiting: int) -> tuple[float, float]:
    """Return the bytes that one waiting conversation takes, by tracemalloc and by growth of resident memory.

    The ten minutes' memory of its command is over. Each is measured in a process of its own.
    """
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        traced, resident = pool.map(_memory, (waiting, waiting), (True, False))
    return traced, resident


def _memory(waiting: int, traced: bool) -> float:
    engine = Engine()
    load = Load(Size(0, 0, 90), bundle_of(Size(0, 0, 90)), engine=engine)
    load.build()
    gc.collect()
    if traced:
        tracemalloc.start()
    measure_bytes = _traced_bytes if traced else _resident_bytes
    before = measure_bytes()
    for number in range(1, waiting + 1):
        at = START_MS + number * ARRIVALS_MS // waiting
        engine.handle(_arrival(number, load.facts[number % len(load.facts)], at), at)
    engine.handle(cmd.SetAside(id="end", message=1, reason="bench"), START_MS + ARRIVALS_MS + MEMORY_MS - 1)
    gc.collect()
    return (measure_bytes() - before) / waiting


def _traced_bytes() -> int:
    return tracemalloc.get_traced_memory()[0]


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _arrival(number: int, facts: Facts, at: int) -> cmd.Receive:
    return cmd.Receive(
        id=f"a{number}",
        message=number,
        line=number + 1_000_000,
        customer=number + 2_000_000,
        channel=facts.channel,
        facts=facts,
        arrived_ms=at,
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
    cost = {each.size: each.cpu_us for each in figures}
    print_choices(HOME, CHOICES_ROUNDS, cost[HOME])
    print_choices(CROWD, CROWD_ROUNDS, cost[CROWD])
    print(f"growth of cost with those who wait: exponent {growth(figures):.2f}")
    for waiting in (100_000, 1_000_000):
        traced, resident = memory_per_waiting(waiting)
        print(f"memory of one of {waiting:,} waiting: {traced:.0f} bytes traced, {resident:.0f} resident")


if __name__ == "__main__":
    main()
