"""Marks on senders: blocked, or only testing. Found by keyed hash like identities; a mark that has expired is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from router.store.hashing import Hashes
from router.store.port import NewMark, SenderMark
from router.store.postgresql.connections import Connections
from router.store.postgresql.texts import given, kept

# The later of two marks on one sender stands. Those that have run out go on the way, but for one that is marked anew.
_MARK = """
WITH new AS MATERIALIZED (
  SELECT *, nextval('sender_id') AS id FROM (
    SELECT DISTINCT ON (kind, hash) * FROM unnest($2::text[], $3::bytea[], $4::text[], $5::text[], $6::text[],
      $7::bigint[], $8::bigint[]) WITH ORDINALITY e(kind, hash, value, mark, reason, agent, until_ms, number)
    ORDER BY kind, hash, number DESC) last ORDER BY number),
over AS (
  DELETE FROM sender s WHERE site = $1 AND until_ms > 0 AND until_ms <= $9
    AND NOT EXISTS (SELECT 1 FROM new n WHERE n.kind = s.kind AND n.hash = s.hash)),
written AS (
  INSERT INTO sender(site, id, kind, hash, value, mark, reason, agent, created_ms, until_ms)
  SELECT $1, id, kind, hash, value, mark, reason, agent, $9, until_ms FROM new ORDER BY kind, hash
  ON CONFLICT (site, kind, hash) DO UPDATE SET mark = excluded.mark, reason = excluded.reason, agent = excluded.agent,
    created_ms = excluded.created_ms, until_ms = excluded.until_ms
  RETURNING id, kind, hash)
SELECT kind, hash, id FROM written
"""

_OF = """
SELECT k.number, s.mark FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY k(kind, hash, number)
JOIN sender s ON s.site = $1 AND s.kind = k.kind AND s.hash = k.hash AND (s.until_ms = 0 OR s.until_ms > $4)
"""

_PAGE = """
SELECT id, kind, value, mark, reason, agent, created_ms, until_ms FROM sender
WHERE site = $1 AND id > $2 AND (until_ms = 0 OR until_ms > $3) ORDER BY id LIMIT $4
"""

_UNMARK = "DELETE FROM sender WHERE site = $1 AND id = $2 RETURNING id"


class PostgresqlSenders:
    """The port's Senders."""

    def __init__(self, connections: Connections, hashes: Hashes) -> None:
        self._connections = connections
        self._hashes = hashes

    async def mark(self, site: str, marks: Sequence[NewMark], *, at: int) -> list[int]:
        """See the port."""
        keys = [(kept(one.kind), self._hashes.identity(site, one.kind, one.value)) for one in marks]
        columns: tuple[list[Any], ...] = (
            [kind for kind, _ in keys],
            [hashed for _, hashed in keys],
            [kept(one.value) for one in marks],
            [one.mark for one in marks],
            [kept(one.reason) for one in marks],
            [one.agent for one in marks],
            [one.until_ms for one in marks],
        )
        rows = await self._connections.write(_MARK, site, *columns, at)
        numbers = {(kind, hashed): number for kind, hashed, number in rows}
        return [numbers[key] for key in keys]

    async def unmark(self, site: str, mark: int) -> bool:
        """See the port."""
        return bool(await self._connections.write(_UNMARK, site, mark))

    async def marks(self, site: str, *, after: int, limit: int, now_ms: int) -> list[SenderMark]:
        """See the port."""
        return [sender_mark(row) for row in await self._connections.read(_PAGE, site, after, now_ms, limit)]

    async def of(self, site: str, senders: Sequence[tuple[str, str]], *, now_ms: int) -> Mapping[int, str]:
        """See the port."""
        if not senders:
            return {}
        kinds = [kept(kind) for kind, _ in senders]
        hashes = [self._hashes.identity(site, kind, value) for kind, value in senders]
        rows = await self._connections.read(_OF, site, kinds, hashes, now_ms)
        return {number - 1: mark for number, mark in rows}


def sender_mark(row: Sequence[Any]) -> SenderMark:
    """Return a mark from its row."""
    number, kind, value, mark, reason, *rest = row
    agent, created_ms, until_ms = rest
    return SenderMark(
        id=number,
        kind=given(kind),
        value=given(value),
        mark=mark,
        reason=given(reason),
        agent=agent,
        created_ms=created_ms,
        until_ms=until_ms,
    )
