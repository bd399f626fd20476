"""Every order, step, reserve and kind of room at once, on random floors, each choice held against a scan."""

from __future__ import annotations

import os
import random

import pytest

from router.core import events as ev
from router.core.bundle import HOUR_MS, Bundle, ChannelSpec, Closing, OffHours, Queue, Reserve, Rule
from tests.core.floor_plan import FOREVER_MS, bundle
from tests.core.walk import Walk
from tests.core.world import World, daily

CHAT, EMAIL, CALL = ("channel:chat", 1), ("channel:email", 1), ("channel:call", 1)
SKILLS: tuple[ev.Needs, ...] = (
    (CALL, CHAT, EMAIL),
    (CALL, CHAT, EMAIL, ("skill:billing", 3), ("skill:thai", 1)),
    (CHAT, EMAIL, ("limit:chat", 1), ("primary:billing", 1), ("skill:billing", 2)),
    (CALL, ("primary:general", 1), ("skill:thai", 1)),
    (CHAT, EMAIL, ("limit:email", 2), ("skill:billing", 2)),
)
CHANNELS = {
    "chat": ChannelSpec(load=25, live=True),
    "email": ChannelSpec(load=10, live=False, interrupted_by=("call", "chat")),
    "call": ChannelSpec(load=60, live=True),
}
RULES = (
    Rule(name="bills", when='"bill" in topics', queue="billing", priority=1),
    Rule(name="vip", when='customer.segment == "vip"', queue="general", priority=2, skills={"thai": 1}),
    Rule(name="rest", queue="general"),
)


def mixed() -> dict[str, Bundle]:
    """Return configurations in which everything that can be chosen differs, under the names that a walk applies."""
    hours = {"office": daily(0, 14), "always": (0, FOREVER_MS), "lunch": daily(0, 2)}
    then = OffHours(then="night")

    def floor(general: Queue, billing: Queue, night: Queue, **more: object) -> Bundle:
        queues = {"general": general, "billing": billing, "night": night}
        return bundle(calendars=hours, channels=CHANNELS, rules=RULES, queues=queues, **more)

    return {
        "plain": floor(
            Queue(name="general", hours="office", weight=3, answer_within_ms={"chat": 30_000}, off_hours=then),
            Queue(
                name="billing",
                hours="office",
                skills={"billing": 1},
                order="priority",
                agents=("highest_level", "fullest"),
            ),
            Queue(name="night", hours="always", order="fifo", wrap_up_ms=0),
            reserves=(Reserve(needs=(CALL,), agents=1),),
            fair_every=3,
        ),
        "skilled": floor(
            Queue(name="general", hours="office", order="deadline", answer_within_ms={"call": 20_000}, off_hours=then),
            Queue(name="billing", hours="lunch", order="age", clock="clock", closing=Closing(serve_ms=600_000)),
            Queue(name="night", hours="always", agents=("least_loaded",)),
            reserves=(Reserve(needs=(CALL,), agents=2), Reserve(needs=(("skill:thai", 1),), agents=1)),
        ),
        "dropped": floor(
            Queue(name="general", hours="lunch", weight=2, agents=("longest_idle",), off_hours=then),
            Queue(name="billing", hours="always", skills={"billing": 2}, agents=("least_flexible", "packed")),
            Queue(name="night", hours="always", order="age"),
            fair_every=0,
        ),
        "closing": floor(
            Queue(name="general", hours="office", order="priority", closing=Closing(serve_ms=300_000), off_hours=then),
            Queue(name="billing", hours="office", order="balanced", weight=5, answer_within_ms={"email": HOUR_MS}),
            Queue(name="night", hours="office", order="fifo"),
            reserves=(Reserve(needs=(("skill:billing", 2),), agents=1),),
            fair_every=2,
        ),
    }


WALKS = {"quick": 24, "prove": 2_000}[os.environ.get("HYPOTHESIS_PROFILE", "quick")]


@pytest.mark.parametrize("seed", range(WALKS))
def test_every_choice_is_the_one_that_a_scan_makes(seed: int) -> None:
    world = World(configurations=mixed(), skills=SKILLS, channels=tuple(CHANNELS))
    world.begin()
    world.restore()
    Walk(world, random.Random(seed)).run(300)
    assert world.entries


def test_the_walks_meet_every_reason_of_a_choice() -> None:
    met: set[str] = set()
    for seed in range(40):
        world = World(judged=False, configurations=mixed(), skills=SKILLS, channels=tuple(CHANNELS))
        world.begin()
        Walk(world, random.Random(seed)).run(300)
        met |= {why for entry in world.entries for e in entry.events if isinstance(e, ev.Offered) for why in e.why}
    assert met >= {
        *("first_task", "highest_level", "least_flexible", "packed", "fullest", "least_loaded", "longest_idle"),
        *("next_in_line", "fair_turn", "most_urgent", "higher_priority", "earliest_deadline", "highest_score"),
    }
