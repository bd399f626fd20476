"""The journal's rows, snapshots and bundles, and all that a commit writes, fenced. No decoding, no decisions."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from typing import Any

from msgspec.structs import astuple

from router.store.hashing import Hashes
from router.store.limits import DAY_MS, EARLIEST_MS, NEWEST_KEPT, cut
from router.store.port import Commit, ConversationRow, JournalRow, Snapshot, TimelineRow
from router.store.postgresql.connections import Connections
from router.store.postgresql.texts import kept
from router.store.sealing import PART_ROWS, POSITION_MAX, Part, read_on, sealed

PAGE_ROWS = 64
"""Journal rows read at a time: some megabytes at the most, so that recovery streams."""

COMMIT_VALUES = 57

_COMMIT = f"SELECT commit_2({', '.join(f'${number}' for number in range(1, COMMIT_VALUES + 1))})"

_READ = """
SELECT first, count, at, epoch, entries FROM journal
WHERE site = $1 AND first >= coalesce((SELECT max(first) FROM journal WHERE site = $1 AND first <= $2), 0)
  AND first + count - 1 > $2 AND first <= $3
ORDER BY first LIMIT $4
"""

_PART = "SELECT sum, data FROM sealed WHERE site = $1 AND last > $2 ORDER BY last LIMIT 1"

_SEALABLE = """
SELECT first, count, at, epoch, entries FROM journal
WHERE site = $1 AND at < $2 AND first < (SELECT max(first) FROM journal WHERE site = $1) ORDER BY first LIMIT $3
"""

# Rows go where their part has come, in one statement: who seals the same ones second finds it there and takes nothing.
_SEAL = """
WITH put AS (
  INSERT INTO sealed(site, first, last, rows, sum, data)
  SELECT $1::text, $2::bigint, $4::bigint, $5::integer, $6::bytea, $7::bytea
  WHERE (SELECT count(*) FROM journal WHERE site = $1 AND first BETWEEN $2 AND $3::bigint) = $5
  ON CONFLICT DO NOTHING RETURNING 1)
DELETE FROM journal WHERE site = $1 AND first BETWEEN $2 AND $3 AND EXISTS (SELECT 1 FROM put) RETURNING 1
"""

_END = "SELECT first + count - 1, at FROM journal WHERE site = $1 ORDER BY first DESC LIMIT 1"

_KEEP_CHUNK = """
INSERT INTO snapshot_chunk(site, position, number, data) VALUES ($1, $2, $3, $4)
ON CONFLICT (site, position, number) DO UPDATE SET data = excluded.data
"""

_KEEP = """
INSERT INTO snapshot(site, position, at, release, chunks) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (site, position) DO UPDATE SET at = excluded.at, release = excluded.release, chunks = excluded.chunks
"""

_FORGET = """
DELETE FROM snapshot WHERE site = $1
  AND position NOT IN (SELECT position FROM snapshot WHERE site = $1 ORDER BY position DESC LIMIT $2)
  AND position NOT IN (SELECT max(position) FROM snapshot WHERE site = $1 GROUP BY at / $3)
"""

# Pieces without a snapshot are those of forgotten ones and of a child that died before its last piece.
# Another child may be writing a newer one right now: its pieces lie above.
_SWEEP = """
DELETE FROM snapshot_chunk c WHERE c.site = $1 AND c.position < $2
  AND NOT EXISTS (SELECT 1 FROM snapshot s WHERE s.site = c.site AND s.position = c.position)
