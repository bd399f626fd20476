"""Complaints of some weeks in a house, written into its store in this process. Nothing that judges lives here."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from router.clustering import open_store
from router.democases import tell_cases
from router.site.key import load_site_key
from router.site.places import MAIN


def add_cases(data: Path, *logins: str) -> None:
    """Write the demo's complaints, owned by these in turn."""
    with ThreadPoolExecutor(1) as beside:
        beside.submit(lambda: asyncio.run(_added(data, logins))).result()


async def _added(data: Path, logins: tuple[str, ...]) -> None:
    store = await open_store(data, load_site_key(data, {}))
    try:
        found = [await store.accounts.by_login(MAIN, login) for login in logins]
        staff = [each.id for each in found if each is not None]
        await tell_cases(store, MAIN, staff=staff, now_ms=int(time.time() * 1_000))
    finally:
        await store.close()
