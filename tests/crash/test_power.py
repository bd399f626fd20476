"""The power is cut under load, at random instants and at each step of a write: what was acknowledged is there, once."""

from __future__ import annotations

import os
import random
from itertools import cycle, product
from pathlib import Path

import pytest

from tests.crash.rounds import Proof, Round, prove
from tests.crash.scene import scene
from tests.crash.subject_house import Subject
from tests.power.disk import WAYS
from tests.power.steps import DISK

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "1"))
SEED = int(os.environ.get("PATCHBAY_SEED", "2"))


@pytest.mark.crash
async def test_what_was_acknowledged_survives_every_cut_of_the_power_once(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    cuts = list(product(WAYS, ("time", *DISK)))
    chance.shuffle(cuts)
    turns = cycle(cuts)
    async with scene(tmp_path, Subject) as at:
        proof = Proof([Round(number, *next(turns)) for number in range(ROUNDS)])
        await prove(at, proof, chance)
        print(proof.told(at))
        assert len(at.ledger.said) >= ROUNDS, "too little load to prove anything"
        assert len(cuts) >= ROUNDS or proof.reached >= set(DISK), "some steps were never reached"
