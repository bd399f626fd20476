"""The port's Customers. Who is one person with whom is found in people.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from router.store.hashing import Hashes
from router.store.port import ConversationRow
from router.store.port.customers import Placed, Placing, Recent
from router.store.postgresql.connections import Connections, Runs
from router.store.postgresql.members import lock
from router.store.postgresql.people import members, members_of
from router.store.postgresql.texts import given, kept

NEWEST = (1 << 62, 1 << 62)
# Above every character: what begins with a text ends below the text and this.
LAST = "\U0010ffff"

_RECENT = """
SELECT customer, conv, changed_ms FROM conversation
WHERE site = $1 AND (changed_ms, conv) < ($2::bigint, $3::bigint) ORDER BY changed_ms DESC, conv DESC LIMIT $4
"""

# Names are told apart by so many characters: an index takes no letter for a name.
_NAMED = """
SELECT left(lower(name COLLATE "C"), 100), id FROM customer
WHERE site = $1 AND name <> '' AND (left(lower(name COLLATE "C"), 100), id) > ($2::text COLLATE "C", $4::bigint)
  AND left(lower(name COLLATE "C"), 100) < $3::text COLLATE "C" ORDER BY left(lower(name COLLATE "C"), 100), id LIMIT $5
"""

_IN_SEGMENT = """
SELECT c.id FROM customer c WHERE c.site = $1 AND c.segment = $2 AND c.segment > '' AND c.id > $3
  AND (c.person = 0 OR NOT EXISTS (SELECT 1 FROM customer p WHERE p.site = $1 AND p.person = c.person AND p.person <> 0
    AND p.segment <> '' AND p.id < c.id))
ORDER BY c.id LIMIT $4
"""

_KNOWN_BY = """
SELECT DISTINCT h.customer FROM unnest($2::text[], $3::bytea[]) k(kind, hash)
JOIN hint h ON h.site = $1 AND h.kind = k.kind AND h.hash = k.hash ORDER BY h.customer DESC LIMIT $4
"""

_DEALT = """
SELECT k, v.conv, v.reference, v.customer, v.line, v.channel, v.state, v.queue, v.owner, v.opened_ms, v.changed_ms,
  v.due_ms, v.closed_ms, v.disposition FROM unnest($2::bigint[]) k CROSS JOIN LATERAL (
  SELECT * FROM conversation WHERE site = $1 AND customer = k ORDER BY changed_ms DESC, conv DESC LIMIT $3) v
ORDER BY v.changed_ms DESC, v.conv DESC
"""

_LAST_CONTACTS = """
SELECT k, v.changed_ms FROM unnest($2::bigint[]) k CROSS JOIN LATERAL (
  SELECT changed_ms FROM conversation WHERE site = $1 AND customer = k ORDER BY changed_ms DESC, conv DESC LIMIT 1) v
"""

_RATINGS = """
SELECT k, l.detail::int FROM unnest($2::bigint[]) k CROSS JOIN LATERAL (
  SELECT detail FROM timeline WHERE site = $1 AND conv = k AND kind = 'Rated' ORDER BY position DESC LIMIT 1) l
"""

_NOW = "SELECT id, segment FROM customer WHERE site = $1 AND id = ANY($2::bigint[])"
_ERASED = "SELECT 1 FROM erasure WHERE site = $1 AND customer = ANY($2::bigint[]) LIMIT 1"
_KNOWN = "SELECT segment FROM placement WHERE site = $1 AND command = $2"
_SET = "UPDATE customer SET segment = $3 WHERE site = $1 AND id = ANY($2::bigint[])"
_WRITE = """
INSERT INTO placement(site, command, customer, at, agent, was, segment, why) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_PLACINGS = """
SELECT command, customer, at, agent, was, segment, why FROM placement
WHERE site = $1 AND customer = ANY($2::bigint[]) ORDER BY id DESC LIMIT $3
"""

_PLACED_BY = """
SELECT k, p.id, p.agent FROM unnest($2::bigint[]) k CROSS JOIN LATERAL (
  SELECT id, agent FROM placement WHERE site = $1 AND customer = k ORDER BY id DESC LIMIT 1) p
"""

_COUNT = """
SELECT k, (SELECT count(*) FROM (SELECT 1 FROM customer WHERE site = $1 AND segment = k AND segment > '' LIMIT $3) c)
FROM unnest($2::text[]) k
"""

_FORGET = "UPDATE placement SET was = '', segment = '', why = '' WHERE site = $1 AND customer = ANY($2::bigint[])"


