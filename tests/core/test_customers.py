"""Windows, affinities, teams, repeats and customers on several lines at once, on random floors, against scans."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.bundle import HOUR_MS, MINUTE_MS, Affinity, Bundle, OffHours, Queue, Repeat, Rule
from tests.core.floor_plan import FOREVER_MS, bundle
from tests.core.walk import Walk
from tests.core.world import PEOPLE, World, daily

CHAT, EMAIL = ("channel:chat", 1), ("channel:email", 1)
SKILLS: tuple[ev.Needs, ...] = (
    (CHAT, EMAIL, ("team:gold", 1)),
    (CHAT, EMAIL, ("skill:billing", 2)),
    (CHAT, EMAIL, ("skill:billing", 3), ("team:blue", 1)),
    (EMAIL, ("limit:email", 1), ("skill:billing", 1)),
)
OWN = {
    "same_customer": Affinity(hold_ms=30_000),
    "named_agent": Affinity(hold_ms=5 * MINUTE_MS, when_away="hold"),
    "last_agent": Affinity(within_ms=12 * HOUR_MS, hold_ms=20_000),
    "team": Affinity(hold_ms=MINUTE_MS),
}
RULES = (
    Rule(
        name="bills", when='"bill" in topics', queue="billing", repeat=Repeat(within_ms=HOUR_MS, head_start_ms=60_000)
    ),
    Rule(
        name="vip",
        when='customer.segment == "vip"',
        queue="general",
        affinity={"last_agent": Affinity(within_ms=FOREVER_MS, hold_ms=HOUR_MS, when_away="hold")},
    ),
    Rule(name="rest", queue="general"),
)
WINDOWS_MS = (0, 0, 20_000, MINUTE_MS, HOUR_MS, 20 * HOUR_MS)


def floors() -> dict[str, Bundle]:
    """Return configurations with everything a customer can be known by, under the names that a walk applies."""
    hours = {"office": daily(0, 14), "always": (0, FOREVER_MS)}
    general = Queue(
        name="general",
        hours="office",
        off_hours=OffHours(then="night"),
        affinity=OWN,
        related=True,
        repeat=Repeat(within_ms=HOUR_MS, priority=2),
        answer_within_ms={"chat": 30_000},
        next_within_ms={"chat": 20_000, "email": HOUR_MS},
        window_closed="other-line",
    )
    billing = Queue(name="billing", hours="office", skills={"billing": 1}, related=True, affinity={"team": OWN["team"]})
    night = Queue(name="night", hours="always", wrap_up_ms=0, clock="clock", answer_within_ms={"email": HOUR_MS})
    plain = bundle(calendars=hours, rules=RULES, queues={"general": general, "billing": billing, "night": night})
    bare = bundle(calendars=hours)
    return {"plain": plain, "skilled": plain, "dropped": bare, "closing": bare}


def look_up(chance: random.Random) -> Any:
    """Return a look-up that knows something of somebody; lines 1 and 2, 3 and 4, 5 and 6 are each one customer's."""

    def of(world: World, line: int) -> dict[str, Any]:
        window_ms = chance.choice(WINDOWS_MS)
        times = [world.at - chance.choice((MINUTE_MS, 2 * HOUR_MS)) for _ in range(chance.randrange(3))]
        return {
            "window_ms": window_ms and world.at + window_ms,
            "replies": chance.choice((-1, 1, 5)) if window_ms else -1,
            "spare_line": chance.choice((0, 100 + line)) if window_ms else 0,
            "test": line == 6,
            "known": chance.choice(
                (
                    None,
                    cmd.Acquaintance(lines=(line + 1 if line % 2 else line - 1,), contacts=tuple(times)),
                    cmd.Acquaintance(last_agent=chance.choice(PEOPLE), last_ms=world.at - MINUTE_MS),
                    cmd.Acquaintance(named_agent=chance.choice(PEOPLE), team=chance.choice(("gold", "blue", "none"))),
                )
            ),
        }

    return of


def walked(seed: int, *, judged: bool) -> World:
    chance = random.Random(seed)
    world = World(judged=judged, configurations=floors(), skills=SKILLS, look_up=look_up(chance))
    world.begin()
    if judged:
        world.restore()
    Walk(world, chance).run(300)
    return world


WALKS = {"quick": 10, "prove": 2_000}[os.environ.get("HYPOTHESIS_PROFILE", "quick")]


@pytest.mark.parametrize("seed", range(WALKS))
def test_customers_of_all_kinds_break_no_promise(seed: int) -> None:
    assert walked(seed, judged=True).entries


def test_the_walks_meet_every_reason_of_a_customer() -> None:
    met: set[str] = set()
    for seed in range(60):
        for entry in walked(seed, judged=False).entries:
            for event in entry.events:
                why = getattr(event, "why", "")
                met |= {type(event).__name__, *(why if isinstance(why, tuple) else why.split(","))}
    assert met >= {"same_customer", "named_agent", "last_agent", "team", "repeat", "team_hold_over", "Related"}
    assert met >= {"window_closing", "window_closed", "window_renewed", "WindowClosed", "Reclassed"}
