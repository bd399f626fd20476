"""Rows as a CSV file for spreadsheets: ISO times, and nothing that one would run. No rows are chosen here."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

# What spreadsheets take for the beginning of a formula (OWASP, "CSV Injection").
FORMULA_SIGNS = frozenset("=+-@\t\r")


def as_csv(columns: Sequence[str], rows: Iterable[Iterable[object]]) -> bytes:
    """Return a header and rows, with the mark in front that tells spreadsheets that this is UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_plain(str(cell)) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def iso(at_ms: int) -> str:
    """Return a moment in UTC, to the second; empty for none."""
    return datetime.fromtimestamp(at_ms / 1_000, UTC).isoformat(timespec="seconds") if at_ms else ""


def _plain(cell: str) -> str:
    return f"'{cell}" if cell[:1] in FORMULA_SIGNS else cell
