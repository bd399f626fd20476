"""Customers' and lines' rows, and who is one person with whom. Who a caller is, is found in meeting.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from router.store.limits import LINES_MAX
from router.store.persons import are_as_seen, as_one, attributes_of, changed_attributes
from router.store.port import CustomerRow, Dealing, History, Identity, KnownLine, LineRow
from router.store.postgresql.connections import Runs
from router.store.postgresql.texts import given, kept

T = TypeVar("T")

_LINE = "SELECT id, channel, key, peer, customer, extra FROM line "
_LINE_BY_NUMBER = _LINE + "WHERE site = $1 AND id = $2"
_LINE_BY_KEY = _LINE + "WHERE site = $1 AND channel = $2 AND hash = $3"
_LINES_OF = _LINE + "WHERE site = $1 AND customer = ANY($2::bigint[]) ORDER BY id"

_OPEN_LINE = """
WITH opened AS (
  INSERT INTO line(site, id, channel, hash, key, peer, customer, extra)
  VALUES ($1, nextval('line_id'), $2, $3, $4, $5, $6, '{}')
  ON CONFLICT (site, channel, hash) DO NOTHING RETURNING id)
SELECT id FROM opened UNION ALL SELECT id FROM line WHERE site = $1 AND channel = $2 AND hash = $3 LIMIT 1
"""

_CUSTOMERS = """
SELECT c.id, c.person, c.name, c.language, c.segment, c.created_ms, c.attributes, i.kinds, i.values, i.proofs
FROM unnest($2::bigint[]) WITH ORDINALITY k(id, number) JOIN customer c ON c.site = $1 AND c.id = k.id
CROSS JOIN LATERAL (
  SELECT array_agg(i.kind ORDER BY i.id) AS kinds, array_agg(i.value ORDER BY i.id) AS values,
    array_agg(i.verified ORDER BY i.id) AS proofs FROM identity i WHERE i.site = $1 AND i.customer = c.id) i
ORDER BY k.number
"""

_PERSONS = """
SELECT k.id, coalesce(p.id, c.id) FROM unnest($2::bigint[]) k(id) JOIN customer c ON c.site = $1 AND c.id = k.id
LEFT JOIN customer p ON c.person <> 0 AND p.site = $1 AND p.person = c.person AND p.person <> 0
ORDER BY 1, 2
"""

_ATTRIBUTES = "SELECT id, attributes FROM customer WHERE site = $1 AND id = ANY($2::bigint[])"

# A compare makes it the reader's own turn, however many write.
_CARE = "UPDATE customer SET attributes = $4 WHERE site = $1 AND id = $2 AND attributes = $3 RETURNING 1"

_KNOWN_LINES = """
SELECT k, n.id, n.channel, n.peer <> '' FROM unnest($2::bigint[]) k CROSS JOIN LATERAL (
  SELECT id, channel, peer FROM line WHERE site = $1 AND customer = k ORDER BY id DESC LIMIT $3) n ORDER BY n.id DESC
"""

_DEALINGS = """
SELECT k, v.owner, v.changed_ms, v.opened_ms, v.closed_ms <> 0 FROM unnest($2::bigint[]) k CROSS JOIN LATERAL (
  SELECT * FROM conversation WHERE site = $1 AND customer = k ORDER BY changed_ms DESC, conv DESC LIMIT $3) v
ORDER BY v.changed_ms DESC, v.conv DESC
"""


async def line(conns: Runs, site: str, number: int) -> LineRow | None:
    """Return one line."""
    rows = await conns.read(_LINE_BY_NUMBER, site, number)
    return _line(rows[0]) if rows else None


async def line_by_key(conns: Runs, site: str, channel: str, *, key: bytes) -> LineRow | None:
    """Return the line of a channel whose key has this hash."""
    rows = await conns.read(_LINE_BY_KEY, site, channel, key)
    return _line(rows[0]) if rows else None


async def lines_of(conns: Runs, site: str, customer: int) -> list[LineRow]:
    """Return a person's lines, oldest first."""
    mine = await members_of(conns, site, customer)
    return [_line(row) for row in await conns.read(_LINES_OF, site, mine)]


async def open_line(conns: Runs, site: str, channel: str, *, hashed: bytes, key: str, peer: str, customer: int) -> int:
    """Insert or get a line. One that is there keeps its customer."""
    values = (site, channel, hashed, kept(key), kept(peer), customer)
    rows = await conns.write(_OPEN_LINE, *values)
    if not rows:
        # Another node has just opened it: it was not there when the statement began, and is now.
        rows = await conns.read(_LINE_BY_KEY, *values[:3])
    return int(rows[0][0])


