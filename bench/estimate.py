"""Estimated waits against what came true: each predictor's error on simulated floors, and how many waits fall in range.

The error is the root mean square error over the mean wait of those who waited and were answered (RRMSE). Beside it
stands what ROUTING found for the same kind of floor; chance moves the second digit.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

from router.core import events as ev
from router.core.bundle import HOUR_MS, ChannelSpec
from router.core.lifecycle import WAITING
from router.planning.report import table
from router.planning.scenario import START_MS, CustomerClass, Duration, Group, Rate, Scenario
from router.planning.simulation import Simulation
from router.planning.staging import facts_of, staged_bundle, staged_queue, staged_rule
from router.views.estimate import Estimates
from router.views.pace import BASES, HEAD, LAST, PACE, Guess, Wait

CHANNEL, HANDLE_MS = "call", 300_000
# Erlangs that come, hour by hour and for ever: a morning's load, and a peak over the agents there are.
PEAK = (35.0, 40.0, 50.0, 60.0, 70.0, 60.0, 50.0, 40.0)
HOURS, SEEDS = 40.0, 2


@dataclass(frozen=True, slots=True)
class Floor:
    """Agents, the queues each of them serves, and how many erlangs come to each queue."""

    erlangs: Mapping[str, Sequence[float]]
    agents: Mapping[tuple[str, ...], int]
    patience_ms: int = 0

    def scenario(self, hours: float) -> Scenario:
        """Return it as a floor to simulate: exponential calls of five minutes, in the product's own order."""
        queues = {name: staged_queue(name, skills={name: 1}, target_ms={CHANNEL: 20_000}) for name in self.erlangs}
        return Scenario(
            title="estimated waits",
            bundle=staged_bundle(
                queues,
                tuple(staged_rule(name, name) for name in queues),
                channels={CHANNEL: ChannelSpec(load=100, live=True)},
                skills=dict.fromkeys(queues, 1),
            ),
            classes=tuple(self._customers(name, round(hours)) for name in queues),
            groups=tuple(
                Group(
                    name="-".join(takes),
                    agents=count,
                    abilities=tuple(sorted([(f"channel:{CHANNEL}", 1), *((f"skill:{each}", 1) for each in takes)])),
                )
                for takes, count in self.agents.items()
            ),
            horizon_ms=round(hours * HOUR_MS),
            warm_up_ms=HOUR_MS,
        )

    def _customers(self, name: str, hours: int) -> CustomerClass:
        cycle = self.erlangs[name]
        pieces = tuple((START_MS + hour * HOUR_MS, cycle[hour % len(cycle)] / HANDLE_MS) for hour in range(hours))
        return CustomerClass(
            name=name,
            facts=facts_of(name, CHANNEL),
            rate=Rate(pieces),
            handle=Duration(HANDLE_MS),
            patience=Duration(self.patience_ms) if self.patience_ms else None,
            target_ms=20_000,
        )


FLOORS: dict[str, tuple[Floor, dict[str, float]]] = {
    "M/M/50, load .95": (Floor({"calls": (47.5,)}, {("calls",): 50}), {PACE: 0.22, HEAD: 0.32, LAST: 0.33}),
    "M/M/50+M, load 1.1, patience 300 s": (
        Floor({"calls": (55.0,)}, {("calls",): 50}, patience_ms=300_000),
        {PACE: 0.35, HEAD: 0.49, LAST: 0.52},
    ),
    "daily peak, load .7 to 1.4, patience 600 s": (
        Floor({"calls": PEAK}, {("calls",): 50}, patience_ms=600_000),
        {PACE: 0.20, HEAD: 0.28, LAST: 0.28},
    ),
}


@dataclass(slots=True)
class Score:
    """The errors of one predictor."""

    squares: float = 0.0
    waited_ms: float = 0.0
    off_ms: float = 0.0
    count: int = 0

    def learn(self, guess: Guess, waited_ms: int) -> None:
        self.squares += (guess.ms - waited_ms) ** 2
        self.off_ms += guess.ms - waited_ms
        self.waited_ms += waited_ms
        self.count += 1

    @property
    def share(self) -> float:
        return sqrt(self.squares * self.count) / self.waited_ms if self.waited_ms else 0.0

    @property
    def bias(self) -> float:
        return self.off_ms / self.waited_ms if self.waited_ms else 0.0


@dataclass(slots=True)
class Watched:
    """One simulated floor with the estimates that follow it: what was said to everybody in line, and what came."""

    simulation: Simulation
    scores: dict[str, Score] = field(default_factory=lambda: {basis: Score() for basis in BASES})
    promised: int = 0
    kept: int = 0
    cpu_s: float = 0.0
    events: int = 0
    estimates: Estimates = field(init=False)
    _said: dict[int, tuple[int, list[Guess], Wait | None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.estimates = Estimates(lambda: self.simulation.engine.state)
        self.simulation.watch = self._watch

    def _watch(self, entry: ev.Entry) -> None:
        began_s = time.process_time()
        self.estimates.follow([entry])
        self.cpu_s += time.process_time() - began_s
        self.events += len(entry.events)
        for event in entry.events:
            if isinstance(event, ev.Queued):
                self._ask(event.conv, entry.at)
            elif isinstance(event, ev.Accepted):
                self._came(event.conv, entry.at)
            elif isinstance(event, ev.Abandoned):
                self._said.pop(event.conv, None)

    def _ask(self, conv_id: int, at: int) -> None:
        conv = self.simulation.engine.state.convs.peek(conv_id)
        if conv is not None and conv.state == WAITING:
            guesses = self.estimates.guesses(conv)
            self._said[conv_id] = at, guesses, self.estimates.remaining(conv)

    def _came(self, conv_id: int, at: int) -> None:
        said = self._said.pop(conv_id, None)
        if said is None:
            return
        since_ms, guesses, wait = said
        for guess in guesses:
            self.scores[guess.basis].learn(guess, at - since_ms)
        if wait is not None:
            self.promised += 1
            self.kept += wait.low_ms <= at - since_ms <= wait.high_ms


def watched(floor: Floor, hours: float, seed: int) -> Watched:
    """Live through a floor and return what the estimates were worth."""
    found = Watched(Simulation(floor.scenario(hours), seed))
    found.simulation.run()
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.estimate", description=__doc__)
    parser.add_argument("--hours", type=float, default=HOURS)
    parser.add_argument("--seeds", type=int, default=SEEDS)
    chosen = parser.parse_args(arguments)
    rows = []
    for name, (floor, known) in FLOORS.items():
        runs = [watched(floor, chosen.hours, seed) for seed in range(1, chosen.seeds + 1)]
        cells = [_score_said(runs, basis, known[basis]) for basis in BASES]
        inside = sum(run.kept for run in runs) / max(sum(run.promised for run in runs), 1)
        per_us = 1e6 * sum(run.cpu_s for run in runs) / sum(run.events for run in runs)
        rows.append((name, *cells, f"{inside:.0%}", f"{per_us:.1f}"))
    heads = ("floor: RRMSE (ROUTING's), bias", "by pace (QL + abandonment)", "by head (HOL)", "by last (LES)")
    print("\n".join(table((*heads, "waits in range", "µs per event"), rows)))
    return 0


def _score_said(runs: Sequence[Watched], basis: str, known: float) -> str:
    share = sum(run.scores[basis].share for run in runs) / len(runs)
    bias = sum(run.scores[basis].bias for run in runs) / len(runs)
    return f"{share:.2f} ({known:.2f}) {bias:+.0%}"


if __name__ == "__main__":
    sys.exit(main())
