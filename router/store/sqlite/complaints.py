"""The port's Complaints. What is filtered and ordered by has columns, all else of a complaint is JSON beside them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import apsw

from router.store.complaints import coded, complaint_of, link_of, step_of, worded
from router.store.port import (
    Complaint,
    ComplaintChange,
    ComplaintCount,
    ComplaintFilter,
    ComplaintLink,
    ComplaintStep,
)
from router.store.port.complaints import Cursor
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch
from router.store.sqlite.members import members_of
from router.store.sqlite.readers import Readers
from router.store.sqlite.writer import Writer

_RECORD = """
INSERT INTO complaint(site, command, customer, stage, kind, severity, queue, owner, recorder, opened_ms, closed_ms,
  due_ms, version, data, words) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?)
"""

_CHANGE = """
UPDATE complaint SET customer = ?4, stage = ?5, kind = ?6, severity = ?7, queue = ?8, owner = ?9, closed_ms = ?10,
  due_ms = ?11, data = ?12, words = ?13, version = ?3 + 1
WHERE id = ?2 AND version = ?3 AND forgotten = 0 AND +site = ?1
"""

_STEP = """
INSERT INTO complaint_step(site, complaint, number, command, at, agent, deed, changes, words)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_LINK = """
INSERT INTO complaint_link(site, complaint, conv, role, at, agent) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT(site, complaint, conv) DO UPDATE SET role = excluded.role
"""

_UNLINK = """
DELETE FROM complaint_link WHERE site = ?1 AND complaint = ?2 AND conv IN (SELECT value FROM json_each(?3))
"""

_KNOWN = "SELECT 1 FROM complaint_step WHERE site = ? AND command = ?"
_LAST = "SELECT agent FROM complaint_step WHERE site = ? AND complaint = ? ORDER BY number DESC LIMIT 1"
_NUMBER = "SELECT id FROM complaint WHERE site = ? AND command = ?"
_ONE = "SELECT id, version, forgotten, data, words FROM complaint WHERE id = ? AND +site = ?"

_STEPS = """
SELECT number, command, at, agent, deed, changes, words FROM complaint_step
WHERE site = ? AND complaint = ? AND number > ? ORDER BY number LIMIT ?
"""

_LINKS = (
    "SELECT complaint, conv, role, at, agent FROM complaint_link WHERE site = ? AND complaint = ? ORDER BY at, conv"
)

_WANTED = """
  AND (?2 = '' OR stage = ?2) AND (?3 = '' OR kind = ?3) AND (?4 = '' OR severity = ?4) AND (?5 = '' OR queue = ?5)
  AND (?6 = -1 OR owner = ?6) AND (?8 = '' OR owner = ?7 OR recorder = ?7
    OR queue IN (SELECT value FROM json_each(iif(?8 = '', '[]', ?8))))
"""

_DUE = f"""
SELECT id, version, forgotten, data FROM complaint WHERE site = ?1 AND due_ms > 0 AND (due_ms, id) > (?9, ?10) {_WANTED}
ORDER BY due_ms, id LIMIT ?11
"""  # noqa: S608 - the conditions are a constant

_CLOSED = f"""
SELECT id, version, forgotten, data FROM complaint WHERE site = ?1 AND closed_ms > 0 AND (closed_ms, id) < (?9, ?10)
{_WANTED} ORDER BY closed_ms DESC, id DESC LIMIT ?11
"""  # noqa: S608 - the conditions are a constant

_COUNT = f"""
SELECT count(*), count(*) FILTER (WHERE due_ms <= ?9), count(*) FILTER (WHERE owner = ?7),
  count(*) FILTER (WHERE owner = ?7 AND due_ms <= ?9)
FROM complaint WHERE site = ?1 AND due_ms > 0 {_WANTED}
"""  # noqa: S608 - the conditions are a constant

_OF_PERSON = """
SELECT id, version, forgotten, data FROM complaint WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2))
ORDER BY id DESC LIMIT ?3
"""

_OF_CONVERSATIONS = """
SELECT l.complaint, l.conv, l.role, l.at, l.agent FROM json_each(?2) k CROSS JOIN complaint_link l
WHERE l.site = ?1 AND l.conv = k.value ORDER BY l.complaint, l.conv
"""

_NONE = """
INSERT INTO complaint_link(site, complaint, conv, role, at, agent) SELECT ?1, 0, ?2, 'none', ?3, ?4
WHERE NOT EXISTS (SELECT 1 FROM complaint_link WHERE site = ?1 AND conv = ?2) ON CONFLICT DO NOTHING
"""

