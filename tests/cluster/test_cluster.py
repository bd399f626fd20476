"""Three nodes, a PostgreSQL and a Redis under load, and what becomes of promises when each of them fails.

One cluster for the whole file: its start is the dear part. `PATCHBAY_ROUNDS` makes the run of faults long.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio

from tests.cluster.cluster import Cluster, Size, cluster, until
from tests.cluster.databases import Databases
from tests.cluster.faults import Hand
from tests.cluster.pulse import Pulse
from tests.cluster.rounds import whole

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module")]
LONG = "PATCHBAY_ROUNDS" in os.environ
FAULTS = max(200, int(os.environ.get("PATCHBAY_ROUNDS", "0"))) if LONG else 6
TAKE_OVERS = 20 if LONG else 2
SEED = int(os.environ.get("PATCHBAY_SEED", "6"))
# What the issue promises of a crash at default settings, and of a graceful stop. A busy machine gets some more.
TAKE_OVER_S_MAX, HAND_OVER_S_MAX = 3.0, 1.0
BUSY = 2.0
HELD_S = 6.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole_cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    databases = await Databases.start(folder)
    try:
        async with cluster(folder, Size(), SEED, databases) as made:
            made.load()
            yield made
    finally:
        databases.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pulses(whole_cluster: Cluster) -> AsyncIterator[list[Pulse]]:
    """One agent at each node who asks for decisions all the time."""
    made = [
        Pulse(node.base, f"pulse{number}", whole_cluster.public, whole_cluster.diaries)
        for number, node in enumerate(whole_cluster.nodes)
    ]
    await asyncio.gather(*(whole_cluster.add_person(pulse.login) for pulse in made))
    await asyncio.gather(*(pulse.start() for pulse in made))
    yield made
    await asyncio.gather(*(pulse.stop() for pulse in made))


def hand_of(made: Cluster) -> Hand:
    return Hand(made, made.databases, Random(SEED))


async def test_one_leads_and_all_serve(whole_cluster: Cluster) -> None:
    await whole(whole_cluster)
    assert await hand_of(whole_cluster).leader() is not None
    await until(lambda: all(desk.done for desk in whole_cluster.desks), "every desk has closed something")
