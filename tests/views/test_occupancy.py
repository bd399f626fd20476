"""Occupancy: stories, and random floors held to watching the state of everybody between any two decisions."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from random import Random
from typing import cast

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import Bundle
from router.core.evolve import evolve, remember
from router.core.lifecycle import ACTIVE, WRAP_UP
from router.core.state import Agent, State
from router.views.keeper import numbered
from router.views.occupancy import OCCUPANCY, TABLE, Occupied, Spent, spent_before, spent_until
from router.views.standing import AVAILABLE, HANDLING, WRAPPING
from router.views.tallies import QUARTER_MS
from tests.core.floor_plan import Floor, at_work
from tests.views.watching import cut, folded, of_world, rows_of, walked

SEEDS = {"quick": 4, "prove": 1_000}[os.environ.get("HYPOTHESIS_PROFILE", "quick")]


def spent(floor: Floor) -> Spent:
    """What the only agent has spent until now."""
    rows = cast("list[Occupied]", rows_of(folded(OCCUPANCY, [numbered(1, floor.entries)]), TABLE))
    return spent_until(rows[-1], floor.at)


def test_a_shift_is_free_handling_and_wrap_up() -> None:
    floor = at_work(1)
    floor.wait(60_000)
    floor.arrive(1)
    floor.accept(1)
    floor.wait(30_000)
    floor.do(cmd.Close(id="c", agent=1, conv=1))
    floor.wait(10_000)
    floor.do(cmd.FinishWrapUp(id="w", agent=1, conv=1, disposition="solved"))
    floor.wait(5_000)
    assert spent(floor) == Spent(handling_ms=30_000, wrapping_ms=10_000, available_ms=65_000)


def test_a_break_is_no_time_of_work_also_with_something_in_hand() -> None:
    floor = at_work(1)
    floor.arrive(1)
    floor.accept(1)
    floor.wait(30_000)
    floor.do(cmd.SetPresence(id="b", agent=1, presence="break"))
    floor.wait(60_000)
    assert spent(floor) == Spent(handling_ms=30_000)


def state_of(state: State, agent: Agent) -> str:
    """What the wallboard says, told once more; a colleague who takes part handles it until they leave."""
    presence = state.bundle.presences.get(agent.presence) if state.bundle else None
    if presence is None or not presence.accepts:
        return ""
    found = {(state.convs[conv].state, state.convs[conv].owner == agent.id) for conv in agent.work}
    if (ACTIVE, True) in found or (ACTIVE, False) in found or (WRAP_UP, False) in found:
        return HANDLING
    return WRAPPING if (WRAP_UP, True) in found else AVAILABLE


def watched(entries: Iterable[ev.Entry], bundles: Mapping[str, Bundle]) -> list[tuple[int, int, dict[str, int]]]:
    """Return (agent, at, time by state until then) after each decision."""
    state, before, found = State(), 0, []
    sums: defaultdict[int, dict[str, int]] = defaultdict(lambda: dict.fromkeys((HANDLING, WRAPPING, AVAILABLE), 0))
    for entry in entries:
        for agent in state.agents.values():
            if (now := state_of(state, agent)) in sums[agent.id]:
                sums[agent.id][now] += entry.at - before
        for event in entry.events:
            evolve(state, entry.at, event, bundles)
        remember(state, entry.command, entry.at)
        before = entry.at
        found += [(agent, entry.at, dict(each)) for agent, each in sums.items()]
    return found


@pytest.mark.parametrize("seed", range(SEEDS))
def test_sums_are_those_of_watching_at_every_moment(seed: int) -> None:
    world = walked(seed)
    entries = of_world(world)
    tables = folded(OCCUPANCY, cut(entries, Random(seed)))
    assert tables == folded(OCCUPANCY, [entries])
    rows: defaultdict[int, list[Occupied]] = defaultdict(list)
    for row in cast("list[Occupied]", rows_of(tables, TABLE)):
        rows[row.agent].append(row)
    seen = watched(world.entries, world.configurations)
    ends = {agent: (at, sums) for agent, at, sums in seen}
    for agent, (at, sums) in ends.items():
        assert spent_until(rows[agent][-1], at) == Spent(*sums.values()), agent
    at_last = {agent: spent_until(own[-1], world.at) for agent, own in rows.items()}
    for agent, own in rows.items():
        for earlier, later in pairwise(own):
            start_ms = (earlier.quarter + 1) * QUARTER_MS
            assert spent_before(later, start_ms) == spent_until(earlier, start_ms)
            assert min(at_last[agent].less(spent_before(later, start_ms))) >= 0
