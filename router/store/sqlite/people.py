"""Customers' and lines' rows, one at a time. Who a caller is, is found in meeting.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import apsw
import msgspec

from router.store.persons import as_one
from router.store.port import CustomerRow, Identity, LineRow
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch
from router.store.sqlite.members import members, members_of

_LINE = "SELECT id, channel, key, peer, customer, extra FROM line "

_CUSTOMERS = """
SELECT c.id, c.person, c.name, c.language, c.segment, c.created_ms, c.attributes,
  (SELECT json_group_array(json_array(i.kind, i.value, i.verified) ORDER BY i.id) FROM identity i
   WHERE i.site = c.site AND i.customer = c.id)
FROM json_each(?2) k CROSS JOIN customer c WHERE c.id = k.value AND c.site = ?1 ORDER BY k.key
"""

_LINES_OF = _LINE + "WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2)) ORDER BY id"  # noqa: S608 - a constant

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
    """Return a person's lines, oldest first."""
    mine = as_json(members_of(conn, site, customer))
    return [_line(row) for row in fetch(conn, _LINES_OF, (site, mine))]


def open_line(conn: apsw.Connection, *, row: tuple[str, str, bytes, str, str, int]) -> int:
    """Insert or get a line of (site, channel, hash, key, peer, customer). A line that is there keeps its customer."""
    conn.execute(_OPEN_LINE, row)
    found = fetch(conn, "SELECT id FROM line WHERE site = ? AND channel = ? AND hash = ?", row[:3])
    return int(found[0][0])


def customers(conn: apsw.Connection, *, site: str, ids: Sequence[int]) -> list[CustomerRow]:
    """Return customers as the persons they are, in the order asked for."""
    found = rows_of(conn, site, ids)
    merged = [row.id for row in found if row.person]
    if not merged:
        return [as_one(row.id, [row]) for row in found]
    persons = members(conn, site, merged)
    others = rows_of(conn, site, sorted({each for person in persons.values() for each in person}))
    rows = {row.id: row for row in (*found, *others)}
    return [as_one(row.id, [rows[each] for each in persons.get(row.id, [row.id])]) for row in found]


def rows_of(conn: apsw.Connection, site: str, ids: Sequence[int]) -> list[CustomerRow]:
    """Return customers as they were written, each alone; `person` is 0 where there is nobody else."""
    return [_customer(row) for row in fetch(conn, _CUSTOMERS, (site, as_json(list(ids))))]


def _line(row: tuple[Any, ...]) -> LineRow:
    number, channel, key, peer, customer, extra = row
    return LineRow(id=number, channel=channel, key=key, peer=peer, customer=customer, extra=msgspec.json.decode(extra))


def _customer(row: tuple[Any, ...]) -> CustomerRow:
    number, person, name, language, segment, created_ms, attributes, identities = row
    known = [Identity(kind=kind, value=value, verified=proof) for kind, value, proof in msgspec.json.decode(identities)]
    return CustomerRow(
        id=number,
        name=name,
        language=language,
        segment=segment,
        created_ms=created_ms,
        identities=known,
        attributes=msgspec.json.decode(attributes),
        person=person,
    )
