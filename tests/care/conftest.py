"""A home for each test: an open store and a folder of files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from router.site.files import FolderFiles
from router.store.sqlite import keyed_hasher, open_sqlite
from tests.care.home import HandClock, Home
from tests.store.makers import lead


@pytest_asyncio.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    store = await open_sqlite(tmp_path / "store.db", hasher=keyed_hasher(b"k" * 32))
    await lead(store)
    yield Home(tmp_path, store, FolderFiles(tmp_path / "files", b"k" * 32), HandClock())
    await store.close()
