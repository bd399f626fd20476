"""Kill -9 at random instants: what was answered is there, once, and the journal goes on without a hole."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from router.store.port import Body, NewLetter
from router.store.sqlite import SqliteStore, keyed_hasher, open_sqlite
from tests.store.makers import SITE

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "5"))
REPOSITORY = Path(__file__).resolve().parents[2]
READY_S = 60.0


def _run_and_kill(path: Path, number: int, *, after_lines: int) -> list[list[str]]:
    """Run the child until it has answered so often, kill it there, and return what it said."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.store.crash_child", str(path), str(number)],
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
    )
    assert child.stdout is not None
    said: list[bytes] = []
    with child.stdout:
        for line in child.stdout:
            said.append(line)
            if len(said) > after_lines:
                os.kill(child.pid, signal.SIGKILL)
                break
        said += child.stdout.readlines()
    assert child.wait(READY_S) == -signal.SIGKILL
    return [line.decode().split() for line in said if line.endswith(b"\n")]


async def _check_letters(store: SqliteStore, said: list[list[str]], at_most: int) -> None:
    for _, name, number, message, fresh in said:
        letter = await store.letterbox.get(SITE, int(number))
        assert fresh == "1"
        assert letter is not None
        assert (letter.message, letter.position <= at_most) == (int(message), True)
        found = await store.archive.message(SITE, letter.message)
        assert found is not None
        assert (found.body.text, found.conv) == (name, letter.position)
        repeat = NewLetter(channel="chat", dedupe=name, received_ms=1, signal=b"", body=_body(name))
        [again] = await store.letterbox.put(SITE, [repeat])
        assert (again.id, again.fresh) == (letter.id, False)


def _body(text: str) -> Body:
    return Body(direction="in", author="customer", text=text, created_ms=1)


async def _check_journal(store: SqliteStore, said: list[list[str]]) -> int:
    """Return the journal's end, which is at least where the last answered commit ended."""
    following = 1
    rows = {}
    async for row in store.journal.read(SITE, 0):
        assert row.first == following
        rows[row.first] = row
        following = row.first + row.count
    for _, first, count in said:
        assert rows[int(first)].count == int(count)
        assert rows[int(first)].entries.split()[1:] == [first.encode(), count.encode()]
    return following - 1


async def _check_round(path: Path, said: list[list[str]]) -> None:
    store = await open_sqlite(path, hasher=keyed_hasher(b"k" * 32))
    try:
        kinds = {kind: [line for line in said if line[0] == kind] for kind in ("letter", "commit", "done")}
        end = await _check_journal(store, kinds["commit"])
        await _check_letters(store, kinds["letter"], end)
        performed = {int(line[1]) for line in kinds["done"]}
        assert len(performed) == len(kinds["done"])
        waiting, _, _ = await store.outbox.depth(SITE)
        assert waiting + len(await _gone(store)) == end
        assert performed <= await _gone(store)
    finally:
        await store.close()
    check = await store_integrity(path)
    assert check == "ok"


async def _gone(store: SqliteStore) -> set[int]:
    """The ids of effects that were performed."""
    return set(await store._readers.list(lambda conn: [row[0] for row in conn.execute("SELECT id FROM performed")]))


async def store_integrity(path: Path) -> str:
    store = await open_sqlite(path, hasher=keyed_hasher(b"k" * 32))
    try:
        return str(await store._readers.list(lambda conn: conn.pragma("integrity_check")))
    finally:
        await store.close()


@pytest.mark.crash
async def test_what_was_answered_survives_a_kill_at_any_instant(tmp_path: Path) -> None:
    chance = random.Random(f"crash {ROUNDS}")
    said: list[list[str]] = []
    for number in range(1, ROUNDS + 1):
        lines = await asyncio.to_thread(
            _run_and_kill, tmp_path / "store.db", number, after_lines=chance.randint(1, 400)
        )
        said += [line for line in lines if line[0] != "ready"]
        await _check_round(tmp_path / "store.db", said)
    assert sum(line[0] == "commit" for line in said) > ROUNDS
