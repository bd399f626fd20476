"""The whole store: everything beside each other, for who is given one. No SQL, no decisions."""

from __future__ import annotations

from typing import Protocol

from router.store.port.accounts import Accounts
from router.store.port.archive import Archive
from router.store.port.articles import Articles
from router.store.port.care import Care
from router.store.port.complaints import Complaints
from router.store.port.customers import Customers
from router.store.port.journal import Journal
from router.store.port.leases import Leases, Notebook
from router.store.port.letters import Letterbox
from router.store.port.outbox import Outbox
from router.store.port.relay import Relay
from router.store.port.reviews import Reviews
from router.store.port.senders import Senders
from router.store.port.views import Views


class Store(Protocol):
    """One database, seen through its parts."""

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

    @property
    def trouble(self) -> str:
        """Why something could not be written in the last seconds, empty when all was. A sentence without details."""

    async def clock(self) -> int:
        """Return the time in ms UTC by which this store judges leases: every node that uses it is told the same."""

    async def prune(self, site: str, *, now_ms: int) -> int:
        """Forget the dedupe hashes of letters settled longer ago than any provider sends again; return how many."""

    async def close(self) -> None: ...
