"""A filtered list of customers as a table to take away: bounded, ISO times, nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

from dashboard.persons.shapes import CustomerLine

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
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for each in lines:
        writer.writerow([_plain(cell) for cell in _cells(each)])
    # The mark in front tells spreadsheets that these are no bytes of their own country.
    return text.getvalue().encode("utf-8-sig")


def _cells(line: CustomerLine) -> list[str]:
    last = line.last
    return [
        str(line.id),
        line.name,
        line.segment,
        line.language,
        " ".join(line.channels),
        " ".join(line.tags),
        _iso(last.at) if last else "",
        last.queue if last else "",
        last.state if last else "",
        last.ref if last else "",
        str(line.counted),
        str(line.open),
        str(line.rating) if line.rating else "",
    ]


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="seconds")


def _plain(value: str) -> str:
    """Return what no spreadsheet takes for a formula."""
    return f"'{value}" if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
