"""Customers' and lines' rows, one at a time. Who a caller is, is found in meeting.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw
import msgspec

from router.store.port import CustomerRow, Identity, LineRow
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch

_LINE = "SELECT id, channel, key, peer, customer, extra FROM line "

_CUSTOMERS = """
SELECT c.id, c.name, c.language, c.segment, c.created_ms, c.attributes,
  (SELECT json_group_array(json_array(i.kind, i.value, i.verified) ORDER BY i.id) FROM identity i
   WHERE i.site = c.site AND i.customer = c.id)
FROM json_each(?2) k CROSS JOIN customer c WHERE c.id = k.value AND c.site = ?1 ORDER BY k.key
"""

_OPEN_LINE = """
INSERT INTO line(site, channel, hash, key, peer, customer, extra) VALUES (?, ?, ?, ?, ?, ?, '{}')
ON CONFLICT(site, channel, hash) DO NOTHING
"""


def line(conn: apsw.Connection, *, site: str, number: int) -> LineRow | None:
    """Return one line."""
    rows = fetch(conn, _LINE + "WHERE id = ? AND site = ?", (number, site))
    return _line(rows[0]) if rows else None


def line_by_key(conn: apsw.Connection, *, site: str, channel: str, key: bytes) -> LineRow | None:
    """Return the line of a channel whose key has this hash."""
    rows = fetch(conn, _LINE + "WHERE site = ? AND channel = ? AND hash = ?", (site, channel, key))
    return _line(rows[0]) if rows else None


def lines_of(conn: apsw.Connection, *, site: str, customer: int) -> list[LineRow]:
    """Return a customer's lines, oldest first."""
    return [_line(row) for row in fetch(conn, _LINE + "WHERE site = ? AND customer = ? ORDER BY id", (site, customer))]


def open_line(conn: apsw.Connection, *, row: tuple[str, str, bytes, str, str, int]) -> int:
    """Insert or get a line of (site, channel, hash, key, peer, customer). A line that is there keeps its customer."""
    conn.execute(_OPEN_LINE, row)
    found = fetch(conn, "SELECT id FROM line WHERE site = ? AND channel = ? AND hash = ?", row[:3])
    return int(found[0][0])


def customers(conn: apsw.Connection, *, site: str, ids: Sequence[int]) -> list[CustomerRow]:
    """Return customers with their identities, in the order asked for."""
    return [_customer(row) for row in fetch(conn, _CUSTOMERS, (site, as_json(list(ids))))]


def _line(row: tuple[Any, ...]) -> LineRow:
    number, channel, key, peer, customer, extra = row
    return LineRow(id=number, channel=channel, key=key, peer=peer, customer=customer, extra=msgspec.json.decode(extra))


def _customer(row: tuple[Any, ...]) -> CustomerRow:
    number, name, language, segment, created_ms, attributes, identities = row
    known = [Identity(kind=kind, value=value, verified=proof) for kind, value, proof in msgspec.json.decode(identities)]
    return CustomerRow(
        id=number,
        name=name,
        language=language,
        segment=segment,
        created_ms=created_ms,
        identities=known,
        attributes=msgspec.json.decode(attributes),
    )
