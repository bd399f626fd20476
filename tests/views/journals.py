"""Journals of random floors in a real store, and what the views must hold of them. No test lives here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random

from router.core.events import Entry, encode_entries
from router.store.port import Store, ViewRow
from router.store.sqlite import SqliteStore, keyed_hasher, open_sqlite
from router.views.keeper import Keeper
from router.views.known import VIEWS
from router.views.view import View
from tests.store.makers import SITE, commit, lead
from tests.views.watching import Tables

EVERY_ROW = 100_000


async def opened(folder: Path) -> SqliteStore:
    return await open_sqlite(folder / "patchbay.db", hasher=keyed_hasher(b"k" * 32))


async def write_journal(store: Store, entries: Sequence[Entry], chance: Random) -> None:
    """Commit entries in batches, as a floor does."""
    epoch, start = await lead(store), 0
    while start < len(entries):
        batch = list(entries[start : start + chance.choice((1, 2, 6))])
        count = sum(len(entry.events) for entry in batch)
        await commit(store, epoch=epoch, count=count, at=batch[-1].at, entries=encode_entries(batch))
        start += len(batch)


async def followed(store: Store, view: View) -> Keeper:
    """Bring a view to the journal's end."""
    keeper = Keeper(view, SITE, store)
    await keeper.begin()
    await keeper.catch_up()
    return keeper


async def tables(store: Store, view: View) -> Tables:
    """Return everything a view holds."""
    found: Tables = {}
    for name in view.spec.tables:
        rows: list[ViewRow] = await store.views.rows(SITE, view.spec, name, after=(-1, -1), limit=EVERY_ROW)
        found[name] = {row.key: row for row in rows}
    return found


async def everything(store: Store) -> dict[str, Tables]:
    return {name: await tables(store, view) for name, view in VIEWS.items()}
