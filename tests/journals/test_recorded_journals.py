"""Every later release reads the journals of the earlier ones and comes to the same floor.

A release records its own once, before it is published:
`python -c "from tests.journals.test_recorded_journals import record; record('0.4.0')"`. After that it never changes.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from router.core import events as ev
from router.core.bundle import Bundle, decode_bundle, encode_bundle
from router.core.events import decode_entries, encode_entries
from router.core.evolve import replay
from router.core.state import State
from tests.core.test_choosing import CHANNELS, mixed
from tests.core.test_choosing import SKILLS as MIXED_SKILLS
from tests.core.test_outside_floor import walked
from tests.core.walk import Walk
from tests.core.world import World

HERE = Path(__file__).parent
RELEASES = sorted(path.name for path in HERE.iterdir() if (path / "journal.msgpack").exists())
STEPS = 1_500


def record(release: str) -> None:
    """Record four journals with this release: random floors, their bundles, and what a reader must come to."""
    plain, offers = World(judged=False), World(judged=False)
    choosing = World(judged=False, configurations=mixed(), skills=MIXED_SKILLS, channels=tuple(CHANNELS))
    floors = (("", plain, "plain", 9), ("-choosing", choosing, "plain", 9), ("-offers", offers, "eager", 2))
    for name, world, begins, seed in floors:
        world.begin()
        world.apply(begins)
        Walk(world, random.Random(seed)).run(STEPS)
        keep(HERE / f"{release}{name}", world)
    keep(HERE / f"{release}-outside", walked(2, STEPS // 2, judged=False))


def keep(folder: Path, world: World) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "journal.msgpack").write_bytes(encode_entries(world.entries))
    bundles = {name: encode_bundle(bundle).decode() for name, bundle in world.configurations.items()}
    (folder / "bundles.json").write_text(json.dumps(bundles, indent=1, sort_keys=True) + "\n")
    (folder / "floor.json").write_text(as_json(world.state))


def as_json(state: State) -> str:
    return json.dumps(floor_of(state), indent=1, sort_keys=True) + "\n"


def floor_of(state: State) -> dict[str, Any]:
    """Return what must stay true of a recorded floor, in words that no release may take back."""
    return {
        "position": state.position,
        "at": state.at,
        "epoch": state.epoch,
        "config": state.bundle_hash,
        "next": [state.next_conv, state.next_offer],
        "line": [conv.id for conv in state.matching.in_order()],
        "conversations": {
            str(conv.id): [conv.state, conv.queue, conv.channel, conv.owner, conv.actor, conv.key_ms, conv.due_ms]
            for conv in state.convs.values()
        },
        "agents": {
            str(agent.id): [agent.presence, agent.accepts, agent.capacity, sorted(agent.work), sorted(agent.held)]
            for agent in state.agents.values()
        },
        "queues": {name: [queue.open, queue.until_ms] for name, queue in state.queues.items()},
    }


def read(release: str) -> tuple[list[ev.Entry], dict[str, Bundle]]:
    bundles = json.loads((HERE / release / "bundles.json").read_text())
    entries = decode_entries((HERE / release / "journal.msgpack").read_bytes())
    return entries, {name: decode_bundle(text.encode()) for name, text in bundles.items()}


@pytest.mark.parametrize("release", RELEASES)
def test_a_recorded_journal_still_gives_the_same_floor(release: str) -> None:
    entries, bundles = read(release)
    state = State()
    for entry in entries:
        replay(state, entry, bundles)
    assert as_json(state) == (HERE / release / "floor.json").read_text()


# What later releases have learnt to say has a tag from here on; but for one that was given a free number below.
YOUNGER_FROM = 60
# The second release knew tags up to here.
SECOND_UNTIL = 110
YOUNGER = {ev.FactsDropped}


def test_the_first_release_is_recorded_with_every_event_it_knew() -> None:
    entries, _ = read("0.1.0")
    met = {type(event) for entry in entries for event in entry.events}
    first = {event for event in ev.AnyEvent.__args__ if event.__struct_config__.tag < YOUNGER_FROM}
    assert first - YOUNGER <= met


# What only stories bring about: a random walk is a day or two, and knows one line a customer.
SECOND = ("0.2.0", "0.2.0-choosing", "0.2.0-offers")
RARE = {
    *(ev.FactsDropped, ev.Reclassed, ev.Related, ev.Rested, ev.TransferReturned, ev.Unrelated, ev.WindowClosed),
    *(ev.WrapUpKept, ev.WrapUpExtended),
}


# Younger than the second release, in tags that were kept free.
THIRD_RELEASE = ("0.3.0", "0.3.0-choosing", "0.3.0-offers", "0.3.0-outside")
THIRD = {ev.OutsideAsked, ev.OutsideJoined, ev.OutsideLeft, ev.HandedOut}
FOURTH_RELEASE = ("0.4.0", "0.4.0-choosing", "0.4.0-offers", "0.4.0-outside")
FOURTH = {ev.Rated, ev.Examined, ev.WrapUpKept, ev.WrapUpExtended}
# What has been learnt since the fourth release, for the next to record.
NEXT: set[type[ev.Event]] = {ev.CopyWanted}


def test_the_second_release_is_recorded_with_what_random_floors_say() -> None:
    met = {type(event) for name in SECOND for entry in read(name)[0] for event in entry.events}
    known = {event for event in ev.AnyEvent.__args__ if event.__struct_config__.tag <= SECOND_UNTIL}
    assert known - RARE - THIRD - FOURTH - NEXT <= met


def test_the_third_release_is_recorded_with_outside_parties_and_all_before() -> None:
    met = {type(event) for name in THIRD_RELEASE for entry in read(name)[0] for event in entry.events}
    assert set(ev.AnyEvent.__args__) - RARE - FOURTH - NEXT <= met


def test_the_fourth_release_is_recorded_with_ratings_reviews_in_slices_and_all_before() -> None:
    met = {type(event) for name in FOURTH_RELEASE for entry in read(name)[0] for event in entry.events}
    assert set(ev.AnyEvent.__args__) - RARE - NEXT <= met
