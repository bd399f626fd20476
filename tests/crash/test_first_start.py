"""The power is cut in the middle of the very first start: the next one needs nobody's help."""

from __future__ import annotations

import os
import random
from itertools import cycle, product
from pathlib import Path

import pytest

from tests.crash.subject_house import Subject
from tests.power.disk import WAYS

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "1"))
ROUNDS_MAX = 45
SEED = int(os.environ.get("PATCHBAY_SEED", "2"))
STEP_S_MAX = 30.0
# The key, the node's name and their folders are synced first; then the empty database, its tables, the first decisions.
STEPS = [*product(("file_synced",), range(1, 5)), *product(("log_write", "log_flush", "log_flushed"), range(1, 4))]
STEPS += [("database_write", 1), ("database_flush", 1), ("database_flushed", 1)]


@pytest.mark.crash
async def test_a_first_start_that_is_cut_off_is_made_up_for_by_the_next(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    cuts = list(product(WAYS, STEPS))
    chance.shuffle(cuts)
    turns = cycle(cuts)
    for number in range(min(ROUNDS, ROUNDS_MAX)):
        way, (step, times) = next(turns)
        house = Subject(_folder(tmp_path, number))
        try:
            house.begin(f"{way} {step} {times} {chance.randrange(1 << 30)}")
            assert await house.died(STEP_S_MAX), f"no {step} {times}: {house.last_words()}"
            await house.start()
        finally:
            house.kill()
        verified = house.command("verify", "--data", str(house.data))
        assert verified.returncode == 0, f"{way} {step} {times}: {verified.stdout}"


def _folder(under: Path, number: int) -> Path:
    folder = under / f"house{number}"
    folder.mkdir()
    return folder
