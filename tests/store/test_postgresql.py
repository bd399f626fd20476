"""What only a database across a network has: its own clock, passwords, restarts, a bound on connections."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from router.store.hashing import keyed_hasher
from router.store.opening import is_postgresql, open_store_at
from router.store.port import Fenced, Store, StoreError, StoreUnavailable
from router.store.postgresql import PostgresqlStore, open_postgresql
from router.store.postgresql.address import checked, without_secrets
from router.store.postgresql.schema import MIGRATIONS
from router.store.postgresql.texts import given, kept
from tests.servers.postgresql import PostgresqlServer
from tests.store.makers import SITE, body, caller, commit, effect, letter, proved
from tests.store.postgresql import Database

HASHER = keyed_hasher(b"k" * 32)
BACK_S = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    """A server of our own, because it is stopped and killed."""
    server = PostgresqlServer().start()
    yield server
    server.close()


@pytest.fixture(scope="module")
def database(server: PostgresqlServer) -> Database:
    return asyncio.run(Database.made_on(server))


@pytest_asyncio.fixture
async def address(database: Database) -> str:
    """The address of a database of ours without rows."""
    await database.empty()
    return database.address


@pytest_asyncio.fixture
async def store(address: str) -> AsyncIterator[PostgresqlStore]:
    opened = await open_postgresql(address, hasher=HASHER)
    yield opened
    await opened.close()


async def _lead(store: Store, owner: str = "a", *, ttl_ms: int = 60_000) -> int:
    return await store.leases.acquire(SITE, "lead", owner, now_ms=0, ttl_ms=ttl_ms)


async def _well_again(store: Store) -> None:
    """Wait until the store takes a writing, with a bound."""
    async with asyncio.timeout(BACK_S):
        while True:
            try:
                await store.notebook.note(SITE, "b", "k", "v")
            except StoreError:
                await asyncio.sleep(0.05)
            else:
                return


async def test_leases_are_judged_by_the_databases_clock_whatever_a_node_thinks(store: PostgresqlStore) -> None:
    assert await store.leases.acquire(SITE, "lead", "a", now_ms=10**15, ttl_ms=60_000) == 1
    assert await store.leases.acquire(SITE, "lead", "b", now_ms=10**18, ttl_ms=60_000) == 0
    assert await store.leases.expired(SITE, "lead", now_ms=10**18) == []
    assert await store.leases.acquire(SITE, "short", "a", now_ms=10**15, ttl_ms=0) == 1
    assert await store.leases.expired(SITE, "sh", now_ms=0) == [("short", "a")]
    assert await store.leases.acquire(SITE, "short", "b", now_ms=0, ttl_ms=60_000) == 2


async def test_the_stores_clock_is_the_databases(store: PostgresqlStore, server: PostgresqlServer) -> None:
    [(theirs,)] = await server.run("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
    assert 0 <= await store.clock() - theirs < 60_000


async def test_two_nodes_commit_in_a_race_and_one_goes_on(address: str) -> None:
    stores = [await open_postgresql(address, hasher=HASHER) for _ in range(2)]
    try:
        await _lead(stores[0])
        for turn in range(20):
            answers = await asyncio.gather(
                *(commit(store, entries=b"%d" % number) for number, store in enumerate(stores)), return_exceptions=True
            )
            written = [row.entries async for row in stores[0].journal.read(SITE, 0)]
            winners = [number for number, answer in enumerate(answers) if not isinstance(answer, BaseException)]
            assert len(written) == turn + 1 or winners == [0, 1]
            assert all(isinstance(answer, Fenced) for answer in answers if isinstance(answer, BaseException))
            if len(winners) == 2:
                # They came one after the other: both are there, and the next turn begins behind them.
                assert len(written) == turn + 2
                return
    finally:
        for store in stores:
            await store.close()


async def test_letters_that_reach_two_nodes_at_once_are_one_row(address: str) -> None:
    stores = [await open_postgresql(address, hasher=HASHER) for _ in range(2)]
    try:
        names = [f"letter {number}" for number in range(60)]
        turns = [names, list(reversed(names))]
        puts = [
            store.letterbox.put(SITE, [letter(name) for name in order[at : at + 20]])
            for store, order in zip(stores, turns, strict=True)
            for at in (0, 20, 40)
        ]
        answers = [one for answer in await asyncio.gather(*puts) for one in answer]
        assert sum(one.fresh for one in answers) == 60
        assert len({one.id for one in answers}) == 60
        assert (await stores[0].letterbox.depth(SITE))[0] == 60
    finally:
        for store in stores:
            await store.close()


async def test_workers_of_two_nodes_share_lanes_and_keep_their_order(address: str) -> None:
    stores = [await open_postgresql(address, hasher=HASHER) for _ in range(2)]
    lanes, each = 8, 6
    try:
        await _lead(stores[0])
        effects = [effect(at + 1, f"lane {at % lanes}", message=at + 1) for at in range(lanes * each)]
        await commit(stores[0], count=len(effects), at=1, effects=effects)
        done: list[tuple[str, int]] = []

        async def work(store: Store, worker: str) -> None:
            while (await store.outbox.depth(SITE))[0]:
                for one in await store.outbox.claim(SITE, worker, now_ms=5_000, until_ms=9_000, limit=2):
                    done.append((one.lane, one.message))
                    await store.outbox.done(SITE, one.id)

        async with asyncio.timeout(BACK_S):
            await asyncio.gather(*(work(store, f"w{n}") for n, store in enumerate((*stores, *stores))))
        assert len(done) == len(set(done)) == lanes * each
        for name in {lane for lane, _ in done}:
            order = [message for lane, message in done if lane == name]
            assert order == sorted(order)
    finally:
        for store in stores:
            await store.close()


async def test_effects_that_come_while_their_lane_ends_are_never_left_behind(address: str) -> None:
    leader = await open_postgresql(address, hasher=HASHER)
    worker = await open_postgresql(address, hasher=HASHER)
    try:
        await _lead(leader)
        total = 60

        async def decide() -> None:
            for at in range(1, total + 1):
                await commit(leader, at=1, effects=[effect(at, "one", message=at)])

        order: list[int] = []

        async def perform() -> None:
            while len(order) < total:
                for one in await worker.outbox.claim(SITE, "w", now_ms=5_000, until_ms=9_000, limit=5):
                    order.append(one.message)
                    await worker.outbox.done(SITE, one.id)

        async with asyncio.timeout(BACK_S):
            await asyncio.gather(decide(), perform())
        assert order == list(range(1, total + 1))
    finally:
        await leader.close()
        await worker.close()


async def test_callers_met_by_two_nodes_at_once_are_one_customer(address: str) -> None:
    stores = [await open_postgresql(address, hasher=HASHER) for _ in range(2)]
    try:
        for turn in range(10):
            callers = [caller(f"{turn}-{name}", proved(f"{turn}@{name}")) for name in "abcd"]
            answers = await asyncio.gather(
                stores[0].archive.meet(SITE, callers, 1), stores[1].archive.meet(SITE, callers[::-1], 1)
            )
            assert [met.customer for met in answers[0]] == [met.customer for met in answers[1][::-1]]
            assert [met.line for met in answers[0]] == [met.line for met in answers[1][::-1]]
    finally:
        for store in stores:
            await store.close()


async def test_a_server_that_restarts_is_unavailable_and_then_well_again(
    store: PostgresqlStore, server: PostgresqlServer
) -> None:
    await _lead(store)
    await commit(store)
    server.stop()
    try:
        with pytest.raises(StoreError):
            await store.letterbox.put(SITE, [letter("lost")])
        with pytest.raises(StoreUnavailable):
            await store.journal.end(SITE)
        with pytest.raises(StoreUnavailable):
            await store.letterbox.put(SITE, [letter("lost")])
        assert store.trouble
    finally:
        server.start()
    await _well_again(store)
    assert await commit(store) == 2
    assert (await store.letterbox.put(SITE, [letter("lost")]))[0].fresh


async def test_a_session_that_the_server_ends_costs_one_reading_nothing(
    store: PostgresqlStore, server: PostgresqlServer
) -> None:
    await _lead(store)
    await commit(store)
    await server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'patchbay'")
    assert await store.journal.end(SITE) == (1, 1_001)


async def test_a_commit_cut_off_in_the_middle_has_an_unknown_outcome_and_is_whole_or_not_there(
    address: str, store: PostgresqlStore, server: PostgresqlServer
) -> None:
    await _lead(store)
    holder = await asyncpg.connect(address)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE timeline IN EXCLUSIVE MODE")
            waiting = asyncio.create_task(commit(store))
            blocked = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT commit_1%' "
            async with asyncio.timeout(BACK_S):
                while not await server.run(blocked + "AND wait_event_type = 'Lock'"):
                    if waiting.done():
                        break
                    await asyncio.sleep(0.02)
            if not waiting.done():
                with pytest.raises(StoreError) as caught:
                    await waiting
                assert not isinstance(caught.value, (StoreUnavailable, Fenced))
    finally:
        await holder.close()
    end = (await store.journal.end(SITE))[0]
    assert await commit(store) == end + 1


async def test_a_wrong_password_is_said_without_saying_any_password(server: PostgresqlServer) -> None:
    secret = "not-the-password"
    wrong = server.url().replace(server.password, secret)
    with pytest.raises(StoreUnavailable) as caught:
        await open_postgresql(wrong, hasher=HASHER)
    shown = "".join(traceback.format_exception(caught.value))
    assert str(caught.value) == "the database refuses our name or password"
    assert server.password not in shown
    assert secret not in str(caught.value)


async def test_the_password_may_come_from_the_environment(
    server: PostgresqlServer, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", server.password)
    store = await open_postgresql(address.replace(f":{server.password}", ""), hasher=HASHER)
    assert await store.clock() > 0
    await store.close()


async def test_an_error_of_the_driver_brings_no_word_of_a_row(store: PostgresqlStore) -> None:
    name = "".join(("Mar", "ta"))
    with pytest.raises(StoreError) as caught:
        await store.notebook.note(SITE, "b", "k", name + "\ud800")
    assert name not in "".join(traceback.format_exception(caught.value))


async def test_a_database_of_a_newer_release_is_refused(server: PostgresqlServer) -> None:
    address = await server.database()
    store = await open_postgresql(address, hasher=HASHER)
    await store.close()
    name = address.rpartition("/")[2]
    await server.run("INSERT INTO schema_version VALUES ($1, now())", len(MIGRATIONS) + 1, database=name)
    with pytest.raises(StoreError, match="newer release"):
        await open_postgresql(address, hasher=HASHER)


async def test_nodes_that_start_together_on_an_empty_database_make_its_tables_once(server: PostgresqlServer) -> None:
    address = await server.database()
    stores = await asyncio.gather(*(open_postgresql(address, hasher=HASHER) for _ in range(4)))
    assert len({await store.generation() for store in stores}) == 1
    for store in stores:
        await store.close()


async def test_connections_are_bounded_and_everybody_gets_a_turn(address: str, server: PostgresqlServer) -> None:
    store = await open_postgresql(address, hasher=HASHER, connections=2)
    try:
        answers = await asyncio.gather(*(store.archive.message(SITE, number) for number in range(200)))
        assert answers == [None] * 200
        name = address.rpartition("/")[2]
        [(sessions,)] = await server.run("SELECT count(*) FROM pg_stat_activity WHERE datname = $1", name)
        assert sessions <= 3
    finally:
        await store.close()


async def test_nothing_is_taken_after_closing(address: str) -> None:
    store = await open_postgresql(address, hasher=HASHER)
    await store.close()
    await store.close()
    with pytest.raises(StoreUnavailable):
        await store.letterbox.put(SITE, [letter("a")])


async def test_a_caller_that_goes_away_takes_nobody_with_it(store: PostgresqlStore) -> None:
    tasks = [asyncio.create_task(store.letterbox.put(SITE, [letter(f"{n}")])) for n in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(not isinstance(answer, BaseException) for answer in answers[1::2])
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::2])


async def test_one_caller_with_a_text_that_cannot_be_kept_fails_alone(store: PostgresqlStore) -> None:
    bad = store.archive.write(SITE, [body("fine", author="\ud800")])
    answers = await asyncio.gather(store.archive.write(SITE, [body("a")]), bad, return_exceptions=True)
    good = await asyncio.gather(*(store.letterbox.put(SITE, [letter(f"{n}")]) for n in range(3)))
    assert isinstance(answers[1], StoreError)
    assert isinstance(answers[0], list)
    assert len(good) == 3


async def test_the_store_of_a_place_is_told_by_its_form(address: str, tmp_path: Path) -> None:
    assert is_postgresql(address)
    assert not is_postgresql(tmp_path / "x.db")
    for where in (address, tmp_path / "x.db"):
        store = await open_store_at(where, hasher=HASHER)
        assert await store.journal.end(SITE) == (0, 0)
        await store.close()


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql://me:secret@db.example:5432/patchbay?sslmode=disable", "postgresql://me@db.example:5432/patchbay"),
        ("postgresql://db.example/patchbay", "postgresql://db.example/patchbay"),
        ("postgresql://me:se@cret@a,b/patchbay", "postgresql://me@a,b/patchbay"),
    ],
)
def test_an_address_is_shown_without_its_password(address: str, shown: str) -> None:
    assert without_secrets(address) == shown


@pytest.mark.parametrize(
    ("address", "demanded"),
    [
        ("postgresql://me@127.0.0.1/x", False),
        ("postgresql://me@localhost:5432/x", False),
        ("postgresql://me@[::1]:5432/x", False),
        ("postgresql:///x?host=/run/postgresql", False),
        ("postgresql://me@db.example/x", True),
        ("postgresql://me@localhost,db.example/x", True),
        ("postgresql://me@db.example/x?application_name=y", True),
        ("postgresql://me@db.example/x?sslmode=disable", False),
    ],
)
def test_tls_is_demanded_where_the_way_leaves_the_machine(address: str, demanded: bool) -> None:
    assert ("sslmode=require" in checked(address)) is demanded


@pytest.mark.parametrize(
    "text", ["", "plain", "\0", "a\0b", "\ufdd0", "\ufdd00", "\0\ufdd0\0", "\ufdd01\0", "ไทย 中文"]
)
def test_a_text_with_nul_comes_back_as_it_was(text: str) -> None:
    assert "\0" not in kept(text)
    assert given(kept(text)) == text


async def test_scrubbing_waits_where_somebody_holds_a_table(store: PostgresqlStore, database: Database) -> None:
    assert await store.care.scrub() == ""
    holder = await asyncpg.connect(database.address)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE draft IN ACCESS EXCLUSIVE MODE")
            assert await store.care.scrub() == "store_busy"
    finally:
        await holder.close()


async def test_a_writing_that_is_given_up_by_its_caller_disturbs_no_other(
    store: PostgresqlStore, database: Database, server: PostgresqlServer
) -> None:
    holder = await asyncpg.connect(database.address)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE notebook IN ACCESS EXCLUSIVE MODE")
            tasks = [asyncio.create_task(store.notebook.note(SITE, "b", f"{n}", "v")) for n in range(4)]
            async with asyncio.timeout(BACK_S):
                waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query ~ 'notebook'"
                while (await server.run(waits))[0][0] < len(tasks):
                    await asyncio.sleep(0.02)
            for task in tasks[:2]:
                task.cancel()
            given_up = await asyncio.gather(*tasks[:2], return_exceptions=True)
            assert all(isinstance(answer, asyncio.CancelledError) for answer in given_up)
    finally:
        await holder.close()
    await asyncio.gather(*tasks[2:])
    assert await store.notebook.read(SITE, "b", "3") == "v"
    assert await asyncio.gather(*(store.journal.end(SITE) for _ in range(20))) == [(0, 0)] * 20
