"""An independent simulator (ciw) plays the same floors: what it and our core measure must agree within chance."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import ciw
import pytest

from router.core.bundle import SECOND_MS, Bundle
from router.planning.policy import Policy
from router.planning.runs import run_seeds
from router.planning.scenario import Scenario
from router.planning.scenario_file import read_scenario
from router.planning.summary import Estimate, estimate, summarize

SCENARIOS = Path(__file__).parents[2] / "bench/scenarios"
ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "2"))
SEEDS = 4
CUSTOMERS_EACH_ROUND = 1_500
SIGMAS = 4.5
FIFO = Policy(order="fifo", agents=("longest_idle",), fair_every=0)
STRICT = Policy(order="priority", agents=("longest_idle",), fair_every=0)
# One pool each, which is what ciw knows: with and without patience, with lines that fill up, by arrival, by priority.
FLOORS: dict[str, tuple[str, Policy]] = {
    "one class that loses patience": ("s1-single", FIFO),
    "one class that waits for ever": ("s1-patient", FIFO),
    "six classes and 120 lines": ("s5-full", FIFO),
    "three classes by arrival": ("s6-vip", FIFO),
    "three classes by priority": ("s6-vip", STRICT),
}

Figures = dict[str, tuple[Estimate, Estimate, Estimate]]  # by class: mean wait in seconds, given up, answered in time


def staged(name: str, policy: Policy = FIFO) -> Scenario:
    """Return a scenario of the benchmark with another policy, watched until enough have come."""
    scenario = read_scenario(SCENARIOS / f"{name}.yaml", no_config)
    per_ms = sum(each.rate.highest_per_ms for each in scenario.classes)
    shorter = scenario.with_horizon(round(CUSTOMERS_EACH_ROUND * ROUNDS / per_ms))
    return replace(shorter, bundle=policy.imposed(shorter.bundle), seeds=SEEDS, warm_up_ms=shorter.horizon_ms // 10)


def no_config(directory: Path) -> Bundle:
    raise AssertionError(f"nobody asked for {directory}")


def ours(scenario: Scenario) -> Figures:
    found = summarize(scenario, run_seeds(scenario)).classes
    return {
        each.name: (
            Estimate(each.wait_mean_ms.mean / SECOND_MS, each.wait_mean_ms.error / SECOND_MS),
            each.abandonment,
            each.level,
        )
        for each in found
    }


def theirs(scenario: Scenario) -> Figures:
    def exponential(mean_ms: float) -> list[object]:
        return [ciw.dists.Exponential(SECOND_MS / mean_ms)]

    agents = sum(group.agents for group in scenario.groups)
    levels = {rule.name: rule.priority for rule in scenario.bundle.rules}
    strict = {queue.order for queue in scenario.bundle.queues.values()} == {STRICT.order}
    network = ciw.create_network(
        arrival_distributions={each.name: exponential(1 / each.rate.highest_per_ms) for each in scenario.classes},
        service_distributions={each.name: exponential(each.handle.mean_ms) for each in scenario.classes},
        reneging_time_distributions={
            each.name: exponential(each.patience.mean_ms) if each.patience else [None] for each in scenario.classes
        },
        number_of_servers=[agents],
        queue_capacities=[scenario.lines - agents if scenario.lines else float("inf")],
        # ciw serves its class 0 first.
        priority_classes={each.name: max(levels.values()) - levels[each.name] for each in scenario.classes}
        if strict
        else None,
    )
    runs = [_lived(network, scenario, seed) for seed in range(1, SEEDS + 1)]
    return {
        each.name: tuple(estimate(run[each.name][index] for run in runs) for index in range(3))  # type: ignore[misc]
        for each in scenario.classes
    }


def _lived(network: object, scenario: Scenario, seed: int) -> dict[str, tuple[float, float, float]]:
    ciw.seed(seed)
    run = ciw.Simulation(network)
    from_s, until_s = scenario.warm_up_ms / SECOND_MS, scenario.horizon_ms / SECOND_MS
    run.simulate_until_max_time(until_s)
    let_in = [record for record in run.get_all_records() if record.record_type != "rejection"]
    records = [record for record in let_in if record.arrival_date >= from_s]
    found = {}
    for each in scenario.classes:
        own = [record for record in records if record.customer_class == each.name]
        reneged = sum(record.record_type == "renege" for record in own)
        in_time = sum(
            record.record_type == "service" and record.waiting_time * SECOND_MS <= each.target_ms for record in own
        )
        waits = sum(record.waiting_time for record in own)
        found[each.name] = (waits / len(own), reneged / len(own), in_time / len(own))
    return found


@pytest.mark.parametrize("name", FLOORS)
def test_our_core_and_an_independent_simulator_measure_the_same_floor(name: str) -> None:
    scenario = staged(*FLOORS[name])
    known, found = theirs(scenario), ours(scenario)
    assert set(known) == set(found)
    for word, figures in found.items():
        for mine, other in zip(figures, known[word], strict=True):
            apart = mine - other
            print(f"{name}, {word}: ours {mine.mean:.4f} ±{mine.error:.4f}, ciw {other.mean:.4f} ±{other.error:.4f}")
            assert apart.error > 0 or mine.mean == other.mean == 0, "so certain a figure would show nothing"
            assert abs(apart.mean) <= max(SIGMAS * apart.error, 0.01 * other.mean), (word, mine, other)


def test_an_independent_simulator_tells_another_order_apart() -> None:
    scenario = staged("s6-vip")
    strict = replace(scenario, bundle=Policy(order="priority", fair_every=0).imposed(scenario.bundle))
    apart = ours(strict)["vip"][0] - theirs(scenario)["vip"][0]
    assert apart.mean < -SIGMAS * apart.error, "VIPs first is not first come first served"
