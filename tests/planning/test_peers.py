"""The peers of the quality benchmark choose as those systems do, inside our own core."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from bench.peers import Fewest, First, LowestLoad, Peer, RoundRobin, plain
from bench.quality_floor import floor
from router.core.bundle import Bundle
from router.core.events import Offered
from router.planning.scenario import Scenario
from router.planning.scenario_file import read_scenario
from router.planning.simulation import Simulation

SCENARIOS = Path(__file__).parents[2] / "bench/scenarios"


def no_config(directory: Path) -> Bundle:
    raise AssertionError(f"nobody asked for {directory}")


def asked(scenario: Scenario, peer: type[Peer]) -> list[int]:
    """Return whom a floor asks, one after the other."""
    found: list[int] = []
    run = Simulation(plain(scenario), 1, peer.install)
    run.watch = lambda entry: found.extend(event.agent for event in entry.events if isinstance(event, Offered))
    run.run()
    return found


def quiet() -> Scenario:
    """Return a floor of four on which hardly ever two are busy."""
    return floor({"a": 0.2}, {"all": (4, frozenset("a"), 1.0)}, arrived=400)


def test_the_first_of_the_list_gets_nearly_everything() -> None:
    given = asked(quiet(), First)
    assert given.count(1) > 0.7 * len(given)
    assert given.count(4) < 0.02 * len(given)


@pytest.mark.parametrize("peer", [RoundRobin, Fewest])
def test_turns_and_counts_share_evenly(peer: type[Peer]) -> None:
    given = asked(quiet(), peer)
    counts = [given.count(agent) for agent in (1, 2, 3, 4)]
    assert max(counts) - min(counts) <= 0.1 * len(given)


def test_a_round_goes_round_while_everybody_is_free() -> None:
    alone = replace(quiet(), groups=(replace(quiet().groups[0], speeds={"a": 1000.0}),))
    given = asked(alone, RoundRobin)
    assert given[:8] == [1, 2, 3, 4, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("peer", "expected"), [(LowestLoad, [1, 2, 3, 4, 1, 2, 3, 4]), (First, [1, 1, 1, 1, 2, 2, 2, 2])]
)
def test_chats_are_spread_or_filled_up(peer: type[Peer], expected: list[int]) -> None:
    busy = floor({"a": 50.0}, {"all": (4, frozenset("a"), 0.001)}, arrived=16)
    channels = {"call": msgspec.structs.replace(busy.bundle.channels["call"], load=25)}
    chats = replace(busy, bundle=msgspec.structs.replace(busy.bundle, channels=channels))
    assert asked(chats, peer)[:8] == expected


def test_peers_know_no_first_tasks_no_weights_and_no_reserves() -> None:
    scenario = plain(read_scenario(SCENARIOS / "s11-slow-seconds.yaml", no_config))
    assert not [name for group in scenario.groups for name, _ in group.abilities if name.startswith("primary:")]
    assert {queue.order for queue in scenario.bundle.queues.values()} == {"fifo"}
    assert scenario.bundle.reserves == ()
    assert scenario.bundle.fair_every == 0
