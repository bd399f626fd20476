"""Forgetting a person, row by row: who they are in one transaction, what they said in slices. No files, no rights."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from router.store.limits import ENDED, OPEN_SHOWN_MAX
from router.store.port import Draft, Erasure, MessageRow
from router.store.sqlite import complaints, customers, reviews
from router.store.sqlite.bulk import as_json
from router.store.sqlite.connect import fetch
from router.store.sqlite.members import members
from router.store.sqlite.stories import MESSAGE, message_of

_OPEN = """
SELECT c.reference FROM json_each(?2) k CROSS JOIN conversation c
WHERE c.site = ?1 AND c.customer = k.value AND c.state NOT IN (SELECT value FROM json_each(?3)) ORDER BY c.conv LIMIT ?4
"""

# What waits is walked, by its own index: it is as much as providers have not taken yet, and no conversation's alone.
_WAITING = """
SELECT DISTINCT c.reference FROM outbox o INDEXED BY outbox_oldest CROSS JOIN conversation c
  ON c.site = o.site AND c.conv = o.conv
WHERE o.site = ?1 AND o.state = 'waiting' AND c.customer IN (SELECT value FROM json_each(?2)) LIMIT ?3
"""

_DEAD = """
DELETE FROM outbox WHERE id IN (
  SELECT o.id FROM outbox o INDEXED BY outbox_dead CROSS JOIN conversation c ON c.site = o.site AND c.conv = o.conv
  WHERE o.site = ?1 AND o.state = 'dead' AND c.customer IN (SELECT value FROM json_each(?2)))
"""

_BEGIN = """
INSERT INTO erasure(site, customer, person, agent, begun_ms) SELECT ?1, k.value, ?3, ?4, ?5 FROM json_each(?2) k
WHERE true ON CONFLICT(site, customer) DO NOTHING
"""

_PERSON = "SELECT e.person FROM erasure e WHERE e.site = ? AND e.customer = ?"
_ERASURE = (
    "SELECT e.customer, e.agent, e.begun_ms, e.done_ms FROM erasure e WHERE e.site = ? AND e.person = ? ORDER BY 1"
)

_SINCE = """
SELECT e.person FROM erasure e WHERE e.site = ?1 AND e.done_ms = 0
UNION SELECT e.person FROM erasure e WHERE e.site = ?1 AND e.begun_ms >= ?2 LIMIT ?3
"""

_END = "UPDATE erasure SET done_ms = ?3 WHERE site = ?1 AND person = ?2 AND done_ms = 0"

# What came by a line and no conversation has keeps its customer when the line's hash goes.
_ASIDES = """
UPDATE aside SET customer = n.customer, hash = x'' FROM json_each(?2) k CROSS JOIN line n
WHERE n.site = ?1 AND n.customer = k.value AND aside.site = n.site AND aside.hash = n.hash
"""

_LINES = """
UPDATE line SET key = '', peer = '', extra = '{}', hash = randomblob(16)
WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2))
"""

# Where a copy of their conversation went, unless somebody has written from there since: that is another person's line.
_COPY_LINES = """
UPDATE line SET key = '', peer = '', extra = '{}', hash = randomblob(16) WHERE +site = ?1 AND id IN (
  SELECT t.line FROM json_each(?2) k CROSS JOIN conversation c INDEXED BY conversation_customer
    CROSS JOIN timeline t INDEXED BY timeline_conv ON t.site = c.site AND t.conv = c.conv
    WHERE c.site = ?1 AND c.customer = k.value AND t.kind = 'CopyWanted')
  AND NOT EXISTS (SELECT 1 FROM conversation x WHERE x.site = line.site AND x.customer = line.customer)
"""

_NAMES = """
UPDATE customer SET name = '', language = '', segment = '', attributes = '{}'
WHERE id IN (SELECT value FROM json_each(?2)) AND +site = ?1
"""

_IDENTITY_MARKS = """
DELETE FROM sender WHERE id IN (
  SELECT s.id FROM json_each(?2) k CROSS JOIN identity i CROSS JOIN sender s
  WHERE i.site = ?1 AND i.customer = k.value AND s.site = ?1 AND s.kind = i.kind AND s.hash = i.hash)