_BETWEEN = """
SELECT id, version, forgotten, data FROM complaint WHERE site = ?1 AND closed_ms > 0 AND closed_ms >= ?2
  AND opened_ms < ?3
UNION ALL SELECT id, version, forgotten, data FROM complaint WHERE site = ?1 AND due_ms > 0 AND opened_ms < ?3
ORDER BY 1 LIMIT ?4
"""

_OLD = """
SELECT id FROM complaint WHERE site = ?1 AND forgotten = 0 AND closed_ms > 0 AND closed_ms < ?2
ORDER BY closed_ms, id LIMIT ?3
"""

_FORGET = (
    "UPDATE complaint SET words = '{}', forgotten = 1 WHERE id IN (SELECT value FROM json_each(?2)) AND +site = ?1"
)

_FORGET_STEPS = """
UPDATE complaint_step SET words = '""' WHERE site = ?1 AND complaint IN (SELECT value FROM json_each(?2))
"""

_OPEN_LINKED = """
SELECT c.id FROM json_each(?2) k CROSS JOIN complaint_link l ON l.site = ?1 AND l.conv = k.value
JOIN complaint c ON c.id = l.complaint AND c.site = ?1 WHERE c.due_ms > 0 ORDER BY c.id LIMIT 1
"""

_OPEN_OF = """
SELECT id FROM complaint WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2)) AND due_ms > 0
ORDER BY id LIMIT ?3
"""

_ALL_OF = "SELECT id FROM complaint WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2))"


