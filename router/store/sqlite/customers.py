"""The port's Customers. Who is one person with whom is found in members.py."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import apsw

from router.store.hashing import Hashes
from router.store.port import ConversationRow
from router.store.port.customers import Placed, Placing, Recent
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch
from router.store.sqlite.members import members, members_of
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

NEWEST = (1 << 62, 1 << 62)
# Above every character: what begins with a text ends below the text and this.
LAST = "\U0010ffff"

_RECENT = """
SELECT customer, conv, changed_ms FROM conversation WHERE site = ?1 AND (changed_ms, conv) < (?2, ?3)
ORDER BY changed_ms DESC, conv DESC LIMIT ?4
"""

# Names are told apart by so many characters: an index takes no letter for a name.
_NAMED = """
SELECT substr(lower(name), 1, 100), id FROM customer WHERE site = ?1 AND name <> ''
  AND substr(lower(name), 1, 100) >= ?2 AND substr(lower(name), 1, 100) < ?3
  AND (substr(lower(name), 1, 100) > ?2 OR id > ?4) ORDER BY substr(lower(name), 1, 100), id LIMIT ?5
"""

_IN_SEGMENT = """
SELECT c.id FROM customer c WHERE c.site = ?1 AND c.segment = ?2 AND c.segment > '' AND c.id > ?3
  AND NOT EXISTS (SELECT 1 FROM customer p WHERE c.person <> 0 AND p.site = c.site AND p.person = c.person
    AND p.person <> 0 AND p.segment <> '' AND p.id < c.id)
ORDER BY c.id LIMIT ?4
"""

_KNOWN_BY = """
SELECT DISTINCT h.customer FROM json_each(?2) k CROSS JOIN hint h
WHERE h.site = ?1 AND h.kind = k.value ->> 0 AND h.hash = unhex(k.value ->> 1) ORDER BY h.customer DESC LIMIT ?3
"""

_DEALT = """
SELECT k.value, v.conv, v.reference, v.customer, v.line, v.channel, v.state, v.queue, v.owner, v.opened_ms,
  v.changed_ms, v.due_ms, v.closed_ms, v.disposition FROM json_each(?2) k CROSS JOIN conversation v
WHERE v.site = ?1 AND v.conv IN
  (SELECT conv FROM conversation WHERE site = ?1 AND customer = k.value ORDER BY changed_ms DESC, conv DESC LIMIT ?3)
ORDER BY v.changed_ms DESC, v.conv DESC
"""

_LAST_CONTACTS = """
SELECT k.value, (SELECT v.changed_ms FROM conversation v WHERE v.site = ?1 AND v.customer = k.value
  ORDER BY v.changed_ms DESC LIMIT 1) FROM json_each(?2) k
"""

_RATINGS = """
SELECT k.value, (SELECT CAST(l.detail AS INTEGER) FROM timeline l WHERE l.site = ?1 AND l.conv = k.value
  AND l.kind = 'Rated' ORDER BY l.position DESC LIMIT 1) FROM json_each(?2) k
"""

_NOW = "SELECT c.id, c.segment FROM json_each(?2) k CROSS JOIN customer c WHERE c.id = k.value AND c.site = ?1"
_ERASED = "SELECT 1 FROM json_each(?2) k CROSS JOIN erasure e WHERE e.site = ?1 AND e.customer = k.value LIMIT 1"
_KNOWN = "SELECT segment FROM placement WHERE site = ?1 AND command = ?2"
_SET = "UPDATE customer SET segment = ?3 WHERE id IN (SELECT value FROM json_each(?2)) AND +site = ?1"
_WRITE = """
INSERT INTO placement(site, command, customer, at, agent, was, segment, why) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

_PLACINGS = """
SELECT command, customer, at, agent, was, segment, why FROM placement
WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2)) ORDER BY id DESC LIMIT ?3
"""

_PLACED_BY = """
SELECT p.customer, p.id, p.agent FROM json_each(?2) k CROSS JOIN placement p WHERE p.id =
  (SELECT max(id) FROM placement WHERE site = ?1 AND customer = k.value)
"""

_COUNT = """
SELECT k.value, (SELECT count(*) FROM (SELECT 1 FROM customer c WHERE c.site = ?1 AND c.segment = k.value
  AND c.segment > '' LIMIT ?3)) FROM json_each(?2) k
"""

_FORGET = """
UPDATE placement SET was = '', segment = '', why = ''
WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2))
"""


