"""The relay's rows: commands to the leader while the link between nodes is away. Decodes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from router.store.sqlite.connect import fetch
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

# The same question again only says that somebody still waits.
_ASK = """
INSERT INTO relay(site, command, at, question) VALUES (?, ?, ?, ?)
ON CONFLICT(site, command) DO UPDATE SET at = excluded.at, question = excluded.question,
  answer = CASE WHEN relay.question = excluded.question THEN relay.answer END
"""
_UNANSWERED = """
SELECT command, question FROM relay WHERE site = ? AND answer IS NULL ORDER BY at, command LIMIT ?
"""
_ANSWER = "UPDATE relay SET answer = ? WHERE site = ? AND command = ?"
_LOOK = "SELECT answer FROM relay WHERE site = ? AND command = ? AND answer IS NOT NULL"
_TAKE = "DELETE FROM relay WHERE site = ? AND command = ? AND answer IS NOT NULL RETURNING answer"
_SWEEP = "DELETE FROM relay WHERE site = ? AND at < ? RETURNING 1"


class SqliteRelay:
    """The port's Relay."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def ask(self, site: str, command: str, question: bytes, *, at: int) -> None:
        """See the port."""
        await self._writer.execute(_ASK, (site, command, at, question))

    async def unanswered(self, site: str, *, limit: int) -> list[tuple[str, bytes]]:
        """See the port."""
        rows = self._readers.look(lambda conn: fetch(conn, _UNANSWERED, (site, limit)))
        return [(str(command), bytes(question)) for command, question in rows]

    async def answer(self, site: str, answers: Sequence[tuple[str, bytes]]) -> None:
        """See the port."""
        for command, answer in answers:
            await self._writer.execute(_ANSWER, (answer, site, command))

    async def take(self, site: str, command: str) -> bytes | None:
        """See the port. Most looks find nothing, so the writer is only asked where there is an answer."""
        if not self._readers.look(lambda conn: fetch(conn, _LOOK, (site, command))):
            return None
        rows = await self._writer.do(lambda conn: fetch(conn, _TAKE, (site, command)))
        return bytes(rows[0][0]) if rows else None

    async def sweep(self, site: str, *, before_ms: int) -> int:
        """See the port."""
        return len(await self._writer.do(lambda conn: fetch(conn, _SWEEP, (site, before_ms))))