class SqliteComplaints:
    """The port's Complaints."""

    def __init__(self, writer: Writer, readers: Readers) -> None:
        self._writer = writer
        self._readers = readers

    async def record(
        self,
        site: str,
        complaint: Complaint,
        step: ComplaintStep,
        *,
        links: Sequence[ComplaintLink] = (),
        alone: bool = False,
    ) -> Complaint:
        """See the port."""
        work = partial(_record, site=site, complaint=complaint, step=step, links=links, alone=alone)
        return await self._writer.do(work)

    async def change(
        self,
        site: str,
        complaint: Complaint,
        step: ComplaintStep,
        *,
        links: Sequence[ComplaintLink] = (),
        unlinked: Sequence[int] = (),
    ) -> ComplaintChange:
        """See the port."""
        work = partial(_change, site=site, complaint=complaint, step=step, links=links, unlinked=unlinked)
        return await self._writer.do(work)

    async def get(self, site: str, number: int) -> Complaint | None:
        """See the port."""
        return self._readers.look(partial(_get, site=site, number=number))

    async def steps(self, site: str, number: int, *, after: int = 0, limit: int) -> list[ComplaintStep]:
        """See the port."""
        return [step_of(row) for row in await self._rows(_STEPS, (site, number, after, limit))]

    async def links(self, site: str, number: int) -> list[ComplaintLink]:
        """See the port."""
        return [link_of(row) for row in await self._rows(_LINKS, (site, number))]

    async def due(self, site: str, wanted: ComplaintFilter, *, after: Cursor, limit: int) -> list[Complaint]:
        """See the port."""
        rows = await self._rows(_DUE, (site, *_values(wanted), *after, limit))
        return [complaint_of(row) for row in rows]

    async def closed(self, site: str, wanted: ComplaintFilter, *, before: Cursor, limit: int) -> list[Complaint]:
        """See the port."""
        first = before if before[0] else (2**62, 0)
        return [complaint_of(row) for row in await self._rows(_CLOSED, (site, *_values(wanted), *first, limit))]

    async def count(self, site: str, wanted: ComplaintFilter, *, now_ms: int) -> ComplaintCount:
        """See the port."""
        rows = await self._rows(_COUNT, (site, *_values(wanted), now_ms))
        return ComplaintCount(**dict(zip(ComplaintCount.__struct_fields__, rows[0], strict=True)))

    async def of_person(self, site: str, customer: int, *, limit: int) -> list[Complaint]:
        """See the port."""

        def work(conn: apsw.Connection) -> list[Complaint]:
            mine = as_json(members_of(conn, site, customer))
            return [complaint_of(row) for row in fetch(conn, _OF_PERSON, (site, mine, limit))]

        return await self._readers.list(work)

    async def of_conversations(self, site: str, convs: Sequence[int]) -> list[ComplaintLink]:
        """See the port."""
        return [link_of(row) for row in await self._rows(_OF_CONVERSATIONS, (site, as_json(list(convs))))]

    async def none_of(self, site: str, conv: int, *, agent: int, at: int) -> None:
        """See the port."""
        await self._writer.execute(_NONE, (site, conv, at, agent))

    async def between(self, site: str, *, since_ms: int, until_ms: int, limit: int) -> list[Complaint]:
        """See the port."""
        return [complaint_of(row) for row in await self._rows(_BETWEEN, (site, since_ms, until_ms, limit))]

    async def forget(self, site: str, *, closed_before_ms: int, limit: int) -> int:
        """See the port."""

        def work(conn: apsw.Connection) -> int:
            old = [number for (number,) in fetch(conn, _OLD, (site, closed_before_ms, limit))]
            _forget(conn, site, old)
            return len(old)

        return await self._writer.do(work)

    async def _rows(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        return await self._readers.list(lambda conn: fetch(conn, statement, values))


def _values(wanted: ComplaintFilter) -> tuple[str | int, ...]:
    queues = "" if wanted.queues is None else as_json(list(wanted.queues))
    return (wanted.stage, wanted.kind, wanted.severity, wanted.queue, wanted.owner, wanted.seer, queues)


def _record(
    conn: apsw.Connection,
    *,
    site: str,
    complaint: Complaint,
    step: ComplaintStep,
    links: Sequence[ComplaintLink],
    alone: bool,
) -> Complaint:
    one = complaint
    known = fetch(conn, _NUMBER, (site, one.command))
    if alone and not known:
        known = fetch(conn, _OPEN_LINKED, (site, as_json([link.conv for link in links])))
    if known:
        return _sure(conn, site, known[0][0])
    conn.execute(
        _RECORD,
        (site, one.command, one.customer, one.stage, one.kind, one.severity, one.queue, one.owner, one.recorder,
         one.opened_ms, one.closed_ms, one.due_ms, coded(one), worded(one.words)),
    )  # fmt: skip
    number = conn.last_insert_rowid()
    _write(conn, site=site, number=number, version=1, step=step)
    _link(conn, site=site, number=number, step=step, links=links)
    return _sure(conn, site, number)


def _change(
    conn: apsw.Connection,
    *,
    site: str,
    complaint: Complaint,
    step: ComplaintStep,
    links: Sequence[ComplaintLink],
    unlinked: Sequence[int],
) -> ComplaintChange:
    one = complaint
    if fetch(conn, _KNOWN, (site, step.command)):
        return ComplaintChange(complaint=_sure(conn, site, one.number))
    conn.execute(
        _CHANGE,
        (site, one.number, one.version, one.customer, one.stage, one.kind, one.severity, one.queue, one.owner,
         one.closed_ms, one.due_ms, coded(one), worded(one.words)),
    )  # fmt: skip
    if not conn.changes():
        faster = fetch(conn, _LAST, (site, one.number))
        return ComplaintChange(complaint=_sure(conn, site, one.number), changed=False, faster=faster[0][0])
    _write(conn, site=site, number=one.number, version=one.version + 1, step=step)
    _link(conn, site=site, number=one.number, step=step, links=links)
    if unlinked:
        conn.execute(_UNLINK, (site, one.number, as_json(list(unlinked))))
    return ComplaintChange(complaint=_sure(conn, site, one.number))


def _write(conn: apsw.Connection, *, site: str, number: int, version: int, step: ComplaintStep) -> None:
    changes, words = as_json(step.changes), as_json(step.words)
    conn.execute(_STEP, (site, number, version, step.command, step.at, step.agent, step.deed, changes, words))


def _link(
    conn: apsw.Connection, *, site: str, number: int, step: ComplaintStep, links: Sequence[ComplaintLink]
) -> None:
    for link in links:
        conn.execute(_LINK, (site, number, link.conv, link.role, step.at, step.agent))


def _get(conn: apsw.Connection, *, site: str, number: int) -> Complaint | None:
    rows = fetch(conn, _ONE, (number, site))
    return complaint_of(rows[0]) if rows else None


def _sure(conn: apsw.Connection, site: str, number: int) -> Complaint:
    found = _get(conn, site=site, number=number)
    assert found is not None, "it was written in this transaction, or read before it"
    return found


def _forget(conn: apsw.Connection, site: str, numbers: Sequence[int]) -> None:
    mine = as_json(list(numbers))
    for statement in (_FORGET, _FORGET_STEPS):
        conn.execute(statement, (site, mine))


def open_of(conn: apsw.Connection, *, site: str, customers: str, limit: int) -> list[str]:
    """Return the numbers of open complaints of customers (JSON)."""
    return [str(number) for (number,) in fetch(conn, _OPEN_OF, (site, customers, limit))]


def forget_of(conn: apsw.Connection, *, site: str, customers: str) -> None:
    """Forget what was written about complaints of customers (JSON); that there were some stays."""
    _forget(conn, site, [number for (number,) in fetch(conn, _ALL_OF, (site, customers))])
