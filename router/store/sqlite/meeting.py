"""The rows of who is calling: what is known of many callers, and what a meeting makes of them, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count

import apsw

from router.store.meeting import Customer, Guest, Known, Meeting, Seen, own_asked, proofs_asked
from router.store.port import Met
from router.store.sqlite.bulk import as_json, insert_rows
from router.store.sqlite.connect import fetch
from router.store.sqlite.members import merge_proved

_REPLIED = """
SELECT k.key, r.key, m.line FROM json_each(?1) k CROSS JOIN json_each(k.value, '$[2]') r
  CROSS JOIN message m CROSS JOIN line n
WHERE m.site = k.value ->> 0 AND m.provider = unhex(r.value) AND n.id = m.line
  AND n.site = m.site AND n.channel = k.value ->> 1
ORDER BY k.key, r.key, m.id
"""

_LINES = """
SELECT k.key, n.id, n.customer, n.peer, n.extra FROM json_each(?1) k CROSS JOIN line n
WHERE n.site = k.value ->> 0 AND n.channel = k.value ->> 1 AND n.hash = unhex(k.value ->> 2)
"""

_LINES_BY_ID = "SELECT n.id, n.customer, n.peer, n.extra FROM json_each(?1) k CROSS JOIN line n WHERE n.id = k.value"

_PROVED = """
SELECT k.value ->> 0, k.value ->> 1, k.value ->> 2, i.customer FROM json_each(?1) k CROSS JOIN identity i
WHERE i.site = k.value ->> 0 AND i.kind = k.value ->> 1 AND i.hash = unhex(k.value ->> 2) AND i.verified <> ''
"""

_OWN = """
SELECT k.key, i.verified FROM json_each(?1) k CROSS JOIN identity i
WHERE i.site = k.value ->> 0 AND i.customer = k.value ->> 1 AND i.kind = k.value ->> 2 AND i.hash = unhex(k.value ->> 3)
"""

# Of what a customer's own row leaves open, the oldest row of the same person that says it speaks.
_CUSTOMERS = """
SELECT c.id, c.name, c.language, c.segment, c.person,
  CASE WHEN c.person = 0 OR c.language <> '' THEN c.language ELSE coalesce((
    SELECT p.language FROM customer p WHERE p.site = c.site AND p.person = c.person AND p.person <> 0
      AND p.language <> '' ORDER BY p.id LIMIT 1), '') END,
  CASE WHEN c.person = 0 THEN c.segment ELSE coalesce((SELECT p.segment FROM customer p
    WHERE p.site = c.site AND p.person = c.person AND p.person <> 0 AND p.segment <> '' ORDER BY p.id LIMIT 1), '') END,
  EXISTS (SELECT 1 FROM identity i WHERE i.site = c.site AND i.customer = c.id AND i.verified <> '')
FROM json_each(?1) k CROSS JOIN customer c WHERE c.id = k.value
"""

# The newest that has left the core. Conversations are counted, so the highest number is the newest.
_RECORDS = """
SELECT k.key, (SELECT c.record FROM conversation_line l CROSS JOIN conversation c
  WHERE l.site = k.value ->> 0 AND l.line = k.value ->> 1 AND c.site = l.site AND c.conv = l.conv
    AND c.record <> x'' ORDER BY l.conv DESC LIMIT 1)
