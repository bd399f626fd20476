"""A rolling upgrade: what an earlier release left in PostgreSQL is recovered, led and gone on with by this one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from router.core import events as ev
from router.store.hashing import keyed_hasher
from router.store.postgresql import open_postgresql
from tests.cluster.checker import Case, the_journal_is_one
from tests.cluster.evidence import read_postgresql
from tests.floor.house import KEY, SITE, HandClock, House
from tests.journals.test_recorded_journals import HERE, RELEASES, as_json, read
from tests.servers.postgresql import PostgresqlServer

# So many decisions were one commit.
BATCH = 20
COLUMNS = "site, first, count, at, epoch, entries"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    made = PostgresqlServer(durable=False).start()
    yield made
    made.close()


async def leave(url: str, release: str) -> None:
    """Leave a database as a leader of an earlier release left it: its journal, its bundles, its lease."""
    entries, _ = read(release)
    bundles = json.loads((HERE / release / "bundles.json").read_text())
    conn = await asyncpg.connect(url)
    try:
        first, epoch, at = 1, 0, 0
        while entries:
            batch, entries = _next_commit(entries)
            taken = [event.epoch for entry in batch for event in entry.events if isinstance(event, ev.LeadTaken)]
            epoch, at = (taken or [epoch])[-1], batch[-1].at
            count = sum(len(entry.events) for entry in batch)
            row = (SITE, first, count, at, epoch, ev.encode_entries(batch))
            await conn.execute(
                "INSERT INTO journal(site, first, count, at, epoch, entries) VALUES ($1,$2,$3,$4,$5,$6)", *row
            )
            first += count
        for name, text in bundles.items():
            await conn.execute("INSERT INTO bundle VALUES ($1, $2, 0, $3)", SITE, name, text.encode())
        await conn.execute("INSERT INTO lease VALUES ($1, 'lead', 'an-older-node', 0, $2)", SITE, epoch)
    finally:
        await conn.close()


def _next_commit(entries: list[ev.Entry]) -> tuple[list[ev.Entry], list[ev.Entry]]:
    """Part a commit's entries from the rest; a new leader's first decision begins a commit."""
    count = next(
        (n for n in range(1, BATCH) if n >= len(entries) or isinstance(entries[n].events[0], ev.LeadTaken)), BATCH
    )
    return entries[:count], entries[count:]


@asynccontextmanager
async def house_on(url: str, folder: Path, at_ms: int) -> AsyncIterator[House]:
    store = await open_postgresql(url, hasher=keyed_hasher(KEY.derive("store")))
    house = House(folder, store, HandClock(at_ms))
    try:
        yield house
    finally:
        await house.close()


@pytest.mark.parametrize("release", RELEASES)
async def test_what_an_earlier_release_left_is_recovered_and_led(
    release: str, server: PostgresqlServer, tmp_path: Path
) -> None:
    url = await server.database()
    made = await open_postgresql(url, hasher=keyed_hasher(KEY.derive("store")))
    await made.close()
    await leave(url, release)
    told = (HERE / release / "floor.json").read_text()
    last = json.loads(told)
    async with house_on(url, tmp_path, last["at"]) as house:
        await house.floor.recover()
        assert as_json(house.floor.state) == told
        await house.lead("a-newer-node")
        assert house.floor.state.epoch > last["epoch"]
        assert house.floor.state.position > last["position"]
        assert len(house.floor.state.convs) == len(last["conversations"]), "nobody is forgotten in an upgrade"
    case = Case([], await read_postgresql(url))
    assert not [fault for fault in the_journal_is_one(case) if "epoch" in fault or "goes on at" in fault]
    rows = case.kept.journal
    assert rows[-1].first + rows[-1].count - 1 == house.floor.state.position