class PostgresqlCustomers:
    """The port's Customers."""

    def __init__(self, connections: Connections, hashes: Hashes) -> None:
        self._connections, self._hashes = connections, hashes

    async def recent(self, site: str, *, before: tuple[int, int], limit: int) -> list[Recent]:
        """See the port."""
        rows = await self._connections.read(_RECENT, site, *(before if before[0] else NEWEST), limit)
        return [Recent(customer=customer, conv=conv, at=at) for customer, conv, at in rows]

    async def named(self, site: str, *, prefix: str, after: tuple[str, int], limit: int) -> list[tuple[str, int]]:
        """See the port."""
        first, number = max((prefix, 0), after)
        values = (kept(first), kept(prefix) + LAST, number, limit)
        return [(given(name), each) for name, each in await self._connections.read(_NAMED, site, *values)]

    async def in_segment(self, site: str, segment: str, *, after: int, limit: int) -> list[int]:
        """See the port."""
        return [row[0] for row in await self._connections.read(_IN_SEGMENT, site, kept(segment), after, limit)]

    async def known_by(self, site: str, hints: Sequence[tuple[str, str]], *, limit: int) -> list[int]:
        """See the port."""
        hashes = [self._hashes.hint(site, kind, value) for kind, value in hints]
        kinds = [kept(kind) for kind, _ in hints]
        return [row[0] for row in await self._connections.read(_KNOWN_BY, site, kinds, hashes, limit)]

    async def dealt(self, site: str, customers: Sequence[int], *, limit: int) -> Mapping[int, list[ConversationRow]]:
        """See the port."""
        persons = await members(self._connections, site, customers)
        of: dict[int, list[ConversationRow]] = {}
        for customer, *cells in await self._connections.read(_DEALT, site, _everybody(persons), limit):
            of.setdefault(customer, []).append(_conversation(cells))
        return {customer: _together(person, of) for customer, person in persons.items()}

    async def last_contacts(self, site: str, customers: Sequence[int]) -> Mapping[int, int]:
        """See the port."""
        persons = await members(self._connections, site, customers)
        rows = await self._connections.read(_LAST_CONTACTS, site, _everybody(persons))
        last: dict[int, int] = {row[0]: row[1] for row in rows}
        found = {customer: max(last.get(each, 0) for each in person) for customer, person in persons.items()}
        return {customer: at for customer, at in found.items() if at}

    async def ratings(self, site: str, convs: Sequence[int]) -> Mapping[int, int]:
        """See the port."""
        return {row[0]: row[1] for row in await self._connections.read(_RATINGS, site, list(convs))}

    async def place(self, site: str, placing: Placing) -> Placed:
        """See the port."""
        return await self._connections.transact(lambda runs: _place(runs, site, placing))

    async def placings(self, site: str, customer: int, *, limit: int) -> list[Placing]:
        """See the port."""
        return await _placings(self._connections, site, await members_of(self._connections, site, customer), limit)

    async def placed_by(self, site: str, customers: Sequence[int]) -> Mapping[int, int]:
        """See the port."""
        persons = await members(self._connections, site, customers)
        rows = await self._connections.read(_PLACED_BY, site, _everybody(persons))
        last: dict[int, tuple[int, int]] = {row[0]: (row[1], row[2]) for row in rows}
        found = ((one, [last[each] for each in person if each in last]) for one, person in persons.items())
        return {one: max(placed)[1] for one, placed in found if placed}

    async def count(self, site: str, segments: Sequence[str], *, most: int) -> Mapping[str, int]:
        """See the port."""
        rows = await self._connections.read(_COUNT, site, [kept(each) for each in segments], most)
        return {given(row[0]): row[1] for row in rows}


async def forget_of(runs: Runs, *, site: str, customers: Sequence[int]) -> None:
    """Forget which segments erased customers were in, and why."""
    await runs.write(_FORGET, site, customers)


async def _placings(runs: Runs, site: str, customers: Sequence[int], limit: int) -> list[Placing]:
    return [
        Placing(
            command=command,
            customer=customer,
            at=at,
            agent=agent,
            was=given(was),
            segment=given(segment),
            why=given(why),
        )
        for command, customer, at, agent, was, segment, why in await runs.read(_PLACINGS, site, customers, limit)
    ]


async def _place(runs: Runs, site: str, placing: Placing) -> Placed:
    await lock(runs, site)
    known = await runs.read(_KNOWN, site, placing.command)
    if known:
        return Placed(now=given(known[0][0]))
    person = (await members(runs, site, [placing.customer])).get(placing.customer)
    if person is None or await runs.read(_ERASED, site, person):
        return Placed(refused="customer_unknown")
    rows = {row[0]: given(row[1]) for row in await runs.read(_NOW, site, person)}
    now = next((rows[each] for each in person if rows[each]), "")
    if now != placing.was:
        last = await _placings(runs, site, person, 1)
        return Placed(refused="segment_changed", now=now, faster=last[0].agent if last else 0)
    await runs.write(_SET, site, person, kept(placing.segment))
    one, texts = placing, (kept(placing.was), kept(placing.segment), kept(placing.why))
    await runs.write(_WRITE, site, one.command, person[0], one.at, one.agent, *texts)
    return Placed(now=placing.segment)


def _everybody(persons: Mapping[int, Sequence[int]]) -> list[int]:
    return sorted({each for person in persons.values() for each in person})


def _together(person: list[int], of: Mapping[int, list[ConversationRow]]) -> list[ConversationRow]:
    rows = [row for each in person for row in of.get(each, [])]
    return sorted(rows, key=lambda row: (-row.changed_ms, -row.conv)) if len(person) > 1 else rows


def _conversation(cells: Sequence[Any]) -> ConversationRow:
    return ConversationRow(**dict(zip(ConversationRow.__struct_fields__, cells, strict=False)))
