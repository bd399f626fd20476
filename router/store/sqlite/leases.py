"""Leases' and the notebook's rows: who may, and what a channel wants to remember. Asks no clock."""

from __future__ import annotations

from router.store.sqlite.connect import fetch
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

# A lease that ended keeps its row and its epoch, without an owner: so the epoch can only rise.
_ACQUIRE = """
INSERT INTO lease(site, name, owner, until_ms, epoch) VALUES (?1, ?2, ?3, ?5, 1)
ON CONFLICT(site, name) DO UPDATE SET owner = excluded.owner, until_ms = excluded.until_ms,
  epoch = lease.epoch + (lease.owner <> excluded.owner)
  WHERE lease.owner = excluded.owner OR lease.owner = '' OR lease.until_ms <= ?4
RETURNING epoch
"""

_RELEASE = "UPDATE lease SET owner = '', until_ms = 0 WHERE site = ? AND name = ? AND owner = ?"

_EXPIRED = """
SELECT name, owner FROM lease WHERE site = ?1 AND substr(name, 1, length(?2)) = ?2 AND owner <> '' AND until_ms <= ?3
ORDER BY name
"""

_FORGET = (
    "UPDATE lease SET owner = '', until_ms = 0 WHERE site = ? AND name = ? AND owner = ? AND until_ms <= ? RETURNING 1"
)

_HOLDERS = """
SELECT name, owner, until_ms > ?3 FROM lease WHERE site = ?1 AND substr(name, 1, length(?2)) = ?2 AND owner <> ''
ORDER BY name
"""

_END = "UPDATE lease SET owner = '', until_ms = 0 WHERE site = ? AND owner <> ''"

# By whether there was a value, and whether there is to be one.
_REPLACE = {
    (
        False,
        True,
    ): "INSERT INTO notebook(site, book, key, value) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1",
    (True, False): "DELETE FROM notebook WHERE site = ? AND book = ? AND key = ? AND value = ? RETURNING 1",
    (True, True): """
UPDATE notebook SET value = ?5 WHERE site = ?1 AND book = ?2 AND key = ?3 AND value = ?4 RETURNING 1
""",
}

NOTE = "INSERT OR REPLACE INTO notebook(site, book, key, value) VALUES (?, ?, ?, ?)"


class SqliteLeases:
    """The port's Leases."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def acquire(self, site: str, name: str, owner: str, *, now_ms: int, ttl_ms: int) -> int:
        """See the port. An owner who renews keeps the epoch; any other, also after a release, gets a higher one."""
        values = (site, name, owner, now_ms, now_ms + ttl_ms)
        rows = await self._writer.do(lambda conn: fetch(conn, _ACQUIRE, values))
        return int(rows[0][0]) if rows else 0

    async def release(self, site: str, name: str, owner: str) -> None:
        """See the port."""
        await self._writer.execute(_RELEASE, (site, name, owner))

    async def expired(self, site: str, prefix: str, *, now_ms: int) -> list[tuple[str, str]]:
        """See the port."""
        values = (site, prefix, now_ms)
        return self._readers.look(lambda conn: fetch(conn, _EXPIRED, values))

    async def holders(self, site: str, prefix: str, *, now_ms: int) -> list[tuple[str, str, bool]]:
        """See the port."""
        found = self._readers.look(lambda conn: fetch(conn, _HOLDERS, (site, prefix, now_ms)))
        return [(name, owner, bool(held)) for name, owner, held in found]

    async def forget(self, site: str, name: str, owner: str, *, now_ms: int) -> bool:
        """See the port."""
        return bool(await self._writer.do(lambda conn: fetch(conn, _FORGET, (site, name, owner, now_ms))))

    async def end(self, site: str) -> None:
        """See the port."""
        await self._writer.execute(_END, (site,))


class SqliteNotebook:
    """The port's Notebook."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def read(self, site: str, book: str, key: str) -> str | None:
        """See the port."""
        statement = "SELECT value FROM notebook WHERE site = ? AND book = ? AND key = ?"
        rows = self._readers.look(lambda conn: fetch(conn, statement, (site, book, key)))
        return rows[0][0] if rows else None

    async def note(self, site: str, book: str, key: str, value: str) -> None:
        """See the port."""
        await self._writer.execute(NOTE, (site, book, key, value))

    async def replace(self, site: str, book: str, key: str, *, old: str, new: str) -> bool:
        """See the port."""
        statement = _REPLACE.get((bool(old), bool(new)))
        if statement is None:
            return True
        values = (site, book, key, *filter(None, (old, new)))
        return bool(await self._writer.do(lambda conn: fetch(conn, statement, values)))
