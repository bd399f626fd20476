"""The stores that are held to the contract: one parameter each. A test gets an open one and leaves it closed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from router.store.port import Store
from router.store.sqlite import keyed_hasher, open_sqlite

Opener = Callable[[], Awaitable[Store]]


def _sqlite(folder: Path) -> Opener:
    async def opener() -> Store:
        return await open_sqlite(folder / "store.db", hasher=keyed_hasher(b"k" * 32))

    return opener


@pytest.fixture(params=[_sqlite], ids=["sqlite"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens the same data again and again."""
    made: Opener = request.param(tmp_path)
    return made


@pytest_asyncio.fixture
async def store(opener: Opener) -> AsyncIterator[Store]:
    opened = await opener()
    yield opened
    await opened.close()
