"""The power is cut under load, at random instants and at each step of a write: what was acknowledged is there, once."""

from __future__ import annotations

import os
import random
from itertools import cycle
from pathlib import Path

import pytest

from tests.crash.checker import repeated_mails
from tests.crash.rounds import Round, play
from tests.crash.scene import scene
from tests.crash.subject_house import Subject
from tests.power.disk import WAYS
from tests.power.steps import DISK

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "5"))
SEED = int(os.environ.get("PATCHBAY_SEED", "2"))


@pytest.mark.crash
async def test_what_was_acknowledged_survives_every_cut_of_the_power_once(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    ways, steps = cycle(WAYS), cycle(("time", *DISK))
    async with scene(tmp_path, Subject) as at:
        for number in range(ROUNDS):
            found = await play(at, Round(number, next(ways), next(steps)), chance)
            assert not found, f"cut {number}: " + "; ".join(found[:10])
        print(f"{ROUNDS} cuts, {at.ledger.figures()}, {repeated_mails(at.ledger)} mails again, missed {at.missed}")
        assert len(at.ledger.said) >= ROUNDS, "too little load to prove anything"
