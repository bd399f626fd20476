"""What is SQLite's own: errors at the border, full and failing disks, the file, its copy, and what it hides."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest
import pytest_asyncio

from router.store.port import Commit, Settled, Snapshot, StoreError, StoreUnavailable
from router.store.sqlite import SqliteStore, keyed_hasher, open_sqlite
from router.store.sqlite.connect import open_writer
from router.store.sqlite.errors import BROKEN, UNAVAILABLE, convert, convert_commit
from router.store.sqlite.letterbox import DAY_MS, DEDUPE_DAYS
from router.store.sqlite.schema import MIGRATIONS
from router.store.sqlite.snapshots import NEWEST_KEPT
from router.store.sqlite.writer import BATCH_JOBS_MAX, WAITING_JOBS_MAX, Writer
from tests.store.makers import SITE, body, caller, commit, effect, lead, letter, proved, row

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


# --- errors ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(UNAVAILABLE, key=str), ids=lambda kind: kind.__name__)
def test_what_may_pass_is_unavailable(kind: type[apsw.Error]) -> None:
    made = convert(kind("/secret/path and a row's text"))
    assert isinstance(made, StoreUnavailable)
    assert str(made) == UNAVAILABLE[kind]


@pytest.mark.parametrize("kind", sorted(BROKEN, key=str), ids=lambda kind: kind.__name__)
def test_what_will_not_pass_is_an_error_without_details(kind: type[apsw.Error]) -> None:
    made = convert(kind("UNIQUE constraint failed: account.login"))
    assert type(made) is StoreError
    assert str(made) == BROKEN[kind]


def test_every_error_of_the_driver_becomes_one_of_ours() -> None:
    kinds = [each for each in vars(apsw).values() if isinstance(each, type) and issubclass(each, apsw.Error)]
    assert len(kinds) > 30
    for kind in kinds:
        made = convert(kind("details"))
        assert isinstance(made, StoreError)
        assert "details" not in str(made)


def test_only_a_failed_flush_leaves_the_outcome_open() -> None:
    unknown = convert_commit(apsw.exception_for(apsw.SQLITE_IOERR_FSYNC))
    assert type(unknown) is StoreError
    for code in (apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_FULL, apsw.SQLITE_READONLY, apsw.SQLITE_BUSY):
        assert isinstance(convert_commit(apsw.exception_for(code)), StoreUnavailable)


async def test_a_text_that_is_not_unicode_fails_its_own_job_only(store: SqliteStore) -> None:
    note = store.notebook.note(SITE, "b", "k", "lone \ud800 surrogate")
    answers = await asyncio.gather(note, store.letterbox.put(SITE, [letter("a")]), return_exceptions=True)
    assert isinstance(answers[0], StoreError)
    assert isinstance(answers[1], list)


# --- a full, read-only, failing disk ------------------------------------------------------------------------


async def test_a_full_disk_is_unavailable_and_nothing_of_the_batch_is_kept(store: SqliteStore) -> None:
    await store.letterbox.put(SITE, [letter("before")])
    await _pragma(store, "max_page_count", 1)
    large = [letter(f"large {n}", signal=b"x" * 200_000) for n in range(3)]
    answers = await asyncio.gather(*(store.letterbox.put(SITE, [one]) for one in large), return_exceptions=True)
    assert [str(each) for each in answers] == ["the disk is full"] * 3
    assert all(isinstance(each, StoreUnavailable) for each in answers)
    await _pragma(store, "max_page_count", 1_000_000)
    assert await store.letterbox.depth(SITE) == (1, 1_000, 0)
    [again] = await store.letterbox.put(SITE, [large[0]])
    assert again.fresh


async def test_a_read_only_database_is_unavailable_and_can_still_be_read(store: SqliteStore) -> None:
    [one] = await store.letterbox.put(SITE, [letter("a")])
    await _pragma(store, "query_only", 1)
    with pytest.raises(StoreUnavailable, match="read-only"):
        await store.letterbox.put(SITE, [letter("b")])
    assert await store.letterbox.get(SITE, one.id) is not None
    store._writer._conn.pragma("query_only", 0)  # Idle now, and no transaction can begin while it is set.
    [two] = await store.letterbox.put(SITE, [letter("b")])
    assert two.fresh


class FailingConnection(apsw.Connection):
    """Fails the next COMMIT with a given code, as a disk would; the transaction stays open, as SQLite leaves it."""

    code = 0

    def execute(self, statement: str, *given: object, **named: object) -> apsw.Cursor:  # type: ignore[override]
        if statement == "COMMIT" and self.code:
            code, self.code = self.code, 0
            raise apsw.exception_for(code)
        return super().execute(statement, *given, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "kind"), [(apsw.SQLITE_FULL, StoreUnavailable), (apsw.SQLITE_IOERR_FSYNC, StoreError)]
)
async def test_a_failed_commit_is_told_to_everybody_in_it(path: Path, code: int, kind: type[StoreError]) -> None:
    open_writer(str(path)).close()
    conn = FailingConnection(str(path))
    conn.execute("CREATE TABLE t(x)")
    writer = Writer(conn)
    conn.code = code
    jobs = [writer.execute("INSERT INTO t VALUES (?)", (n,)) for n in range(3)]
    waiting = [asyncio.ensure_future(job) for job in jobs]
    await asyncio.sleep(0)
    writer.start()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(each) for each in answers] == [kind] * 3
    await writer.execute("INSERT INTO t VALUES (?)", (9,))
    assert await writer.do(lambda conn: conn.execute("SELECT x FROM t").fetchall()) == [(9,)]
    await writer.close()


# --- the writer -----------------------------------------------------------------------------------------


async def test_what_waits_shares_one_transaction_up_to_a_bound(path: Path) -> None:
    conn = open_writer(str(path))
    commits: list[str] = []
    conn.trace_v2(
        apsw.SQLITE_TRACE_STMT, lambda event: commits.append(event["sql"]) if event["sql"] == "COMMIT" else None
    )
    writer = Writer(conn)
    many = BATCH_JOBS_MAX + 10
    asks = [asyncio.ensure_future(writer.do(lambda _: threading.get_ident())) for _ in range(many)]
    await asyncio.sleep(0)
    writer.start()
    threads = await asyncio.gather(*asks)
    assert len(commits) == 2
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()
    await writer.close()


async def test_too_many_waiting_jobs_are_refused_by_name(path: Path) -> None:
    writer = Writer(open_writer(str(path)))
    asks = [asyncio.ensure_future(writer.do(lambda _: None)) for _ in range(WAITING_JOBS_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="too many"):
        await writer.do(lambda _: None)
    writer.start()
    await asyncio.gather(*asks)
    await writer.close()


async def test_a_bug_in_one_job_is_shown_to_its_caller_and_to_nobody_else(store: SqliteStore) -> None:
    def buggy(conn: apsw.Connection) -> None:
        conn.execute("INSERT INTO notebook VALUES ('main', 'b', 'half', 'done')")
        raise ZeroDivisionError

    good = store.notebook.note(SITE, "b", "good", "1")
    answers = await asyncio.gather(store._writer.do(buggy), good, return_exceptions=True)
    assert isinstance(answers[0], ZeroDivisionError)
    assert await store.notebook.read(SITE, "b", "good") == "1"
    assert await store.notebook.read(SITE, "b", "half") is None


async def test_a_caller_who_gave_up_disturbs_nobody(store: SqliteStore) -> None:
    gone = asyncio.ensure_future(store.letterbox.put(SITE, [letter("a")]))
    await asyncio.sleep(0)
    gone.cancel()
    [second] = await store.letterbox.put(SITE, [letter("b")])
    assert second.fresh
    assert (await store.letterbox.put(SITE, [letter("a")]))[0].signal == b"signal a"


async def test_a_closed_store_takes_nothing_and_closes_twice(path: Path) -> None:
    store = await open_sqlite(path, hasher=keyed_hasher(KEY))
    last = asyncio.ensure_future(store.letterbox.put(SITE, [letter("a")]))
    await asyncio.sleep(0)
    await store.close()
    await store.close()
    assert (await last)[0].fresh
    with pytest.raises(StoreUnavailable):
        await store.letterbox.put(SITE, [letter("b")])
    with pytest.raises(StoreUnavailable):
        await store.archive.message(SITE, 1)
    with pytest.raises(StoreUnavailable):
        await store.letterbox.waiting(SITE, before_ms=1, limit=1)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


async def test_the_log_is_folded_into_the_file_while_writing(store: SqliteStore, path: Path) -> None:
    for number in range(40):
        await store.letterbox.put(SITE, [letter(f"{number}", signal=b"x" * 400_000)])
    assert path.stat().st_size > 8_000_000
    assert path.with_name(path.name + "-wal").stat().st_size < 12_000_000


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


async def test_a_loop_that_never_rests_does_not_starve_the_writer(store: SqliteStore) -> None:
    """Two thousandths of a second of work at each turn: just short enough that the lock's own fairness fails."""
    resting = asyncio.Event()

    async def busy() -> None:
        while not resting.is_set():
            until = time.perf_counter() + 0.002
            while time.perf_counter() < until:
                sum(range(200))
            await asyncio.sleep(0)

    work = asyncio.ensure_future(busy())
    async with asyncio.timeout(20):
        for number in range(40):
            await store.letterbox.put(SITE, [letter(f"{number}")])
    resting.set()
    await work
