"""kill -9 at each named step around a commit, under load: what was acknowledged is there, once."""

from __future__ import annotations

import os
import random
from itertools import cycle
from pathlib import Path

import pytest

from tests.crash.rounds import Proof, Round, prove
from tests.crash.scene import scene
from tests.crash.subject_house import Subject
from tests.power.steps import UNDER_LOAD

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "1"))
SEED = int(os.environ.get("PATCHBAY_SEED", "2"))


@pytest.mark.crash
async def test_what_was_acknowledged_survives_a_kill_at_every_step_once(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    steps = [*UNDER_LOAD]
    chance.shuffle(steps)
    turns = cycle(steps)
    async with scene(tmp_path, Subject) as at:
        proof = Proof([Round(number, "kill", next(turns)) for number in range(ROUNDS)])
        await prove(at, proof, chance)
        print(proof.told(at))
        assert len(at.ledger.said) >= ROUNDS, "too little load to prove anything"
        assert len(steps) >= ROUNDS or proof.reached == set(steps), "some steps were never reached"
