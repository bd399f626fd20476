"""The stores that are held to the contract: one parameter each. A test gets an open one and leaves it closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from router.store.hashing import keyed_hasher
from router.store.port import Store
from router.store.sqlite import open_sqlite
from tests.servers.postgresql import PostgresqlServer
from tests.store.postgresql import Database

Opener = Callable[[], Awaitable[Store]]
KEY = b"k" * 32


@pytest.fixture(scope="session")
def tables() -> Iterator[Database]:
    """One database for all tests of a session, each of which finds it empty. Nobody kills its server."""
    server = PostgresqlServer(durable=False).start()
    yield asyncio.run(Database.made_on(server))
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens the same data again and again."""
    if request.param == "postgresql":
        database: Database = request.getfixturevalue("tables")
        return database.opener(keyed_hasher(KEY))

    async def opened() -> Store:
        return await open_sqlite(tmp_path / "store.db", hasher=keyed_hasher(KEY))

    return opened


@pytest_asyncio.fixture
async def store(opener: Opener) -> AsyncIterator[Store]:
    opened = await opener()
    yield opened
    await opened.close()
