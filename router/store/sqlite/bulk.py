"""Many rows, or many keys, in one statement. No SQL of any table lives here.

A statement with many rows lets go of the interpreter lock once; `executemany` once per row, and each time
it has to win the lock back from a busy loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import apsw
import msgspec

ROWS_AT_ONCE = (64, 16, 4, 1)
"""Few sizes, so that a table's statements stay in the connection's cache; bound values cost half of a JSON array's."""

Value = str | int | bytes | None
_encoder = msgspec.json.Encoder()


def insert_rows(conn: apsw.Connection, into: str, rows: Sequence[tuple[Value, ...]], *, then: str = "") -> None:
    """Insert rows in as few statements as the sizes allow. `into` is `table(columns)`, `then` the conflict clause."""
    if not rows:
        return
    one, done = f"({','.join('?' * len(rows[0]))})", 0
    for size in ROWS_AT_ONCE:
        statement = f"INSERT INTO {into} VALUES {','.join([one] * size)} {then}"  # noqa: S608 - our own names
        while len(rows) - done >= size:
            conn.execute(statement, _flat(rows[done : done + size]))
            done += size


def _flat(rows: Iterable[tuple[Value, ...]]) -> tuple[Value, ...]:
    return tuple(value for row in rows for value in row)


def as_json(value: object) -> str:
    """Return a plain value as JSON text for one bound parameter."""
    return _encoder.encode(value).decode()
