"""Several floors on several nodes that die, go and come: each floor is led by one, evenly, and decides all it took."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from channels.contract import LetterboxClosed
from router.core import events as ev
from tests.floor.house import wrote
from tests.nodes.cluster import Cluster

SITES = ["east", "north", "south", "west"]
NODES = ["a", "b", "c"]
ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "0")) // 10 or 2
PACE_S = 0.05


@pytest.fixture
async def cluster(tmp_path: Path) -> AsyncIterator[Cluster]:
    opened = await Cluster(tmp_path, sites=SITES).open()
    for name in NODES:
        await opened.start(name)
    yield opened
    await opened.close()


def leads(cluster: Cluster) -> Counter[str]:
    return Counter(
        {name: sum(served.floor.leading for served in node.floors.values()) for name, node in cluster.nodes.items()}
    )


def led_evenly(cluster: Cluster) -> bool:
    """Whether each floor has one leader, and nobody leads two more than another."""
    by_site = [sum(node.floors[site].floor.leading for node in cluster.nodes.values()) for site in SITES]
    return by_site == [1] * len(SITES) and max(leads(cluster).values()) - min(leads(cluster).values()) < 2


async def write(cluster: Cluster, site: str, took: list[int], *, chance: Random, over: asyncio.Event) -> None:
    """A customer of a site writes, one message after the other, to whichever node is there, until it is over.

    Nobody breaks it off: a message may be taken in the moment in which its writer is.
    """
    number = 0
    while not over.is_set():
        name = chance.choice(sorted(cluster.nodes))
        try:
            door = cluster.nodes[name].floors[site]._build_door("scripted")
            text = f"{site} says {number}"
            [accepted] = await door.accept([wrote(text, channel="scripted", key=f"{site}-{number % 3}")])
        except (LetterboxClosed, KeyError):
            await asyncio.sleep(PACE_S)
            continue
        took.append(accepted.message)
        number += 1
        await asyncio.sleep(PACE_S)


async def decided(cluster: Cluster, site: str) -> list[int]:
    found: list[int] = []
    async for row in cluster.store.journal.read(site, 0):
        for entry in ev.decode_entries(row.entries):
            found += [event.message for event in entry.events if isinstance(event, ev.Received)]
    return found


async def test_floors_whose_nodes_die_and_come_are_led_evenly_and_each_decides_what_it_took_once(
    cluster: Cluster,
) -> None:
    chance = Random(int(os.environ.get("PATCHBAY_SEED", "6")))
    took: dict[str, list[int]] = {site: [] for site in SITES}
    over = asyncio.Event()
    writers = [asyncio.create_task(write(cluster, site, took[site], chance=chance, over=over)) for site in SITES]
    for _ in range(ROUNDS):
        await cluster.until(lambda: led_evenly(cluster), f"led evenly: {leads(cluster)}")
        # Whoever leads most, so that leads really move.
        falls = leads(cluster).most_common(1)[0][0]
        await (cluster.kill(falls) if chance.random() < 0.6 else cluster.stop(falls))
        await cluster.until(lambda: sum(leads(cluster).values()) == len(SITES), "taken over")
        await cluster.start(falls)
    await cluster.until(lambda: led_evenly(cluster), f"led evenly: {leads(cluster)}")
    over.set()
    await asyncio.gather(*writers)
    for site in SITES:
        async with asyncio.timeout(60):
            while (await cluster.store.letterbox.depth(site))[0]:
                await asyncio.sleep(0.05)
        found = await decided(cluster, site)
        assert sorted(found) == sorted(took[site])
        assert (await cluster.store.letterbox.depth(site))[2] == 0
        assert len(took[site]) > ROUNDS
