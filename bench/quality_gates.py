"""The gates of routing quality: the product's own core on a virtual clock, held against laws that are known exactly.

`--arrived` is how many customers come in each run; the proof that was asked for is a million in each of five seeds.
Figures are printed law by law, as they are found.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bench.quality_floor import UNIT_MS, floor
from bench.quality_law import law_of
from router.core.bundle import SECOND_MS, Bundle
from router.planning import erlang
from router.planning.report import table
from router.planning.runs import run_seeds
from router.planning.scenario import Scenario
from router.planning.scenario_file import read_scenario
from router.planning.summary import Estimate, Summary, summarize

SCENARIOS = Path(__file__).parent / "scenarios"
# Without an argument: a minute or two. The long proof is `--arrived 1000000 --seeds 5`.
ARRIVED, SEEDS = 20_000, 5
# Beyond so many standard errors chance does not explain a miss.
SIGMAS = 4.0
GATE_ORACLE, GATE_ERLANG_A, GATE_WAIT = 0.02, 0.01, 0.03
N = {"1": frozenset("a"), "2": frozenset("ab")}
W = {"1": frozenset("ab"), "2": frozenset("bc")}
EVEN = {"1": 1.0, "2": 1.0}


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a law, and what was found."""

    what: str
    exact: float
    found: Estimate
    gate: float

    @property
    def off(self) -> float:
        return self.found.mean / self.exact - 1

    @property
    def error(self) -> float:
        return self.found.error / self.exact

    def said(self) -> str:
        """Say whether the gate is met; where chance alone is wider than the gate, a longer run must decide."""
        if abs(self.off) <= self.gate:
            return "met"
        return "undecided: run longer" if abs(self.off) <= SIGMAS * self.error else "missed"


Figures = Callable[[Summary], Iterator[Figure]]


@dataclass(frozen=True, slots=True)
class Gate:
    """A floor, and what is known of it."""

    name: str
    floor: Scenario
    figures: Figures


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.quality_gates", description=__doc__)
    parser.add_argument("--arrived", type=int, default=ARRIVED)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--only", nargs="*", default=[], help="the beginnings of the laws' names")
    chosen = parser.parse_args(arguments)
    missed = 0
    for gate in gates(chosen.arrived):
        if chosen.only and not gate.name.startswith(tuple(chosen.only)):
            continue
        missed += _hold(gate, chosen.seeds)
    return min(missed, 1)


def _hold(gate: Gate, seeds: int) -> int:
    """Run a floor and print its figures; return how many were missed."""
    scenario = replace(gate.floor, seeds=seeds)
    found = summarize(scenario, run_seeds(scenario))
    figures = list(gate.figures(found))
    heads = (gate.name, "exact", "found", "off", "error", "gate", "")
    rows = [
        (
            each.what,
            f"{each.exact:.6f}",
            f"{each.found.mean:.6f}",
            f"{each.off:+.2%}",
            f"±{each.error:.2%}",
            f"{each.gate:.0%}",
            each.said(),
        )
        for each in figures
    ]
    print("\n".join(table(heads, rows)))
    print(f"{found.arrivals:,} customers, {found.cpu_s:,.0f} s of processor time\n", flush=True)
    return sum(each.said() == "missed" for each in figures)


def gates(arrived: int) -> Iterator[Gate]:
    """Yield every gate, with so many customers in each run."""
    yield _skills("N", {"a": 0.9, "b": 0.6}, N, speeds=EVEN, arrived=arrived)
    yield _skills("N with unlike speeds", {"a": 0.9, "b": 0.5}, N, speeds={"1": 1.2, "2": 0.8}, arrived=arrived)
    yield _skills("W", dict.fromkeys("abc", 0.5), W, speeds=EVEN, arrived=arrived)
    second = {"arrivals": 0.8, "service": 1 / 60}
    impatient = erlang.impatient(50, **second, patience=1 / 120)
    yield Gate("Erlang A", _load("s1-single", arrived), _of_impatient(impatient))
    waiting = erlang.waiting(50, **second)
    yield Gate("Erlang C", _load("s1-patient", arrived), _of_waiting(waiting.wait_mean, waiting.delayed))
    full = erlang.limited(90, lines=120, arrivals=6 * 84 / 3600, service=1 / 600)
    yield Gate("M/M/90/120", _load("s5-full", arrived), _of_waiting(full.wait_mean, full.delayed))


def _skills(
    name: str,
    arrivals: Mapping[str, float],
    able: Mapping[str, frozenset[str]],
    *,
    speeds: Mapping[str, float],
    arrived: int,
) -> Gate:
    law = law_of(arrivals, able, speeds)
    servers = {word: (1, able[word], speed) for word, speed in speeds.items()}

    def figures(found: Summary) -> Iterator[Figure]:
        for each in found.classes:
            wait = Estimate(each.wait_mean_ms.mean / UNIT_MS, each.wait_mean_ms.error / UNIT_MS)
            yield Figure(f"{each.name}: mean wait", law.wait[each.name], wait, GATE_ORACLE)
            yield Figure(f"{each.name}: share that waits", law.delayed[each.name], each.delayed, GATE_ORACLE)
        for group in found.groups:
            exact = law.occupancy[group.name]
            yield Figure(f"agent {group.name}: busy", exact, group.occupancy_mean, GATE_ORACLE)

    return Gate(name, floor(arrivals, servers, arrived=arrived), figures)


def _of_impatient(law: erlang.Queueing) -> Figures:
    def figures(found: Summary) -> Iterator[Figure]:
        (only,) = found.classes
        yield Figure("mean wait, s", law.wait_mean, _seconds(found.wait_mean_ms), GATE_ERLANG_A)
        yield Figure("gave up", law.abandoned, only.abandonment, GATE_ERLANG_A)
        yield Figure("share that waits", law.delayed, only.delayed, GATE_ERLANG_A)

    return figures


def _of_waiting(wait_mean_s: float, delayed: float) -> Figures:
    def figures(found: Summary) -> Iterator[Figure]:
        yield Figure("mean wait, s", wait_mean_s, _seconds(found.wait_mean_ms), GATE_WAIT)
        for each in found.classes:
            yield Figure(f"{each.name}: share that waits", delayed, each.delayed, GATE_WAIT)

    return figures


def _seconds(of: Estimate) -> Estimate:
    return Estimate(of.mean / SECOND_MS, of.error / SECOND_MS)


def _load(name: str, arrived: int) -> Scenario:
    scenario = read_scenario(SCENARIOS / f"{name}.yaml", _no_config)
    per_ms = sum(each.rate.highest_per_ms for each in scenario.classes)
    return scenario.with_horizon(round(arrived / per_ms))


def _no_config(directory: Path) -> Bundle:
    raise AssertionError(f"a floor of a law stages itself, not {directory}")


if __name__ == "__main__":
    sys.exit(main())