class SqliteCustomers:
    """The port's Customers."""

    def __init__(self, writer: Writer, readers: Readers, hashes: Hashes) -> None:
        self._writer, self._readers, self._hashes = writer, readers, hashes

    async def recent(self, site: str, *, before: tuple[int, int], limit: int) -> list[Recent]:
        """See the port."""
        rows = await self._rows(_RECENT, (site, *(before if before[0] else NEWEST), limit))
        return [Recent(customer=customer, conv=conv, at=at) for customer, conv, at in rows]

    async def named(self, site: str, *, prefix: str, after: tuple[str, int], limit: int) -> list[tuple[str, int]]:
        """See the port."""
        first, number = max((prefix, 0), after)
        rows = await self._rows(_NAMED, (site, first, prefix + LAST, number, limit))
        return [(name, number) for name, number in rows]

    async def in_segment(self, site: str, segment: str, *, after: int, limit: int) -> list[int]:
        """See the port."""
        return [number for (number,) in await self._rows(_IN_SEGMENT, (site, segment, after, limit))]

    async def known_by(self, site: str, hints: Sequence[tuple[str, str]], *, limit: int) -> list[int]:
        """See the port."""
        keys = as_json([(kind, self._hashes.hint(site, kind, value).hex()) for kind, value in hints])
        return [number for (number,) in await self._rows(_KNOWN_BY, (site, keys, limit))]

    async def dealt(self, site: str, customers: Sequence[int], *, limit: int) -> Mapping[int, list[ConversationRow]]:
        """See the port."""

        def work(conn: apsw.Connection) -> list[tuple[int, list[ConversationRow]]]:
            persons = members(conn, site, customers)
            everybody = as_json(sorted({each for person in persons.values() for each in person}))
            of: dict[int, list[ConversationRow]] = {}
            for customer, *cells in fetch(conn, _DEALT, (site, everybody, limit)):
                of.setdefault(customer, []).append(_conversation(cells))
            return [(customer, _together(person, of)) for customer, person in persons.items()]

        return dict(await self._readers.list(work))

    async def last_contacts(self, site: str, customers: Sequence[int]) -> Mapping[int, int]:
        """See the port."""

        def work(conn: apsw.Connection) -> list[tuple[int, int]]:
            persons = members(conn, site, customers)
            everybody = as_json(sorted({each for person in persons.values() for each in person}))
            last = {customer: at or 0 for customer, at in fetch(conn, _LAST_CONTACTS, (site, everybody))}
            return [(customer, max(last[each] for each in person)) for customer, person in persons.items()]

        return {customer: at for customer, at in await self._readers.list(work) if at}

    async def ratings(self, site: str, convs: Sequence[int]) -> Mapping[int, int]:
        """See the port."""
        rows = await self._rows(_RATINGS, (site, as_json(list(convs))))
        return {conv: score for conv, score in rows if score is not None}

    async def place(self, site: str, placing: Placing) -> Placed:
        """See the port."""
        return await self._writer.do(partial(_place, site=site, placing=placing))

    async def placings(self, site: str, customer: int, *, limit: int) -> list[Placing]:
        """See the port."""

        def work(conn: apsw.Connection) -> list[Placing]:
            return placings_of(conn, site=site, customers=as_json(members_of(conn, site, customer)), limit=limit)

        return await self._readers.list(work)

    async def placed_by(self, site: str, customers: Sequence[int]) -> Mapping[int, int]:
        """See the port."""

        def work(conn: apsw.Connection) -> list[tuple[int, int]]:
            persons = members(conn, site, customers)
            everybody = as_json(sorted({each for person in persons.values() for each in person}))
            last = {customer: (number, agent) for customer, number, agent in fetch(conn, _PLACED_BY, (site, everybody))}
            found = ((one, [last[each] for each in person if each in last]) for one, person in persons.items())
            return [(one, max(placed)[1]) for one, placed in found if placed]

        return dict(await self._readers.list(work))

    async def count(self, site: str, segments: Sequence[str], *, most: int) -> Mapping[str, int]:
        """See the port."""
        return dict(await self._rows(_COUNT, (site, as_json(list(segments)), most)))

    async def _rows(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return await self._readers.list(lambda conn: fetch(conn, statement, values))


def forget_of(conn: apsw.Connection, *, site: str, customers: str) -> None:
    """Forget which segments erased customers were in, and why."""
    conn.execute(_FORGET, (site, customers))


def placings_of(conn: apsw.Connection, *, site: str, customers: str, limit: int) -> list[Placing]:
    """Return what put customers into segments, the last first."""
    fields = Placing.__struct_fields__
    return [Placing(**dict(zip(fields, row, strict=True))) for row in fetch(conn, _PLACINGS, (site, customers, limit))]


def _place(conn: apsw.Connection, *, site: str, placing: Placing) -> Placed:
    known = fetch(conn, _KNOWN, (site, placing.command))
    if known:
        return Placed(now=known[0][0])
    person = members(conn, site, [placing.customer]).get(placing.customer)
    if person is None or fetch(conn, _ERASED, (site, as_json(person))):
        return Placed(refused="customer_unknown")
    rows = dict(fetch(conn, _NOW, (site, as_json(person))))
    now = next((rows[each] for each in person if rows[each]), "")
    if now != placing.was:
        last = placings_of(conn, site=site, customers=as_json(person), limit=1)
        return Placed(refused="segment_changed", now=now, faster=last[0].agent if last else 0)
    conn.execute(_SET, (site, as_json(person), placing.segment))
    one = placing
    conn.execute(_WRITE, (site, one.command, person[0], one.at, one.agent, one.was, one.segment, one.why))
    return Placed(now=placing.segment)


def _together(person: list[int], of: Mapping[int, list[ConversationRow]]) -> list[ConversationRow]:
    rows = [row for each in person for row in of.get(each, [])]
    return sorted(rows, key=lambda row: (-row.changed_ms, -row.conv)) if len(person) > 1 else rows


def _conversation(cells: Sequence[Any]) -> ConversationRow:
    return ConversationRow(**dict(zip(ConversationRow.__struct_fields__, cells, strict=False)))
