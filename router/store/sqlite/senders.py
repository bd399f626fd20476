"""Marks on senders: blocked, or only testing. Found by keyed hash like identities; a mark that has expired is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import apsw

from router.store.hashing import Hashes
from router.store.port import NewMark, SenderMark
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

_MARK = """
INSERT INTO sender(site, kind, hash, value, mark, reason, agent, created_ms, until_ms) VALUES (?,?,?,?,?,?,?,?,?)
ON CONFLICT(site, kind, hash) DO UPDATE SET mark = excluded.mark, reason = excluded.reason, agent = excluded.agent,
  created_ms = excluded.created_ms, until_ms = excluded.until_ms
"""

_OF = """
SELECT k.key, s.mark FROM json_each(?2) k CROSS JOIN sender s
WHERE s.site = ?1 AND s.kind = k.value ->> 0 AND s.hash = unhex(k.value ->> 1)
  AND (s.until_ms = 0 OR s.until_ms > ?3)
"""

_PAGE = """
SELECT id, kind, value, mark, reason, agent, created_ms, until_ms FROM sender
WHERE site = ? AND id > ? AND (until_ms = 0 OR until_ms > ?) ORDER BY id LIMIT ?
"""

_ON = """
SELECT s.id, s.kind, s.value, s.mark, s.reason, s.agent, s.created_ms, s.until_ms
FROM json_each(?2) k CROSS JOIN sender s
WHERE s.site = ?1 AND s.kind = k.value ->> 0 AND s.hash = unhex(k.value ->> 1) ORDER BY s.id
"""

_UNMARK = "DELETE FROM sender WHERE site = ? AND id = ?"
_EXPIRED = "DELETE FROM sender WHERE site = ? AND until_ms > 0 AND until_ms <= ?"


class SqliteSenders:
    """The port's Senders."""

    def __init__(self, writer: Writer, readers: Readers, hashes: Hashes) -> None:
        self._writer = writer
        self._readers = readers
        self._hashes = hashes

    async def mark(self, site: str, marks: Sequence[NewMark], *, at: int) -> list[int]:
        """See the port."""
        rows = [
            (site, one.kind, self._hashes.identity(site, one.kind, one.value), one.value, one.mark, one.reason,
             one.agent, at, one.until_ms)
            for one in marks
        ]  # fmt: skip
        return await self._writer.do(partial(_mark, site=site, rows=rows, at=at))

    async def unmark(self, site: str, mark: int) -> bool:
        """See the port."""

        def work(conn: apsw.Connection) -> bool:
            conn.execute(_UNMARK, (site, mark))
            return conn.changes() > 0

        return await self._writer.do(work)

    async def marks(self, site: str, *, after: int, limit: int, now_ms: int) -> list[SenderMark]:
        """See the port."""
        return await self._readers.list(partial(_page, values=(site, after, now_ms, limit)))

    async def of(self, site: str, senders: Sequence[tuple[str, str]], *, now_ms: int) -> Mapping[int, str]:
        """See the port."""
        if not senders:
            return {}
        keys = as_json([(kind, self._hashes.identity(site, kind, value).hex()) for kind, value in senders])
        return dict(self._readers.look(lambda conn: fetch(conn, _OF, (site, keys, now_ms))))


def _mark(
    conn: apsw.Connection, *, site: str, rows: list[tuple[str, str, bytes, str, str, str, int, int, int]], at: int
) -> list[int]:
    conn.execute(_EXPIRED, (site, at))
    numbers = []
    for row in rows:
        conn.execute(_MARK, row)
        found = fetch(conn, "SELECT id FROM sender WHERE site = ? AND kind = ? AND hash = ?", row[:3])
        numbers.append(int(found[0][0]))
    return numbers


def _page(conn: apsw.Connection, *, values: tuple[str, int, int, int]) -> list[SenderMark]:
    return [_shown(row) for row in fetch(conn, _PAGE, values)]


def marks_on(conn: apsw.Connection, *, site: str, keys: str) -> list[SenderMark]:
    """Return the marks of senders by (kind, hash), also those that have run out."""
    return [_shown(row) for row in fetch(conn, _ON, (site, keys))]


def _shown(row: tuple[Any, ...]) -> SenderMark:
    return SenderMark(**dict(zip(SenderMark.__struct_fields__, row, strict=True)))
