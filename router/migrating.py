"""The command `migrate`: a site moves from the embedded store to PostgreSQL, and both are checked. No rows here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from router.site.datalock import STORE_FILE, locked
from router.site.key import KEY_FILE, KEY_VARIABLE, SiteKey
from router.store.hashing import keyed_hasher
from router.store.opening import NOT_INSTALLED, is_postgresql
from router.store.port import StoreError
from router.store.sqlite import open_sqlite
from router.verify import verify

Say = Callable[[str], None]


async def migrate(data: Path, address: str, site: str, *, key: SiteKey, say: Say) -> list[str]:
    """Move a site of a data directory that nobody serves; return what to tell of it.

    Raises StoreError when the address is none, or the database has rows of the site: then nothing was written.
    """
    if not is_postgresql(address):
        raise StoreError(
            "the target must be the address of a PostgreSQL database, postgresql://user@host:5432/database"
        )
    try:
        from router.store.postgresql.moving import move_site  # noqa: PLC0415 - one machine needs no driver.
    except ModuleNotFoundError:
        raise StoreError(NOT_INSTALLED) from None
    file = data / STORE_FILE
    # Opening brings a file of an earlier release to the tables of this one.
    store = await open_sqlite(file, hasher=keyed_hasher(key.derive("store")))
    await store.close()
    moved = await move_site(str(file), address, site, say)
    rows = ", ".join(f"{count} {name}" for name, count in moved.rows.items() if count)
    return [
        f"Moved: {rows or 'nothing, the site is empty'}.",
        f"The journal's sum is {moved.journal} on both sides.",
        f"Serve it with STORE set to its address and {KEY_VARIABLE} to this site's key, which is in {data / KEY_FILE}.",
        f"{file} is as it was. Do not serve it again: what is decided there would not be known here.",
    ]


def compare(data: Path, address: str, site: str, *, call: Collection[str], push: Collection[str]) -> list[str]:
    """Verify both sides, where no loop runs. Raises StoreError when they do not say the same."""
    here, there = (
        verify(where, site, call_channels=call, push_channels=push) for where in (data / STORE_FILE, address)
    )
    if here.lines() != there.lines():
        raise StoreError("verify finds another thing there than here: keep serving the old data, and tell us")
    return [f"verify says the same of both: {line}" for line in there.lines()[:1]]


@contextmanager
def unserved(data: Path) -> Iterator[None]:
    """Hold the data directory, so that nobody serves it while it moves."""
    with locked(data, 0):
        yield
