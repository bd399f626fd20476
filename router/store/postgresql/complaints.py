"""The port's Complaints. What is filtered and ordered by has columns, all else of a complaint is JSON beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from router.store.complaints import coded, complaint_of, in_json, link_of, step_of, worded
from router.store.port import (
    Complaint,
    ComplaintChange,
    ComplaintCount,
    ComplaintFilter,
    ComplaintLink,
    ComplaintStep,
)
from router.store.port.complaints import Cursor
from router.store.postgresql.connections import Connections, Runs
from router.store.postgresql.people import members_of

_RECORD = """
INSERT INTO complaint(site, id, command, customer, stage, kind, severity, queue, owner, recorder, opened_ms, closed_ms,
  due_ms, version, data, words) VALUES ($1, nextval('complaint_id'), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 1,
  $13, $14) ON CONFLICT (site, command) DO NOTHING RETURNING id
"""

_CHANGE = """
UPDATE complaint SET customer = $4, stage = $5, kind = $6, severity = $7, queue = $8, owner = $9, closed_ms = $10,
  due_ms = $11, data = $12, words = $13, version = $3 + 1
WHERE site = $1 AND id = $2 AND version = $3 AND NOT forgotten RETURNING 1
"""

_STEP = """
INSERT INTO complaint_step(site, complaint, number, command, at, agent, deed, changes, words)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

_LINK = """
INSERT INTO complaint_link(site, complaint, conv, role, at, agent) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (site, complaint, conv) DO UPDATE SET role = excluded.role
"""

_UNLINK = "DELETE FROM complaint_link WHERE site = $1 AND complaint = $2 AND conv = ANY($3::bigint[])"
_KNOWN = "SELECT 1 FROM complaint_step WHERE site = $1 AND command = $2"
_LAST = "SELECT agent FROM complaint_step WHERE site = $1 AND complaint = $2 ORDER BY number DESC LIMIT 1"
_NUMBER = "SELECT id FROM complaint WHERE site = $1 AND command = $2"
_ONE = "SELECT id, version, forgotten, data, words FROM complaint WHERE site = $1 AND id = $2"

_STEPS = """
SELECT number, command, at, agent, deed, changes, words FROM complaint_step
WHERE site = $1 AND complaint = $2 AND number > $3 ORDER BY number LIMIT $4
"""

_LINKS = """
SELECT complaint, conv, role, at, agent FROM complaint_link WHERE site = $1 AND complaint = $2 ORDER BY at, conv
"""

_WANTED = """
  AND ($2::text = '' OR stage = $2) AND ($3::text = '' OR kind = $3) AND ($4::text = '' OR severity = $4)
  AND ($5::text = '' OR queue = $5) AND ($6::bigint = -1 OR owner = $6)
  AND ($8::text[] IS NULL OR owner = $7::bigint OR recorder = $7 OR queue = ANY($8))
"""

_DUE = f"""
SELECT id, version, forgotten, data FROM complaint WHERE site = $1 AND due_ms > 0 AND (due_ms, id) > ($9, $10) {_WANTED}
ORDER BY due_ms, id LIMIT $11
"""  # noqa: S608 - the conditions are a constant

_CLOSED = f"""
SELECT id, version, forgotten, data FROM complaint WHERE site = $1 AND closed_ms > 0 AND (closed_ms, id) < ($9, $10)
{_WANTED} ORDER BY closed_ms DESC, id DESC LIMIT $11
"""  # noqa: S608 - the conditions are a constant

_COUNT = f"""
SELECT count(*), count(*) FILTER (WHERE due_ms <= $9), count(*) FILTER (WHERE owner = $7),
  count(*) FILTER (WHERE owner = $7 AND due_ms <= $9)
FROM complaint WHERE site = $1 AND due_ms > 0 {_WANTED}
"""  # noqa: S608 - the conditions are a constant

_OF_PERSON = """
SELECT id, version, forgotten, data FROM complaint WHERE site = $1 AND customer = ANY($2::bigint[])
ORDER BY id DESC LIMIT $3
"""

_OF_CONVERSATIONS = """
SELECT complaint, conv, role, at, agent FROM complaint_link WHERE site = $1 AND conv = ANY($2::bigint[])
ORDER BY complaint, conv
"""

