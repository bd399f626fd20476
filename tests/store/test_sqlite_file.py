"""The SQLite file itself: its tables, its hashes, its copy, and what is thrown away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest
import pytest_asyncio

from router.store.limits import DAY_MS, DEDUPE_DAYS, NEWEST_KEPT
from router.store.port import Commit, Settled, Snapshot, StoreError, StoreUnavailable
from router.store.sqlite import SqliteStore, hinting, keyed_hasher, open_sqlite
from router.store.sqlite.schema import MIGRATIONS
from tests.store.makers import SITE, body, caller, commit, effect, lead, letter, proved, row, typed

KEY = b"k" * 32


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest_asyncio.fixture
async def store(path: Path) -> AsyncIterator[SqliteStore]:
    opened = await open_sqlite(path, hasher=keyed_hasher(KEY))
    yield opened
    await opened.close()


async def _pragma(store: SqliteStore, name: str, value: int) -> None:
    """Set a pragma on the writer's connection, outside its transactions."""
    await store._writer.do(lambda conn: conn.pragma(name, value))


async def test_customers_of_an_older_release_get_their_hints_at_the_first_opening(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hinting, "SLICE_CUSTOMERS", 2)
    opened = await open_sqlite(path, hasher=keyed_hasher(KEY))
    said = [proved(f"a{number // 2}@x") if number % 2 else typed(f"A{number // 2}@x") for number in range(6)]
    met = await opened.archive.meet(SITE, [caller(f"k{number}", each) for number, each in enumerate(said)], 1_000)
    await opened._writer.execute("DELETE FROM hint", ())
    await opened._writer.execute("DELETE FROM meta WHERE name = 'hints'", ())
    assert await opened.care.alike(SITE, met[0].customer, limit=5) == []
    await opened.close()
    again = await open_sqlite(path, hasher=keyed_hasher(KEY))
    for one, other in ((0, 1), (2, 3), (4, 5)):
        assert await again.care.alike(SITE, met[one].customer, limit=5) == [met[other].customer]
    await again.close()


# --- the file -------------------------------------------------------------------------------------------


async def test_the_file_is_tuned_to_lose_nothing(store: SqliteStore) -> None:
    names = ("journal_mode", "synchronous", "secure_delete", "user_version")
    found = await store._writer.do(lambda conn: [conn.pragma(name) for name in names])
    assert found == ["wal", 2, 1, len(MIGRATIONS)]


async def test_every_table_carries_the_site_and_every_type_is_checked(store: SqliteStore) -> None:
    def tables(conn: apsw.Connection) -> dict[str, str]:
        rows = conn.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return dict(rows.fetchall())

    found = await store._writer.do(tables)
    assert len(found) > 15
    for name, sql in found.items():
        assert "STRICT" in sql
        assert name == "meta" or "site TEXT NOT NULL" in sql


async def test_a_file_of_a_newer_release_is_refused(path: Path) -> None:
    store = await open_sqlite(path, hasher=keyed_hasher(KEY))
    await _pragma(store, "user_version", len(MIGRATIONS) + 1)
    await store.close()
    with pytest.raises(StoreError, match="newer release"):
        await open_sqlite(path, hasher=keyed_hasher(KEY))


async def test_a_file_that_is_no_database_is_refused(path: Path) -> None:
    path.write_bytes(b"this is a letter, not a database" * 100)
    with pytest.raises(StoreError, match="not a database"):
        await open_sqlite(path, hasher=keyed_hasher(KEY))


async def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        await open_sqlite(tmp_path / "nowhere" / "store.db", hasher=keyed_hasher(KEY))


async def test_keys_and_provider_ids_are_found_by_keyed_hashes_only(store: SqliteStore) -> None:
    await store.letterbox.put(SITE, [letter("dedupe secret", body=None, signal=b"")])
    await store.archive.meet(SITE, [caller("line-key", proved("ada@example.org"))], 1)

    def hashes(conn: apsw.Connection) -> list[bytes]:
        statement = "SELECT hash FROM letter UNION ALL SELECT hash FROM line UNION ALL SELECT hash FROM identity"
        return [row[0] for row in conn.execute(statement)]

    found = await store._writer.do(hashes)
    assert [len(each) for each in found] == [16, 16, 16]
    indexed = await store._writer.do(
        lambda conn: conn.execute("SELECT group_concat(sql) FROM sqlite_schema WHERE type = 'index'").fetchall()
    )
    assert "peer" not in str(indexed)
    assert "value" not in str(indexed)


async def test_another_key_makes_other_hashes() -> None:
    one, other = keyed_hasher(b"a" * 32), keyed_hasher(b"b" * 32)
    assert one("kind", "value") != other("kind", "value")
    assert one("kind", "value") != one("kin", "dvalue")
    with pytest.raises(ValueError, match="16 to 64 bytes"):
        keyed_hasher(b"short")


# --- upkeep -----------------------------------------------------------------------------------------------


