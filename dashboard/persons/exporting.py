"""A filtered list of customers as a table to take away: bounded, ISO times, nothing a spreadsheet would run."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.persons.shapes import CustomerLine
from dashboard.tables import as_csv, iso

EXPORT_MAX = 10_000
"""As many as anybody reads in a spreadsheet; who wants all of a million asks the database."""

EXPORT_LOOKS = 50_000
"""A sparse filter ends here: some seconds of a reader's thread."""

COLUMNS = (
    "number", "name", "segment", "language", "channels", "tags", "last_contact", "last_queue", "last_state",
    "last_conversation", "conversations", "open", "rating",
)  # fmt: skip


def table(lines: Iterable[CustomerLine]) -> bytes:
    """Return lines as CSV."""
    return as_csv(COLUMNS, map(_cells, lines))


def _cells(line: CustomerLine) -> list[str]:
    last = line.last
    return [
        str(line.id),
        line.name,
        line.segment,
        line.language,
        " ".join(line.channels),
        " ".join(line.tags),
        iso(last.at) if last else "",
        last.queue if last else "",
        last.state if last else "",
        last.ref if last else "",
        str(line.counted),
        str(line.open),
        str(line.rating) if line.rating else "",
    ]
