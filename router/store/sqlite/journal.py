"""The journal's rows and all that a commit writes with them, fenced. No decoding, no decisions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial

import apsw
from msgspec.structs import astuple

from router.store.hashing import Hashes
from router.store.limits import cut
from router.store.port import Commit, Fenced, JournalRow, Snapshot
from router.store.sealing import PART_ROWS, POSITION_MAX, Part, read_on, sealed
from router.store.sqlite import snapshots
from router.store.sqlite.bulk import as_json, insert_rows
from router.store.sqlite.connect import fetch
from router.store.sqlite.outbox import end_effects, insert_effects
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

LEAD = "lead"
"""The lease whose epoch fences every commit of a site."""

PAGE_ROWS = 64
"""Journal rows read at a time: some megabytes at the most, so that recovery streams."""

_FENCE = """
SELECT coalesce((SELECT epoch FROM lease WHERE site = ?1 AND name = ?2 AND owner <> ''), 0),
  coalesce((SELECT first + count FROM journal WHERE site = ?1 ORDER BY first DESC LIMIT 1), 1)
"""

_TIMELINE = "timeline(site, position, conv, line, kind, at, message, agent, notice, until_ms, detail)"

_CONVERSATIONS = """conversation(site, conv, reference, customer, line, channel, state, queue, owner, opened_ms,
  changed_ms, due_ms, closed_ms, disposition, record)"""

_CHANGED = """
ON CONFLICT(site, conv) DO UPDATE SET reference = excluded.reference, customer = excluded.customer,
  line = excluded.line, channel = excluded.channel, state = excluded.state, queue = excluded.queue,
  owner = excluded.owner, opened_ms = excluded.opened_ms, changed_ms = excluded.changed_ms,
  due_ms = excluded.due_ms, closed_ms = excluded.closed_ms, disposition = excluded.disposition,
  record = excluded.record
"""

_CONVERSATION_LINES = """
INSERT OR IGNORE INTO conversation_line(site, line, conv)
SELECT ?1, e.value ->> 0, e.value ->> 1 FROM json_each(?2) e
"""

_PLACED = """
UPDATE message SET conv = e.value ->> 1, line = e.value ->> 2,
  channel = coalesce((SELECT channel FROM line WHERE line.id = e.value ->> 2), message.channel)
FROM json_each(?2) e WHERE message.id = e.value ->> 0 AND +message.site = ?1
"""

_DELIVERIES = """
UPDATE message SET status = e.value ->> 1, reason = e.value ->> 2
FROM json_each(?2) e WHERE message.id = e.value ->> 0 AND +message.site = ?1
"""

_KNOWN = """
UPDATE message SET provider = unhex(e.value ->> 1), body = json_set(body, '$.provider', e.value ->> 2)
FROM json_each(?2) e WHERE message.id = e.value ->> 0 AND +message.site = ?1
"""

# The plus keeps the planner from reading a whole site's rows: each row is found by its id.
# A letter that is settled stays settled where it was; its signal has done its work.
_SETTLED = """
UPDATE letter SET state = 'settled', position = e.value ->> 1, reason = e.value ->> 2, signal = x'',
  line = x''
FROM json_each(?2) e WHERE letter.id = e.value ->> 0 AND +letter.site = ?1 AND letter.state <> 'settled'
"""

_READ = """
SELECT first, count, at, epoch, entries FROM journal
WHERE site = ?1 AND first >= coalesce((SELECT max(first) FROM journal WHERE site = ?1 AND first <= ?2), 0)
  AND first + count - 1 > ?2 AND first <= ?3