"""

_LATEST = """
SELECT position, at, release, chunks FROM snapshot WHERE site = $1 AND position < $2 ORDER BY position DESC LIMIT 1
"""

_PIECE = "SELECT data FROM snapshot_chunk WHERE site = $1 AND position = $2 AND number = $3"

_KEEP_BUNDLE = "INSERT INTO bundle(site, name, at, data) VALUES ($1, $2, $3, $4) ON CONFLICT (site, name) DO NOTHING"


class PostgresqlJournal:
    """The port's Journal."""

    def __init__(self, connections: Connections, hashes: Hashes) -> None:
        self._connections = connections
        self._hashes = hashes
        self._turns: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def commit(self, site: str, commit: Commit) -> None:
        """See the port. Those of one site go in the order in which they were asked for."""
        values = self._values(site, commit)
        async with self._turns[site]:
            await self._connections.write(_COMMIT, *values)

    async def read(self, site: str, after: int, until: int | None = None) -> AsyncIterator[JournalRow]:
        """See the port."""
        last = POSITION_MAX if until is None else until

        async def page(above: int) -> list[JournalRow]:
            return _rows(await self._connections.read(_READ, site, above, last, PAGE_ROWS))

        async def part(above: int) -> Part | None:
            found = await self._connections.read(_PART, site, above)
            return (found[0][0], found[0][1]) if found else None

        async for row in read_on(after, last, page=page, part=part, page_rows=PAGE_ROWS):
            yield row

    async def seal(self, site: str, *, before_ms: int) -> int:
        """See the port. Part by part, so that nothing waits for long."""
        total, count = 0, PART_ROWS
        while count == PART_ROWS:
            rows = _rows(await self._connections.read(_SEALABLE, site, before_ms, PART_ROWS))
            count = len(rows)
            if rows:
                first, last = rows[0].first, rows[-1].first
                ends = last + rows[-1].count - 1
                part = await asyncio.to_thread(sealed, rows)
                total += len(await self._connections.write(_SEAL, site, first, last, ends, count, *part))
        return total

    async def end(self, site: str) -> tuple[int, int]:
        """See the port."""
        rows = await self._connections.read(_END, site)
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    async def keep_snapshot(self, site: str, snapshot: Snapshot) -> None:
        """See the port. Written piece by piece; the row that comes last makes it exist."""
        chunks = 0
        for data in cut(snapshot.state):
            await self._connections.write(_KEEP_CHUNK, site, snapshot.position, chunks, data)
            chunks += 1
        await self._connections.write(_KEEP, site, snapshot.position, snapshot.at, snapshot.release, chunks)
        await self._connections.write(_FORGET, site, NEWEST_KEPT, DAY_MS)
        await self._connections.write(_SWEEP, site, snapshot.position)

    async def latest_snapshot(self, site: str, *, before: int | None = None) -> Snapshot | None:
        """See the port. One that is forgotten while it is read is passed by for the next older."""
        last = POSITION_MAX if before is None else before
        while rows := await self._connections.read(_LATEST, site, last):
            position, at, release, chunks = rows[0]
            pieces = [await self._connections.read(_PIECE, site, position, number) for number in range(chunks)]
            if all(pieces):
                state = b"".join(piece[0][0] for piece in pieces)
                return Snapshot(position=position, at=at, release=release, state=state)
            last = position
        return None

    async def snapshot_position(self, site: str) -> int:
        """See the port."""
        rows = await self._connections.read("SELECT coalesce(max(position), 0) FROM snapshot WHERE site = $1", site)
        return int(rows[0][0])

    async def keep_bundle(self, site: str, name: str, data: bytes, at: int) -> None:
        """See the port."""
        await self._connections.write(_KEEP_BUNDLE, site, name, at, data)

    async def bundle(self, site: str, name: str) -> bytes | None:
        """See the port."""
        rows = await self._connections.read("SELECT data FROM bundle WHERE site = $1 AND name = $2", site, name)
        return rows[0][0] if rows else None

    async def bundles(self, site: str) -> list[tuple[str, int]]:
        """See the port."""
        statement = "SELECT name, at FROM bundle WHERE site = $1 ORDER BY at DESC, name"
        return [(name, at) for name, at in await self._connections.read(statement, site)]

    def _values(self, site: str, commit: Commit) -> list[Any]:
        """Turn a commit into the values of its one statement: a list for each column of each kind of row."""
        known = {
            end.message: (end.message, self._hashes.provider(site, end.provider), kept(end.provider))
            for end in commit.ended
            if end.message and end.provider
        }
        conversations = {row.conv: row for row in commit.conversations}
        lines = {(line, conv) for _, conv, line in commit.placed} | {
            (row.line, row.conv) for row in commit.conversations
        }
        effects = [
            (new.position, new.lane, new.channel, new.effect, new.conv, new.line, new.message, new.notice,
             new.until_ms, max(commit.at, new.not_before_ms, EARLIEST_MS))
            for new in commit.effects
        ]  # fmt: skip
        kinds: tuple[tuple[int, Sequence[Sequence[Any]]], ...] = (
            (len(TimelineRow.__struct_fields__), [astuple(row) for row in commit.timeline]),
            (len(ConversationRow.__struct_fields__), [astuple(row) for row in conversations.values()]),
            (2, sorted(pair for pair in lines if all(pair))),
            (3, list({row[0]: row for row in commit.placed}.values())),
            (3, list({row.message: astuple(row) for row in commit.deliveries}.values())),
            (3, list(known.values())),
            (3, list({row.letter: astuple(row) for row in reversed(commit.settled)}.values())),
            (10, effects),
            (3, list({end.effect: (end.effect, end.reason, end.worker) for end in commit.ended}.values())),
        )
        head = [site, commit.epoch, commit.first, commit.count, commit.at, commit.entries]
        return head + [column for width, rows in kinds for column in turned(rows, width)]


def _rows(found: Sequence[Sequence[Any]]) -> list[JournalRow]:
    return [
        JournalRow(first=first, count=count, at=at, epoch=epoch, entries=entries)
        for first, count, at, epoch, entries in found
    ]


def turned(rows: Sequence[Sequence[Any]], width: int) -> list[list[Any]]:
    """Turn rows into one list for each column."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
