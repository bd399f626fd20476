"""Two weeks of the simulated year: every promise held event by event, and a core that ends as small as it began.

Without `PATCHBAY_ROUNDS` four of their days.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field

import pytest

from bench.containers import bytes_of, lengths
from bench.year_floor import Year
from bench.year_plan import START_MS, bundle_of
from router.core import events as ev
from router.core.bundle import DAY_MS, HOUR_MS, Bundle
from router.core.evolve import BundleMissing, replay
from router.core.fact_sets import DROPPED_AT_ONCE, UNUSED_MAX
from router.core.snapshot import decode_state, encode_state, picture_of
from router.core.state import State
from router.verify.findings import Report
from router.verify.invariants import Invariants

# Two in the morning: what came at night waits, and nobody else is there.
END_DAYS = (7, 14) if "PATCHBAY_ROUNDS" in os.environ else (2, 4)
ENDS_MS = [START_MS + day * DAY_MS + 2 * HOUR_MS for day in END_DAYS]
CAME_EACH_DAY = 1_070


@dataclass
class Lived:
    """What came of the two weeks."""

    year: Year = field(default_factory=Year)
    replica: State = field(default_factory=State)
    report: Report = field(default_factory=lambda: Report(site="main"))
    kinds: Counter[str] = field(default_factory=Counter)
    sizes: list[int] = field(default_factory=list)
    held: list[Counter[str]] = field(default_factory=list)
    wakes_max: int = 0


def follow(lived: Lived, entry: ev.Entry, bundles: dict[str, Bundle]) -> None:
    """Replay an entry, loading the configuration that it names."""
    try:
        replay(lived.replica, entry, bundles)
    except BundleMissing as missing:
        bundles.clear()
        name = str(missing.args[0])
        bundles[name] = bundle_of(int(name.removeprefix("day")))
        replay(lived.replica, entry, bundles)


@pytest.fixture(scope="module")
def lived() -> Lived:
    lived, bundles = Lived(), dict[str, Bundle]()
    walked = Invariants(lived.report)
    for end_ms in ENDS_MS:
        for entry in lived.year.entries(end_ms):
            walked.entry(entry)
            follow(lived, entry, bundles)
            lived.kinds.update(type(event).__name__ for event in entry.events)
            lived.wakes_max = max(lived.wakes_max, len(lived.year.wakes._due))
        lived.sizes.append(bytes_of(lived.year.engine.state))
        lived.held.append(lengths(lived.year.engine.state, "state"))
    return lived


def test_no_promise_is_broken(lived: Lived) -> None:
    assert lived.report.ok, lived.report.lines()
    assert lived.year.came["conversations"] > CAME_EACH_DAY * END_DAYS[-1]


# What only a telephone's provider says, and what belongs to words of the configuration that this year does not use.
ELSEWHERE = {"PartyReported", "LineHeld"}
YOUNGER_FROM = 60


def test_everything_happens_in_them(lived: Lived) -> None:
    """All that any floor can say is said, and what widens; what stories and random floors bring is held there."""
    said = {kind.__name__ for kind in ev.AnyEvent.__args__ if kind.__struct_config__.tag < YOUNGER_FROM}
    assert said - set(lived.kinds) <= ELSEWHERE
    assert "Widened" in lived.kinds


def test_the_replica_and_a_restored_floor_are_the_same(lived: Lived) -> None:
    state = lived.year.engine.state
    assert picture_of(lived.replica) == picture_of(state)
    running = {state.bundle_hash: state.bundle} if state.bundle else {}
    assert picture_of(decode_state(encode_state(state), running)) == picture_of(state)


def test_the_core_ends_as_small_as_it_began(lived: Lived) -> None:
    first, last = lived.sizes
    assert last <= first * 1.25


def test_nothing_that_is_over_is_held(lived: Lived) -> None:
    """At night there are those who wait for the morning, and what is remembered for ten minutes."""
    state, held = lived.year.engine.state, lived.held[-1]
    assert {conv.state for conv in state.convs.values()} <= {"waiting", "deferred", "offered", "active", "wrap_up"}
    assert held["state.lines"] == len(state.convs)
    assert held["state.left"] < 100
    assert held["state.answers"] < 500
    assert len(state.facts.unused) < UNUSED_MAX + DROPPED_AT_ONCE
    assert set(state.facts.users) == {conv.facts for conv in state.convs.values()}
    assert not set(state.convs) & {conv for _, conv in lived.year.rows._due}


def test_the_alarm_clock_holds_ten_minutes_and_no_more(lived: Lived) -> None:
    assert 0 < lived.wakes_max < lived.year.rows.parked
    assert len(lived.year.wakes._known) == len(lived.year.wakes._due)
    assert all(due_ms <= lived.year.at + 10 * 60_000 for due_ms, _ in lived.year.wakes._due)
