"""Keeps one view in the store: reads what the fold must know, folds a batch, writes rows and place together."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from router.core.events import Entry, decode_entries
from router.store.port import Store, StoreError, ViewPlace
from router.views.view import Sheet, Sheets, View

# Folded at once: one or two milliseconds of the loop, and a transaction that no commit waits for long.
EVENTS_MAX = 500

Batch = Sequence[tuple[int, Entry]]


class JournalGap(StoreError):
    """The journal does not go on where the view stands: it was pruned or restored, and the view must be rebuilt."""


class Keeper:
    """One view of one site. Between batches it remembers its place and nothing else."""

    def __init__(self, view: View, site: str, store: Store) -> None:
        self.view = view
        self.place = ViewPlace()
        self._site = site
        self._store = store

    async def begin(self) -> None:
        """Find out where the view stands. After an error nothing else is known, so this comes first again."""
        self.place = await self._store.views.begin(self._site, self.view.spec)

    async def forget(self) -> None:
        """Throw the view away and begin before the first event. Raises JournalGap where that is no longer there."""
        end, _ = await self._store.journal.end(self._site)
        if end and not [row async for row in self._store.journal.read(self._site, 0, 1) if row.first == 1]:
            raise JournalGap("the journal lacks its beginning: what this view holds could not be made again")
        await self._store.views.forget(self._site, self.view.spec)
        await self.begin()

    async def count(self) -> int:
        """Return how many rows the view's own table has; the tables after it are what its fold must know."""
        table = next(iter(self.view.spec.tables))
        return await self._store.views.count(self._site, self.view.spec, table)

    async def catch_up(self, told: Callable[[int], None] = lambda _position: None) -> None:
        """Read the journal from the view's place to its end; `told` hears the position after each batch."""
        batch: list[tuple[int, Entry]] = []
        reached = self.place.position
        async for row in self._store.journal.read(self._site, reached):
            if row.first != reached + 1:
                raise JournalGap(f"the journal has a gap after position {reached}")
            batch += numbered(row.first, decode_entries(row.entries))
            reached = row.first + row.count - 1
            if reached - self.place.position >= EVENTS_MAX:
                await self.apply(batch)
                batch = []
                told(reached)
                await asyncio.sleep(0)
        if batch:
            await self.apply(batch)
            told(reached)

    async def apply(self, batch: Batch) -> None:
        """Fold what follows the view's place, and write rows and place in one transaction."""
        sheets = await self._sheets(batch)
        for first, entry in batch:
            self.view.fold(sheets, first, entry)
        first, entry = batch[-1]
        place = ViewPlace(position=first + len(entry.events) - 1, at=entry.at)
        rows = {name: sheet.changed for name, sheet in sheets.items()}
        gone = {name: keys for name, sheet in sheets.items() if (keys := sheet.gone)}
        await self._store.views.write(
            self._site, self.view.spec, after=self.place.position, place=place, rows=rows, gone=gone
        )
        self.place = place

    async def _sheets(self, batch: Batch) -> Sheets:
        """Return the tables with the last row of everybody the batch is about."""
        wanted: defaultdict[str, set[int]] = defaultdict(set)
        for _, entry in batch:
            for event in entry.events:
                for table, subject in self.view.subjects(event):
                    wanted[table].add(subject)
        views, spec = self._store.views, self.view.spec
        return {name: Sheet(await views.latest(self._site, spec, name, subjects=wanted[name])) for name in spec.tables}


def numbered(first: int, entries: Iterable[Entry]) -> list[tuple[int, Entry]]:
    """Return entries with the position of the first event of each."""
    found = []
    for entry in entries:
        found.append((first, entry))
        first += len(entry.events)
    return found
