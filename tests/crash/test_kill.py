"""kill -9 of the whole process group under load, at random instants: what was acknowledged is there, once."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest

from tests.crash.checker import repeated_mails, taken_after_the_blow
from tests.crash.scene import Scene, scene, until

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "1"))
SEED = int(os.environ.get("PATCHBAY_SEED", "2"))
# Load runs for so long before the blow; one round in four strikes while the server is still coming up.
BLOW_S_MIN, BLOW_S_MAX = 0.3, 2.0
EARLY_S_MAX = 0.6
EARLY_ROUNDS = 4
# A long proof also waits for the mails that were under way at the last blow.
DRAIN_ROUNDS_MIN = 50
DRAIN_S_MAX = 120


async def one_round(at: Scene, number: int, chance: random.Random) -> None:
    """Load, blow, recovery; every fourth time a second blow while it recovers."""
    at.crowd.writing.set()
    await asyncio.sleep(chance.uniform(BLOW_S_MIN, BLOW_S_MAX))
    if number % EARLY_ROUNDS == EARLY_ROUNDS - 1:
        await blow_while_recovering(at, chance)
    await at.restart()
    await at.rest()
    found = await at.judged()
    assert not found, f"round {number}: " + "; ".join(found[:10])


async def blow_while_recovering(at: Scene, chance: random.Random) -> None:
    at.kill()
    starting = asyncio.create_task(at.house.start())
    await asyncio.sleep(chance.uniform(0, EARLY_S_MAX))
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)


@pytest.mark.crash
async def test_what_was_acknowledged_survives_every_kill_once(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    async with scene(tmp_path) as at:
        for number in range(ROUNDS):
            await one_round(at, number, chance)
        if ROUNDS >= DRAIN_ROUNDS_MIN:
            waits = "state = 'waiting' AND message <> 0"
            await until(lambda: not at.count("outbox", waits), "every reply has left", DRAIN_S_MAX)
            assert not await at.judged()
        ways = {way: sum(1 for said in at.ledger.said.values() if said == way) for way in ("form", "chat", "mail")}
        late = taken_after_the_blow(at.ledger)
        print(f"{ROUNDS} rounds, {ways}, {len(at.ledger.answered)} replies, {repeated_mails(at.ledger)} mails again")
        print(
            f"{len(late)} mails lay in a buffer at the blow and were taken up to {max(late, default=0.0):.2f} s later"
        )
        assert all(count >= ROUNDS for count in ways.values()), f"too little load to prove anything: {ways}"
        assert len(at.ledger.answered) >= ROUNDS, "agents answered too little to prove anything"