ORDER BY first LIMIT ?4
"""

_PART = "SELECT sum, data FROM sealed WHERE site = ? AND last > ? ORDER BY last LIMIT 1"

_SEALABLE = """
SELECT first, count, at, epoch, entries FROM journal
WHERE site = ?1 AND at < ?2 AND first < (SELECT max(first) FROM journal WHERE site = ?1) ORDER BY first LIMIT ?3
"""

_SEAL = "INSERT INTO sealed(site, first, last, rows, sum, data) VALUES (?, ?, ?, ?, ?, ?)"

_ROW = JournalRow.__struct_fields__


class SqliteJournal:
    """The port's Journal."""

    def __init__(self, writer: Writer, readers: Readers, hashes: Hashes) -> None:
        self._writer = writer
        self._readers = readers
        self._hashes = hashes

    async def commit(self, site: str, commit: Commit) -> None:
        """See the port."""
        known = [
            (end.message, self._hashes.provider(site, end.provider).hex(), end.provider)
            for end in commit.ended
            if end.message and end.provider
        ]
        await self._writer.do(partial(write_commit, site=site, commit=commit, known=known))

    async def read(self, site: str, after: int, until: int | None = None) -> AsyncIterator[JournalRow]:
        """See the port."""
        last = POSITION_MAX if until is None else until

        async def page(above: int) -> list[JournalRow]:
            return await self._readers.list(partial(read_page, values=(site, above, last, PAGE_ROWS)))

        async def part(above: int) -> Part | None:
            found = await self._readers.list(lambda conn: fetch(conn, _PART, (site, above)))
            return (found[0][0], found[0][1]) if found else None

        async for row in read_on(after, last, page=page, part=part, page_rows=PAGE_ROWS):
            yield row

    async def seal(self, site: str, *, before_ms: int) -> int:
        """See the port. Part by part, so that no commit waits for long."""
        total, count = 0, PART_ROWS
        while count == PART_ROWS:
            count = await self._writer.do(partial(_seal, site=site, before_ms=before_ms))
            total += count
        return total

    async def end(self, site: str) -> tuple[int, int]:
        """See the port."""
        statement = "SELECT first + count - 1, at FROM journal WHERE site = ? ORDER BY first DESC LIMIT 1"
        rows = self._readers.look(lambda conn: fetch(conn, statement, (site,)))
        return rows[0] if rows else (0, 0)

    async def keep_snapshot(self, site: str, snapshot: Snapshot) -> None:
        """See the port. Written piece by piece, so that no commit waits for a large one."""
        chunks = 0
        for data in cut(snapshot.state):
            await self._writer.execute(snapshots.KEEP_CHUNK, (site, snapshot.position, chunks, data))
            chunks += 1
        await self._writer.do(partial(snapshots.keep, site=site, snapshot=snapshot, chunks=chunks))
        more = True
        while more:
            more = await self._writer.do(partial(snapshots.sweep, site=site, below=snapshot.position))

    async def latest_snapshot(self, site: str, *, before: int | None = None) -> Snapshot | None:
        """See the port."""
        last = POSITION_MAX if before is None else before
        return await self._readers.list(partial(snapshots.latest, site=site, before=last))

    async def snapshot_position(self, site: str) -> int:
        """See the port."""
        statement = "SELECT coalesce(max(position), 0) FROM snapshot WHERE site = ?"
        rows = self._readers.look(lambda conn: fetch(conn, statement, (site,)))
        return int(rows[0][0])

    async def keep_bundle(self, site: str, name: str, data: bytes, at: int) -> None:
        """See the port."""
        statement = "INSERT OR IGNORE INTO bundle(site, name, at, data) VALUES (?, ?, ?, ?)"
        await self._writer.execute(statement, (site, name, at, data))

    async def bundle(self, site: str, name: str) -> bytes | None:
        """See the port."""
        statement = "SELECT data FROM bundle WHERE site = ? AND name = ?"
        rows = await self._readers.list(lambda conn: fetch(conn, statement, (site, name)))
        return rows[0][0] if rows else None

    async def bundles(self, site: str) -> list[tuple[str, int]]:
        """See the port."""
        statement = "SELECT name, at FROM bundle WHERE site = ? ORDER BY at DESC, rowid DESC"
        return await self._readers.list(lambda conn: fetch(conn, statement, (site,)))


