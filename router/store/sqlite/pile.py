"""Rows of one statement: a JSON array of small values and one blob that they point into. No SQL.

A statement with many rows lets go of the interpreter lock once; `executemany` once per row, and each time
it has to win the lock back from a busy loop.
"""

from __future__ import annotations

import msgspec

_encoder = msgspec.json.Encoder()

Value = str | int | bool | None


class Pile:
    """Collects rows; bytes go in by `keep`, which returns where they lie (start from 1, length)."""

    def __init__(self) -> None:
        self._rows: list[tuple[Value, ...]] = []
        self._blob = bytearray()

    def __len__(self) -> int:
        return len(self._rows)

    def keep(self, data: bytes) -> tuple[int, int]:
        """Keep bytes beside the rows and return their place, as SQL's substr wants it."""
        start = len(self._blob) + 1
        self._blob += data
        return start, len(data)

    def add(self, *row: Value) -> None:
        """Add one row."""
        self._rows.append(row)

    @property
    def rows(self) -> str:
        """The rows as JSON text."""
        return _encoder.encode(self._rows).decode()

    @property
    def blob(self) -> bytes:
        """The bytes the rows point into."""
        return bytes(self._blob)


def as_json(value: object) -> str:
    """Return a plain value as JSON text for one bound parameter."""
    return _encoder.encode(value).decode()
