"""Reading conversations' rows. Nothing is written here: the journal's commit does that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.store.port import ConversationRow
from router.store.postgresql.connections import Connections

FIELDS = """conv, reference, customer, line, channel, state, queue, owner, opened_ms, changed_ms, due_ms, closed_ms,
  disposition, record"""

_SELECT = f"SELECT {FIELDS} FROM conversation "  # noqa: S608 - the fields are the constant above
_BY_NUMBER = _SELECT + "WHERE site = $1 AND conv = $2"
_BY_REFERENCE = _SELECT + "WHERE site = $1 AND reference = $2"

_DUE = """
SELECT record FROM conversation WHERE site = $1 AND state = 'parked' AND due_ms > 0 AND due_ms < $2 AND record <> ''
ORDER BY due_ms, conv LIMIT $3
"""

# One for each question that is asked, so that each is planned by itself: by customers, by owner, by both, by neither.
_NEWEST = " ORDER BY changed_ms DESC, conv DESC LIMIT $2"
_TERMS: tuple[tuple[str, str], ...] = (
    ("customers", "customer = ANY(${}::bigint[])"),
    ("owner", "owner = ${} AND owner <> 0"),
    ("states", "state = ANY(${}::text[])"),
)


async def by_number(conns: Connections, site: str, conv: int) -> ConversationRow | None:
    """Return one conversation."""
    return _one(await conns.read(_BY_NUMBER, site, conv))


async def by_reference(conns: Connections, site: str, reference: str) -> ConversationRow | None:
    """Return the conversation that the world knows by this name."""
    return _one(await conns.read(_BY_REFERENCE, site, reference))


async def chosen(
    conns: Connections, site: str, *, customers: Sequence[int], owner: int, states: Sequence[str], limit: int
) -> list[ConversationRow]:
    """Return what a list shows, newest change first; 0 and empty mean any."""
    asked: dict[str, Any] = {"customers": list(customers), "owner": owner, "states": list(states)}
    terms, values = ["site = $1"], [site, limit]
    for name, term in _TERMS:
        if asked[name]:
            values.append(asked[name])
            terms.append(term.format(len(values)))
    rows = await conns.read(f"{_SELECT}WHERE {' AND '.join(terms)}{_NEWEST}", *values)
    return [conversation_row(row) for row in rows]


async def due(conns: Connections, site: str, *, before_ms: int, limit: int) -> list[bytes]:
    """Return the records of parked conversations that are due, earliest first."""
    return [record for (record,) in await conns.read(_DUE, site, before_ms, limit)]


def conversation_row(row: Sequence[Any]) -> ConversationRow:
    """Return a conversation from the columns of `FIELDS`."""
    return ConversationRow(**dict(zip(ConversationRow.__struct_fields__, row, strict=True)))


def _one(rows: Sequence[Sequence[Any]]) -> ConversationRow | None:
    return conversation_row(rows[0]) if rows else None
