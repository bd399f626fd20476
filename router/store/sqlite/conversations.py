"""Reading conversations' rows. Nothing is written here: the journal's commit does that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import apsw
import msgspec

from router.store.port import ConversationRow
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch
from router.store.sqlite.members import members_of

_FIELDS = """conv, reference, customer, line, channel, state, queue, owner, opened_ms, changed_ms, due_ms, closed_ms,
  disposition, record"""

_SELECT = f"SELECT {_FIELDS} FROM conversation "  # noqa: S608 - the fields are the constant above


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Which conversations a list shows; 0 and empty mean any."""

    site: str
    customer: int
    owner: int
    states: tuple[str, ...]
    limit: int


def by_number(conn: apsw.Connection, *, site: str, conv: int) -> ConversationRow | None:
    """Return one conversation."""
    return _one(conn, "WHERE site = ? AND conv = ?", (site, conv))


def by_reference(conn: apsw.Connection, *, site: str, reference: str) -> ConversationRow | None:
    """Return the conversation that the world knows by this name."""
    return _one(conn, "WHERE site = ? AND reference = ?", (site, reference))


def chosen(conn: apsw.Connection, *, choice: Choice) -> list[ConversationRow]:
    """Return what a list shows, newest change first."""
    terms, values = ["site = ?"], [choice.site]
    person = members_of(conn, choice.site, choice.customer) if choice.customer else []
    conditions: tuple[tuple[bool, str, Any], ...] = (
        (len(person) == 1, "customer = ?", choice.customer),
        (len(person) > 1, "customer IN (SELECT value FROM json_each(?))", as_json(person)),
        (bool(choice.owner), "owner = ? AND owner <> 0", choice.owner),
        (bool(choice.states), "state IN (SELECT value FROM json_each(?))", as_json(choice.states)),
    )
    for applies, term, value in conditions:
        if applies:
            terms.append(term)
            values.append(value)
    where = f"WHERE {' AND '.join(terms)} ORDER BY changed_ms DESC, conv DESC LIMIT ?"
    return [_row(row) for row in fetch(conn, _SELECT + where, (*values, choice.limit))]


def due(conn: apsw.Connection, *, site: str, before_ms: int, limit: int) -> list[bytes]:
    """Return the records of parked conversations that are due, earliest first."""
    statement = (
        "SELECT record FROM conversation WHERE site = ? AND state = 'parked' AND due_ms > 0 AND due_ms < ?"
        " AND record <> x'' ORDER BY due_ms, conv LIMIT ?"
    )
    return [record for (record,) in fetch(conn, statement, (site, before_ms, limit))]


def everything(conn: apsw.Connection, *, site: str) -> Iterator[ConversationRow]:
    """Yield every conversation of a site as it is read."""
    for row in conn.execute(_SELECT + "WHERE site = ? ORDER BY conv", (site,)):
        yield _row(row)


def _one(conn: apsw.Connection, where: str, values: tuple[str | int, ...]) -> ConversationRow | None:
    rows = fetch(conn, _SELECT + where, values)
    return _row(rows[0]) if rows else None


def _row(row: tuple[Any, ...]) -> ConversationRow:
    return ConversationRow(**dict(zip(ConversationRow.__struct_fields__, row, strict=True)))
