"""A PostgreSQL database for the store's tests: emptied before each, with a clock that a test can set."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import asyncpg

from router.store.hashing import Hasher
from router.store.port import Leases, Store
from router.store.postgresql import PostgresqlStore, open_postgresql
from router.store.postgresql.address import connect
from router.store.postgresql.connections import Connections
from tests.servers.postgresql import PostgresqlServer

# Leases are judged by the database's clock. Tests say what it shows; without that it is the real one.
_CLOCK = """
CREATE TABLE test_clock(ms bigint);
INSERT INTO test_clock VALUES (NULL);
CREATE OR REPLACE FUNCTION store_clock_ms() RETURNS bigint LANGUAGE sql VOLATILE AS
  'SELECT coalesce((SELECT ms FROM test_clock), floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint)';
"""

_EMPTY = """
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'view\\_%'
    AND tablename <> 'view_place' LOOP EXECUTE 'DROP TABLE ' || name; END LOOP;
  FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'
    AND tablename NOT IN ('schema_version', 'meta', 'test_clock') LOOP EXECUTE 'DELETE FROM ' || name; END LOOP;
  FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' LOOP
    PERFORM setval(name::regclass, 1, false); END LOOP;
  DELETE FROM meta WHERE meta.name <> 'generation';
  UPDATE test_clock SET ms = NULL;
END $$;
"""


CONNECTIONS = 4


class Database:
    """One database, known by its address."""

    def __init__(self, address: str) -> None:
        self.address = address

    @classmethod
    async def made_on(cls, server: PostgresqlServer) -> Database:
        """Make a database with our tables and the clock of the tests."""
        database = cls(await server.database())
        store = await open_postgresql(database.address, hasher=lambda _kind, _value: b"")
        await store.close()
        await database.run(_CLOCK)
        return database

    async def run(self, statement: str) -> None:
        """Run statements as an operator would."""
        conn = await asyncpg.connect(self.address)
        try:
            await conn.execute(statement)
        finally:
            await conn.close()

    async def empty(self) -> None:
        """Take every row away, and every view's table."""
        await self.run(_EMPTY)

    def opener(self, hasher: Hasher) -> Callable[[], Awaitable[Store]]:
        """Return what opens this database: emptied at the first time, as it is after that."""
        opened = 0

        async def opener() -> Store:
            nonlocal opened
            opened += 1
            # The tables are there, and a session costs more than most tests: one does for everything that waits.
            session = partial(connect, self.address)
            connections = Connections(session, CONNECTIONS)
            if opened == 1:
                await connections.write(_EMPTY)
            store = PostgresqlStore(connections, connections, session, hasher=hasher)
            store.leases = SetClock(store)
            return store

        return opener


class SetClock:
    """Leases of a database whose clock shows what the caller says, as SQLite's do: one contract holds both."""

    def __init__(self, store: PostgresqlStore) -> None:
        self._leases: Leases = store.leases
        self._connections = store._connections
        self.release = self._leases.release
        self.end = self._leases.end

    async def acquire(self, site: str, name: str, owner: str, *, now_ms: int, ttl_ms: int) -> int:
        await self._show(now_ms)
        return await self._leases.acquire(site, name, owner, now_ms=-1, ttl_ms=ttl_ms)

    async def expired(self, site: str, prefix: str, *, now_ms: int) -> list[tuple[str, str]]:
        await self._show(now_ms)
        return await self._leases.expired(site, prefix, now_ms=-1)

    async def forget(self, site: str, name: str, owner: str, *, now_ms: int) -> bool:
        await self._show(now_ms)
        return await self._leases.forget(site, name, owner, now_ms=-1)

    async def holders(self, site: str, prefix: str, *, now_ms: int) -> list[tuple[str, str, bool]]:
        await self._show(now_ms)
        return await self._leases.holders(site, prefix, now_ms=-1)

    async def _show(self, now_ms: int) -> None:
        await self._connections.write("UPDATE test_clock SET ms = $1", now_ms)
