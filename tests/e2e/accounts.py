"""Accounts of a house, made in this process: a command for each costs half a second. Nothing that judges lives here."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from router.clustering import open_store
from router.site.accounts import add_person
from router.site.key import load_site_key
from router.site.places import MAIN
from router.store.port import Account
from tests.passwords import quick_hash


def add_account(data: Path, account: Account, *, password: str) -> None:
    """Add an account to a data directory, whether it is served or not, or is still to be made."""
    # Some callers have a running loop, and some are in a thread of one.
    with ThreadPoolExecutor(1) as beside:
        beside.submit(lambda: asyncio.run(_added(data, account, password))).result()


async def _added(data: Path, account: Account, password: str) -> None:
    data.mkdir(exist_ok=True)
    store = await open_store(data, load_site_key(data, {}))
    try:
        await add_person(store.accounts, MAIN, account, password=password, hashed=quick_hash)
    finally:
        await store.close()


def account_of(login: str, *, role: str, name: str, skill: list[str], capacity: int) -> Account:
    """Return an account with its skills written as the command takes them: billing=3."""
    levels = {word: int(level) for word, _, level in (each.partition("=") for each in skill)}
    return Account(id=0, login=login, password="", name=name, role=role, skills=levels, capacity=capacity)
