"""After an erasure the bytes of the database's files say nothing of it, wherever SQLite had moved a row before."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from pathlib import Path

import apsw
import pytest

from router.store.port import NewLetter, Settled, Store
from router.store.sqlite import keyed_hasher, open_sqlite
from router.store.sqlite.scrubbing import cleaned, gap_of
from tests.store.makers import SITE, body, caller, commit, conversation, lead, proved, row, typed

ROUNDS = int(os.environ.get("PATCHBAY_ROUNDS", "1"))
SECRET = b"Zebulon"
STEPS = 300


def traces(folder: Path) -> dict[str, int]:
    found = {path.name: path.read_bytes().count(SECRET) for path in folder.iterdir() if path.is_file()}
    return {name: count for name, count in found.items() if count}


async def lived(store: Store, seed: int) -> list[int]:
    """Many people write, of all lengths, rows grow and move; return the customers whose name is the secret."""
    rng, secret = random.Random(seed), set[int]()
    await lead(store)
    for conv in range(1, STEPS + 1):
        number = rng.randrange(40)
        name = f"{SECRET.decode() if number % 5 == 0 else 'Somebody'} {number}"
        identity = (proved if rng.random() < 0.5 else typed)(f"{name}@x.example")
        extra = {"page": name * rng.randrange(1, 40)} if rng.random() < 0.3 else {}
        [met] = await store.archive.meet(SITE, [caller(f"{name} key", identity, name=name, extra=extra)], conv)
        words = body(f"{name} says " * rng.randrange(1, 400 if rng.random() < 0.1 else 40), extra={"files": "[]"})
        signal = NewLetter(channel="chat", dedupe=f"{conv}", received_ms=conv, signal=name.encode() * 9, body=words)
        [kept] = await store.letterbox.put(SITE, [signal])
        await commit(
            store,
            conversations=[conversation(conv, "closed", customer=met.customer, line=met.line)],
            timeline=[row(conv, "Received", conv=conv, line=met.line, message=kept.message)],
            placed=[(kept.message, conv, met.line)],
            settled=[Settled(letter=kept.id, position=conv)],
        )
        if rng.random() < 0.3:
            await store.archive.set_extra(SITE, kept.message, "files", old="[]", new=name * rng.randrange(1, 200))
        if rng.random() < 0.3:
            await store.accounts.save_draft(SITE, rng.randrange(4), f"R{conv}:reply", name * rng.randrange(50), conv)
        if number % 5 == 0:
            secret.add(met.customer)
    return sorted(secret)


async def erase(store: Store, customer: int) -> None:
    begun = await store.care.begin_erase(SITE, customer, agent=0, at=1)
    words = await store.care.words_of(SITE, begun.customers, after=0, limit=10_000)
    await store.care.blank(SITE, [each.id for each in words])
    await store.care.forget_drafts(SITE, await store.care.drafts_on(SITE, begun.customers, limit=10_000))
    await store.care.end_erase(SITE, customer, at=2)


@pytest.mark.parametrize("seed", range(ROUNDS))
async def test_nothing_of_the_erased_is_left_in_any_byte_of_the_files(tmp_path: Path, seed: int) -> None:
    store = await open_sqlite(tmp_path / "store.db", hasher=keyed_hasher(b"k" * 32))
    customers = await lived(store, seed)
    assert len(customers) > 5
    for customer in customers:
        await erase(store, customer)
    assert traces(tmp_path), "the log and the gaps still have it: else this test shows nothing"
    assert await store.care.scrub() == ""
    assert traces(tmp_path) == {}
    others = await store.care.messages_after(SITE, after=0, limit=STEPS)
    assert sum("Somebody" in each.body.text for each in others) > STEPS // 2
    # What the writer had in memory before must not bring it back.
    await lived_on(store)
    await store.close()
    assert traces(tmp_path) == {}
    with sqlite3.connect(tmp_path / "store.db") as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    conn.close()


async def lived_on(store: Store) -> None:
    for number in range(100):
        await store.archive.meet(SITE, [caller(f"later {number}", name=f"Later {number}" * 20)], number)
        await store.accounts.save_draft(SITE, number % 4, f"L{number}:reply", "words" * number, number)


async def test_scrubbing_waits_for_a_reading_and_says_so_when_it_lasts(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "store.db", hasher=keyed_hasher(b"k" * 32))
    await store.archive.meet(SITE, [caller("k1")], 1)
    reader = apsw.Connection(str(tmp_path / "store.db"), flags=apsw.SQLITE_OPEN_READONLY)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM customer").fetchall()
    await store.archive.meet(SITE, [caller("k2")], 1)
    assert await store.care.scrub() == "store_busy"
    reader.execute("COMMIT")
    assert await store.care.scrub() == ""
    reader.close()
    await store.close()


async def test_two_processes_worth_of_stores_scrub_and_write_beside_each_other(tmp_path: Path) -> None:
    one = await open_sqlite(tmp_path / "store.db", hasher=keyed_hasher(b"k" * 32))
    two = await open_sqlite(tmp_path / "store.db", hasher=keyed_hasher(b"k" * 32))
    customers = await lived(one, 1)
    for customer in customers:
        await erase(two, customer)
    scrubbed, _ = await asyncio.gather(two.care.scrub(), lived_on(one))
    assert scrubbed == ""
    await lived_on(one)
    assert await two.care.scrub() == ""
    assert traces(tmp_path) == {}
    await one.close()
    await two.close()


def test_a_page_that_is_no_trees_and_a_full_one_are_left_as_they_are() -> None:
    page = bytearray(4_096)
    assert cleaned(bytes(page)) is None
    page[0], page[3:5], page[5:7] = 13, (2).to_bytes(2, "big"), (4_000).to_bytes(2, "big")
    assert gap_of(bytes(page)) == (12, 4_000)
    assert cleaned(bytes(page)) is None
    page[200:204] = b"left"
    new = cleaned(bytes(page))
    assert new is not None
    assert b"left" not in new
    assert len(new) == 4_096
    page[5:7] = (12).to_bytes(2, "big")
    assert cleaned(bytes(page)) is None
    assert cleaned(b"\x00\x00\x00\x09" + b"overflow" * 511 + b"1234") is None