def _seal(conn: apsw.Connection, *, site: str, before_ms: int) -> int:
    """Pack the next part, and take its rows out of the journal; return how many."""
    rows = [
        JournalRow(**dict(zip(_ROW, row, strict=True))) for row in fetch(conn, _SEALABLE, (site, before_ms, PART_ROWS))
    ]
    if rows:
        first, last = rows[0].first, rows[-1].first
        conn.execute(_SEAL, (site, first, last + rows[-1].count - 1, len(rows), *sealed(rows)))
        conn.execute("DELETE FROM journal WHERE site = ? AND first BETWEEN ? AND ?", (site, first, last))
    return len(rows)


def read_page(conn: apsw.Connection, *, values: tuple[str, int, int, int]) -> list[JournalRow]:
    """Read the next rows of (site, after, until, limit)."""
    return [
        JournalRow(first=first, count=count, at=at, epoch=epoch, entries=entries)
        for first, count, at, epoch, entries in fetch(conn, _READ, values)
    ]


def write_commit(
    conn: apsw.Connection, *, site: str, commit: Commit, known: Sequence[tuple[int, str, str]] = ()
) -> None:
    """Check the fence, then write the batch: one statement for each kind of row that it has.

    `known`: messages, with the keys and ids under which their providers know them now.
    """
    epoch, next_position = fetch(conn, _FENCE, (site, LEAD))[0]
    if epoch != commit.epoch:
        raise Fenced("another leader has taken over")
    if commit.first != next_position:
        raise Fenced("the journal has moved on")
    if commit.count:
        _write_row(conn, site, commit)
    for write in _WITH_A_COMMIT:
        write(conn, site, commit)
    if known:
        conn.execute(_KNOWN, (site, as_json(known)))


def _write_row(conn: apsw.Connection, site: str, commit: Commit) -> None:
    conn.execute(
        "INSERT INTO journal(site, first, count, at, epoch, entries) VALUES (?, ?, ?, ?, ?, ?)",
        (site, commit.first, commit.count, commit.at, commit.epoch, commit.entries),
    )


def _write_timeline(conn: apsw.Connection, site: str, commit: Commit) -> None:
    insert_rows(conn, _TIMELINE, [(site, *astuple(row)) for row in commit.timeline])


def _write_conversations(conn: apsw.Connection, site: str, commit: Commit) -> None:
    newest = {row.conv: row for row in commit.conversations}
    insert_rows(conn, _CONVERSATIONS, [(site, *astuple(row)) for row in newest.values()], then=_CHANGED)


def _write_lines(conn: apsw.Connection, site: str, commit: Commit) -> None:
    """A conversation is found by each line on which something of it was said."""
    pairs = {(line, conv) for _, conv, line in commit.placed}
    pairs |= {(row.line, row.conv) for row in commit.conversations}
    known = sorted(pair for pair in pairs if all(pair))
    if known:
        conn.execute(_CONVERSATION_LINES, (site, as_json(known)))


def _write_placed(conn: apsw.Connection, site: str, commit: Commit) -> None:
    if commit.placed:
        rows = {message: (message, conv, line) for message, conv, line in commit.placed}
        conn.execute(_PLACED, (site, as_json(list(rows.values()))))


def _write_deliveries(conn: apsw.Connection, site: str, commit: Commit) -> None:
    if commit.deliveries:
        rows = {row.message: (row.message, row.status, row.reason) for row in commit.deliveries}
        conn.execute(_DELIVERIES, (site, as_json(list(rows.values()))))


def _write_settled(conn: apsw.Connection, site: str, commit: Commit) -> None:
    if commit.settled:
        rows = {row.letter: (row.letter, row.position, row.reason) for row in reversed(commit.settled)}
        conn.execute(_SETTLED, (site, as_json(list(rows.values()))))


def _write_effects(conn: apsw.Connection, site: str, commit: Commit) -> None:
    insert_effects(conn, site, effects=commit.effects, at=commit.at)


def _write_ended(conn: apsw.Connection, site: str, commit: Commit) -> None:
    if commit.ended:
        end_effects(conn, site, ended=commit.ended)


_WITH_A_COMMIT: tuple[Callable[[apsw.Connection, str, Commit], None], ...] = (
    _write_timeline,
    _write_conversations,
    _write_lines,
    _write_placed,
    _write_deliveries,
    _write_settled,
    _write_effects,
    _write_ended,
)
