"""Forgetting a person, row by row: who they are in one transaction, what they said in slices. No files, no rights."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from router.store.limits import ENDED, OPEN_SHOWN_MAX
from router.store.port import Body, Draft, Erasure, MessageRow
from router.store.postgresql import complaints, customers, reviews
from router.store.postgresql.bodies import MESSAGE, encoded, message_row
from router.store.postgresql.connections import Runs
from router.store.postgresql.journal import turned
from router.store.postgresql.people import members
from router.store.postgresql.texts import given, kept

ERASED = "erased"

_OPEN = """
SELECT reference FROM conversation WHERE site = $1 AND customer = ANY($2::bigint[]) AND state <> ALL($3::text[])
ORDER BY conv LIMIT $4
"""

# What waits is walked, by its own index: it is as much as providers have not taken yet, and no conversation's alone.
_WAITING = """
SELECT DISTINCT c.reference FROM outbox o JOIN conversation c ON c.site = o.site AND c.conv = o.conv
WHERE o.site = $1 AND o.state = 'waiting' AND c.customer = ANY($2::bigint[]) LIMIT $3
"""

_DEAD = """
DELETE FROM outbox o USING conversation c WHERE o.site = $1 AND o.state = 'dead' AND c.site = o.site
  AND c.conv = o.conv AND c.customer = ANY($2::bigint[])
"""

_BEGIN = """
INSERT INTO erasure(site, customer, person, agent, begun_ms) SELECT $1, k, $3, $4, $5 FROM unnest($2::bigint[]) k
ON CONFLICT (site, customer) DO NOTHING
"""

_PERSON = "SELECT person FROM erasure WHERE site = $1 AND customer = $2"
_ERASURE = "SELECT customer, agent, begun_ms, done_ms FROM erasure WHERE site = $1 AND person = $2 ORDER BY customer"

_SINCE = """
SELECT person FROM erasure WHERE site = $1 AND done_ms = 0
UNION SELECT person FROM erasure WHERE site = $1 AND begun_ms >= $2 LIMIT $3
"""

_END = "UPDATE erasure SET done_ms = $3 WHERE site = $1 AND person = $2 AND done_ms = 0"

# What came by a line and no conversation has keeps its customer when the line's hash goes.
_ASIDES = """
UPDATE aside SET customer = n.customer, hash = '' FROM line n
WHERE n.site = $1 AND n.customer = ANY($2::bigint[]) AND aside.site = n.site AND aside.hash = n.hash
"""

_LINES = """
UPDATE line SET key = '', peer = '', extra = '{}', hash = decode(replace(gen_random_uuid()::text, '-', ''), 'hex')
WHERE site = $1 AND customer = ANY($2::bigint[])
"""

# Where a copy of their conversation went, unless somebody has written from there since: that is another person's line.
_COPY_LINES = """
UPDATE line SET key = '', peer = '', extra = '{}', hash = decode(replace(gen_random_uuid()::text, '-', ''), 'hex')
WHERE site = $1 AND id = ANY(ARRAY(
  SELECT t.line FROM conversation c JOIN timeline t ON t.site = c.site AND t.conv = c.conv
  WHERE c.site = $1 AND c.customer = ANY($2::bigint[]) AND t.kind = 'CopyWanted'))
  AND NOT EXISTS (SELECT 1 FROM conversation x WHERE x.site = line.site AND x.customer = line.customer)
"""

_NAMES = """
UPDATE customer SET name = '', language = '', segment = '', attributes = '{}'
WHERE site = $1 AND id = ANY($2::bigint[])
"""

_IDENTITY_MARKS = """
DELETE FROM sender s USING identity i WHERE i.site = $1 AND i.customer = ANY($2::bigint[]) AND s.site = $1
  AND s.kind = i.kind AND s.hash = i.hash
"""

_LINE_MARKS = "DELETE FROM sender WHERE site = $1 AND kind = $2 AND hash = ANY($3::bytea[])"
_IDENTITIES = "DELETE FROM identity WHERE site = $1 AND customer = ANY($2::bigint[])"
_HINTS = "DELETE FROM hint WHERE site = $1 AND customer = ANY($2::bigint[])"

_WORDS = f"""
SELECT {MESSAGE} FROM message m WHERE m.site = $1 AND m.id = ANY(ARRAY(
  SELECT t.message FROM conversation c JOIN timeline t ON t.site = c.site AND t.conv = c.conv
    WHERE c.site = $1 AND c.customer = ANY($2::bigint[]) AND t.message > $3
  UNION SELECT a.message FROM line n JOIN aside a ON a.site = n.site AND a.hash = n.hash
    WHERE n.site = $1 AND n.customer = ANY($2::bigint[]) AND a.message > $3
  UNION SELECT a.message FROM aside a
    WHERE a.site = $1 AND a.customer = ANY($2::bigint[]) AND a.customer <> 0 AND a.message > $3
  ORDER BY 1 LIMIT $4)) ORDER BY m.id
"""  # noqa: S608 - the fields are a constant

_TO_BLANK = f"SELECT {MESSAGE} FROM message m WHERE m.site = $1 AND m.id = ANY($2::bigint[])"  # noqa: S608

_BLANK = """
UPDATE message SET provider = NULL, provider_id = '', client = '', extras = ARRAY['erased'], body = e.body
FROM unnest($2::bigint[], $3::text[]) e(id, body) WHERE message.site = $1 AND message.id = e.id
"""

_EMPTY = """
UPDATE letter SET signal = '', line = '' WHERE site = $1 AND id = ANY($2::bigint[]) AND state = 'quarantined'
"""

_DRAFTS_ON = """
SELECT d.account, d.key, d.text, d.at FROM conversation c JOIN draft d ON d.site = c.site
  AND d.key >= (c.reference || ':') COLLATE "C" AND d.key < (c.reference || ';') COLLATE "C"