_NONE = """
INSERT INTO complaint_link(site, complaint, conv, role, at, agent) SELECT $1, 0, $2, 'none', $3, $4
WHERE NOT EXISTS (SELECT 1 FROM complaint_link WHERE site = $1 AND conv = $2) ON CONFLICT DO NOTHING
"""

_BETWEEN = """
SELECT id, version, forgotten, data FROM complaint WHERE site = $1 AND closed_ms > 0 AND closed_ms >= $2
  AND opened_ms < $3
UNION ALL SELECT id, version, forgotten, data FROM complaint WHERE site = $1 AND due_ms > 0 AND opened_ms < $3
ORDER BY 1 LIMIT $4
"""

_OLD = """
SELECT id FROM complaint WHERE site = $1 AND NOT forgotten AND closed_ms > 0 AND closed_ms < $2
ORDER BY closed_ms, id LIMIT $3
"""

_FORGET = "UPDATE complaint SET words = '{}', forgotten = true WHERE site = $1 AND id = ANY($2::bigint[])"
_FORGET_STEPS = """
UPDATE complaint_step SET words = '""' WHERE site = $1 AND complaint = ANY($2::bigint[])
"""

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('patchbay complaints ' || $1, 0))"
_OPEN_LINKED = """
SELECT c.id FROM complaint_link l JOIN complaint c ON c.site = l.site AND c.id = l.complaint
WHERE l.site = $1 AND l.conv = ANY($2::bigint[]) AND c.due_ms > 0 ORDER BY c.id LIMIT 1
"""

_OPEN_OF = """
SELECT id FROM complaint WHERE site = $1 AND customer = ANY($2::bigint[]) AND due_ms > 0 ORDER BY id LIMIT $3
"""

_ALL_OF = "SELECT id FROM complaint WHERE site = $1 AND customer = ANY($2::bigint[])"


