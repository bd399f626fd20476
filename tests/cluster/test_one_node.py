"""The same harness, the same clients and the same checker around one node on its own file: killed, held and stopped."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.cluster.cluster import Size, cluster, until

pytestmark = pytest.mark.crash
ONE = Size(nodes=1, pace_s=0.2)


async def test_one_node_that_is_killed_held_and_stopped_keeps_every_promise(tmp_path: Path) -> None:
    async with cluster(tmp_path, ONE, seed=1) as made:
        node = made.nodes[0]
        made.load()
        await until(lambda: made.crowd.acknowledged > 20, "some were served")
        node.kill()
        node.begin()
        await node.wait_ready()
        before = made.crowd.acknowledged
        await until(lambda: made.crowd.acknowledged > before + 10, "and after the kill")
        node.pause()
        await asyncio.sleep(1.0)
        node.resume()
        await until(lambda: made.crowd.acknowledged > before + 20, "and after the hold")
        await node.stop()
        node.begin()
        await made.rest()
        assert await made.judged() == []