WHERE c.site = $1 AND c.customer = ANY($2::bigint[]) ORDER BY d.key, d.account LIMIT $3
"""

_DRAFTS_BEFORE = """
SELECT account, key, text, at FROM draft WHERE site = $1 AND at < $2 ORDER BY at, key, account LIMIT $3
"""

_FORGET_DRAFTS = """
DELETE FROM draft d USING unnest($2::bigint[], $3::text[], $4::text[]) e(account, key, text)
WHERE d.site = $1 AND d.account = e.account AND d.key = e.key AND d.text = e.text RETURNING 1
"""


async def begin(
    runs: Runs, site: str, customer: int, *, agent: int, at: int, line_mark: tuple[str, list[bytes]]
) -> Erasure:
    """Forget who a person is, or say why not. `line_mark`: the kind of marks on lines, and their hashes."""
    earlier = await runs.read(_PERSON, site, customer)
    if earlier:
        return await erasure_of(runs, site, earlier[0][0])
    person = (await members(runs, site, [customer])).get(customer)
    if person is None:
        return Erasure(refused="customer_unknown")
    still = await runs.read(_OPEN, site, person, list(ENDED), OPEN_SHOWN_MAX)
    if still:
        return Erasure(refused="conversations_open", open=[reference for (reference,) in still])
    cases = await complaints.open_of(runs, site=site, customers=person, limit=OPEN_SHOWN_MAX)
    if cases:
        return Erasure(refused="complaints_open", open=cases)
    waiting = await runs.read(_WAITING, site, person, OPEN_SHOWN_MAX)
    if waiting:
        return Erasure(refused="effects_waiting", open=[reference for (reference,) in waiting])
    await runs.write(_BEGIN, site, person, person[0], agent, at)
    await runs.write(_LINE_MARKS, site, *line_mark)
    for statement in (_DEAD, _ASIDES, _IDENTITY_MARKS, _LINES, _COPY_LINES, _NAMES, _IDENTITIES, _HINTS):
        await runs.write(statement, site, person)
    await complaints.forget_of(runs, site=site, customers=person)
    await reviews.forget_of(runs, site=site, customers=person)
    await customers.forget_of(runs, site=site, customers=person)
    return await erasure_of(runs, site, person[0])


async def empty_letters(runs: Runs, site: str, letters: Sequence[int]) -> None:
    """Take away what quarantined letters say; that they came stays."""
    await runs.write(_EMPTY, site, sorted(set(letters)))


async def erasure_of(runs: Runs, site: str, person: int) -> Erasure:
    """Return the erasure of a person."""
    rows = await runs.read(_ERASURE, site, person)
    _, agent, begun_ms, done_ms = rows[0]
    return Erasure(customers=[row[0] for row in rows], agent=agent, begun_ms=begun_ms, done_ms=done_ms)


async def erasures(runs: Runs, site: str, *, since_ms: int, limit: int) -> list[Erasure]:
    """Return erasures that are not done, and those begun since, oldest first."""
    found = [await erasure_of(runs, site, person) for (person,) in await runs.read(_SINCE, site, since_ms, limit)]
    return sorted(found, key=lambda each: (each.begun_ms, each.customers))


async def end(runs: Runs, site: str, customer: int, *, at: int) -> None:
    """Write down that an erasure is done."""
    for (person,) in await runs.read(_PERSON, site, customer):
        await runs.write(_END, site, person, at)


async def words_of(runs: Runs, site: str, customers: Sequence[int], *, after: int, limit: int) -> list[MessageRow]:
    """Return every message of customers above an id, in order."""
    rows = await runs.read(_WORDS, site, sorted(set(customers)), after, limit)
    return [message_row(row) for row in rows]


async def blank(runs: Runs, site: str, messages: Sequence[int]) -> None:
    """Leave of messages who spoke when, and no word."""
    bodies: dict[int, str] = {}
    for row in await runs.read(_TO_BLANK, site, sorted(set(messages))):
        message = message_row(row)
        bodies[message.id] = encoded(_blanked(message.body))
    if bodies:
        await runs.write(_BLANK, site, list(bodies), list(bodies.values()))


def _blanked(body: Body) -> Body:
    empty = {"text": "", "html": "", "subject": "", "provider": ""}
    return msgspec.structs.replace(body, extra={ERASED: "1"}, **empty)


async def drafts_on(runs: Runs, site: str, customers: Sequence[int], *, limit: int) -> list[Draft]:
    """Return what was written into conversations of customers and not sent."""
    return _drafts(await runs.read(_DRAFTS_ON, site, sorted(set(customers)), limit))


async def drafts_before(runs: Runs, site: str, *, before_ms: int, limit: int) -> list[Draft]:
    """Return what was written before a time and never sent, oldest first."""
    return _drafts(await runs.read(_DRAFTS_BEFORE, site, before_ms, limit))


async def forget_drafts(runs: Runs, site: str, drafts: Sequence[Draft]) -> int:
    """Take away those that still are as they were read."""
    columns = turned([(each.account, kept(each.key), kept(each.text)) for each in drafts], 3)
    return len(await runs.write(_FORGET_DRAFTS, site, *columns))


def _drafts(rows: Sequence[Sequence[object]]) -> list[Draft]:
    return [
        Draft(account=int(str(account)), key=given(str(key)), text=given(str(text)), at=int(str(at)))
        for account, key, text, at in rows
    ]
