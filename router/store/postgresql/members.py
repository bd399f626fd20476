"""Which customers are one person: following and changing the edges between them. No personal data is read here.

Whoever changes edges holds the site's lock on them until the transaction ends, so that two who make one person of
the same customers see each other's edges.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.store.limits import APART, MERGES_MAX
from router.store.persons import PERSON_CUSTOMERS_MAX
from router.store.port import Merge, Merging
from router.store.postgresql.connections import Runs
from router.store.postgresql.people import members, members_of

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('patchbay merges ' || $1, 0))"

_REACHED = """
WITH RECURSIVE reached(id) AS (
  SELECT $2::bigint
  UNION SELECT e.id FROM reached r CROSS JOIN LATERAL (
    SELECT m.other AS id FROM merge m WHERE m.site = $1 AND m.one = r.id AND m.undone_ms = 0
    UNION ALL SELECT m.one FROM merge m WHERE m.site = $1 AND m.other = r.id AND m.undone_ms = 0) e
) SELECT id FROM reached ORDER BY id
"""

_SET_PERSON = "UPDATE customer SET person = $3 WHERE site = $1 AND id = ANY($2::bigint[])"

_FIELDS = "id, one, other, why, agent, at, undone_by, undone_ms"

_MERGES = f"""
SELECT {_FIELDS} FROM merge WHERE site = $1 AND one = ANY($2::bigint[])
UNION SELECT {_FIELDS} FROM merge WHERE site = $1 AND other = ANY($2::bigint[]) ORDER BY 1 DESC LIMIT $3
"""  # noqa: S608 - the fields are the constant above

_BETWEEN = """
SELECT id, undone_ms FROM merge WHERE site = $1 AND one = ANY($2::bigint[]) AND other = ANY($3::bigint[])
UNION SELECT id, undone_ms FROM merge WHERE site = $1 AND other = ANY($2::bigint[]) AND one = ANY($3::bigint[])
ORDER BY 1
"""

_WRITE = """
INSERT INTO merge(site, one, other, why, agent, at, undone_by, undone_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
RETURNING id
"""

_ONE = f"SELECT {_FIELDS} FROM merge WHERE site = $1 AND id = $2"  # noqa: S608
_UNDO = "UPDATE merge SET undone_by = $3, undone_ms = $4 WHERE site = $1 AND id = $2"
_ERASED = "SELECT 1 FROM erasure WHERE site = $1 AND customer = ANY($2::bigint[]) LIMIT 1"


async def lock(runs: Runs, site: str) -> None:
    """Wait until nobody else changes who is one person."""
    await runs.write(_LOCK, site)


async def merge(runs: Runs, site: str, edge: Merge) -> Merging:
    """Write an edge and make both sides one person, or say why not."""
    known = await members(runs, site, (edge.one, edge.other))
    if len(known) < len({edge.one, edge.other}):
        return Merging(refused="customer_unknown")
    one, other = known[edge.one], known[edge.other]
    if one == other:
        return Merging(refused="already_one", merge=await _standing(runs, site, edge))
    both = sorted({*one, *other})
    if await runs.read(_ERASED, site, both):
        return Merging(refused="erased")
    if len(both) > PERSON_CUSTOMERS_MAX:
        return Merging(refused="too_many")
    number = await _write(runs, site, edge)
    await runs.write(_SET_PERSON, site, both, both[0])
    return Merging(merge=number)


async def merge_proved(runs: Runs, site: str, edge: Merge) -> Merging:
    """Do as `merge` for what a proof says; a person who said that they are two knows better."""
    one, other = await members_of(runs, site, edge.one), await members_of(runs, site, edge.other)
    if await were_parted(runs, site, one, other):
        return Merging(refused=APART)
    return await merge(runs, site, edge)


async def were_parted(runs: Runs, site: str, one: Sequence[int], other: Sequence[int]) -> bool:
    """Return whether a person has ever said of any two of these that they are not one."""
    return any(undone_ms for _, undone_ms in await runs.read(_BETWEEN, site, list(one), list(other)))


async def unmerge(runs: Runs, site: str, number: int, *, agent: int, at: int) -> str:
    """Take an edge away; what it held together is two persons again, whatever other edges they have."""
    rows = await runs.read(_ONE, site, number)
    if not rows:
        return "merge_unknown"
    edge = _edge(rows[0])
    if edge.undone_ms:
        return "merge_undone"
    await runs.write(_UNDO, site, number, agent, at)
    for end in (edge.one, edge.other):
        reached = [row[0] for row in await runs.read(_REACHED, site, end)]
        await runs.write(_SET_PERSON, site, reached, reached[0] if len(reached) > 1 else 0)
    return ""


async def keep_apart(runs: Runs, site: str, edge: Merge) -> str:
    """Write down that two are not one person."""
    known = await members(runs, site, (edge.one, edge.other))
    if len(known) < len({edge.one, edge.other}):
        return "customer_unknown"
    if known[edge.one] == known[edge.other]:
        return "already_one"
    if not await were_parted(runs, site, known[edge.one], known[edge.other]):
        await _write(runs, site, edge)
    return ""


async def merges(runs: Runs, site: str, customer: int) -> list[Merge]:
    """Return the edges at any customer of a person, newest first."""
    mine = await members_of(runs, site, customer)
    return [_edge(row) for row in await runs.read(_MERGES, site, mine, MERGES_MAX)]


def _edge(row: Sequence[Any]) -> Merge:
    return Merge(**dict(zip(Merge.__struct_fields__, row, strict=True)))


async def _standing(runs: Runs, site: str, edge: Merge) -> int:
    found = await runs.read(_BETWEEN, site, [edge.one], [edge.other])
    return next((number for number, undone_ms in found if not undone_ms), 0)


async def _write(runs: Runs, site: str, edge: Merge) -> int:
    values = (edge.one, edge.other, edge.why, edge.agent, edge.at, edge.undone_by, edge.undone_ms)
    return int((await runs.write(_WRITE, site, *values))[0][0])
