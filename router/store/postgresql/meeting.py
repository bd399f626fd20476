"""The rows of who is calling: what is known of many callers, and what a meeting makes of them, in one statement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from router.store.meeting import Customer, Guest, Known, Meeting, Seen, own_asked, proofs_asked
from router.store.port import Met
from router.store.postgresql.connections import Runs
from router.store.postgresql.journal import turned
from router.store.postgresql.texts import given, kept

_LINES = """
SELECT k.number, n.id, n.customer, n.peer, n.extra
FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY k(site, channel, hash, number)
JOIN line n ON n.site = k.site AND n.channel = k.channel AND n.hash = k.hash
"""

_REPLIED = """
SELECT k.guest, n.id, n.customer, n.peer, n.extra
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY k(guest, site, channel, hash, number)
JOIN message m ON m.site = k.site AND m.provider = k.hash
JOIN line n ON n.site = m.site AND n.id = m.line AND n.channel = k.channel
ORDER BY k.number, m.id
"""

_PROVED = """
SELECT k.site, k.kind, k.hash, i.customer FROM unnest($1::text[], $2::text[], $3::bytea[]) k(site, kind, hash)
JOIN identity i ON i.site = k.site AND i.kind = k.kind AND i.hash = k.hash AND i.verified <> ''
"""

_OWN = """
SELECT k.number, i.verified
FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bytea[]) WITH ORDINALITY k(site, customer, kind, hash, number)
JOIN identity i ON i.site = k.site AND i.customer = k.customer AND i.kind = k.kind AND i.hash = k.hash
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
FROM unnest($1::text[], $2::bigint[]) k(site, id) JOIN customer c ON c.site = k.site AND c.id = k.id
"""

# The newest that has left the core. Conversations are counted, so the highest number is the newest.
_RECORDS = """
SELECT k.number - 1, (
  SELECT c.record FROM conversation_line l JOIN conversation c ON c.site = l.site AND c.conv = l.conv
  WHERE l.site = k.site AND l.line = k.line AND c.record <> '' ORDER BY l.conv DESC LIMIT 1)
FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY k(site, line, number)
"""

_IDS = "SELECT nextval('line_id'), nextval('customer_id') FROM generate_series(1, $1)"

# Rows of each kind go in the order of their keys, so that two nodes that meet the same people wait for each other and
# never in a circle. A proof that came later counts for the customer who had typed it; when somebody else has proved it
# in this moment, the whole statement fails and everybody is met anew.
_WRITE = """
WITH customers AS (
  INSERT INTO customer(site, id, name, language, created_ms)
  SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[])
), lines AS (
  INSERT INTO line(site, id, channel, hash, key, peer, customer, extra)
  SELECT * FROM unnest($6::text[], $7::bigint[], $8::text[], $9::bytea[], $10::text[], $11::text[], $12::bigint[],
    $13::text[]) e(site, id, channel, hash, key, peer, customer, extra) ORDER BY e.site, e.channel, e.hash
), identities AS (
  INSERT INTO identity(site, customer, kind, hash, value, verified)
  SELECT * FROM unnest($14::text[], $15::bigint[], $16::text[], $17::bytea[], $18::text[], $19::text[])
    e(site, customer, kind, hash, value, verified) ORDER BY e.site, e.kind, e.hash, e.customer
  ON CONFLICT (site, customer, kind, hash) DO UPDATE SET verified = excluded.verified WHERE identity.verified = ''
), hints AS (
  INSERT INTO hint(site, kind, hash, customer)
  SELECT * FROM unnest($20::text[], $21::text[], $22::bytea[], $23::bigint[]) e(site, kind, hash, customer)
  ORDER BY e.site, e.kind, e.hash, e.customer ON CONFLICT DO NOTHING
), changed_lines AS (
  UPDATE line SET peer = e.peer, extra = e.extra
  FROM unnest($24::text[], $25::bigint[], $26::text[], $27::text[]) e(site, id, peer, extra)
  WHERE line.site = e.site AND line.id = e.id
)
UPDATE customer SET name = e.name, language = e.language
FROM unnest($28::text[], $29::bigint[], $30::text[], $31::text[]) e(site, id, name, language)
WHERE customer.site = e.site AND customer.id = e.id
"""


async def recognise(conns: Runs, guests: Sequence[Guest]) -> list[Met] | None:
    """Answer from what is there; None when somebody is new or brings something new."""
    seen = await _seen(conns, guests)
    meeting = Meeting(guests, seen, _provisional(), _provisional())
    return None if meeting.has_news else await answers(conns, meeting)


async def meet(conns: Runs, guests: Sequence[Guest]) -> Meeting:
    """Look everybody up and plan what is missing, under numbers of their own."""
    ids = await conns.write(_IDS, len(guests))
    lines, customers = iter([row[0] for row in ids]), iter([row[1] for row in ids])
    return Meeting(guests, await _seen(conns, guests), lines.__next__, customers.__next__)


async def write(conns: Runs, meeting: Meeting) -> None:
    """Write what was planned, but for edges between customers. Raises Clash when another node was quicker."""
    changed_lines, changed_customers = dict(meeting.changed_lines), dict(meeting.changed_customers)
    # A row that is made and changed in one meeting is made as it is at the end: one statement sees no row twice.
    customers = []
    for person in meeting.customers:
        _, _, *words = changed_customers.pop(person.id, ("", 0, person.name, person.language))
        customers.append((person.site, person.id, *_texts(words), person.created_ms))
    lines = []
    for new in meeting.lines:
        _, _, peer, extra = changed_lines.pop(new.id, ("", 0, new.peer, new.extra))
        lines.append((new.site, new.id, new.channel, new.hash, kept(new.key), kept(peer), new.customer, extra))
    identities = {each[:4]: (*each[:4], kept(each.value), each.verified) for each in meeting.identities}
    kinds: tuple[tuple[int, Sequence[Sequence[Any]]], ...] = (
        (5, customers),
        (8, lines),
        (6, [(row[0], row[1], kept(row[2]), *row[3:]) for row in identities.values()]),
        (4, sorted({(site, kept(kind), hashed, customer) for site, kind, hashed, customer in meeting.hints})),
        (4, [(site, number, kept(peer), extra) for site, number, peer, extra in changed_lines.values()]),
        (4, [(*row[:2], *_texts(row[2:])) for row in changed_customers.values()]),
    )
    await conns.write(_WRITE, *(column for width, rows in kinds for column in turned(rows, width)))


async def answers(conns: Runs, meeting: Meeting) -> list[Met]:
    """Return everybody's answers."""
    rows = await conns.read(_RECORDS, *turned(meeting.records_asked, 2))
    return meeting.answers({row[0]: row[1] for row in rows})