class PostgresqlComplaints:
    """The port's Complaints."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

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
        one = complaint
        row = (site, one.command, one.customer, one.stage, one.kind, one.severity, one.queue, one.owner, one.recorder,
               one.opened_ms, one.closed_ms, one.due_ms, coded(one), worded(one.words))  # fmt: skip

        async def work(runs: Runs) -> Complaint:
            if alone:
                # Two who record the same conversation at two nodes do it one after the other.
                await runs.read(_LOCK, site)
                known = await runs.read(_NUMBER, site, one.command)
                known = known or await runs.read(_OPEN_LINKED, site, [link.conv for link in links])
                if known:
                    return await _sure(runs, site, known[0][0])
            made = await runs.write(_RECORD, *row)
            if not made:
                ((number,),) = await runs.read(_NUMBER, site, one.command)
                return await _sure(runs, site, number)
            number = made[0][0]
            await _write(runs, site, number, version=1, step=step, links=links)
            return await _sure(runs, site, number)

        return await self._connections.transact(work)

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
        one = complaint
        row = (site, one.number, one.version, one.customer, one.stage, one.kind, one.severity, one.queue, one.owner,
               one.closed_ms, one.due_ms, coded(one), worded(one.words))  # fmt: skip

        async def work(runs: Runs) -> ComplaintChange:
            if await runs.read(_KNOWN, site, step.command):
                return ComplaintChange(complaint=await _sure(runs, site, one.number))
            if not await runs.write(_CHANGE, *row):
                # Who was faster may have been this very command: the row was locked until they were done.
                known = await runs.read(_KNOWN, site, step.command)
                ((faster,),) = await runs.read(_LAST, site, one.number)
                now = await _sure(runs, site, one.number)
                return ComplaintChange(complaint=now, changed=bool(known), faster=0 if known else faster)
            await _write(runs, site, one.number, version=one.version + 1, step=step, links=links)
            if unlinked:
                await runs.write(_UNLINK, site, one.number, list(unlinked))
            return ComplaintChange(complaint=await _sure(runs, site, one.number))

        return await self._connections.transact(work)

    async def get(self, site: str, number: int) -> Complaint | None:
        """See the port."""
        return await _get(self._connections, site, number)

    async def steps(self, site: str, number: int, *, after: int = 0, limit: int) -> list[ComplaintStep]:
        """See the port."""
        return [step_of(row) for row in await self._connections.read(_STEPS, site, number, after, limit)]

    async def links(self, site: str, number: int) -> list[ComplaintLink]:
        """See the port."""
        return [link_of(row) for row in await self._connections.read(_LINKS, site, number)]

    async def due(self, site: str, wanted: ComplaintFilter, *, after: Cursor, limit: int) -> list[Complaint]:
        """See the port."""
        rows = await self._connections.read(_DUE, site, *_values(wanted), *after, limit)
        return [complaint_of(row) for row in rows]

    async def closed(self, site: str, wanted: ComplaintFilter, *, before: Cursor, limit: int) -> list[Complaint]:
        """See the port."""
        first = before if before[0] else (2**62, 0)
        rows = await self._connections.read(_CLOSED, site, *_values(wanted), *first, limit)
        return [complaint_of(row) for row in rows]

    async def count(self, site: str, wanted: ComplaintFilter, *, now_ms: int) -> ComplaintCount:
        """See the port."""
        rows = await self._connections.read(_COUNT, site, *_values(wanted), now_ms)
        return ComplaintCount(**dict(zip(ComplaintCount.__struct_fields__, rows[0], strict=True)))

    async def of_person(self, site: str, customer: int, *, limit: int) -> list[Complaint]:
        """See the port."""
        mine = await members_of(self._connections, site, customer)
        return [complaint_of(row) for row in await self._connections.read(_OF_PERSON, site, mine, limit)]

    async def of_conversations(self, site: str, convs: Sequence[int]) -> list[ComplaintLink]:
        """See the port."""
        return [link_of(row) for row in await self._connections.read(_OF_CONVERSATIONS, site, list(convs))]

    async def none_of(self, site: str, conv: int, *, agent: int, at: int) -> None:
        """See the port."""
        await self._connections.write(_NONE, site, conv, at, agent)

    async def between(self, site: str, *, since_ms: int, until_ms: int, limit: int) -> list[Complaint]:
        """See the port."""
        rows = await self._connections.read(_BETWEEN, site, since_ms, until_ms, limit)
        return [complaint_of(row) for row in rows]

    async def forget(self, site: str, *, closed_before_ms: int, limit: int) -> int:
        """See the port."""

        async def work(runs: Runs) -> int:
            old = [number for (number,) in await runs.read(_OLD, site, closed_before_ms, limit)]
            await _forget(runs, site, old)
            return len(old)

        return await self._connections.transact(work)


def _values(wanted: ComplaintFilter) -> tuple[Any, ...]:
    queues = None if wanted.queues is None else list(wanted.queues)
    return (wanted.stage, wanted.kind, wanted.severity, wanted.queue, wanted.owner, wanted.seer, queues)


async def _write(
    runs: Runs, site: str, number: int, *, version: int, step: ComplaintStep, links: Sequence[ComplaintLink]
) -> None:
    changes, words = in_json(step.changes), in_json(step.words)
    await runs.write(_STEP, site, number, version, step.command, step.at, step.agent, step.deed, changes, words)
    for link in links:
        await runs.write(_LINK, site, number, link.conv, link.role, step.at, step.agent)


async def _get(runs: Runs, site: str, number: int) -> Complaint | None:
    rows = await runs.read(_ONE, site, number)
    return complaint_of(rows[0]) if rows else None


async def _sure(runs: Runs, site: str, number: int) -> Complaint:
    found = await _get(runs, site, number)
    assert found is not None, "it was written in this transaction, or read before it"
    return found


async def _forget(runs: Runs, site: str, numbers: Sequence[int]) -> None:
    for statement in (_FORGET, _FORGET_STEPS):
        await runs.write(statement, site, list(numbers))


async def open_of(runs: Runs, *, site: str, customers: Sequence[int], limit: int) -> list[str]:
    """Return the numbers of open complaints of customers."""
    return [str(number) for (number,) in await runs.read(_OPEN_OF, site, list(customers), limit)]


async def forget_of(runs: Runs, *, site: str, customers: Sequence[int]) -> None:
    """Forget what was written about complaints of customers; that there were some stays."""
    await _forget(runs, site, [number for (number,) in await runs.read(_ALL_OF, site, list(customers))])
