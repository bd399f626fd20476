"""The whole store: how it is opened, backed up and closed. The rows live in its parts."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import apsw

from router.store.hashing import Hasher, Hashes
from router.store.limits import DEDUPE_DAYS
from router.store.port import (
    Accounts,
    Archive,
    Articles,
    Care,
    Complaints,
    Customers,
    Journal,
    Leases,
    Letterbox,
    Notebook,
    Outbox,
    Relay,
    Reviews,
    Senders,
    Views,
)
from router.store.sqlite.accounts import SqliteAccounts
from router.store.sqlite.archive import SqliteArchive
from router.store.sqlite.articles import SqliteArticles
from router.store.sqlite.backup import copy
from router.store.sqlite.care import SqliteCare
from router.store.sqlite.complaints import SqliteComplaints
from router.store.sqlite.connect import fetch, open_writer
from router.store.sqlite.customers import SqliteCustomers
from router.store.sqlite.errors import border
from router.store.sqlite.evidence import SqliteEvidence, open_evidence
from router.store.sqlite.hinting import fill_hints
from router.store.sqlite.journal import SqliteJournal
from router.store.sqlite.leases import SqliteLeases, SqliteNotebook
from router.store.sqlite.letterbox import SqliteLetterbox
from router.store.sqlite.outbox import SqliteOutbox
from router.store.sqlite.readers import Readers
from router.store.sqlite.relay import SqliteRelay
from router.store.sqlite.reviews import SqliteReviews
from router.store.sqlite.schema import migrate
from router.store.sqlite.senders import SqliteSenders
from router.store.sqlite.views import SqliteViews
from router.store.sqlite.writer import Writer

NS_PER_MS = 1_000_000


class SqliteStore:
    """The port's Store, in one file."""

    letterbox: Letterbox
    journal: Journal
    archive: Archive
    outbox: Outbox
    leases: Leases
    notebook: Notebook
    accounts: Accounts
    senders: Senders
    care: Care
    complaints: Complaints
    customers: Customers
    articles: Articles
    relay: Relay
    reviews: Reviews
    views: Views

    def __init__(self, path: str, writer: Writer, readers: Readers, *, hasher: Hasher) -> None:
        hashes = Hashes(hasher)
        self._path = path
        self._writer = writer
        self._readers = readers
        self._letterbox = SqliteLetterbox(writer, readers, hashes)
        self.letterbox = self._letterbox
        self.journal = SqliteJournal(writer, readers, hashes)
        self.archive = SqliteArchive(writer, readers, hashes)
        self.outbox = SqliteOutbox(writer, readers)
        self.leases = SqliteLeases(writer, readers)
        self.notebook = SqliteNotebook(writer, readers)
        self.accounts = SqliteAccounts(writer, readers)
        self.senders = SqliteSenders(writer, readers, hashes)
        self.relay = SqliteRelay(writer, readers)
        self.reviews = SqliteReviews(writer, readers)
        self.care = SqliteCare(path, writer, readers, hashes=hashes)
        self.complaints = SqliteComplaints(writer, readers)
        self.customers = SqliteCustomers(writer, readers, hashes)
        self.articles = SqliteArticles(writer, readers)
        self.views = SqliteViews(writer, readers)

    @property
    def generation(self) -> str:
        """The name of this life of the data; another one after a restore, so that clients begin anew."""
        statement = "SELECT value FROM meta WHERE name = 'generation'"
        rows = self._readers.look(lambda conn: fetch(conn, statement))
        return str(rows[0][0])

    @property
    def trouble(self) -> str:
        """See the port."""
        return self._writer.trouble

    def evidence(self) -> SqliteEvidence:
        """Return this moment of the data for `verify`, which may take its time in a thread of its own."""
        return open_evidence(self._path)

    async def clock(self) -> int:
        """See the port: a file's machine has one clock, and its leases are judged by whoever asks on it."""
        return time.time_ns() // NS_PER_MS

    async def prune(self, site: str, *, now_ms: int, days: int = DEDUPE_DAYS) -> int:
        """Forget the dedupe hashes of letters settled longer ago than any provider sends again."""
        return await self._letterbox.prune(site, now_ms=now_ms, days=days)

    async def backup(self, path: str | Path) -> None:
        """Copy everything, as it is now, into a new file that can be opened like this one."""
        await asyncio.to_thread(copy, self._path, str(path))

    async def close(self) -> None:
        """Finish what is under way and close the file. Calling it twice changes nothing."""
        await self._readers.close()
        await self._writer.close()


async def open_sqlite(path: str | Path, *, hasher: Hasher) -> SqliteStore:
    """Open a file, new or from an older release, in the running loop.

    Raises StoreUnavailable when it cannot be opened or written, StoreError when it is not ours to use.
    """
    name = str(path)
    with border():
        conn = await asyncio.to_thread(_prepared, name, hasher)
        try:
            readers = Readers(name)
        except apsw.Error:
            conn.close()
            raise
    writer = Writer(conn)
    writer.start()
    return SqliteStore(name, writer, readers, hasher=hasher)


def _prepared(path: str, hasher: Hasher) -> apsw.Connection:
    conn = open_writer(path)
    try:
        migrate(conn)
        fill_hints(conn, Hashes(hasher))
    except BaseException:
        conn.close()
        raise
    return conn
