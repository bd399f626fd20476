"""What is counted of the help page: readings, and searches without a result. Kept here for seconds, then written."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress

from dashboard.helping.finding import may_be_kept
from dashboard.surroundings import Surroundings
from router.core.bundle import DAY_MS
from router.store.port import StoreError

WRITE_EVERY_S = 15.0
# Between two writings no more different searches are kept; a script that searches for everything fills nothing.
SEARCHES_MAX = 200
SEARCHES_A_DAY_MAX = 1_000
# Searches tell what to write for a month; a vote is one visitor's for a year.
SEARCHES_KEPT_DAYS, VOTES_KEPT_DAYS = 31, 365


class Tally:
    """Counts of one site at this node."""

    def __init__(self, out: Surroundings) -> None:
        self._out = out
        self._reads: Counter[int] = Counter()
        self._searches: Counter[str] = Counter()
        self._swept = 0

    @property
    def day(self) -> int:
        """Today, in days since 1970."""
        return self._out.now_ms() // DAY_MS

    def read(self, article: int) -> None:
        """Somebody has opened an article."""
        self._reads[article] += 1

    def missed(self, query: str) -> None:
        """A search has found nothing."""
        words = may_be_kept(query)
        if words and (words in self._searches or len(self._searches) < SEARCHES_MAX):
            self._searches[words] += 1

    async def run(self) -> None:
        """Write what was counted now and then, until cancelled; then once more."""
        try:
            while True:
                await asyncio.sleep(WRITE_EVERY_S)
                await self.write()
        finally:
            await self.write()

    async def write(self) -> None:
        """Write what was counted. While the store is away it is kept for the next time."""
        site, store, day = self._out.floor.site, self._out.store.articles, self.day
        reads, self._reads = self._reads, Counter()
        searches, self._searches = self._searches, Counter()
        try:
            if reads:
                await store.read(site, dict(reads), day=day)
                reads = Counter()
            if searches:
                await store.missed(site, dict(searches), day=day, most=SEARCHES_A_DAY_MAX)
                searches = Counter()
        except StoreError:
            self._reads.update(reads)
            self._searches.update(searches)
            return
        await self._sweep(day)

    async def _sweep(self, day: int) -> None:
        if day == self._swept:
            return
        with suppress(StoreError):
            await self._out.store.articles.sweep(
                self._out.floor.site,
                searches_before=day - SEARCHES_KEPT_DAYS,
                votes_before=day - VOTES_KEPT_DAYS,
            )
            self._swept = day
