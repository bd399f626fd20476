"""Routing quality: each scenario with the product's default and with the peers' choices, same core, same chance.

The worst-off class counts, not the average. Every figure is also said relative to longest idle with first come first
served, which is 100. `--days` and `--seeds` make it shorter or longer; differences are paired by seed. The gates,
floors whose laws are known exactly, are in `bench.quality_gates`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from bench.peers import Fewest, First, LowestLoad, RoundRobin, plain
from router.core.bundle import DAY_MS, Bundle, Reserve
from router.planning.report import table
from router.planning.runs import Job, run_all
from router.planning.scenario import Scenario
from router.planning.scenario_file import read_scenario
from router.planning.simulation import Prepare
from router.planning.summary import Estimate, Summary, estimate, summarize
from router.planning.tally import Outcome

SCENARIOS = Path(__file__).parent / "scenarios"
DEFAULT, IDLE = "default", "idle"
# Without an argument: a few minutes on two processors. The long proof is `--days 23`.
DAYS, SEEDS = 2.0, 3


@dataclass(frozen=True, slots=True)
class Entrant:
    """A way to route: what it makes of a scenario, and what it puts into the engine."""

    stage: Callable[[Scenario], Scenario]
    prepare: Prepare | None = None


def _as_it_is(scenario: Scenario) -> Scenario:
    return scenario


PEERS: dict[str, Entrant] = {
    "round robin": Entrant(plain, RoundRobin.install),
    IDLE: Entrant(plain),
    "fewest": Entrant(plain, Fewest.install),
    "first": Entrant(plain, First.install),
    "lowest load": Entrant(plain, LowestLoad.install),
}
ENTRANTS: dict[str, Entrant] = {**PEERS, DEFAULT: Entrant(_as_it_is)}
CONTESTED = (
    "s2-n",
    "s3-w",
    "s4-m",
    "s5-chain",
    "s6-vip",
    "s7-bilingual",
    "s8-blended",
    "s8-slow-chats",
    "s9-peak",
    "s10-backlog",
    "s11-slow-seconds",
)
# ROUTING's margins on the worst class, in points over peers.
MARGINS: tuple[tuple[str, tuple[str, ...], float], ...] = (
    ("s7-bilingual", ("round robin", IDLE, "first"), 10.0),
    ("s7-bilingual", ("fewest",), 5.0),
    ("s8-blended", tuple(PEERS), 10.0),
    ("s11-slow-seconds", tuple(PEERS), 15.0),
    ("s2-n", (IDLE,), 4.0),
    ("s6-vip", (IDLE,), 5.0),
    ("s9-peak", (IDLE,), 5.0),
)
# By the number of seeds: how many standard errors to both sides hold 95 of 100 (Student); with more, STUDENT_MANY.
STUDENT = {2: 12.71, 3: 4.30, 4: 3.18, 5: 2.78, 6: 2.57, 7: 2.45, 8: 2.36, 9: 2.31, 10: 2.26}
STUDENT_MANY = 2.2
BELOW_MAX = 1.0  # how many points below any peer the default may be anywhere but in the backlog
ABANDONED_MAX = 0.11  # of the backlog's callers, by default
# Reserves that the simulator suggests, and the least service level of the classes named with them.
RESERVED: tuple[tuple[str, Reserve, tuple[str, ...], float], ...] = (
    ("s7-bilingual", Reserve(needs=(("skill:spanish", 1),), agents=2), ("english", "spanish"), 70.0),
    ("s10-backlog", Reserve(needs=(("channel:call", 1),), agents=2), ("calls",), 80.0),
)


@dataclass(slots=True)
class Played:
    """All runs of a benchmark: by scenario and entrant, one outcome for each seed."""

    scenarios: dict[str, Scenario] = field(default_factory=dict)
    outcomes: dict[tuple[str, str], list[Outcome]] = field(default_factory=dict)

    def summary(self, scenario: str, entrant: str) -> Summary:
        return summarize(self.scenarios[scenario], self.outcomes[scenario, entrant])

    def worst(self, scenario: str, entrant: str) -> list[float]:
        """Return the service level of the worst class, in points, for each seed."""
        return [100 * min(each.level for each in outcome.classes) for outcome in self.outcomes[scenario, entrant]]

    def over(self, scenario: str, entrant: str) -> Estimate:
        """Return how many points the default is above another, seed by seed."""
        pairs = zip(self.worst(scenario, DEFAULT), self.worst(scenario, entrant), strict=True)
        return estimate(ours - theirs for ours, theirs in pairs)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.quality", description=__doc__)
    parser.add_argument("--days", type=float, default=DAYS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    parser.add_argument("--only", nargs="*", default=[], help="scenarios, by the beginning of their names")
    chosen = parser.parse_args(arguments)
    names = [name for name in CONTESTED if not chosen.only or name.startswith(tuple(chosen.only))]
    found = played(names, chosen.days, chosen.seeds)
    for name in names:
        _print_scenario(found, name)
    _print_margins(found, names, chosen.seeds)
    return 0


def _load(name: str, days: float, seeds: int) -> Scenario:
    scenario = read_scenario(SCENARIOS / f"{name}.yaml", _no_config)
    return replace(scenario.with_horizon(round(days * DAY_MS)), seeds=seeds)


def _no_config(directory: Path) -> Bundle:
    raise AssertionError(f"a scenario of the benchmark stages its own floor, not {directory}")


def _say(share: float) -> None:
    print(f"\r{share:6.1%}", end="", file=sys.stderr, flush=True)


# --- all against all --------------------------------------------------------------------------------------------------


def played(names: Sequence[str], days: float, seeds: int) -> Played:
    """Run every scenario with every entrant, and with its reserve where one is suggested."""
    found = Played({name: _load(name, days, seeds) for name in names})
    marks: list[tuple[str, str]] = []
    jobs: list[Job] = []
    for name, scenario in found.scenarios.items():
        for entrant, way in [*ENTRANTS.items(), *_reserved(name)]:
            for seed in range(1, seeds + 1):
                marks.append((name, entrant))
                jobs.append((way.stage(scenario), seed, way.prepare))
    for mark, outcome in zip(marks, run_all(jobs, progress=_say), strict=True):
        found.outcomes.setdefault(mark, []).append(outcome)
    print(file=sys.stderr)
    return found


def _reserved(name: str) -> list[tuple[str, Entrant]]:
    return [(_kept(reserve), Entrant(_keeping(reserve))) for word, reserve, _, _ in RESERVED if word == name]


def _kept(reserve: Reserve) -> str:
    return f"default, {reserve.agents} kept"


def _keeping(reserve: Reserve) -> Callable[[Scenario], Scenario]:
    def stage(scenario: Scenario) -> Scenario:
        return replace(scenario, bundle=msgspec.structs.replace(scenario.bundle, reserves=(reserve,)))

    return stage


def _print_scenario(found: Played, name: str) -> None:
    base = found.summary(name, IDLE)
    rows = []
    for mark in found.outcomes:
        if mark[0] != name:
            continue
        each = found.summary(*mark)
        levels = " ".join(f"{one.name} {one.level.mean * 100:.1f}" for one in each.classes)
        rows.append(
            (
                mark[1],
                f"{each.worst.mean * 100:.1f} ±{each.worst.error * 100:.1f}",
                _relative(each.worst, base.worst),
                f"{each.cost_ms.mean / 1000:.2f} ±{each.cost_ms.error / 1000:.2f}",
                _relative(each.cost_ms, base.cost_ms),
                f"{each.wait_mean_ms.mean / 1000:.2f}",
                f"{100 * max(one.abandonment.mean for one in each.classes):.1f}",
                levels,
            )
        )
    print(f"\n{found.scenarios[name].title}")
    heads = ("policy", "worst SL %", "=100", "weight·wait s", "=100", "wait s", "most gave up %", "SL % by class")
    print("\n".join(table(heads, rows)), flush=True)


def _relative(found: Estimate, base: Estimate) -> str:
    return f"{100 * found.mean / base.mean:.0f}" if base.mean else "–"


def _print_margins(found: Played, names: Sequence[str], seeds: int) -> None:
    rows = [
        _judged(f"{name}: default over {peer}", found.over(name, peer), least, seeds)
        for name, peers, least in MARGINS
        for peer in (peers if name in names else ())
    ]
    rows += [
        _judged(f"{name}: default beside {peer}", found.over(name, peer), -BELOW_MAX, seeds)
        for name in names
        for peer in PEERS
        if name != "s10-backlog"
    ]
    if "s10-backlog" in names:
        left = found.summary("s10-backlog", DEFAULT).classes[0].abandonment
        rows.append(
            _judged("s10-backlog: callers who stay", Estimate(100 - 100 * left.mean, 100 * left.error), 89.0, seeds)
        )
    for name, reserve, classes, least in RESERVED:
        for each in found.summary(name, _kept(reserve)).classes if name in names else ():
            if each.name in classes:
                level = Estimate(100 * each.level.mean, 100 * each.level.error)
                rows.append(_judged(f"{name}: {reserve.agents} kept, {each.name}", level, least, seeds))
    print()
    print("\n".join(table(("margin, in points", "asked", "found", "95 %", ""), rows)), flush=True)


def _judged(what: str, found: Estimate, least: float, seeds: int) -> tuple[str, ...]:
    """Say whether a margin is met, and whether the interval in which it lies 95 times of 100 says so too."""
    wide = found.error * STUDENT.get(seeds, STUDENT_MANY)
    low, high = found.mean - wide, found.mean + wide
    said = ("met" if low >= least else "met, within chance") if found.mean >= least else "missed"
    if said == "missed" and high >= least:
        said = "missed, within chance"
    return what, f"{least:+.1f}", f"{found.mean:+.1f}", f"{low:+.1f} to {high:+.1f}", said


if __name__ == "__main__":
    sys.exit(main())
