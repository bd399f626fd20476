"""The relay's rows: commands to the leader while the link between nodes is away. Decodes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from router.store.postgresql.connections import Connections

# The same question again only says that somebody still waits.
_ASK = """
INSERT INTO relay(site, command, at, question) VALUES ($1, $2, $3, $4)
ON CONFLICT (site, command) DO UPDATE SET at = excluded.at, question = excluded.question,
  answer = CASE WHEN relay.question = excluded.question THEN relay.answer END
"""
_UNANSWERED = """
SELECT command, question FROM relay WHERE site = $1 AND answer IS NULL ORDER BY at, command LIMIT $2
"""
_ANSWER = """
UPDATE relay SET answer = e.answer FROM unnest($2::text[], $3::bytea[]) e(command, answer)
WHERE site = $1 AND relay.command = e.command
"""
_LOOK = "SELECT 1 FROM relay WHERE site = $1 AND command = $2 AND answer IS NOT NULL"
_TAKE = "DELETE FROM relay WHERE site = $1 AND command = $2 AND answer IS NOT NULL RETURNING answer"
_SWEEP = "DELETE FROM relay WHERE site = $1 AND at < $2 RETURNING 1"


class PostgresqlRelay:
    """The port's Relay."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def ask(self, site: str, command: str, question: bytes, *, at: int) -> None:
        """See the port."""
        await self._connections.write(_ASK, site, command, at, question)

    async def unanswered(self, site: str, *, limit: int) -> list[tuple[str, bytes]]:
        """See the port."""
        rows = await self._connections.read(_UNANSWERED, site, limit)
        return [(command, question) for command, question in rows]

    async def answer(self, site: str, answers: Sequence[tuple[str, bytes]]) -> None:
        """See the port."""
        newest = dict(answers)
        if newest:
            await self._connections.write(_ANSWER, site, list(newest), list(newest.values()))

    async def take(self, site: str, command: str) -> bytes | None:
        """See the port. Most looks find nothing, so a writing is only asked for where there is an answer."""
        if not await self._connections.read(_LOOK, site, command):
            return None
        rows = await self._connections.write(_TAKE, site, command)
        return rows[0][0] if rows else None

    async def sweep(self, site: str, *, before_ms: int) -> int:
        """See the port."""
        return len(await self._connections.write(_SWEEP, site, before_ms))