"""

_LINE_MARKS = """
DELETE FROM sender WHERE site = ?1 AND kind = ?2 AND hash IN (SELECT unhex(value) FROM json_each(?3))
"""

_IDENTITIES = "DELETE FROM identity WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2))"
_HINTS = "DELETE FROM hint WHERE site = ?1 AND customer IN (SELECT value FROM json_each(?2))"

_WORDS = f"""
SELECT {MESSAGE} FROM message m WHERE m.site = ?1 AND m.id IN (
  SELECT t.message FROM json_each(?2) k CROSS JOIN conversation c INDEXED BY conversation_customer
    CROSS JOIN timeline t INDEXED BY timeline_conv ON t.site = c.site AND t.conv = c.conv
    WHERE c.site = ?1 AND c.customer = k.value AND t.message > ?3
  UNION SELECT a.message FROM json_each(?2) k CROSS JOIN line n INDEXED BY line_customer CROSS JOIN aside a
    INDEXED BY aside_hash WHERE n.site = ?1 AND n.customer = k.value AND a.site = n.site AND a.hash = n.hash
    AND a.message > ?3
  UNION SELECT a.message FROM json_each(?2) k CROSS JOIN aside a INDEXED BY aside_customer
    WHERE a.site = ?1 AND a.customer = k.value AND a.customer <> 0 AND a.message > ?3
) ORDER BY m.id LIMIT ?4
"""  # noqa: S608 - the fields are a constant

_BLANK = """
UPDATE message SET provider = NULL, body = json_object('direction', body ->> '$.direction', 'author',
  body ->> '$.author', 'kind', coalesce(body ->> '$.kind', 'message'), 'created_ms', body ->> '$.created_ms', 'extra',
  json_object('erased', '1'))
WHERE id IN (SELECT value FROM json_each(?2)) AND +site = ?1
"""

_EMPTY = """
UPDATE letter SET signal = x'', line = x'' WHERE id IN (SELECT value FROM json_each(?2)) AND +site = ?1 AND +state = ?3
"""

# A draft's key begins with the conversation's reference; a semicolon is the next character after the colon.
_DRAFTS_ON = """
SELECT d.account, d.key, d.text, d.at FROM json_each(?2) k CROSS JOIN conversation c INDEXED BY conversation_customer
  CROSS JOIN draft d INDEXED BY draft_key
WHERE c.site = ?1 AND c.customer = k.value AND d.site = ?1 AND d.key >= c.reference || ':'
  AND d.key < c.reference || ';' ORDER BY d.key, d.account LIMIT ?3
"""

_FORGET_DRAFTS = """
DELETE FROM draft WHERE site = ?1 AND (account, key) IN (
  SELECT d.account, d.key FROM json_each(?2) e CROSS JOIN draft d
  WHERE d.site = ?1 AND d.account = e.value ->> 0 AND d.key = e.value ->> 1 AND d.text = e.value ->> 2)