async def test_old_dedupe_hashes_of_settled_letters_are_forgotten(store: SqliteStore) -> None:
    old_ms, now_ms = 1_000, (DEDUPE_DAYS + 1) * DAY_MS
    letters = [letter(f"old {n}", received_ms=old_ms) for n in range(2_500)]
    answers = await store.letterbox.put(SITE, [*letters, letter("new", received_ms=now_ms)])
    await lead(store)
    await commit(store, settled=[Settled(letter=each.id, position=1) for each in answers if each.id != 7])
    assert await store.prune(SITE, now_ms=now_ms) == 2_499
    assert await store.prune(SITE, now_ms=now_ms) == 0
    again = await store.letterbox.put(SITE, [letters[0], letters[6], letter("new")])
    assert [each.fresh for each in again] == [True, False, False]
    assert again[0].id > answers[-1].id


async def test_the_newest_letter_stays_so_that_no_id_comes_twice(store: SqliteStore) -> None:
    [only] = await store.letterbox.put(SITE, [letter("a", received_ms=1)])
    await lead(store)
    await commit(store, settled=[Settled(letter=only.id, position=1)])
    assert await store.prune(SITE, now_ms=100 * DAY_MS) == 0
    [following] = await store.letterbox.put(SITE, [letter("b")])
    assert following.id == only.id + 1


async def test_of_old_snapshots_one_of_each_day_is_kept(store: SqliteStore) -> None:
    for number in range(1, 13):
        at = number * DAY_MS // 4
        await store.journal.keep_snapshot(SITE, Snapshot(position=number, at=at, release="1", state=b"s" * number))

    def positions(conn: apsw.Connection) -> list[list[int]]:
        tables = ("snapshot", "snapshot_chunk")
        return [[row[0] for row in conn.execute(f"SELECT position FROM {table} ORDER BY 1")] for table in tables]

    whole, chunks = await store._writer.do(positions)
    assert whole == chunks == [3, 7, 10, 11, 12]
    assert len(whole) <= NEWEST_KEPT + 3


async def test_a_copy_can_be_opened_and_lives_its_own_life(store: SqliteStore, tmp_path: Path) -> None:
    [one] = await store.letterbox.put(SITE, [letter("a")])
    await lead(store)
    await commit(store, effects=[effect(1, "lane")], settled=[Settled(letter=one.id, position=1)])
    target = tmp_path / "copy.db"
    await store.backup(target)
    await commit(store)
    copied = await open_sqlite(target, hasher=keyed_hasher(KEY))
    try:
        assert await copied.journal.end(SITE) == (1, 1_001)
        assert (await copied.letterbox.put(SITE, [letter("a")]))[0].id == one.id
        assert copied.generation != store.generation
        assert await copied.outbox.depth(SITE) == (0, 0, 1)
        [held] = await copied.outbox.dead_letters(SITE, 5)
        assert held.reason == "restored"
        assert await copied.outbox.revive(SITE, held.id)
    finally:
        await copied.close()
    assert await store.outbox.depth(SITE) == (1, 1_001, 0)
    with pytest.raises(StoreError, match="exists already"):
        await store.backup(target)


async def test_a_generation_survives_closing(path: Path) -> None:
    names = []
    for _ in range(2):
        store = await open_sqlite(path, hasher=keyed_hasher(KEY))
        names.append(store.generation)
        await store.close()
    assert names[0] == names[1]


async def test_two_processes_share_the_file(store: SqliteStore, path: Path) -> None:
    other = await open_sqlite(path, hasher=keyed_hasher(KEY))
    try:
        mine = [store.letterbox.put(SITE, [letter(f"a {n}")]) for n in range(50)]
        theirs = [other.letterbox.put(SITE, [letter(f"b {n}")]) for n in range(50)]
        answers = await asyncio.gather(*mine, *theirs)
        assert len({each.id for [each] in answers}) == 100
        await lead(store)
        await commit(other)
        assert await store.journal.end(SITE) == (1, 1_001)
    finally:
        await other.close()


async def test_evidence_is_one_moment_of_the_data(store: SqliteStore) -> None:
    await lead(store)
    await commit(store)
    evidence = store.evidence()
    assert len(list(evidence.journal(SITE))) == 1
    await commit(store, effects=[effect(2, "lane")])
    await store.letterbox.put(SITE, [letter("a", body=body())])
    assert len(list(evidence.journal(SITE))) == 1
    assert list(evidence.effects(SITE)) == []
    assert list(evidence.letters(SITE)) == []
    evidence.close()


async def test_a_commit_with_a_clash_is_undone_as_a_whole(store: SqliteStore) -> None:
    epoch = await lead(store)
    twice = [effect(1, "lane", message=1)]
    bad = Commit(epoch=epoch, first=1, count=1, at=1, entries=b"", effects=twice, timeline=[row(1, "Queued")] * 2)
    with pytest.raises(StoreError, match="clashes"):
        await store.journal.commit(SITE, bad)
    assert await store.journal.end(SITE) == (0, 0)
    assert await store.outbox.depth(SITE) == (0, 0, 0)
