"""One moment of a file, read-only, for `verify`: beside a running floor, without its keys. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from router.store.port import ConversationRow, JournalRow, Letter, TimelineRow
from router.store.sealing import unsealed
from router.store.sqlite import conversations
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch, open_reader
from router.store.sqlite.errors import border

_JOURNAL = "SELECT first, count, at, epoch, entries FROM journal WHERE site = ? ORDER BY first"

_SEALED = "SELECT sum, data FROM sealed WHERE site = ? ORDER BY first"

_TIMELINE = """
SELECT position, conv, line, kind, at, message, agent, notice, until_ms, detail FROM timeline
WHERE site = ? AND position BETWEEN ? AND ? ORDER BY position, conv
"""

_MESSAGES = """
SELECT m.id, m.conv, m.line FROM json_each(?2) k CROSS JOIN message m WHERE m.id = k.value AND m.site = ?1
"""

_CHANNELS = "SELECT n.id, n.channel FROM json_each(?2) k CROSS JOIN line n WHERE n.id = k.value AND n.site = ?1"

_LETTERS = """
SELECT id, channel, received_ms, message, state, attempts, position, reason FROM letter WHERE site = ? ORDER BY id
"""

_EFFECTS = """
SELECT position, conv FROM outbox WHERE site = ?1 UNION ALL SELECT position, 0 FROM performed WHERE site = ?1
"""


class SqliteEvidence:
    """The Evidence of `verify`. Everything is read in one transaction."""

    def __init__(self, path: str) -> None:
        with border():
            self._conn = open_reader(path)
            self._conn.execute("BEGIN")

    def journal(self, site: str) -> Iterator[JournalRow]:
        """See the port."""
        for part in self._rows(_SEALED, (site,)):
            yield from unsealed((part[0], part[1]))
        for row in self._rows(_JOURNAL, (site,)):
            yield JournalRow(**dict(zip(JournalRow.__struct_fields__, row, strict=True)))

    def timeline(self, site: str, *, first: int, last: int) -> list[TimelineRow]:
        """See the port."""
        fields = TimelineRow.__struct_fields__
        rows = self._rows(_TIMELINE, (site, first, last))
        return [TimelineRow(**dict(zip(fields, row, strict=True))) for row in rows]

    def messages(self, site: str, ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """See the port."""
        rows = self._rows(_MESSAGES, (site, as_json(list(ids))))
        return {number: (conv, line) for number, conv, line in rows}

    def channels(self, site: str, lines: Sequence[int]) -> dict[int, str]:
        """See the port."""
        return dict(self._rows(_CHANNELS, (site, as_json(list(lines)))))

    def conversations(self, site: str) -> Iterator[ConversationRow]:
        """See the port."""
        with border():
            yield from conversations.everything(self._conn, site=site)

    def letters(self, site: str) -> Iterator[tuple[Letter, str]]:
        """See the port."""
        fields = ("id", "channel", "received_ms", "message", "state", "attempts", "position")
        for *row, reason in self._rows(_LETTERS, (site,)):
            yield Letter(signal=b"", **dict(zip(fields, row, strict=True))), reason

    def effects(self, site: str) -> Iterator[tuple[int, int]]:
        """See the port."""
        yield from self._rows(_EFFECTS, (site,))

    def snapshot(self, site: str) -> int | None:
        """See the port."""
        with border():
            rows = fetch(self._conn, "SELECT max(position) FROM snapshot WHERE site = ?", (site,))
        found: int | None = rows[0][0]
        return found

    def close(self) -> None:
        """See the port."""
        self._conn.close()

    def _rows(self, statement: str, values: tuple[str | int, ...]) -> Iterator[Any]:
        """Yield rows as they are read, so that a long journal needs no memory."""
        with border():
            yield from self._conn.execute(statement, values)


def open_evidence(path: str | Path) -> SqliteEvidence:
    """Open one moment of a file. Raises StoreError when it is not there or not ours."""
    return SqliteEvidence(str(path))
