"""The whole store: how it is opened and closed. The rows live in its parts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from router.store.hashing import Hasher, Hashes
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
from router.store.postgresql.accounts import PostgresqlAccounts
from router.store.postgresql.address import FOR_LEASES, FOR_LEASES_S, PATIENT, PATIENT_S, check_server, checked, connect
from router.store.postgresql.archive import PostgresqlArchive
from router.store.postgresql.articles import PostgresqlArticles
from router.store.postgresql.care import PostgresqlCare
from router.store.postgresql.complaints import PostgresqlComplaints
from router.store.postgresql.connections import Connection, Connections
from router.store.postgresql.customers import PostgresqlCustomers
from router.store.postgresql.errors import DRIVER_ERRORS, convert
from router.store.postgresql.journal import PostgresqlJournal
from router.store.postgresql.leases import PostgresqlLeases, PostgresqlNotebook
from router.store.postgresql.letterbox import PostgresqlLetterbox
from router.store.postgresql.outbox import PostgresqlOutbox
from router.store.postgresql.relay import PostgresqlRelay
from router.store.postgresql.reviews import PostgresqlReviews
from router.store.postgresql.schema import migrate
from router.store.postgresql.senders import PostgresqlSenders
from router.store.postgresql.views import PostgresqlViews

CONNECTIONS = 8
"""Of one node: a statement takes a millisecond, so eight serve thousands a second; the server has a hundred for all."""

LEASE_CONNECTIONS = 1
"""A lease must not be lost because all the others read a report."""


class PostgresqlStore:
    """The port's Store, in one database that several nodes use."""

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

    def __init__(
        self,
        connections: Connections,
        for_leases: Connections,
        patient: Callable[[], Awaitable[Connection]],
        *,
        hasher: Hasher,
    ) -> None:
        hashes = Hashes(hasher)
        self._connections = connections
        self._for_leases = for_leases
        self._letterbox = PostgresqlLetterbox(connections, hashes)
        self._archive = PostgresqlArchive(connections, hashes)
        self._outbox = PostgresqlOutbox(connections)
        self._leases = PostgresqlLeases(for_leases)
        self.letterbox = self._letterbox
        self.journal = PostgresqlJournal(connections, hashes)
        self.archive = self._archive
        self.outbox = self._outbox
        self.leases = self._leases
        self.notebook = PostgresqlNotebook(connections)
        self.accounts = PostgresqlAccounts(connections)
        self.senders = PostgresqlSenders(connections, hashes)
        self.care = PostgresqlCare(connections, hashes, patient)
        self.complaints = PostgresqlComplaints(connections)
        self.customers = PostgresqlCustomers(connections, hashes)
        self.articles = PostgresqlArticles(connections)
        self.relay = PostgresqlRelay(connections)
        self.reviews = PostgresqlReviews(connections)
        self.views = PostgresqlViews(connections)

    async def generation(self) -> str:
        """Return the name of this life of the data; another one after a restore, so that clients begin anew."""
        return str((await self._connections.read("SELECT value FROM meta WHERE name = 'generation'"))[0][0])

    @property
    def trouble(self) -> str:
        """See the port."""
        return self._connections.trouble or self._for_leases.trouble

    async def clock(self) -> int:
        """See the port: the database's own."""
        return await self._leases.clock()

    async def prune(self, site: str, *, now_ms: int) -> int:
        """See the port."""
        return await self._letterbox.prune(site, now_ms=now_ms)

    async def close(self) -> None:
        """Finish what is under way and close the connections. Calling it twice changes nothing."""
        for part in (self._letterbox, self._archive, self._outbox):
            await part.finish()
        await self._connections.close()
        await self._for_leases.close()


async def open_postgresql(address: str, *, hasher: Hasher, connections: int = CONNECTIONS) -> PostgresqlStore:
    """Open a database, empty or from an older release, in the running loop.

    Raises StoreUnavailable when it cannot be reached or written, StoreError when it is not ours to use.
    """
    opener = partial(connect, checked(address))
    for_leases = partial(opener, settings=FOR_LEASES, patience_s=FOR_LEASES_S)
    patient = partial(opener, settings=PATIENT, patience_s=PATIENT_S)
    try:
        conn = await opener()
        try:
            await check_server(conn)
            await migrate(conn)
        finally:
            await conn.close()
    except DRIVER_ERRORS as error:
        fault = convert(error)
    else:
        return PostgresqlStore(
            Connections(opener, connections), Connections(for_leases, LEASE_CONNECTIONS), patient, hasher=hasher
        )
    raise fault
