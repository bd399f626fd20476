"""What a node does beside deciding: who does it, when it is done first, and how soon after our own bug."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.node import served
from router.node import tasks as tasks_module
from router.node.tasks import Tasks
from router.telemetry import Telemetry
from tests.nodes.cluster import Cluster


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    opened = await Cluster(tmp_path).open()
    yield opened
    await opened.close()


async def test_the_leader_alone_prunes_and_not_only_a_day_after_its_start(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    pruned: list[str] = []
    prune = served.Served._prune

    async def counted(self: served.Served) -> None:
        pruned.append(self.lead.node)
        await prune(self)

    monkeypatch.setattr(served, "PRUNE_FIRST_S", 0.0)
    monkeypatch.setattr(served.Served, "_prune", counted)
    done: list[str] = []

    async def pruning(site: str, *, now_ms: int) -> int:
        assert now_ms
        done.append(site)
        return 0

    monkeypatch.setattr(cluster.store, "prune", pruning)
    await cluster.start("a")
    await cluster.start("b")
    await cluster.until(lambda: done == ["main"], "pruned")
    assert pruned == ["a"]
    await cluster.kill("a")
    await cluster.until(lambda: pruned == ["a", "b"], "by the next leader")


async def test_what_must_not_be_missing_begins_again_soon_however_often_it_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks_module, "AGAIN_MS", 1)
    rested: list[float] = []
    enough, sleep = asyncio.Event(), asyncio.sleep

    async def noted(rest_s: float) -> None:
        rested.append(rest_s)
        if len(rested) > 11:
            enough.set()
        await sleep(0)

    async def fails() -> None:
        raise RuntimeError("our bug")

    tasks = Tasks(Telemetry(io.StringIO()))
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "sleep", noted)
        tasks.start("lead", fails, again_ms_max=2)
        await asyncio.wait_for(enough.wait(), 60)
        await tasks.stop()
    assert max(rested) == 0.002


async def test_a_node_that_stops_says_that_it_lives_for_as_long_as_calls_are_under_way(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is said to be lost has its claims given back, and its calls made again."""
    node = await cluster.start("a")
    living: list[bool] = []

    async def drain() -> None:
        living.append(any(task.get_name() == "presence" and not task.done() for task in asyncio.all_tasks()))

    monkeypatch.setattr(node.outbox, "drain", drain)
    await node.stop()
    assert living == [True]


async def test_the_lead_is_among_what_begins_again_soon(cluster: Cluster) -> None:
    begun: dict[str, int] = {}
    node = await cluster.start("a")
    start = node._tasks.start

    def noted(name: str, work: object, *, again_ms_max: int) -> None:
        begun[name] = again_ms_max
        assert callable(work)

    node._tasks.start = noted  # type: ignore[method-assign, assignment]
    node.board.listen = lambda: None  # type: ignore[method-assign]
    node.start()
    node._tasks.start = start  # type: ignore[method-assign]
    assert {name for name, again_ms in begun.items() if again_ms <= 1_000} == served.PROMPT
