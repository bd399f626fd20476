"""One moment of a database, read-only, for `verify`: beside running floors, without their keys. Writes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator, Sequence
from typing import Any, TypeVar

from router.store.port import ConversationRow, JournalRow, Letter, StoreError, TimelineRow
from router.store.postgresql.address import PATIENT, checked, connect
from router.store.postgresql.connections import Connection, Row, Value
from router.store.postgresql.conversations import FIELDS, conversation_row
from router.store.postgresql.errors import DRIVER_ERRORS, convert
from router.store.sealing import unsealed

SLICE_ROWS = 500
"""Read at a time, so that a long journal needs no memory."""

_JOURNAL = "SELECT first, count, at, epoch, entries FROM journal WHERE site = $1 ORDER BY first"

_SEALED = "SELECT sum, data FROM sealed WHERE site = $1 ORDER BY first"

_TIMELINE = """
SELECT position, conv, line, kind, at, message, agent, notice, until_ms, detail FROM timeline
WHERE site = $1 AND position BETWEEN $2 AND $3 ORDER BY position, conv
"""

_MESSAGES = "SELECT id, conv, line FROM message WHERE site = $1 AND id = ANY($2::bigint[])"
_CHANNELS = "SELECT id, channel FROM line WHERE site = $1 AND id = ANY($2::bigint[])"
_CONVERSATIONS = f"SELECT {FIELDS} FROM conversation WHERE site = $1 ORDER BY conv"  # noqa: S608 - a constant

_LETTERS = """
SELECT id, channel, received_ms, message, state, attempts, position, reason FROM letter WHERE site = $1 ORDER BY id
"""

_EFFECTS = """
SELECT position, conv FROM outbox WHERE site = $1 UNION ALL SELECT position, 0 FROM performed WHERE site = $1
"""

_SNAPSHOT = "SELECT max(position) FROM snapshot WHERE site = $1"

Result = TypeVar("Result")


class PostgresqlEvidence:
    """The Evidence of `verify`. Everything is read in one transaction, in a loop of its own."""

    def __init__(self, address: str) -> None:
        self._loop = asyncio.new_event_loop()
        try:
            self._conn: Connection = self._wait(_begun(address))
        except BaseException:
            self._loop.close()
            raise

    def journal(self, site: str) -> Iterator[JournalRow]:
        """See the port."""
        for part in self._rows(_SEALED, site):
            yield from unsealed((part[0], part[1]))
        for row in self._rows(_JOURNAL, site):
            yield JournalRow(**dict(zip(JournalRow.__struct_fields__, row, strict=True)))

    def timeline(self, site: str, *, first: int, last: int) -> list[TimelineRow]:
        """See the port."""
        fields = TimelineRow.__struct_fields__
        return [TimelineRow(**dict(zip(fields, row, strict=True))) for row in self._list(_TIMELINE, site, first, last)]

    def messages(self, site: str, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """See the port."""
        return {number: (conv, line) for number, conv, line in self._list(_MESSAGES, site, list(ids))}

    def channels(self, site: str, lines: Sequence[int]) -> dict[int, str]:
        """See the port."""
        return {row[0]: row[1] for row in self._list(_CHANNELS, site, list(lines))}

    def conversations(self, site: str) -> Iterator[ConversationRow]:
        """See the port."""
        for row in self._rows(_CONVERSATIONS, site):
            yield conversation_row(row)

    def letters(self, site: str) -> Iterator[tuple[Letter, str]]:
        """See the port."""
        fields = ("id", "channel", "received_ms", "message", "state", "attempts", "position")
        for *row, reason in self._rows(_LETTERS, site):
            yield Letter(signal=b"", **dict(zip(fields, row, strict=True))), reason

    def effects(self, site: str) -> Iterator[tuple[int, int]]:
        """See the port."""
        yield from map(tuple, self._rows(_EFFECTS, site))

    def snapshot(self, site: str) -> int | None:
        """See the port."""
        found: int | None = self._list(_SNAPSHOT, site)[0][0]
        return found

    def close(self) -> None:
        """See the port."""
        if not self._loop.is_closed():
            self._wait(self._conn.close())
            self._loop.close()

    def _list(self, statement: str, *values: Value) -> list[Row]:
        return self._wait(self._conn.fetch(statement, *values))

    def _rows(self, statement: str, *values: Value) -> Iterator[Row]:
        """Yield rows slice by slice."""
        slices = _slices(self._conn, statement, values)
        while rows := self._wait(anext(slices, [])):
            yield from rows

    def _wait(self, work: Coroutine[Any, Any, Result]) -> Result:
        try:
            return self._loop.run_until_complete(work)
        except DRIVER_ERRORS as error:
            fault: StoreError = convert(error)
        raise fault


def open_postgresql_evidence(address: str) -> PostgresqlEvidence:
    """Open one moment of a database. Raises StoreError when it is not there or not ours."""
    return PostgresqlEvidence(checked(address))


async def _begun(address: str) -> Connection:
    conn = await connect(address, settings=PATIENT)
    await conn.execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
    return conn


async def _slices(conn: Connection, statement: str, values: tuple[Value, ...]) -> AsyncIterator[list[Row]]:
    cursor = await conn.cursor(statement, *values)
    while rows := await cursor.fetch(SLICE_ROWS):
        yield rows
