"""Letters and commits a second on a file and on PostgreSQL, beside a bare INSERT into each, in one run.

A letter is answered when it is durable, a commit when all its rows are. The bare INSERT writes one row of a letter's
size in a transaction of its own: less than that nobody can do, and group commit does more with one flush.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median

import apsw
import asyncpg

from bench.cluster import Costs
from bench.loops import run_fast
from router.store.hashing import keyed_hasher
from router.store.opening import open_store_at
from router.store.port import Body, Commit, ConversationRow, NewEffect, NewLetter, Settled, Store, TimelineRow
from tests.servers.postgresql import PostgresqlServer

SITE = "main"
ROUNDS, OPERATIONS = 3, 600
# As many callers as a busy minute of webhooks has under way, and one, for whom only the way there and back counts.
MANY = 64
# What a floor decides in one go when it is busy.
BATCH = 20
TEXT = "I have been waiting for my parcel since last Tuesday, the number is 12345. " * 4
HASHER = keyed_hasher(b"k" * 32)


@dataclass(frozen=True, slots=True)
class Figure:
    """What one kind of work came to: how many a second, and processor time of ours and of the server for each."""

    per_s: float
    ours_ms: float
    server_ms: float


Work = Callable[[int], Awaitable[None]]


async def measure(work: Work, server: Costs, *, operations: int, callers: int) -> Figure:
    """Do so many operations, shared by so many callers."""
    numbers = iter(range(operations))
    began_s, ours_s, server_ms = time.perf_counter(), time.process_time(), server.cpu_ms()

    async def caller() -> None:
        for number in numbers:
            await work(number)

    await asyncio.gather(*(caller() for _ in range(callers)))
    wall_s = time.perf_counter() - began_s
    ours_ms = (time.process_time() - ours_s) * 1_000 / operations
    return Figure(operations / wall_s, ours_ms, (server.cpu_ms() - server_ms) / operations)


def letters(store: Store, names: count[int]) -> Work:
    """Accept one letter after the other."""

    async def work(_number: int) -> None:
        name = str(next(names))
        body = Body(direction="in", author="customer", text=TEXT, created_ms=1)
        new = NewLetter(channel="chat", dedupe=name, received_ms=1, signal=b"{}" * 50, body=body)
        await store.letterbox.put(SITE, [new])

    return work


def commits(store: Store, position: count[int], *, batch: int) -> Work:
    """Decide so many messages in each commit: a line of the story, a conversation, a settled letter, a reply."""

    async def work(_number: int) -> None:
        places = [next(position) for _ in range(batch)]
        await store.journal.commit(
            SITE,
            Commit(
                epoch=1,
                first=places[0],
                count=batch,
                at=places[0],
                entries=b"e" * 300 * batch,
                timeline=[TimelineRow(position=at, conv=at, line=at, kind="Received", at=at) for at in places],
                conversations=[_conversation(at) for at in places],
                settled=[Settled(letter=at, position=at) for at in places],
                placed=[(at, at, at) for at in places],
                effects=[
                    NewEffect(position=at, lane=f"l{at}", channel="email", effect="send", conv=at, line=at)
                    for at in places
                ],
            ),
        )

    return work


def _conversation(conv: int) -> ConversationRow:
    return ConversationRow(
        conv=conv,
        reference=f"R{conv}",
        customer=conv,
        line=conv,
        channel="chat",
        state="waiting",
        queue="general",
        owner=0,
        opened_ms=conv,
        changed_ms=conv,
    )


async def bare_postgresql(address: str, callers: int) -> tuple[Work, Callable[[], Awaitable[None]]]:
    """One row in a transaction of its own, each caller on a connection of its own."""
    conns = [await asyncpg.connect(address) for _ in range(callers)]
    await conns[0].execute("CREATE TABLE IF NOT EXISTS bare(id bigserial PRIMARY KEY, text text NOT NULL)")
    free = list(conns)

    async def work(_number: int) -> None:
        conn = free.pop()
        await conn.execute("INSERT INTO bare(text) VALUES ($1)", TEXT)
        free.append(conn)

    async def close() -> None:
        for conn in conns:
            await conn.close()

    return work, close


def bare_sqlite(path: Path) -> Work:
    """One row in a transaction of its own, flushed as ours are."""
    conn = apsw.Connection(str(path))
    conn.pragma("journal_mode", "WAL")
    conn.pragma("synchronous", "FULL")
    conn.execute("CREATE TABLE IF NOT EXISTS bare(id INTEGER PRIMARY KEY, text TEXT NOT NULL)")

    async def work(_number: int) -> None:
        conn.execute("INSERT INTO bare(text) VALUES (?)", (TEXT,))

    return work


async def one_round(server: PostgresqlServer, folder: Path, operations: int) -> dict[str, Figure]:
    """Measure everything once, on empty data."""
    assert server.process is not None
    costs, found = Costs((server.process.pid,)), {}
    address = await server.database()
    for callers in (1, MANY):
        work, close = await bare_postgresql(address, callers)
        found[f"postgresql INSERT x{callers}"] = await measure(work, costs, operations=operations, callers=callers)
        await close()
    found["file INSERT x1"] = await measure(bare_sqlite(folder / "bare.db"), costs, operations=operations, callers=1)
    stores: dict[str, Store] = {
        "file": await open_store_at(folder / "store.db", hasher=HASHER),
        "postgresql": await open_store_at(address, hasher=HASHER),
    }
    for name, store in stores.items():
        names, position = count(1), count(1)
        await store.leases.acquire(SITE, "lead", "bench", now_ms=time.time_ns() // 10**6, ttl_ms=600_000)
        for callers in (1, MANY):
            work = letters(store, names)
            found[f"{name} letters x{callers}"] = await measure(work, costs, operations=operations, callers=callers)
        for batch in (1, BATCH):
            work = commits(store, position, batch=batch)
            times = max(operations // batch, 1)
            found[f"{name} commits of {batch}"] = await measure(work, costs, operations=times, callers=1)
        await store.close()
    return found


def table(rounds: list[dict[str, Figure]]) -> list[str]:
    """Return medians, each as a ratio to the bare INSERT of one caller into the same database."""
    lines = [f"{'':<24}{'a second':>10}{'of INSERT':>11}{'our CPU ms':>12}{'server CPU ms':>15}"]
    for name in rounds[0]:
        rates = [each[name].per_s for each in rounds]
        against = f"{name.partition(' ')[0]} INSERT x1"
        ratio = median(each[name].per_s / each[against].per_s for each in rounds)
        ours, theirs = median(each[name].ours_ms for each in rounds), median(each[name].server_ms for each in rounds)
        lines.append(f"{name:<24}{median(rates):>10.0f}{ratio:>10.2f}x{ours:>12.3f}{theirs:>15.3f}")
    return lines


async def run(rounds: int, operations: int) -> None:
    """Measure and print the table."""
    server = PostgresqlServer().start()
    try:
        found = []
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as folder:
                found.append(await one_round(server, Path(folder), operations))
    finally:
        server.close()
    print("\n".join(table(found)))


def main() -> None:
    """Print what a letter and a commit cost on each store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--operations", type=int, default=OPERATIONS)
    asked = parser.parse_args()
    run_fast(run(asked.rounds, asked.operations))


if __name__ == "__main__":
    main()
