"""What an outside party has is in no queue: its leg ends when it is handed out, another begins when it comes back."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from router.core import events as ev
from router.views.legs import LEGS, LEGS_VIEW, Leg
from tests.core.floor_plan import Floor
from tests.core.test_outside_floor import walked
from tests.core.test_stories_outside import asked, given, reported, talking
from tests.views.watching import LegWatch, cut, folded, of_world, rows_of

# In the nineteenth rules place in a closed queue what comes back from outside.
SEEDS, STEPS = (*range(6), 19), 1_000


def legs(entries: Sequence[tuple[int, ev.Entry]]) -> list[tuple[str, str, str]]:
    made = rows_of(folded(LEGS_VIEW, [entries]), LEGS)
    return [(leg.queue, leg.entered_why, leg.left_why) for leg in made if isinstance(leg, Leg)]


def numbered(floor: Floor) -> list[tuple[int, ev.Entry]]:
    first, found = 1, list[tuple[int, ev.Entry]]()
    for entry in floor.entries:
        found.append((first, entry))
        first += len(entry.events)
    return found


def test_what_comes_back_from_outside_begins_a_leg_in_its_old_queue() -> None:
    floor = given()
    reported(floor, False, why="hung_up")
    assert legs(numbered(floor)) == [("general", "arrived", "handed_out"), ("general", "handed_back", "")]


def test_what_has_left_us_has_no_leg_any_more() -> None:
    floor = talking()
    floor.do(asked("away", "transfer"))
    reported(floor, True, "away")
    assert legs(numbered(floor)) == [("general", "arrived", "handed_out")]


@pytest.mark.parametrize("seed", SEEDS)
def test_legs_with_outside_parties_are_the_same_followed_rebuilt_and_watched(seed: int) -> None:
    world = walked(seed, STEPS, judged=False)
    entries = of_world(world)
    followed = folded(LEGS_VIEW, cut(entries, Random(seed)))
    assert followed == folded(LEGS_VIEW, [entries])
    assert rows_of(followed, LEGS) == LegWatch(world.configurations).legs(world.entries)


def test_the_walks_hand_out_and_take_back() -> None:
    world = walked(3, 3_000, judged=False)
    made = {
        (leg.entered_why, leg.left_why)
        for leg in rows_of(folded(LEGS_VIEW, [of_world(world)]), LEGS)
        if isinstance(leg, Leg)
    }
    assert {why for why, _ in made} >= {"handed_back"}
    assert {why for _, why in made} >= {"handed_out"}
