"""New configurations and a closing over a hundred thousand who wait: the longest pause, and what all of it took.

Baseline: a plain arrival at the same floor. In processor time: the command itself, and each slice between commands.
"""

from __future__ import annotations

import gc
import time
from dataclasses import dataclass

import msgspec

from bench.core import LARGE, decide, ready
from bench.core_load import Load, Size
from bench.core_mixed import everything, recorded
from router.core import commands as cmd
from router.core.bundle import Bundle, Rule
from router.core.engine import Engine
from router.memory import GC_THRESHOLDS

ROUNDS = 50
HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Pauses:
    """Milliseconds of processor time; `events` is how many it came to."""

    command: float
    longest: float
    total: float
    slices: int
    events: int


def variants(size: Size) -> dict[str, Bundle]:
    """Return configurations that change nothing about places, look at everybody, and move some."""
    running = everything(size, weight=3)
    first = next(iter(running.queues))
    nobody = Rule(name="nobody", when='"never" in topics && channel == "call"', queue=first)
    movers = Rule(name="movers", when='"q7" in topics', queue=first)
    return {
        "another weight": running,
        "a rule that nobody meets": msgspec.structs.replace(running, rules=(nobody, *running.rules)),
        "a rule that moves a queue": msgspec.structs.replace(running, rules=(movers, *running.rules)),
    }


def worked_off(engine: Engine, command: cmd.Command, at: int) -> Pauses:
    """Give a command and work off all its slices at the same instant, each timed."""
    taken: list[float] = []
    events, step = 0, command
    while True:
        began = time.thread_time_ns()
        entry = decide(engine, at, step if not taken else None)
        taken.append((time.thread_time_ns() - began) / 1e6)
        events += len(entry.events) if entry else 0
        if not engine.state.is_examining and not engine.state.review:
            return Pauses(taken[0], max(taken), sum(taken), len(taken) - 1, events)


def floor_of(load: Load) -> tuple[Engine, int]:
    """Return the floor as its build left it, with nothing else due, and its time."""
    engine = ready(load)
    at = load.before[-1][0]
    while 0 < engine.next_due_ms() <= at:
        engine.tick(at)
    return engine, at


def main() -> None:
    gc.set_threshold(*GC_THRESHOLDS)
    load = recorded(LARGE, unique=False, rounds=ROUNDS)
    print(f"{LARGE}, everything on        command ms  longest ms  total ms  slices  events")
    for name, bundle in variants(LARGE).items():
        engine, at = floor_of(load)
        _print(name, worked_off(engine, cmd.ApplyConfig(id="again", hash=name, bundle=bundle), at))
    engine, at = floor_of(load)
    largest = max(engine.state.matching.queued, key=lambda queue: (engine.state.matching.queued[queue], queue))
    closure = cmd.OrderClosure(id="closure", queue=largest, until_ms=at + HOUR_MS, by=1, reason="drill")
    _print("a queue is closed", worked_off(engine, closure, at))


def _print(name: str, found: Pauses) -> None:
    figures = f"{found.command:11.1f} {found.longest:11.1f} {found.total:9.0f} {found.slices:7,} {found.events:7,}"
    print(f"{name:>30} {figures}", flush=True)


if __name__ == "__main__":
    main()
