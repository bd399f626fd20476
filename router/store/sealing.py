"""Sealed parts of a journal: many rows as one compressed, summed value, and how both are read as one. No SQL."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import msgspec

from router.store.port import JournalRow, StoreError

# A part is read whole: some megabytes at the most.
PART_ROWS = 512
LEVEL = 9
POSITION_MAX = 2**63 - 1

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(list[tuple[int, int, int, int, bytes]])

Part = tuple[bytes, bytes]
"""The sum of what was packed, and the packed."""


def sealed(rows: Sequence[JournalRow]) -> Part:
    """Pack rows that follow each other."""
    plain = _encoder.encode([(row.first, row.count, row.at, row.epoch, row.entries) for row in rows])
    return hashlib.sha256(plain).digest(), zlib.compress(plain, LEVEL)


def unsealed(part: Part) -> list[JournalRow]:
    """Return the rows of a part. Raises StoreError when a bit of it is another than it was."""
    total, packed = part
    try:
        plain = zlib.decompress(packed)
    except zlib.error:
        plain = b""
    if hashlib.sha256(plain).digest() != total:
        raise StoreError("a sealed part of the journal is damaged: bring it back from a back-up")
    return [
        JournalRow(first=first, count=count, at=at, epoch=epoch, entries=entries)
        for first, count, at, epoch, entries in _decoder.decode(plain)
    ]


async def read_on(
    after: int,
    until: int,
    *,
    page: Callable[[int], Awaitable[list[JournalRow]]],
    part: Callable[[int], Awaitable[Part | None]],
    page_rows: int,
) -> AsyncIterator[JournalRow]:
    """Yield rows above a position, from the journal's own table and, where that begins later, from sealed parts.

    What is sealed between two pages is found in its part. The newest row of a journal is never sealed, so a page
    without rows and without a bound is its end.
    """
    more = True
    while more:
        rows = await page(after)
        more = len(rows) == page_rows
        behind = rows[0].first > after + 1 if rows else until < POSITION_MAX
        older = await part(after) if behind else None
        if older is not None:
            rows, more = [row for row in unsealed(older) if row.first + row.count - 1 > after], True
        for row in rows:
            if row.first > until:
                return
            yield row
            after = row.first + row.count - 1
