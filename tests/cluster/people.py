"""Accounts for a cluster's agents, added in this process: a command for each would cost a second of a processor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from router.site.accounts import add_person
from router.store.hashing import keyed_hasher
from router.store.opening import open_store_at
from router.store.port import Account
from tests.cluster.desks import PASSWORD
from tests.passwords import quick_hash

SITE = "main"


async def add_people(where: str | Path, logins: Sequence[str], role: str = "agent") -> None:
    """Add people of a role with the tests' password. No hash of this store is needed for it, so any key will do."""
    store = await open_store_at(where, hasher=keyed_hasher(bytes(32)))
    try:
        for login in logins:
            account = Account(id=0, login=login, password="", name=login, role=role)
            await add_person(store.accounts, SITE, account, password=PASSWORD, hashed=quick_hash)
    finally:
        await store.close()