async def _seen(conns: Runs, guests: Sequence[Guest]) -> Seen:
    """Look at the tables, once for each kind of row."""
    found = await conns.read(_LINES, *turned([(*one.key[:2], bytes.fromhex(one.line)) for one in guests], 3))
    by_key = {guests[number - 1].key: _known(row) for number, *row in found}
    by_reply = await _replies(conns, guests)
    by_proof: dict[tuple[str, str, str], int] = {}
    if proofs := proofs_asked(guests):
        asked = [(site, kept(kind), bytes.fromhex(hashed)) for site, kind, hashed in proofs]
        rows = await conns.read(_PROVED, *turned(asked, 3))
        by_proof = {(site, given(kind), hashed.hex()): customer for site, kind, hashed, customer in rows}
    customers = await _customers(conns, guests, by_key, by_reply=by_reply, by_proof=by_proof)
    own: dict[tuple[int, str, str], str] = {}
    if mine := own_asked(guests, by_key, by_reply, by_proof):
        values = turned([(row[0], row[1], kept(row[2]), bytes.fromhex(row[3])) for row in mine], 4)
        own = {mine[number - 1][1:]: verified for number, verified in await conns.read(_OWN, *values)}
    return Seen(by_key, by_reply, by_proof, customers, own)


async def _customers(
    conns: Runs,
    guests: Sequence[Guest],
    by_key: dict[tuple[str, str, str], Known],
    *,
    by_reply: dict[int, Known],
    by_proof: dict[tuple[str, str, str], int],
) -> dict[int, Customer]:
    people = {(site, known.customer) for (site, _, _), known in by_key.items()}
    people |= {(guests[index].site, known.customer) for index, known in by_reply.items()}
    people |= {(site, customer) for (site, _, _), customer in by_proof.items()}
    if not people:
        return {}
    rows = await conns.read(_CUSTOMERS, *turned(sorted(people), 2))
    found = {}
    for number, name, language, segment, person, *shown in rows:
        texts = [given(text) for text in (name, language, segment)]
        found[number] = Customer._make((*texts, person, given(shown[0]), given(shown[1]), shown[2]))
    return found


async def _replies(conns: Runs, guests: Sequence[Guest]) -> dict[int, Known]:
    """Map a guest to the line of the first reference that is ours."""
    asked = [
        (index, one.site, one.caller.channel, bytes.fromhex(reply))
        for index, one in enumerate(guests)
        for reply in one.replies
    ]
    first: dict[int, Known] = {}
    if asked:
        for index, *row in await conns.read(_REPLIED, *turned(asked, 4)):
            first.setdefault(index, _known(row))
    return first


def _known(row: Sequence[Any]) -> Known:
    line, customer, peer, extra = row
    return Known(line, customer, given(peer), extra)


def _texts(texts: Sequence[Any]) -> tuple[str, ...]:
    return tuple(kept(text) for text in texts)


def _provisional() -> Callable[[], int]:
    """Number what will not be written."""
    return iter(range(-1, -1_000_000_000, -1)).__next__
