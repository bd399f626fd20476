"""A site moves from a file to PostgreSQL: every table, every bit, or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from router.migrating import compare, migrate
from router.site.datalock import STORE_FILE
from router.site.key import SiteKey, load_site_key
from router.store.hashing import keyed_hasher
from router.store.port import NewMark, Note, Session, Settled, Snapshot, Store, StoreError
from router.store.port.reviews import ReviewWords
from router.store.postgresql import open_postgresql
from router.store.postgresql.moving import MESSAGE, TABLES
from router.store.sqlite import open_sqlite
from router.store.sqlite.schema import migrate as make_tables
from tests.servers.postgresql import PostgresqlServer
from tests.store.articling import publish
from tests.store.complaining import complain
from tests.store.customering import placing
from tests.store.makers import (
    SITE,
    account,
    body,
    caller,
    commit,
    conversation,
    effect,
    lead,
    letter,
    proved,
    record,
    row,
    typed,
)
from tests.store.reviewing import review

NOT_MOVED = {"meta", "view_place", "sqlite_sequence"}
HOSTILE = "nul \0 \ufdd0 quote ' \" ไทย 中文 😀"


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer(durable=False).start()
    yield server
    server.close()


async def _fill(store: Store) -> None:
    """Something in every table."""
    letters = [letter(f"{n}", body=body(HOSTILE, subject=HOSTILE, provider=f"<{n}@x>")) for n in range(5)]
    await store.letterbox.put(SITE, letters, [Note(book="b", key=HOSTILE, value=HOSTILE)])
    await store.letterbox.quarantine(SITE, 5, "unreadable")
    known = [caller("a", proved("m@x"), name=HOSTILE), caller("b", typed("m@x"), extra={"k": HOSTILE}), caller(HOSTILE)]
    await store.archive.meet(SITE, known, 1)
    await store.archive.give_care(SITE, 1, {"care": HOSTILE})
    [reply] = await store.archive.write(SITE, [body("out", direction="out", extra={"client": "c1", "files": "[]"})])
    await lead(store)
    await commit(
        store,
        count=2,
        timeline=[row(1, "Received", message=1), row(2, "Replied", message=reply)],
        conversations=[conversation(1, "parked", record=record(1), due_ms=5_000), conversation(2, "closed")],
        settled=[Settled(letter=1, position=1, reason="joined")],
        placed=[(1, 1, 1), (reply, 1, 1)],
        effects=[effect(2, "a", message=reply), effect(2, "a"), effect(2, "b")],
    )
    [first, _] = await store.outbox.claim(SITE, "w", now_ms=5_000, until_ms=9_000, limit=5)
    await store.outbox.done(SITE, first.id)
    await store.journal.keep_bundle(SITE, "aa", b"bundle", 5)
    await store.journal.keep_snapshot(SITE, Snapshot(position=2, at=1, release="1", state=bytes(range(256)) * 9_000))
    await store.accounts.add(SITE, account("ana"))
    await store.accounts.open_session(SITE, Session(token_hash="t", account=1, csrf="c", created_ms=1, expires_ms=9))
    await store.accounts.save_draft(SITE, 1, "R1:x", HOSTILE, 1)
    await store.senders.mark(SITE, [NewMark(kind="email", value="m@x", mark="blocked", reason="r", agent=1)], at=1)
    await store.relay.ask(SITE, "command", b"?", at=1)
    await store.care.merge(SITE, 1, 2, why="by_hand", agent=1, at=1)
    await store.care.begin_erase(SITE, 3, agent=1, at=2)
    await store.care.set_aside(SITE, [(2, "chat", "a")])
    await complain(store, HOSTILE)
    await store.customers.place(SITE, placing(1, why=HOSTILE))
    await store.reviews.begin(SITE, review(1, words=ReviewWords(said=HOSTILE)))
    await store.reviews.remark(SITE, 1, HOSTILE, at=3)
    await publish(store, HOSTILE)


async def _seen(store: Store) -> list[object]:
    """What the port says of everything that was written."""
    archive, care = store.archive, store.care
    return [
        [each async for each in store.journal.read(SITE, 0)],
        [await store.letterbox.get(SITE, number) for number in range(1, 6)],
        [await archive.message(SITE, number) for number in range(1, 8)],
        await archive.customers(SITE, [1, 2, 3]),
        await archive.histories(SITE, [1, 2, 3], limit=5),
        [await archive.lines_of(SITE, number) for number in (1, 2)],
        [await archive.conversation(SITE, number) for number in (1, 2)],
        await archive.story(SITE, 1, before=100, limit=10),
        await archive.thread(SITE, 1, 1, limit=10),
        await archive.written_as(SITE, 1, author="customer", client="c1"),
        await archive.bodies_of(SITE, 1, extra="files", after=0, limit=9),
        await archive.records_due(SITE, before_ms=9_999, limit=5),
        await archive.message_by_provider(SITE, "chat", "<1@x>"),
        await store.letterbox.depth(SITE),
        await store.outbox.depth(SITE),
        await store.outbox.claim(SITE, "w2", now_ms=10_000, until_ms=11_000, limit=9),
        await store.journal.latest_snapshot(SITE),
        await store.journal.bundle(SITE, "aa"),
        await store.accounts.all(SITE),
        await store.accounts.session(SITE, "t", now_ms=1),
        await store.accounts.drafts(SITE, 1),
        await store.notebook.read(SITE, "b", HOSTILE),
        await store.senders.marks(SITE, after=0, limit=5, now_ms=1),
        await store.relay.unanswered(SITE, limit=5),
        await care.merges(SITE, 1),
        await care.erasures(SITE, since_ms=0, limit=5),
        await care.words_of(SITE, [1, 2], after=0, limit=50),
        await store.customers.placings(SITE, 1, limit=5),
        await store.customers.count(SITE, ["vip"], most=5),
        await store.reviews.said_of(SITE, 1),
        await store.reviews.get(SITE, 1),
        await store.complaints.of_person(SITE, 1, limit=5),
        await store.complaints.get(SITE, 1),
        await store.complaints.steps(SITE, 1, limit=5),
        await store.complaints.links(SITE, 1),
        await store.articles.all(SITE, limit=5),
        await store.articles.steps(SITE, 1, before=0, limit=5),
        await store.articles.counts(SITE, since_day=0),
        await store.articles.misses(SITE, since_day=0, limit=5),
        await store.articles.revision(SITE),
    ]


async def _opened(folder: Path, key: SiteKey) -> Store:
    return await open_sqlite(folder / STORE_FILE, hasher=keyed_hasher(key.derive("store")))


def _made(folder: Path) -> None:
    async def make() -> None:
        store = await _opened(folder, load_site_key(folder, {}))
        await _fill(store)
        await store.close()

    asyncio.run(make())


def test_every_table_and_column_of_a_file_is_moved() -> None:
    conn = apsw.Connection(":memory:")
    make_tables(conn)
    tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables - NOT_MOVED == {table.name for table in TABLES}
    for table in TABLES:
        columns = {column[1] for column in conn.execute(f"PRAGMA table_info({table.name})")} - {"site"}
        assert columns <= set(table.columns.split()) if table is MESSAGE else columns == set(table.columns.split())


def test_what_has_moved_says_what_it_said_before(tmp_path: Path, server: PostgresqlServer) -> None:
    _made(tmp_path)
    address = asyncio.run(server.database())
    key, said = load_site_key(tmp_path, {}), []
    told = asyncio.run(migrate(tmp_path, address, SITE, key=key, say=said.append))
    assert any("journal" in line for line in told)
    assert server.password not in " ".join([*told, *said])
    assert compare(tmp_path, address, SITE, call=["chat"], push=[])[0].startswith("verify says the same of both: site")

    async def both() -> tuple[list[object], list[object]]:
        here = await _opened(tmp_path, key)
        there = await open_postgresql(address, hasher=keyed_hasher(key.derive("store")))
        try:
            return await _seen(here), await _seen(there)
        finally:
            await here.close()
            await there.close()

    here, there = asyncio.run(both())
    assert len(here) == len(there)
    for mine, theirs in zip(here, there, strict=True):
        assert mine == theirs


def test_what_is_new_after_moving_gets_new_numbers_and_known_things_are_known(
    tmp_path: Path, server: PostgresqlServer
) -> None:
    _made(tmp_path)
    address = asyncio.run(server.database())
    key = load_site_key(tmp_path, {})
    asyncio.run(migrate(tmp_path, address, SITE, key=key, say=lambda _line: None))

    async def go_on() -> None:
        store = await open_postgresql(address, hasher=keyed_hasher(key.derive("store")))
        try:
            again, fresh = await store.letterbox.put(SITE, [letter("1"), letter("new")])
            assert (again.fresh, again.id) == (False, 2)
            assert fresh.fresh
            assert fresh.id > 5
            [met] = await store.archive.meet(SITE, [caller("other", proved("m@x"))], 5)
            assert met.customer == 1
            [stranger] = await store.archive.meet(SITE, [caller("stranger")], 5)
            assert stranger.customer > 3
            assert await store.leases.acquire(SITE, "lead", "node-2", now_ms=0, ttl_ms=60_000) == 2
            assert await commit(store, epoch=2, effects=[effect(3, "a")]) == 3
            assert await store.accounts.add(SITE, account("ben")) > 1
        finally:
            await store.close()

    asyncio.run(go_on())


def test_a_database_with_rows_of_the_site_is_refused_and_stays_as_it_is(
    tmp_path: Path, server: PostgresqlServer
) -> None:
    _made(tmp_path)
    address = asyncio.run(server.database())
    key = load_site_key(tmp_path, {})

    async def begin() -> None:
        store = await open_postgresql(address, hasher=keyed_hasher(key.derive("store")))
        await store.notebook.note(SITE, "b", "k", "v")
        await store.close()

    asyncio.run(begin())
    with pytest.raises(StoreError, match="not empty"):
        asyncio.run(migrate(tmp_path, address, SITE, key=key, say=lambda _line: None))
    name = address.rpartition("/")[2]
    assert asyncio.run(server.run("SELECT count(*) FROM letter", database=name))[0][0] == 0


def test_a_move_that_is_cut_off_leaves_nothing(tmp_path: Path, server: PostgresqlServer) -> None:
    _made(tmp_path)
    address = asyncio.run(server.database())
    key = load_site_key(tmp_path, {})

    class Cut(Exception):
        """Somebody pulls the plug."""

    def cut(line: str) -> None:
        if line.startswith("outbox"):
            raise Cut

    with pytest.raises(Cut):
        asyncio.run(migrate(tmp_path, address, SITE, key=key, say=cut))
    name = address.rpartition("/")[2]
    for table in TABLES:
        assert asyncio.run(server.run(f"SELECT count(*) FROM {table.name}", database=name))[0][0] == 0
    asyncio.run(migrate(tmp_path, address, SITE, key=key, say=lambda _line: None))


def test_only_an_address_of_postgresql_is_a_target(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="postgresql://"):
        asyncio.run(
            migrate(tmp_path, str(tmp_path / STORE_FILE), SITE, key=load_site_key(tmp_path, {}), say=lambda _line: None)
        )
