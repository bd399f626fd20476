"""Agent time: intervals of presence, told in stories and held to watching random floors."""

from __future__ import annotations

import os
from random import Random

import pytest

from router.core import commands as cmd
from router.views.agent_time import AGENT_TIME, TABLE, AgentTime
from router.views.keeper import numbered
from tests.core.floor_plan import Floor, at_work
from tests.views.watching import cut, folded, of_world, presences_watched, rows_of, walked

SEEDS = {"quick": 20, "prove": 1_000}[os.environ.get("HYPOTHESIS_PROFILE", "quick")]


def spans(floor: Floor) -> list[tuple[str, str, int, str]]:
    """Each interval: presence, why it began, how long it lasted, what ended it."""
    made = rows_of(folded(AGENT_TIME, [numbered(1, floor.entries)]), TABLE)
    return [
        (row.presence, row.why, row.to_ms - row.from_ms if row.ended else -1, row.ended)
        for row in made
        if isinstance(row, AgentTime)
    ]


def present(floor: Floor, presence: str) -> None:
    floor.do(cmd.SetPresence(id=floor.id(), agent=1, presence=presence))


def test_a_shift_is_told_without_a_hole() -> None:
    floor = at_work(1)
    floor.wait(60_000)
    present(floor, "break")
    floor.wait(30_000)
    present(floor, "available")
    floor.wait(10_000)
    floor.do(cmd.SignOut(id=floor.id(), agent=1))
    assert spans(floor) == [
        ("available", "signed_in", 60_000, "changed"),
        ("break", "chosen", 30_000, "changed"),
        ("available", "chosen", 10_000, "signed_out"),
    ]


def test_to_choose_what_one_is_already_begins_nothing() -> None:
    floor = at_work(1)
    floor.wait(5_000)
    present(floor, "available")
    assert spans(floor) == [("available", "signed_in", -1, "")]


def test_silence_at_an_offer_is_time_not_responding() -> None:
    floor = at_work(1)
    floor.arrive(1)
    floor.wait(20_000)
    assert [span[:2] for span in spans(floor)] == [("available", "signed_in"), ("not_responding", "no_answer")]


@pytest.mark.parametrize("seed", range(SEEDS))
def test_agent_time_is_the_same_followed_rebuilt_and_watched(seed: int) -> None:
    world = walked(seed)
    entries = of_world(world)
    followed = folded(AGENT_TIME, cut(entries, Random(seed)))
    assert followed == folded(AGENT_TIME, [entries])
    watched = presences_watched(world.entries, world.configurations)
    assert rows_of(followed, TABLE) == [span for agent in sorted(watched) for span in watched[agent]]
    assert followed[TABLE]