async def members(conns: Runs, site: str, customers: Iterable[int]) -> dict[int, list[int]]:
    """Return all customers of the person each of these is, smallest first; without those that are not there."""
    found: dict[int, list[int]] = {}
    for customer, member in await conns.read(_PERSONS, site, sorted(set(customers))):
        found.setdefault(customer, []).append(member)
    return found


async def members_of(conns: Runs, site: str, customer: int) -> list[int]:
    """Return all customers of one person; the one asked for where there is no such customer."""
    return (await members(conns, site, [customer])).get(customer, [customer])


async def customers(conns: Runs, site: str, ids: Sequence[int]) -> list[CustomerRow]:
    """Return customers as the persons they are, in the order asked for."""
    found = await _rows_of(conns, site, ids)
    merged = [row.id for row in found if row.person]
    if not merged:
        return [as_one(row.id, [row]) for row in found]
    persons = await members(conns, site, merged)
    everybody = await _rows_of(conns, site, sorted({each for person in persons.values() for each in person}))
    rows = {row.id: row for row in (*found, *everybody)}
    return [as_one(row.id, [rows[each] for each in persons.get(row.id, [row.id])]) for row in found]


async def histories(conns: Runs, site: str, ids: Sequence[int], *, limit: int) -> list[History]:
    """Return what is known of customers, each as the person they are."""
    persons = await members(conns, site, ids)
    keys = sorted({each for person in persons.values() for each in person})
    lines: defaultdict[int, list[KnownLine]] = defaultdict(list)
    for customer, number, channel, reachable in await conns.read(_KNOWN_LINES, site, keys, LINES_MAX):
        lines[customer].append(KnownLine(id=number, channel=channel, reachable=reachable))
    dealings: defaultdict[int, list[Dealing]] = defaultdict(list)
    for customer, owner, changed_ms, opened_ms, ended in await conns.read(_DEALINGS, site, keys, limit):
        dealings[customer].append(Dealing(owner=owner, changed_ms=changed_ms, opened_ms=opened_ms, ended=ended))
    attributes = await _attributes(conns, site, keys)
    return [
        History(
            customer=customer,
            attributes=attributes_of([msgspec.json.decode(attributes[each]) for each in person]),
            lines=_newest(person, lines, by=lambda line: line.id, limit=LINES_MAX),
            dealings=_newest(person, dealings, by=lambda dealing: dealing.changed_ms, limit=limit),
        )
        for customer, person in persons.items()
    ]


async def give_care(
    conns: Runs, site: str, customer: int, *, attributes: Mapping[str, str | None], was: Mapping[str, str]
) -> bool:
    """Change a person's attributes; None takes one away. Return whether there is such a customer, and as it was."""
    while True:
        person = await members_of(conns, site, customer)
        texts = await _attributes(conns, site, person)
        rows: dict[int, dict[str, str]] = {each: msgspec.json.decode(texts[each]) for each in person if each in texts}
        if person[0] not in rows or not are_as_seen([*rows.values()], was):
            return False
        now, others = rows[person[0]], [row for number, row in rows.items() if number != person[0]]
        for name, value in changed_attributes(attributes, others).items():
            if value is None:
                now.pop(name, None)
            else:
                now[name] = value
        changed = msgspec.json.encode(now).decode()
        if await conns.write(_CARE, site, person[0], texts[person[0]], changed):
            return True


def _newest(person: list[int], of: Mapping[int, list[T]], *, by: Callable[[T], int], limit: int) -> list[T]:
    """Return what a person's customers have, newest first; of one alone it is in that order already."""
    if len(person) == 1:
        return of.get(person[0], [])
    return sorted((each for customer in person for each in of.get(customer, [])), key=by, reverse=True)[:limit]


async def _attributes(conns: Runs, site: str, ids: Sequence[int]) -> dict[int, str]:
    return {row[0]: row[1] for row in await conns.read(_ATTRIBUTES, site, list(ids))}


async def _rows_of(conns: Runs, site: str, ids: Sequence[int]) -> list[CustomerRow]:
    return [_customer(row) for row in await conns.read(_CUSTOMERS, site, list(ids))]


def _line(row: Sequence[Any]) -> LineRow:
    number, channel, key, peer, customer, extra = row
    return LineRow(
        id=number,
        channel=channel,
        key=given(key),
        peer=given(peer),
        customer=customer,
        extra=msgspec.json.decode(extra),
    )


def _customer(row: Sequence[Any]) -> CustomerRow:
    number, person, name, language, segment, created_ms, attributes, *known = row
    identities = [
        Identity(kind=given(kind), value=given(value), verified=proof)
        for kind, value, proof in zip(*(column or () for column in known), strict=True)
    ]
    return CustomerRow(
        id=number,
        person=person,
        name=given(name),
        language=given(language),
        segment=given(segment),
        created_ms=created_ms,
        identities=identities,
        attributes=msgspec.json.decode(attributes),
    )
