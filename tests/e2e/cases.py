"""Complaints of some weeks, articles and segments in a house, written into its store here. Nothing judges here."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from router.clustering import open_store
from router.demoarticles import tell_articles
from router.democases import tell_cases
from router.demosegments import tell_segments
from router.site.key import load_site_key
from router.site.places import MAIN
from router.store.port import Store

Work = Callable[[Store, list[int], int], Awaitable[None]]


def add_cases(data: Path, *logins: str) -> None:
    """Write the demo's complaints, owned by these in turn."""
    _beside(data, logins, lambda store, staff, now_ms: tell_cases(store, MAIN, staff=staff, now_ms=now_ms))


def add_articles(data: Path) -> None:
    """Write the demo's articles and what their readers made of them."""
    _beside(data, (), lambda store, _, now_ms: tell_articles(store, MAIN, first="en", now_ms=now_ms))


def add_segments(data: Path, login: str) -> None:
    """Put those of the demo's customers who are there into their segments."""
    _beside(data, (login,), lambda store, staff, now_ms: tell_segments(store, MAIN, agent=staff[0], now_ms=now_ms))


def _beside(data: Path, logins: tuple[str, ...], work: Work) -> None:
    with ThreadPoolExecutor(1) as beside:
        beside.submit(lambda: asyncio.run(_done(data, logins, work))).result()


async def _done(data: Path, logins: tuple[str, ...], work: Work) -> None:
    store = await open_store(data, load_site_key(data, {}))
    try:
        found = [await store.accounts.by_login(MAIN, login) for login in logins]
        await work(store, [each.id for each in found if each is not None], int(time.time() * 1_000))
    finally:
        await store.close()
