"""What is SQLite's own: errors at the border, full and failing disks, and the writer beside a busy loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import apsw
import pytest
import pytest_asyncio

from router.store.port import StoreError, StoreUnavailable
from router.store.sqlite import SqliteStore, keyed_hasher, open_sqlite, writer
from router.store.sqlite.connect import open_writer
from router.store.sqlite.errors import BROKEN, UNAVAILABLE, convert, convert_commit
from router.store.sqlite.writer import BATCH_JOBS_MAX, GIVE_WAY_S, WAITING_JOBS_MAX, Writer
from tests.store.makers import SITE, letter

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


async def test_the_loop_gives_way_as_long_as_a_write_waits(store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(writer, "time", SimpleNamespace(sleep=pauses.append))
    written = threading.Event()
    job = asyncio.ensure_future(store._writer.do(lambda _: written.wait(10)))
    async with asyncio.timeout(60):
        while len(pauses) < 3:
            await asyncio.sleep(0.001)
        written.set()
        assert await job
        while store._writer._gives_way:
            await asyncio.sleep(0.001)
    assert set(pauses) == {GIVE_WAY_S}
