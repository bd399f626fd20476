"""Two releases in one cluster, real processes under load: the older one leads while it lives, joins and leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from random import Random

import pytest
import pytest_asyncio

from tests.cluster.cluster import Cluster, Size, cluster, until
from tests.cluster.databases import Databases
from tests.cluster.faults import Hand
from tests.cluster.node import Node
from tests.cluster.rounds import whole

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module")]
SIZE = Size(nodes=2, agents=2, chats=1, phones=0, subscribers=0, pace_s=1.0)
OLDER = "tests.cluster.older"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("releases")
    databases = await Databases.start(folder, durable=False)
    try:
        async with cluster(folder, SIZE, 6, databases) as started:
            started.load()
            yield started
    finally:
        databases.close()


async def leading(made: Cluster, node: Node) -> bool:
    return await Hand(made, made.databases, Random(1)).leader() is node


async def leads(made: Cluster, node: Node) -> None:
    await until(partial(leading, made, node), f"{node.name} leads")


async def test_an_older_release_joins_leads_while_it_lives_and_leaves_again(made: Cluster) -> None:
    """As in a rolling upgrade, and as where one node is taken back: nobody loses a word, nothing unreadable is told."""
    older, newer = made.nodes
    await older.stop()
    await leads(made, newer)
    older.program = OLDER
    older.begin()
    await older.wait_ready()
    await whole(made)
    await newer.stop()
    await leads(made, older)
    newer.begin()
    await newer.wait_ready()
    await whole(made)
    assert await leading(made, older), "a newer node that joins changes nothing"
    older.kill()
    await leads(made, newer)
    older.program = newer.program
    older.begin()
    await older.wait_ready()
    await whole(made)
    await made.rest()
    assert await made.judged() == []
    assert not [node.name for node in made.nodes if list(node.said("frame_unreadable"))]
