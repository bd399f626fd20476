"""What each capability costs a decision: the load with everything on, beside the same load with one of them left out.

Baseline: everything on, in turns with each of the others in the same process. A round is an arrival, an accept, a
closing and what falls due; who does without widening decides less in it, so a round's time is what compares.
"""

from __future__ import annotations

import argparse
import gc
from collections.abc import Callable
from dataclasses import dataclass

from msgspec.structs import replace

from bench.core import throughput
from bench.core_load import Size
from bench.core_mixed import MixedLoad, everything
from router.core.bundle import Bundle
from router.core.events import Needs
from router.memory import GC_THRESHOLDS

ROUNDS, REPEATS = 3_000, 3
ALL = "everything on"


def _each_queue(bundle: Bundle, **changes: object) -> Bundle:
    return replace(bundle, queues={name: replace(queue, **changes) for name, queue in bundle.queues.items()})


def _mails_wait(bundle: Bundle) -> Bundle:
    channels = {name: replace(spec, interrupted_by=()) for name, spec in bundle.channels.items()}
    return replace(bundle, channels=channels)


# Capability -> the configuration without it.
WITHOUT: dict[str, Callable[[Bundle], Bundle]] = {
    ALL: lambda bundle: bundle,
    "widening": lambda bundle: _each_queue(bundle, widen=()),
    "orders and weights": lambda bundle: _each_queue(bundle, order="balanced", weight=1),
    "targets": lambda bundle: _each_queue(bundle, answer_within_ms={}),
    "reserves": lambda bundle: replace(bundle, reserves=()),
    "mails that give way": _mails_wait,
    "first tasks": lambda bundle: bundle,
    "limits": lambda bundle: bundle,
    "breaks and declines": lambda bundle: bundle,
    "reloads": lambda bundle: bundle,
}
# Abilities of agents that are left out with a capability, by how they begin.
ABILITIES = {"first tasks": "primary:", "limits": "limit:"}


@dataclass(slots=True)
class Part(MixedLoad):
    """The load with everything on but one capability."""

    without: str = ALL

    def _abilities(self) -> Needs:
        prefix = ABILITIES.get(self.without)
        return tuple(need for need in MixedLoad._abilities(self) if prefix is None or not need[0].startswith(prefix))

    def _happens(self, what: str) -> bool:
        return what != self.without

    def _configured(self, weight: int) -> Bundle:
        return WITHOUT[self.without](everything(self.size, weight=weight))


def recorded(size: Size, without: str, rounds: int) -> Part:
    """Return the steps of a floor that does without one capability."""
    load = Part(size, WITHOUT[without](everything(size)), without=without)
    load.build()
    load.run(rounds)
    return load


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.core_parts", description=__doc__)
    parser.add_argument("--classes", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    chosen = parser.parse_args(arguments)
    size = Size(1_000, 1_000, chosen.classes)
    gc.set_threshold(*GC_THRESHOLDS)
    loads = {name: recorded(size, name, chosen.rounds) for name in WITHOUT}
    turns = [{name: throughput(load) for name, load in loads.items()} for _ in range(chosen.repeats)]
    print(f"{size}, {chosen.rounds} rounds; CPU us, the least of {chosen.repeats} turns")
    print(f"{'':>28} decisions  a decision  a round  less")
    everything_s = min(turn[ALL][0] for turn in turns)
    for name in loads:
        least_s, made = min(turn[name] for turn in turns)
        a_round, less = (each / chosen.rounds * 1e6 for each in (least_s, everything_s - least_s))
        said = name if name == ALL else f"without {name}"
        print(f"{said:>28} {made:9,} {least_s / made * 1e6:11.1f} {a_round:8.1f} {less:5.1f}")


if __name__ == "__main__":
    main()
