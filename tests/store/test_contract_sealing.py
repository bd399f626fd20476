"""Sealed parts of the journal, for every store: read as one with the rest, checked, and nothing lost."""

from __future__ import annotations

import asyncio

import pytest

from router.store import sealing
from router.store.port import JournalRow, Store, StoreError
from router.store.sealing import sealed, unsealed
from tests.store.makers import SITE, commit, lead

DAY_MS = 86_400_000


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("router.store.sealing", "router.store.sqlite.journal", "router.store.postgresql.journal"):
        monkeypatch.setattr(f"{module}.PART_ROWS", 4)


async def filled(store: Store, rows: int) -> list[JournalRow]:
    """Write a row a day, of one to three events each; return them as they are read."""
    await lead(store)
    for number in range(rows):
        await commit(store, count=1 + number % 3, at=DAY_MS * (number + 1), entries=bytes([number]) * 50)
    return await read(store)


async def read(store: Store, after: int = 0, until: int | None = None) -> list[JournalRow]:
    return [row async for row in store.journal.read(SITE, after, until)]


async def test_a_journal_that_is_sealed_reads_from_everywhere_to_everywhere_as_before(store: Store) -> None:
    rows = await filled(store, 23)
    end = await store.journal.end(SITE)
    wanted = {(a, u): await read(store, a, u) for a in range(0, end[0] + 2, 3) for u in (None, 7, 20, end[0])}
    assert await store.journal.seal(SITE, before_ms=DAY_MS * 11) == 10
    assert await store.journal.seal(SITE, before_ms=DAY_MS * 11) == 0
    assert await read(store) == rows
    for (after, until), found in wanted.items():
        assert await read(store, after, until) == found, (after, until)
    assert await store.journal.end(SITE) == end


async def test_the_newest_row_is_never_sealed_and_the_journal_goes_on_behind_it(store: Store) -> None:
    rows = await filled(store, 9)
    assert await store.journal.seal(SITE, before_ms=1 << 60) == 8
    await commit(store, count=1, at=DAY_MS * 99)
    assert (await read(store))[:-1] == rows
    assert await store.journal.seal(SITE, before_ms=1 << 60) == 1
    assert (await read(store))[:-1] == rows


async def test_who_seals_while_another_does_and_others_read_loses_and_doubles_nothing(store: Store) -> None:
    rows = await filled(store, 40)

    async def reading() -> list[JournalRow]:
        found = []
        async for row in store.journal.read(SITE, 0):
            found.append(row)
            await asyncio.sleep(0)
        return found

    done = await asyncio.gather(
        store.journal.seal(SITE, before_ms=1 << 60), store.journal.seal(SITE, before_ms=1 << 60), reading(), reading()
    )
    assert done[0] + done[1] == 39
    assert done[2] == done[3] == rows
    assert await read(store) == rows


async def test_another_sites_journal_is_left_alone(store: Store) -> None:
    await filled(store, 6)
    assert await store.journal.seal("other", before_ms=1 << 60) == 0


def test_a_part_with_a_wrong_bit_is_refused() -> None:
    rows = [JournalRow(first=1, count=2, at=3, epoch=1, entries=b"entries" * 9)]
    total, packed = sealed(rows)
    assert unsealed((total, packed)) == rows
    for broken in (packed[:-3], packed[:12] + bytes([packed[12] ^ 1]) + packed[13:], b""):
        with pytest.raises(StoreError, match="damaged"):
            unsealed((total, broken))
    assert sealing.PART_ROWS == 4
