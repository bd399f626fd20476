"""The demo's articles, and what a month of readers made of them. Plain rows, written once."""

from __future__ import annotations

from pathlib import Path

import dashboard.helping
from dashboard.helping.folder import Folder
from router.core.bundle import DAY_MS
from router.store.port import Store

FOLDER = Path(dashboard.helping.__file__).parent / "demo"
# Article, how often it was read in a day, and what so many of its readers said: yes, no.
READ = {
    "send-something-back": (9, 31, 4),
    "when-my-parcel-comes": (14, 22, 17),
    "change-an-order": (4, 12, 1),
    "repair-a-jacket-or-a-tent": (2, 7, 2),
}
MISSED = {"gift card": 11, "student discount": 6, "发票": 4, "บัตรของขวัญ": 3}
DAYS, SEARCHES_MAX = 28, 1_000


async def tell_articles(store: Store, site: str, *, first: str, now_ms: int) -> None:
    """Write the demo's articles, unless the site has any."""
    if await store.articles.revision(site):
        return
    files = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    await Folder(site, store, first=first, now_ms=now_ms).take(files)
    numbers = {each.slug: each.number for each in await store.articles.all(site, limit=len(files))}
    today = now_ms // DAY_MS
    for day in range(today - DAYS, today):
        await store.articles.read(site, {numbers[slug]: often for slug, (often, _, _) in READ.items()}, day=day)
    for slug, (_, yes, no) in READ.items():
        for nth in range(yes + no):
            visitor = nth.to_bytes(16, "big")
            await store.articles.vote(site, numbers[slug], visitor=visitor, helped=nth < yes, day=today - nth % DAYS)
    await store.articles.missed(site, MISSED, day=today - 1, most=SEARCHES_MAX)
