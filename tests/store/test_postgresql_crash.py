"""Kill -9 of the database and of who writes to it, at random instants: what was answered is there, once, and whole."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from router.store.hashing import keyed_hasher
from router.store.port import Commit, Fenced, NewLetter, Store, StoreError, StoreUnavailable
from router.store.postgresql import PostgresqlStore, open_postgresql
from tests.servers.postgresql import PostgresqlServer
from tests.store.makers import SITE, body

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "1"))
REPOSITORY = Path(__file__).resolve().parents[2]
HASHER = keyed_hasher(b"k" * 32)
READY_S = 60.0
Said = list[list[str]]

pytestmark = pytest.mark.crash


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer().start()
    yield server
    server.close()


@pytest_asyncio.fixture
async def address(server: PostgresqlServer) -> AsyncIterator[str]:
    yield await server.database()


def _child(address: str, number: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.store.crash_child", address, str(number)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=REPOSITORY)


def _run_until(child: subprocess.Popen[bytes], after_lines: int, strike: Callable[[], None]) -> Said:
    """Let the child answer so often, strike, and return all it said before it ended."""
    assert child.stdout is not None
    said: list[bytes] = []
    with child.stdout:
        for line in child.stdout:
            said.append(line)
            if len(said) > after_lines:
                strike()
                break
        said += child.stdout.readlines()
    assert child.wait(READY_S) != 0
    return [line.decode().split() for line in said if line.endswith(b"\n")]


async def _opened(address: str) -> PostgresqlStore:
    async with asyncio.timeout(READY_S):
        while True:
            try:
                return await open_postgresql(address, hasher=HASHER)
            except StoreUnavailable:
                await asyncio.sleep(0.05)


async def _check(address: str, said: Said) -> None:
    """Everything that was answered is there, once, and nothing is half there."""
    store = await _opened(address)
    try:
        end = await _check_journal(store, [line for line in said if line[0] == "commit"])
        await _check_letters(store, [line for line in said if line[0] == "letter"], end)
        await _check_effects(address, end, {int(line[1]) for line in said if line[0] == "done"})
    finally:
        await store.close()


async def _check_journal(store: Store, commits: Said) -> int:
    following, rows = 1, {}
    async for row in store.journal.read(SITE, 0):
        assert row.first == following
        rows[row.first] = row
        following = row.first + row.count
    for _, first, count in commits:
        assert rows[int(first)].entries.split()[1:] == [first.encode(), count.encode()]
    return following - 1


async def _check_letters(store: Store, letters: Said, end: int) -> None:
    for _, name, number, message, fresh in letters[-60:]:
        letter = await store.letterbox.get(SITE, int(number))
        assert fresh == "1"
        assert letter is not None
        assert (letter.message, letter.position <= end) == (int(message), True)
        found = await store.archive.message(SITE, letter.message)
        assert found is not None
        assert (found.body.text, found.conv) == (name, letter.position)
        [again] = await store.letterbox.put(SITE, [NewLetter(channel="chat", dedupe=name, received_ms=1, signal=b"")])
        assert (again.id, again.fresh) == (letter.id, False)


async def _check_effects(address: str, end: int, done: set[int]) -> None:
    """Each position of the journal has its effect, waiting or performed; each lane that waits has one head."""
    conn = await asyncpg.connect(address)
    try:
        performed = {row[0] for row in await conn.fetch("SELECT id FROM performed")}
        waiting = await conn.fetchval("SELECT count(*) FROM outbox")
        lanes = await conn.fetchval("SELECT count(DISTINCT lane) FROM outbox WHERE state = 'waiting'")
        heads = await conn.fetchval("SELECT count(*) FROM outbox WHERE head")
        strays = await conn.fetchval(
            "SELECT count(*) FROM message WHERE NOT EXISTS (SELECT 1 FROM letter WHERE letter.message = message.id)"
        )
    finally:
        await conn.close()
    assert done <= performed
    assert waiting + len(performed) == end
    assert (heads, strays) == (lanes, 0)


async def test_what_was_answered_survives_the_death_of_the_database(address: str, server: PostgresqlServer) -> None:
    chance, said = random.Random(f"database {ROUNDS}"), []
    for number in range(1, ROUNDS + 1):
        child = await asyncio.to_thread(_child, address, number)
        said += await asyncio.to_thread(_run_until, child, chance.randint(40, 300), server.kill)
        await asyncio.to_thread(server.start)
        await _check(address, said)
    assert sum(line[0] == "commit" for line in said) >= ROUNDS


async def test_what_was_answered_survives_the_death_of_who_writes(address: str) -> None:
    chance, said = random.Random(f"writer {ROUNDS}"), []
    for number in range(1, ROUNDS + 1):
        child = await asyncio.to_thread(_child, address, number)
        said += await asyncio.to_thread(_run_until, child, chance.randint(40, 300), child.kill)
        await _check(address, said)
    assert sum(line[0] == "commit" for line in said) >= ROUNDS


async def test_a_leader_that_slept_while_another_took_over_writes_nothing(address: str) -> None:
    chance = random.Random(f"sleeper {ROUNDS}")
    for number in range(1, ROUNDS + 1):
        child = await asyncio.to_thread(_child, address, number)
        store = await _opened(address)
        try:
            await asyncio.to_thread(_read_lines, child, chance.randint(2, 150))
            child.send_signal(signal.SIGSTOP)
            async with asyncio.timeout(READY_S):
                while not (epoch := await store.leases.acquire(SITE, "lead", f"new {number}", now_ms=0, ttl_ms=60_000)):
                    await asyncio.sleep(0.01)
            first = (await store.journal.end(SITE))[0] + 1
            await store.journal.commit(SITE, Commit(epoch=epoch, first=first, count=1, at=first, entries=b"new"))
            child.send_signal(signal.SIGCONT)
            await asyncio.to_thread(_read_lines, child, None)
            assert await asyncio.to_thread(child.wait, READY_S) == 1, "the old leader is fenced, and ends"
            assert child.stdout is not None
            child.stdout.close()
            assert [row.epoch async for row in store.journal.read(SITE, first - 1)] == [epoch]
            await store.leases.release(SITE, "lead", f"new {number}")
        finally:
            await store.close()


def _read_lines(child: subprocess.Popen[bytes], count: int | None) -> None:
    assert child.stdout is not None
    for number, _ in enumerate(child.stdout, start=1):
        if number == count:
            return


async def test_a_database_that_dies_under_many_callers_answers_each_and_comes_back(
    address: str, server: PostgresqlServer
) -> None:
    store = await _opened(address)
    try:
        answers: list[object] = []

        async def write(writer: int) -> None:
            for number in range(10_000):
                name = f"{writer}-{number}"
                new = NewLetter(channel="chat", dedupe=name, received_ms=1, signal=b"", body=body(name))
                try:
                    [letter] = await store.letterbox.put(SITE, [new])
                except StoreError as error:
                    answers.append(error)
                    return
                answers.append(letter.id)

        tasks = [asyncio.create_task(write(writer)) for writer in range(8)]
        while len(answers) < 50:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(server.kill)
        async with asyncio.timeout(READY_S):
            await asyncio.gather(*tasks)
        assert sum(isinstance(answer, StoreError) for answer in answers) == 8
        assert not any(isinstance(answer, Fenced) for answer in answers)
        await asyncio.to_thread(server.start)
        again = await _opened(address)
        await again.close()
        for number in (answer for answer in answers if isinstance(answer, int)):
            assert await store.letterbox.get(SITE, number) is not None
    finally:
        await store.close()
