"""Faults are seeded into the running server: the checker names each, or its silence is worth nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.crash.scene import Scene, scene, until
from tests.crash.subject_house import Subject

pytestmark = pytest.mark.crash

ENOUGH = 4
GIVEN_S_MAX = 20.0
NOW = "time 1 7"
KILL = "kill"
# An offer that is told before it is written may be missed; the next one comes as soon as it may.
SOON_AGAIN = {"queues": {"general": {"offer": "5s"}}}


async def lived_with(at: Scene) -> None:
    """Load until something was promised in a life with a fault."""
    at.crowd.writing.set()
    await until(lambda: len(at.ledger.answered) >= ENOUGH, "enough was promised")


def kill_within_an_answer(at: Scene) -> None:
    """Let the blow fall where the answer that makes it enough is heard: on a busy machine it is written soon after."""

    def heard(keep: Callable[[str], None], client_id: str) -> None:
        keep(client_id)
        if len(at.ledger.answered) == ENOUGH:
            at.kill()

    for robot in at.crew.robots:
        robot.answered_as = partial(heard, robot.answered_as)


async def found_after(folder: Path, fault: str, blow: str) -> list[str]:
    """Return what the checker says right after a blow upon a life with a fault."""
    async with scene(folder, Subject, agents=2, fault=fault, queues=SOON_AGAIN) as at:
        if blow == KILL:
            kill_within_an_answer(at)
        await lived_with(at)
        if blow not in {"", KILL}:
            await at.ended(f"{blow} {NOW}")
        return await at.judged(verify=False)


SEEDS = {
    "synchronous_off": ("forget", "0 messages where one was acknowledged"),
    "answer_before_commit": (KILL, "0 replies where one was acknowledged"),
    "dropped_event": ("", "events and holds"),
}


@pytest.mark.parametrize("fault", SEEDS)
async def test_a_seeded_fault_is_named(tmp_path: Path, fault: str) -> None:
    blow, said = SEEDS[fault]
    found = await found_after(tmp_path, fault, blow)
    assert any(said in sentence for sentence in found), found[:10]


async def test_an_agent_who_is_given_one_too_many_is_named(tmp_path: Path) -> None:
    little: dict[str, Any] = {"limits": {"capacity": 100}}
    async with scene(tmp_path, Subject, agents=1, habit="keep", fault="one_too_many", site=little) as at:
        at.crowd.writing.set()
        await until(lambda: len(at.crew.robots[0].accepted) > 1, "work was given")
        found, end = await at.judged(verify=False), time.monotonic() + GIVEN_S_MAX
        while not found and time.monotonic() < end:
            found = await at.judged(verify=False)
    assert any("was given one too many" in sentence for sentence in found), found[:10]