FROM json_each(?1) k
"""

_LAST_IDS = "SELECT (SELECT coalesce(max(id), 0) FROM line), (SELECT coalesce(max(id), 0) FROM customer)"

_NEW_CUSTOMERS = "customer(id, site, name, language, created_ms)"
_NEW_LINES = "line(id, site, channel, hash, key, peer, customer, extra)"
_NEW_IDENTITIES = "identity(site, customer, kind, hash, value, verified)"

# A proof that came later counts for the customer who had typed it, unless somebody else proved it first.
_PROVED_LATER = """
ON CONFLICT(site, customer, kind, hash) DO UPDATE SET verified = excluded.verified WHERE identity.verified = ''
"""

_NEW_HINTS = "hint(site, kind, hash, customer)"
_KNOWN_HINT = "ON CONFLICT DO NOTHING"

_UPDATE_CUSTOMERS = """
UPDATE customer SET name = e.value ->> 2, language = e.value ->> 3
FROM json_each(?1) e WHERE customer.id = e.value ->> 1
"""

_UPDATE_LINES = """
UPDATE line SET peer = e.value ->> 2, extra = e.value ->> 3 FROM json_each(?1) e WHERE line.id = e.value ->> 1
"""


def recognise(conn: apsw.Connection, guests: Sequence[Guest]) -> list[Met] | None:
    """Answer from what is there; None when somebody is new or brings something new."""
    meeting = _meeting(conn, guests)
    return None if meeting.has_news else _answers(conn, meeting)


def meet_all(conn: apsw.Connection, asks: list[list[Guest]]) -> list[list[Met]]:
    """Answer everybody, making what is missing: in order, so that a person who comes twice is one customer."""
    meeting = _meeting(conn, [guest for ask in asks for guest in ask])
    _write(conn, meeting)
    answers = iter(_answers(conn, meeting))
    return [[next(answers) for _ in ask] for ask in asks]


def _meeting(conn: apsw.Connection, guests: Sequence[Guest]) -> Meeting:
    last_line, last_customer = fetch(conn, _LAST_IDS)[0]
    return Meeting(guests, _seen(conn, guests), count(last_line + 1).__next__, count(last_customer + 1).__next__)


def _seen(conn: apsw.Connection, guests: Sequence[Guest]) -> Seen:
    """Look at the tables, once for each kind of row."""
    found = fetch(conn, _LINES, (as_json([one.key for one in guests]),))
    by_key = {guests[index].key: Known(*row) for index, *row in found}
    by_reply = _replies(conn, guests)
    by_proof: dict[tuple[str, str, str], int] = {}
    if proofs := proofs_asked(guests):
        by_proof = {row[:3]: row[3] for row in fetch(conn, _PROVED, (as_json(proofs),))}
    people = {known.customer for known in (*by_key.values(), *by_reply.values())} | set(by_proof.values())
    rows = fetch(conn, _CUSTOMERS, (as_json(sorted(people)),))
    customers = {row[0]: Customer._make(row[1:]) for row in rows}
    own: dict[tuple[int, str, str], str] = {}
    if asked := own_asked(guests, by_key, by_reply, by_proof):
        own = {asked[index][1:]: verified for index, verified in fetch(conn, _OWN, (as_json(asked),))}
    return Seen(by_key, by_reply, by_proof, customers, own)


def _replies(conn: apsw.Connection, guests: Sequence[Guest]) -> dict[int, Known]:
    """Map a guest to the line of the first reference that is ours."""
    if not any(one.replies for one in guests):
        return {}
    asked = [(one.site, one.caller.channel, one.replies) for one in guests]
    first: dict[int, int] = {}
    for index, _, line in fetch(conn, _REPLIED, (as_json(asked),)):
        first.setdefault(index, line)
    rows = fetch(conn, _LINES_BY_ID, (as_json(sorted(set(first.values()))),))
    lines = {row[0]: Known(*row) for row in rows}
    return {index: lines[line] for index, line in first.items()}


def _write(conn: apsw.Connection, meeting: Meeting) -> None:
    """Write what was planned."""
    insert_rows(conn, _NEW_CUSTOMERS, meeting.customers)
    insert_rows(conn, _NEW_LINES, meeting.lines)
    insert_rows(conn, _NEW_IDENTITIES, meeting.identities, then=_PROVED_LATER)
    insert_rows(conn, _NEW_HINTS, meeting.hints, then=_KNOWN_HINT)
    for site, edge in meeting.edges:
        merge_proved(conn, site=site, edge=edge)
    for statement, changed in ((_UPDATE_LINES, meeting.changed_lines), (_UPDATE_CUSTOMERS, meeting.changed_customers)):
        if changed:
            conn.execute(statement, (as_json(list(changed.values())),))


def _answers(conn: apsw.Connection, meeting: Meeting) -> list[Met]:
    records = dict(fetch(conn, _RECORDS, (as_json(meeting.records_asked),)))
    return meeting.answers(records)
