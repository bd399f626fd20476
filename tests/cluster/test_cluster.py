"""Three nodes, a PostgreSQL and a Redis under load, and what becomes of promises when each of them fails.

One cluster for the whole file: its start is the dear part. `PATCHBAY_ROUNDS` makes the run of faults long.
"""

from __future__ import annotations

import asyncio
import math
import os
import re
import subprocess
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from random import Random

import asyncpg
import pytest
import pytest_asyncio

from tests.cluster import silence
from tests.cluster.checker import Case, the_journal_is_one
from tests.cluster.cluster import Cluster, Size, cluster, until
from tests.cluster.databases import Databases
from tests.cluster.diary import read_diaries
from tests.cluster.evidence import read_postgresql
from tests.cluster.faults import Hand
from tests.cluster.node import ROOT, Node
from tests.cluster.people import add_people
from tests.cluster.pulse import Pulse, longest_silence
from tests.cluster.rounds import run_faults, whole
from tests.servers.postgresql import program

pytestmark = [pytest.mark.crash, pytest.mark.asyncio(loop_scope="module")]
LONG = "PATCHBAY_ROUNDS" in os.environ
FAULTS = max(200, int(os.environ.get("PATCHBAY_ROUNDS", "0"))) if LONG else 4
TAKE_OVERS = 20 if LONG else 1
SIZE = Size() if LONG else Size(agents=3, chats=2, pace_s=1.5)
SEED = int(os.environ.get("PATCHBAY_SEED", "6"))
# What is promised of a crash at default settings, and of a graceful stop, on a machine that has time. Here eight tests
# may share two processors, so these are bounds against something quite wrong; what was measured is printed.
TAKE_OVER_S_MAX, HAND_OVER_S_MAX = (10.0, 5.0) if LONG else (30.0, 30.0)
# A lead ends two seconds after its last renewal.
HELD_S = 6.0
BEATS_AFTER = 3


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Cluster]:
    folder: Path = tmp_path_factory.mktemp("cluster")
    databases = await Databases.start(folder)
    try:
        async with cluster(folder, SIZE, SEED, databases) as started:
            started.load()
            yield started
    finally:
        databases.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def everywhere(made: Cluster) -> AsyncIterator[list[Pulse]]:
    """One agent at each node who can ask for decisions all the time."""
    started = [Pulse(node.base, f"pulse{n}", made.public, made.diaries) for n, node in enumerate(made.nodes)]
    await add_people(made.where, [pulse.login for pulse in started])
    await asyncio.gather(*(pulse.start() for pulse in started))
    yield started
    await asyncio.gather(*(pulse.stop() for pulse in started))


@pytest_asyncio.fixture(loop_scope="module")
async def pulses(everywhere: list[Pulse]) -> AsyncIterator[list[Pulse]]:
    """The same, asking: only as long as a test listens, for each question costs a commit."""
    for pulse in everywhere:
        pulse.asking.set()
    yield everywhere
    for pulse in everywhere:
        pulse.asking.clear()


def hand_of(made: Cluster) -> Hand:
    return Hand(made, made.databases, Random(SEED))


async def leader_of(made: Cluster) -> Node:
    """Return who leads; somebody does, soon."""
    found: list[Node] = []

    async def looked() -> bool:
        node = await hand_of(made).leader()
        found.extend([node] if node else [])
        return bool(found)

    await until(looked, "somebody leads")
    return found[-1]


async def silence_at(pulses: Sequence[Pulse], since_s: float, nodes: Sequence[Node]) -> float:
    """Wait until these nodes answer again; return how long the slowest of them had no decision since a moment."""
    bases = {node.base for node in nodes}
    there = [pulse for pulse in pulses if pulse.base in bases]

    def beating() -> bool:
        return all(sum(beat > since_s for beat in pulse.beats) >= BEATS_AFTER for pulse in there)

    await until(beating, "all nodes answer again")
    return max(longest_silence(pulse.beats, since_s, time.monotonic()) for pulse in there)


def percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, math.ceil(len(values) * share) - 1)]


def told(what: str, values: Sequence[float]) -> None:
    """Print what was measured."""
    print(f"{what}: p50 {percentile(values, 0.5):.2f} s, p99 {percentile(values, 0.99):.2f} s of {len(values)}")


async def test_one_leads_and_all_serve(made: Cluster) -> None:
    await whole(made)
    leading = [node.name for node in made.nodes if list(node.said("lead_taken"))]
    assert len(leading) == 1
    await until(lambda: all(desk.done for desk in made.desks), "every desk has closed something")


