"""The product's own core under the virtual clock, against laws that are known exactly. PATCHBAY_ROUNDS makes it long.

A short round allows four and a half standard errors, which a seed's luck does not reach and a wrong rule does; from
some fifty rounds on the errors are so small that the gates themselves decide: 2 %, 1 %, 3 %. With -s it
says what it finds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

import pytest

from bench.quality_floor import UNIT_MS, floor
from bench.quality_law import law_of
from router.planning import erlang
from router.planning.runs import run_seeds
from router.planning.scenario import Scenario
from router.planning.summary import Estimate, Summary, summarize

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "2"))
SEEDS = 4
ARRIVED_EACH_ROUND = 1_500
SIGMAS = 4.5
# What a short round can tell apart: a standard error beyond this would let anything pass.
ERROR_SHARE_MAX = 0.1
GATE_ORACLE, GATE_ERLANG_A, GATE_WAIT = 0.02, 0.01, 0.03

N = {"1": frozenset("a"), "2": frozenset("ab")}
W = {"1": frozenset("ab"), "2": frozenset("bc")}


def seen(scenario: Scenario) -> Summary:
    given = replace(scenario, seeds=SEEDS)
    return summarize(given, run_seeds(given))


def holds(found: Estimate, exact: float, *, gate: float, unit: float = 1.0) -> None:
    """Hold an estimate against the law, by its own standard error or by the gate, whichever is wider."""
    mean, error = found.mean / unit, found.error / unit
    off = f"{mean / exact - 1:+.2%} ±{error / exact:.2%}"
    print(f"exact {exact:.6f}, found {mean:.6f}: {off}, gate {gate:.0%}")
    assert 0 < error <= ERROR_SHARE_MAX * exact, "so uncertain a figure would show nothing"
    assert abs(mean - exact) <= max(SIGMAS * error, gate * exact)


@pytest.mark.parametrize(
    ("arrivals", "able", "speeds"),
    [
        ({"a": 0.9, "b": 0.6}, N, {"1": 1.0, "2": 1.0}),
        ({"a": 0.9, "b": 0.5}, N, {"1": 1.2, "2": 0.8}),
        ({"a": 0.5, "b": 0.5, "c": 0.5}, W, {"1": 1.0, "2": 1.0}),
    ],
    ids=["N", "N with unlike speeds", "W"],
)
def test_first_come_first_served_with_the_longest_idle_follows_its_exact_law(
    arrivals: Mapping[str, float], able: Mapping[str, frozenset[str]], speeds: Mapping[str, float]
) -> None:
    law = law_of(arrivals, able, speeds)
    servers = {name: (1, able[name], speed) for name, speed in speeds.items()}
    found = seen(floor(arrivals, servers, arrived=ARRIVED_EACH_ROUND * ROUNDS))
    for each in found.classes:
        holds(each.wait_mean_ms, law.wait[each.name], gate=GATE_ORACLE, unit=UNIT_MS)
        holds(each.delayed, law.delayed[each.name], gate=GATE_ORACLE)
    for group in found.groups:
        holds(group.occupancy_mean, law.occupancy[group.name], gate=GATE_ORACLE)


def pool(agents: int) -> Mapping[str, tuple[int, frozenset[str], float]]:
    return {"all": (agents, frozenset("a"), 1.0)}


def test_a_floor_whose_customers_lose_patience_follows_erlang_a() -> None:
    known = erlang.impatient(50, arrivals=48.0, service=1.0, patience=0.5)
    found = seen(floor({"a": 48.0}, pool(50), patience=0.5, arrived=2 * ARRIVED_EACH_ROUND * ROUNDS)).classes[0]
    holds(found.wait_mean_ms, known.wait_mean, gate=GATE_ERLANG_A, unit=UNIT_MS)
    holds(found.abandonment, known.abandoned, gate=GATE_ERLANG_A)
    holds(found.delayed, known.delayed, gate=GATE_ERLANG_A)


def test_a_floor_whose_customers_wait_for_ever_follows_erlang_c() -> None:
    known = erlang.waiting(10, arrivals=8.5, service=1.0)
    found = seen(floor({"a": 8.5}, pool(10), arrived=2 * ARRIVED_EACH_ROUND * ROUNDS)).classes[0]
    holds(found.wait_mean_ms, known.wait_mean, gate=GATE_WAIT, unit=UNIT_MS)
    holds(found.delayed, known.delayed, gate=GATE_WAIT)
    with pytest.raises(AssertionError):  # the floor with one agent more would be told apart
        holds(found.wait_mean_ms, erlang.waiting(11, arrivals=8.5, service=1.0).wait_mean, gate=GATE_WAIT, unit=UNIT_MS)


def test_a_floor_with_thirty_extra_lines_follows_the_law_of_limited_lines() -> None:
    known = erlang.limited(30, lines=36, arrivals=28.0, service=1.0)
    found = seen(floor({"a": 28.0}, pool(30), lines=36, arrived=2 * ARRIVED_EACH_ROUND * ROUNDS)).classes[0]
    holds(found.wait_mean_ms, known.wait_mean, gate=GATE_WAIT, unit=UNIT_MS)
    holds(found.blocking, known.blocked, gate=GATE_WAIT)
