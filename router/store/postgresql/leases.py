"""Leases' and the notebook's rows: who may, by the database's own clock, and what a channel wants to remember."""

from __future__ import annotations

from router.store.postgresql.connections import Connections
from router.store.postgresql.texts import given, kept

# A lease that ended keeps its row and its epoch, without an owner: so the epoch can only rise.
_ACQUIRE = """
INSERT INTO lease(site, name, owner, until_ms, epoch) VALUES ($1, $2, $3, store_clock_ms() + $4, 1)
ON CONFLICT (site, name) DO UPDATE SET owner = excluded.owner, until_ms = store_clock_ms() + $4,
  epoch = lease.epoch + (lease.owner <> excluded.owner)::integer
  WHERE lease.owner = excluded.owner OR lease.owner = '' OR lease.until_ms <= store_clock_ms()
RETURNING epoch
"""

_RELEASE = "UPDATE lease SET owner = '', until_ms = 0 WHERE site = $1 AND name = $2 AND owner = $3"

_EXPIRED = """
SELECT name, owner FROM lease
WHERE site = $1 AND name >= $2 AND name < $3 AND owner <> '' AND until_ms <= store_clock_ms() ORDER BY name
"""

_FORGET = """
UPDATE lease SET owner = '', until_ms = 0
WHERE site = $1 AND name = $2 AND owner = $3 AND until_ms <= store_clock_ms() RETURNING 1
"""

_HOLDERS = """
SELECT name, owner, until_ms > store_clock_ms() FROM lease
WHERE site = $1 AND name >= $2 AND name < $3 AND owner <> '' ORDER BY name
"""

_END = "UPDATE lease SET owner = '', until_ms = 0 WHERE site = $1 AND owner <> ''"

_READ = "SELECT value FROM notebook WHERE site = $1 AND book = $2 AND key = $3"

_NOTE = """
INSERT INTO notebook(site, book, key, value) VALUES ($1, $2, $3, $4)
ON CONFLICT (site, book, key) DO UPDATE SET value = excluded.value
"""

# By whether there was a value, and whether there is to be one.
_REPLACE = {
    (False, True): """
INSERT INTO notebook(site, book, key, value) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING RETURNING 1
""",
    (True, False): "DELETE FROM notebook WHERE site = $1 AND book = $2 AND key = $3 AND value = $4 RETURNING 1",
    (True, True): """
UPDATE notebook SET value = $5 WHERE site = $1 AND book = $2 AND key = $3 AND value = $4 RETURNING 1
""",
}

LAST = "\U0010ffff"
"""Behind every name that begins with a prefix stands the prefix with the last of all characters."""


class PostgresqlLeases:
    """The port's Leases. It has a connection of its own: a lease must not be lost because a report is read."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def acquire(self, site: str, name: str, owner: str, *, now_ms: int, ttl_ms: int) -> int:
        """See the port. An owner who renews keeps the epoch; any other, also after a release, gets a higher one."""
        rows = await self._connections.write(_ACQUIRE, site, name, owner, ttl_ms)
        return int(rows[0][0]) if rows else 0

    async def release(self, site: str, name: str, owner: str) -> None:
        """See the port."""
        await self._connections.write(_RELEASE, site, name, owner)

    async def expired(self, site: str, prefix: str, *, now_ms: int) -> list[tuple[str, str]]:
        """See the port."""
        return [(name, owner) for name, owner in await self._connections.read(_EXPIRED, site, prefix, prefix + LAST)]

    async def holders(self, site: str, prefix: str, *, now_ms: int) -> list[tuple[str, str, bool]]:
        """See the port."""
        found = await self._connections.read(_HOLDERS, site, prefix, prefix + LAST)
        return [(name, owner, held) for name, owner, held in found]

    async def forget(self, site: str, name: str, owner: str, *, now_ms: int) -> bool:
        """See the port."""
        return bool(await self._connections.write(_FORGET, site, name, owner))

    async def end(self, site: str) -> None:
        """See the port."""
        await self._connections.write(_END, site)

    async def clock(self) -> int:
        """Return the time by which leases are judged."""
        return int((await self._connections.read("SELECT store_clock_ms()"))[0][0])


class PostgresqlNotebook:
    """The port's Notebook."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def read(self, site: str, book: str, key: str) -> str | None:
        """See the port."""
        rows = await self._connections.read(_READ, site, kept(book), kept(key))
        return given(rows[0][0]) if rows else None

    async def note(self, site: str, book: str, key: str, value: str) -> None:
        """See the port."""
        await self._connections.write(_NOTE, site, kept(book), kept(key), kept(value))

    async def replace(self, site: str, book: str, key: str, *, old: str, new: str) -> bool:
        """See the port."""
        statement = _REPLACE.get((bool(old), bool(new)))
        if statement is None:
            return True
        values = map(kept, (book, key, *filter(None, (old, new))))
        return bool(await self._connections.write(statement, site, *values))
