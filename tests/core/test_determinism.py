"""The same commands give the same bytes on every machine: other hash seeds, time zones and locales change nothing."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from router.core.events import encode_entries
from tests.core.walk import Walk
from tests.core.world import World

ROOT = Path(__file__).parent.parent.parent
STEPS = 3_000
SEED = 20_26

PLACES = {
    "hash seed 0": {"PYTHONHASHSEED": "0"},
    "hash seed 1": {"PYTHONHASHSEED": "1"},
    "any hash seed": {"PYTHONHASHSEED": "random"},
    "Bangkok": {"TZ": "Asia/Bangkok", "LC_ALL": "th_TH.UTF-8"},
    "New York": {"TZ": "America/New_York", "LC_ALL": "C"},
}


def journal() -> bytes:
    """Return the journal of one long random schedule, as it would be written down."""
    world = World(judged=False)
    world.begin()
    Walk(world, random.Random(SEED)).run(STEPS)
    return encode_entries(world.entries)


def digest() -> str:
    written = journal()
    return f"{len(written)} {hashlib.sha256(written).hexdigest()}"


@pytest.fixture(scope="module")
def here() -> str:
    return digest()


@pytest.mark.parametrize("place", PLACES)
def test_a_schedule_gives_the_same_journal_everywhere(place: str, here: str) -> None:
    code = "from tests.core.test_determinism import digest; print(digest())"
    environment = {**os.environ, **PLACES[place]}
    child = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert child.stdout.strip() == here


def test_the_schedule_is_worth_repeating() -> None:
    world = World(judged=False)
    world.begin()
    Walk(world, random.Random(SEED)).run(STEPS)
    met = {type(event).__name__ for entry in world.entries for event in entry.events}
    rare = {"RestEnded", "Transferred", "HeldFor", "Diverted", "Deferred", "OfferLapsed", "Reviewed", "CustomerLeft"}
    assert rare <= met