async def test_a_customer_at_one_node_talks_with_an_agent_at_another(made: Cluster) -> None:
    def crossed() -> bool:
        entries = read_diaries(made.diaries)
        said = {entry["mark"]: entry["node"] for entry in entries if entry.what == "replied"}
        seen = {entry["mark"]: entry["node"] for entry in entries if entry.what == "shown" and entry["mark"] in said}
        return any(said[mark] != node for mark, node in seen.items())

    await until(crossed, "a reply was given at one node and seen at another")


async def test_a_leader_that_is_killed_is_replaced(made: Cluster, pulses: list[Pulse]) -> None:
    silences = []
    for _ in range(TAKE_OVERS):
        leader = await leader_of(made)
        at_s = time.monotonic()
        leader.kill()
        silences.append(await silence_at(pulses, at_s, [node for node in made.nodes if node is not leader]))
        leader.begin()
        await whole(made)
    told("take-over after kill -9", silences)
    assert max(silences) < TAKE_OVER_S_MAX


async def test_a_leader_that_was_held_writes_nothing_when_it_wakes(made: Cluster, pulses: list[Pulse]) -> None:
    leader = await leader_of(made)
    at_s = time.monotonic()
    leader.pause()
    silence_s = await silence_at(pulses, at_s, [node for node in made.nodes if node is not leader])
    await asyncio.sleep(max(0.0, HELD_S - (time.monotonic() - at_s)))
    before = (await made.kept()).journal[-1]
    leader.resume()
    await until(lambda: bool(list(leader.said("lead_lost"))), "it says that it no longer leads")
    await whole(made)
    told("take-over from a held leader", [silence_s])
    after = await made.kept()
    assert {row.epoch for row in after.journal if row.first > before.first} >= {before.epoch}
    assert all(row.epoch >= before.epoch for row in after.journal if row.first > before.first)
    assert list(the_journal_is_one(Case([], after))) == []


async def test_a_leader_that_is_asked_to_go_hands_over(made: Cluster, pulses: list[Pulse]) -> None:
    leader = await leader_of(made)
    at_s = time.monotonic()
    stopped_s = await leader.stop()
    silence_s = await silence_at(pulses, at_s, [node for node in made.nodes if node is not leader])
    told(f"hand-over (the node was gone in {stopped_s:.2f} s)", [silence_s])
    leader.begin()
    await whole(made)
    assert silence_s < HAND_OVER_S_MAX


async def test_faults_from_a_seed_break_no_promise(made: Cluster) -> None:
    run = await run_faults(made, made.databases, Random(SEED), count=FAULTS)
    print(run.figures())
    told("whole again after a fault", run.whole_s)
    print("\n".join(silence.told(silence.silences(await asyncio.to_thread(read_diaries, made.diaries)))))
    print(f"acknowledged {made.crowd.acknowledged}")
    run.found += await made.verified() if LONG else []
    assert run.found == []
    assert len(run.done) == FAULTS


async def test_a_back_up_is_restored_as_the_operators_page_says(made: Cluster, tmp_path: Path) -> None:
    dump, restored = str(tmp_path / "copy"), await made.databases.postgresql.database()
    for command in (
        [program("pg_dump"), "--format=custom", "--file", dump, made.databases.url],
        [program("pg_restore"), "--no-owner", "--dbname", restored, dump],
    ):
        ran = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
    page = (ROOT / "docs" / "OPERATIONS.md").read_text()
    [statements] = re.findall(r"```sql\n(.*?)```", page.partition("## Back-up and restore")[2], re.DOTALL)
    conn = await asyncpg.connect(restored)
    await conn.execute(statements)
    lead = await conn.fetchrow("SELECT epoch, until_ms FROM lease WHERE name = 'lead'")
    generation = await conn.fetchval("SELECT value FROM meta WHERE name = 'generation'")
    await conn.close()
    kept, original = await read_postgresql(restored), await made.kept()
    assert kept.journal == original.journal[: len(kept.journal)]
    assert {state for _, _, state, _ in kept.outbox} <= {"dead"}
    assert (lead["epoch"], lead["until_ms"]) == (kept.journal[-1].epoch, 0)
    verified = await made.nodes[0].run("verify", STORE=restored)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert generation not in {"", None}
    assert generation != await generation_of(made.databases.url)


async def generation_of(url: str) -> str:
    conn = await asyncpg.connect(url)
    try:
        return str(await conn.fetchval("SELECT value FROM meta WHERE name = 'generation'"))
    finally:
        await conn.close()
