"""Random floors on whose lines outside parties are called: the oracle holds after every step, and `verify` agrees."""

from __future__ import annotations

import random

import msgspec
import pytest

from router.core import events as ev
from router.core.bundle import Bundle
from router.verify.findings import Report
from router.verify.invariants import Invariants
from tests.core.walk import WAYS, Walk
from tests.core.world import CONNECTED, CONTACTS, World, bundles

STEPS = 500
SEEDS = range(3)
# What they bring is done more often here than on a floor of every kind.
OFTEN = {
    Walk.accept: 40,
    Walk.ask_outside: 40,
    Walk.report_outside: 30,
    Walk.consult: 6,
    Walk.take_part: 6,
    Walk.report_party: 6,
}
# A walk lets time jump, so that all that was due meanwhile is done at its end; the oracle judges what is due.
BY_JUMPS = {"offer_overdue", "wrap_up_overdue", "hold_overdue", "forgotten"}
REQUIRED = {ev.OutsideAsked, ev.OutsideJoined, ev.OutsideLeft, ev.HandedOut}


def connected() -> dict[str, Bundle]:
    """Return the usual configurations, with lines that connect others and a contact book."""
    return {
        name: msgspec.structs.replace(each, channels=CONNECTED, contacts=CONTACTS) for name, each in bundles().items()
    }


def walked(seed: int, steps: int, *, judged: bool) -> World:
    world = World(configurations=connected(), judged=judged)
    world.begin()
    walk = Walk(world, random.Random(seed))
    ways = {**WAYS, **OFTEN}
    for _ in range(steps):
        walk.chance.choices(list(ways), weights=list(ways.values()))[0](walk)
    return world


@pytest.mark.parametrize("seed", SEEDS)
def test_a_floor_with_outside_parties_forgets_nobody(seed: int) -> None:
    world = walked(seed, STEPS, judged=True)
    report = Report(site="main")
    checked = Invariants(report)
    for entry in world.entries:
        checked.entry(entry)
    assert [each.sentence for each in report.findings if each.name not in BY_JUMPS] == []


def test_the_walks_are_worth_their_time() -> None:
    seen = {type(event) for entry in walked(7, 2_000, judged=False).entries for event in entry.events}
    assert seen >= REQUIRED


def test_nobody_goes_twice_through_a_queue_whatever_a_supervisor_orders() -> None:
    walked(143, 600, judged=True)
