"""Which customers are one person: following and changing the edges between them. No personal data is read here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import apsw

from router.store.limits import APART, MERGES_MAX
from router.store.persons import PERSON_CUSTOMERS_MAX
from router.store.port import Merge, Merging
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch

_PERSONS = """
SELECT k.value, coalesce(p.id, c.id) FROM json_each(?2) k CROSS JOIN customer c
  LEFT JOIN customer p ON c.person <> 0 AND p.site = c.site AND p.person = c.person AND p.person <> 0
WHERE c.id = k.value AND c.site = ?1 ORDER BY k.key, 2
"""

_REACHED = """
WITH RECURSIVE reached(id) AS (
  SELECT ?2
  UNION SELECT m.other FROM reached r CROSS JOIN merge m ON m.site = ?1 AND m.one = r.id AND m.undone_ms = 0
  UNION SELECT m.one FROM reached r CROSS JOIN merge m ON m.site = ?1 AND m.other = r.id AND m.undone_ms = 0
) SELECT id FROM reached ORDER BY id
"""

_SET_PERSON = "UPDATE customer SET person = ?3 WHERE id IN (SELECT value FROM json_each(?2)) AND +site = ?1"

_MERGES = """
SELECT m.id, m.one, m.other, m.why, m.agent, m.at, m.undone_by, m.undone_ms
FROM json_each(?2) k CROSS JOIN merge m ON m.site = ?1 AND m.one = k.value
UNION SELECT m.id, m.one, m.other, m.why, m.agent, m.at, m.undone_by, m.undone_ms
FROM json_each(?2) k CROSS JOIN merge m ON m.site = ?1 AND m.other = k.value
ORDER BY 1 DESC LIMIT ?3
"""

_BETWEEN = """
SELECT m.id, m.undone_ms FROM json_each(?2) k CROSS JOIN merge m ON m.site = ?1 AND m.one = k.value
WHERE m.other IN (SELECT value FROM json_each(?3))
UNION SELECT m.id, m.undone_ms FROM json_each(?2) k CROSS JOIN merge m ON m.site = ?1 AND m.other = k.value
WHERE m.one IN (SELECT value FROM json_each(?3)) ORDER BY 1
"""

_WRITE = """
INSERT INTO merge(site, one, other, why, agent, at, undone_by, undone_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id
"""

_ONE = "SELECT id, one, other, why, agent, at, undone_by, undone_ms FROM merge WHERE id = ? AND site = ?"
_UNDO = "UPDATE merge SET undone_by = ?3, undone_ms = ?4 WHERE id = ?2 AND site = ?1"
_ERASED = "SELECT 1 FROM json_each(?2) k CROSS JOIN erasure e WHERE e.site = ?1 AND e.customer = k.value LIMIT 1"


def members(conn: apsw.Connection, site: str, customers: Iterable[int]) -> dict[int, list[int]]:
    """Return all customers of the person each of these is, smallest first; without those that are not there."""
    found: dict[int, list[int]] = {}
    for customer, member in fetch(conn, _PERSONS, (site, as_json(sorted(set(customers))))):
        found.setdefault(customer, []).append(member)
    return found


def members_of(conn: apsw.Connection, site: str, customer: int) -> list[int]:
    """Return all customers of one person; the one asked for where there is no such customer."""
    return members(conn, site, [customer]).get(customer, [customer])


def merge(conn: apsw.Connection, *, site: str, edge: Merge) -> Merging:
    """Write an edge and make both sides one person, or say why not."""
    known = members(conn, site, (edge.one, edge.other))
    if len(known) < len({edge.one, edge.other}):
        return Merging(refused="customer_unknown")
    one, other = known[edge.one], known[edge.other]
    if one == other:
        return Merging(refused="already_one", merge=_standing(conn, site, edge))
    both = sorted({*one, *other})
    if fetch(conn, _ERASED, (site, as_json(both))):
        return Merging(refused="erased")
    if len(both) > PERSON_CUSTOMERS_MAX:
        return Merging(refused="too_many")
    number = _write(conn, site, edge)
    conn.execute(_SET_PERSON, (site, as_json(both), both[0]))
    return Merging(merge=number)


def merge_proved(conn: apsw.Connection, *, site: str, edge: Merge) -> Merging:
    """Do as `merge` for what a proof says; a person who said that they are two knows better."""
    one, other = members_of(conn, site, edge.one), members_of(conn, site, edge.other)
    if were_parted(conn, site, one, other):
        return Merging(refused=APART)
    return merge(conn, site=site, edge=edge)


def were_parted(conn: apsw.Connection, site: str, one: Sequence[int], other: Sequence[int]) -> bool:
    """Return whether a person has ever said of any two of these that they are not one."""
    return any(undone_ms for _, undone_ms in fetch(conn, _BETWEEN, (site, as_json(one), as_json(other))))


def unmerge(conn: apsw.Connection, *, site: str, number: int, agent: int, at: int) -> str:
    """Take an edge away; what it held together is two persons again, whatever other edges they have."""
    rows = fetch(conn, _ONE, (number, site))
    if not rows:
        return "merge_unknown"
    edge = edge_of(rows[0])
    if edge.undone_ms:
        return "merge_undone"
    conn.execute(_UNDO, (site, number, agent, at))
    for end in (edge.one, edge.other):
        reached = [row[0] for row in fetch(conn, _REACHED, (site, end))]
        conn.execute(_SET_PERSON, (site, as_json(reached), reached[0] if len(reached) > 1 else 0))
    return ""


def keep_apart(conn: apsw.Connection, *, site: str, edge: Merge) -> str:
    """Write down that two are not one person."""
    known = members(conn, site, (edge.one, edge.other))
    if len(known) < len({edge.one, edge.other}):
        return "customer_unknown"
    if known[edge.one] == known[edge.other]:
        return "already_one"
    if not were_parted(conn, site, known[edge.one], known[edge.other]):
        _write(conn, site, edge)
    return ""


def merges(conn: apsw.Connection, *, site: str, customer: int) -> list[Merge]:
    """Return the edges at any customer of a person, newest first."""
    mine = as_json(members_of(conn, site, customer))
    return [edge_of(row) for row in fetch(conn, _MERGES, (site, mine, MERGES_MAX))]


def edge_of(row: tuple[Any, ...]) -> Merge:
    """Return a merge from its row."""
    return Merge(**dict(zip(Merge.__struct_fields__, row, strict=True)))


def _standing(conn: apsw.Connection, site: str, edge: Merge) -> int:
    found = fetch(conn, _BETWEEN, (site, as_json([edge.one]), as_json([edge.other])))
    return next((number for number, undone_ms in found if not undone_ms), 0)


def _write(conn: apsw.Connection, site: str, edge: Merge) -> int:
    undone = (edge.undone_by, edge.undone_ms)
    rows = fetch(conn, _WRITE, (site, edge.one, edge.other, edge.why, edge.agent, edge.at, *undone))
    return int(rows[0][0])
