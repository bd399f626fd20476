"""Two releases at once: a newer node leaves the lead to older ones as long as one of them can take it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from router.node import elders
from router.node.elders import KINDS, Elders, kinds_of, presence_of
from router.node.lead import LEAD, NODE_PREFIX
from tests.floor.house import SITE, House
from tests.nodes.cluster import Cluster

OLDER = f"older{elders.MARK}{KINDS - 1}"


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    opened = await Cluster(tmp_path).open()
    yield opened
    await opened.close()


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await House.open(tmp_path)
    yield opened
    await opened.close()


async def older_lives(cluster: Cluster, name: str = "older") -> None:
    """A node of the release before says that it lives, for as long as a test lasts."""
    held = f"{name}{elders.MARK}{KINDS - 1}"
    assert await cluster.store.leases.acquire(SITE, f"{NODE_PREFIX}{name}", held, now_ms=0, ttl_ms=1 << 50)


def test_a_node_says_what_it_can_read_and_one_that_does_not_is_older() -> None:
    assert kinds_of(presence_of("a-1#b")) == KINDS
    assert kinds_of("a-node-of-the-first-release") == 0
    assert kinds_of("odd#name") == 0


async def test_a_newer_node_leaves_a_free_lead_to_an_older_one_that_lives_and_takes_it_when_that_one_has_gone(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elders, "YIELD_S", 1_000.0)
    await cluster.start("a")
    await older_lives(cluster)
    lead = cluster["a"].lead
    assert lead._elders is not None
    await lead._elders.look()
    lead.give_away()
    await cluster.until(lambda: not cluster["a"].floor.leading, "given away")
    await cluster.until(lambda: bool(lead._elders and lead._elders._free_since), "it sees that the lead is free")
    assert not cluster["a"].floor.leading
    await cluster.store.leases.release(SITE, f"{NODE_PREFIX}older", OLDER)
    await cluster.until(lambda: cluster["a"].floor.leading, "nobody is older")


async def test_a_lead_that_no_older_node_takes_is_taken(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    leases, now_ms = house.store.leases, house.clock.now
    await leases.acquire(SITE, f"{NODE_PREFIX}older", OLDER, now_ms=now_ms, ttl_ms=1_000)
    yields = Elders(leases, SITE, lead=LEAD, prefix=NODE_PREFIX, now_ms=house.clock.now_ms)
    assert await yields.first()
    monkeypatch.setattr(elders, "YIELD_S", 0.0)
    assert not await yields.first(), "somebody must lead"


async def test_who_has_just_lost_the_lead_is_not_waited_for(house: House) -> None:
    """An older leader that was killed is said to live for ten seconds more."""
    leases, now_ms = house.store.leases, house.clock.now
    await leases.acquire(SITE, f"{NODE_PREFIX}older", OLDER, now_ms=now_ms, ttl_ms=10_000)
    await leases.acquire(SITE, LEAD, "older", now_ms=now_ms, ttl_ms=2_000)
    yields = Elders(leases, SITE, lead=LEAD, prefix=NODE_PREFIX, now_ms=house.clock.now_ms)
    assert await yields.first(), "it leads"
    house.clock.now += 2_000
    assert not await yields.first(), "its lease has run out"
    await leases.acquire(SITE, f"{NODE_PREFIX}third", f"third{elders.MARK}{KINDS - 1}", now_ms=now_ms, ttl_ms=9_000)
    await yields.look()
    assert await yields.first(), "another older one may take it"