"""


def begin(
    conn: apsw.Connection, *, site: str, customer: int, agent: int, at: int, line_mark: tuple[str, list[str]]
) -> Erasure:
    """Forget who a person is, or say why not. `line_mark`: the kind of marks on lines, and their hashes."""
    earlier = fetch(conn, _PERSON, (site, customer))
    if earlier:
        return erasure_of(conn, site=site, person=earlier[0][0])
    person = members(conn, site, [customer]).get(customer)
    if person is None:
        return Erasure(refused="customer_unknown")
    mine = as_json(person)
    still = fetch(conn, _OPEN, (site, mine, as_json(ENDED), OPEN_SHOWN_MAX))
    if still:
        return Erasure(refused="conversations_open", open=[reference for (reference,) in still])
    cases = complaints.open_of(conn, site=site, customers=mine, limit=OPEN_SHOWN_MAX)
    if cases:
        return Erasure(refused="complaints_open", open=cases)
    waiting = fetch(conn, _WAITING, (site, mine, OPEN_SHOWN_MAX))
    if waiting:
        return Erasure(refused="effects_waiting", open=[reference for (reference,) in waiting])
    conn.execute(_BEGIN, (site, mine, person[0], agent, at))
    conn.execute(_LINE_MARKS, (site, line_mark[0], as_json(line_mark[1])))
    for statement in (_DEAD, _ASIDES, _IDENTITY_MARKS, _LINES, _COPY_LINES, _NAMES, _IDENTITIES, _HINTS):
        conn.execute(statement, (site, mine))
    complaints.forget_of(conn, site=site, customers=mine)
    reviews.forget_of(conn, site=site, customers=mine)
    customers.forget_of(conn, site=site, customers=mine)
    return erasure_of(conn, site=site, person=person[0])


def empty_letters(conn: apsw.Connection, *, site: str, letters: Sequence[int]) -> None:
    """Take away what quarantined letters say; that they came stays."""
    conn.execute(_EMPTY, (site, as_json(sorted(set(letters))), "quarantined"))


def erasure_of(conn: apsw.Connection, *, site: str, person: int) -> Erasure:
    """Return the erasure of a person."""
    rows = fetch(conn, _ERASURE, (site, person))
    customers = [row[0] for row in rows]
    return Erasure(customers=customers, agent=rows[0][1], begun_ms=rows[0][2], done_ms=rows[0][3])


def erasures(conn: apsw.Connection, *, site: str, since_ms: int, limit: int) -> list[Erasure]:
    """Return erasures that are not done, and those begun since, oldest first."""
    found = [erasure_of(conn, site=site, person=person) for (person,) in fetch(conn, _SINCE, (site, since_ms, limit))]
    return sorted(found, key=lambda each: (each.begun_ms, each.customers))


def end(conn: apsw.Connection, *, site: str, customer: int, at: int) -> None:
    """Write down that an erasure is done."""
    for (person,) in fetch(conn, _PERSON, (site, customer)):
        conn.execute(_END, (site, person, at))


def words_of(conn: apsw.Connection, *, site: str, customers: Sequence[int], after: int, limit: int) -> list[MessageRow]:
    """Return every message of customers above an id, in order."""
    rows = fetch(conn, _WORDS, (site, as_json(sorted(set(customers))), after, limit))
    return [message_of(row) for row in rows]


def blank(conn: apsw.Connection, *, site: str, messages: Sequence[int]) -> None:
    """Leave of messages who spoke when, and no word."""
    conn.execute(_BLANK, (site, as_json(sorted(set(messages)))))


def drafts_on(conn: apsw.Connection, *, site: str, customers: Sequence[int], limit: int) -> list[Draft]:
    """Return what was written into conversations of customers and not sent."""
    return _drafts(fetch(conn, _DRAFTS_ON, (site, as_json(sorted(set(customers))), limit)))


def drafts_before(conn: apsw.Connection, *, site: str, before_ms: int, limit: int) -> list[Draft]:
    """Return what was written before a time and never sent, oldest first."""
    statement = "SELECT account, key, text, at FROM draft WHERE site = ? AND at < ? ORDER BY at, key, account LIMIT ?"
    return _drafts(fetch(conn, statement, (site, before_ms, limit)))


def forget_drafts(conn: apsw.Connection, *, site: str, drafts: Sequence[Draft]) -> int:
    """Take away those that still are as they were read."""
    conn.execute(_FORGET_DRAFTS, (site, as_json([(each.account, each.key, each.text) for each in drafts])))
    return conn.changes()


def _drafts(rows: list[tuple[int, str, str, int]]) -> list[Draft]:
    return [Draft(account=account, key=key, text=text, at=at) for account, key, text, at in rows]
