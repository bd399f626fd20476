"""Who is calling: insert-or-get of line, customer and identities, for many callers in one transaction.

The same reading serves twice: in a reader, where a caller who is known with nothing new needs no
transaction, and in the writer, where what is missing is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import apsw
import msgspec

from router.store.hints import hints_of
from router.store.port import Caller, Identity, Merge, Met
from router.store.sqlite.bulk import Value, as_json, insert_rows
from router.store.sqlite.connect import fetch
from router.store.sqlite.hashing import Hashes
from router.store.sqlite.members import merge_proved

REPLIES_MAX = 100
"""Of a mail's references only so many are looked at: a hostile header must not buy a long search."""


class Guest(NamedTuple):
    """A caller with the hashes under which they may be known, made ready before the writer has them.

    `hints` are made only of who is new or brings something new.
    """

    site: str
    at: int
    caller: Caller
    line: str
    identities: tuple[tuple[Identity, str], ...]
    replies: tuple[str, ...]
    hints: tuple[tuple[str, bytes], ...] = ()


class Known(NamedTuple):
    """A line that exists, and its customer."""

    line: int
    customer: int
    peer: str
    extra: str


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
    WHERE p.site = c.site AND p.person = c.person AND p.person <> 0 AND p.segment <> '' ORDER BY p.id LIMIT 1), '') END
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

_ANY_PROOF = "SELECT 1 FROM identity WHERE site = ? AND customer = ? AND verified <> '' LIMIT 1"

_NEW_HINTS = "hint(site, kind, hash, customer)"
_KNOWN_HINT = "ON CONFLICT DO NOTHING"

_UPDATE_CUSTOMERS = """
UPDATE customer SET name = e.value ->> 1, language = e.value ->> 2
FROM json_each(?1) e WHERE customer.id = e.value ->> 0
"""

_UPDATE_LINES = """
UPDATE line SET peer = e.value ->> 1, extra = e.value ->> 2 FROM json_each(?1) e WHERE line.id = e.value ->> 0
"""


def guest(hashes: Hashes, site: str, caller: Caller, *, at: int) -> Guest:
    """Make a caller ready: hash what they may be known by."""
    return Guest(
        site=site,
        at=at,
        caller=caller,
        line=hashes.line(site, caller.channel, caller.key).hex(),
        identities=tuple((one, hashes.identity(site, one.kind, one.value).hex()) for one in caller.identities),
        replies=tuple(hashes.provider(site, one).hex() for one in caller.replies_to[:REPLIES_MAX] if one),
    )


def with_hints(hashes: Hashes, one: Guest) -> Guest:
    """Return a guest with what they may be alike by: only the writer needs it."""
    said = hints_of(one.caller.name, one.caller.identities)
    return one._replace(hints=tuple((kind, hashes.hint(one.site, kind, value)) for kind, value in said))


def recognise(conn: apsw.Connection, guests: Sequence[Guest]) -> list[Met] | None:
    """Answer from what is there; None when somebody is new or brings something new."""
    meeting = Meeting(conn, guests)
    meeting.receive()
    return None if meeting.has_news else meeting.answers()


def meet_all(conn: apsw.Connection, asks: list[list[Guest]]) -> list[list[Met]]:
    """Answer everybody, making what is missing: in order, so that a person who comes twice is one customer."""
    guests = [guest for ask in asks for guest in ask]
    meeting = Meeting(conn, guests)
    meeting.receive()
    meeting.write()
    answers = iter(meeting.answers())
    return [[next(answers) for _ in ask] for ask in asks]


class Meeting:
    """One look at the tables, one walk over the guests, one statement for each kind of row that is new."""

    def __init__(self, conn: apsw.Connection, guests: Sequence[Guest]) -> None:
        self._conn = conn
        self._guests = guests
        self._places: list[tuple[Known, bool]] = []
        self._customers: list[tuple[Value, ...]] = []
        self._lines: list[tuple[Value, ...]] = []
        self._identities: list[tuple[Value, ...]] = []
        self._hints: list[tuple[Value, ...]] = []
        self._edges: list[tuple[str, Merge]] = []
        self._changed_lines: dict[int, tuple[int, str, str]] = {}
        self._changed_customers: dict[int, tuple[int, str, str]] = {}
        self._lookup()

    @property
    def has_news(self) -> bool:
        """Whether anything has to be written."""
        new = self._customers or self._lines or self._identities or self._edges
        return bool(new or self._changed_lines or self._changed_customers)

    def receive(self) -> None:
        """Find or plan line, customer and identities of each guest, in order."""
        for index, one in enumerate(self._guests):
            known, is_new = self._place(index, one)
            self._places.append((known, is_new))
            told = len(self._identities)
            self._learn_identities(one, known.customer, threaded=index in self._by_reply)
            named = self._learn_name(one, known.customer)
            if is_new or named or len(self._identities) > told:
                self._hints.extend((one.site, kind, hashed, known.customer) for kind, hashed in one.hints)

    def write(self) -> None:
        """Write what was planned."""
        insert_rows(self._conn, _NEW_CUSTOMERS, self._customers)
        insert_rows(self._conn, _NEW_LINES, self._lines)
        insert_rows(self._conn, _NEW_IDENTITIES, self._identities, then=_PROVED_LATER)
        insert_rows(self._conn, _NEW_HINTS, self._hints, then=_KNOWN_HINT)
        for site, edge in self._edges:
            merge_proved(self._conn, site=site, edge=edge)
        for statement, changed in ((_UPDATE_LINES, self._changed_lines), (_UPDATE_CUSTOMERS, self._changed_customers)):
            if changed:
                self._conn.execute(statement, (as_json(list(changed.values())),))

    def answers(self) -> list[Met]:
        """Return one answer for each guest, with the record that brings back what was talked about last."""
        keys = [(one.site, known.line) for one, (known, _) in zip(self._guests, self._places, strict=True)]
        records = dict(fetch(self._conn, _RECORDS, (as_json(keys),)))
        answers = []
        for index, (known, is_new) in enumerate(self._places):
            language, segment = self._shown[known.customer]
            answers.append(
                Met(
                    line=known.line,
                    customer=known.customer,
                    new_customer=is_new,
                    language=language,
                    segment=segment,
                    record=records.get(index) or b"",
                )
            )
        return answers

    # --- reading -----------------------------------------------------------------------------------

    def _lookup(self) -> None:
        guests = self._guests
        lines = as_json([(one.site, one.caller.channel, one.line) for one in guests])
        found = fetch(self._conn, _LINES, (lines,))
        self._by_key: dict[tuple[str, str, str], Known] = {
            (guests[index].site, guests[index].caller.channel, guests[index].line): Known(*row) for index, *row in found
        }
        self._by_reply = self._lookup_replies()
        self._by_proof = self._lookup_proofs()
        people = {known.customer for known in (*self._by_key.values(), *self._by_reply.values())}
        people |= set(self._by_proof.values())
        rows = fetch(self._conn, _CUSTOMERS, (as_json(sorted(people)),))
        self._people: dict[int, tuple[str, str, str]] = {row[0]: row[1:4] for row in rows}
        self._persons: dict[int, int] = {row[0]: row[4] or row[0] for row in rows}
        self._shown: dict[int, tuple[str, str]] = {row[0]: row[5:7] for row in rows}
        self._own: dict[tuple[int, str, str], str] = self._lookup_own(people)
        self._last_line, self._last_customer = fetch(self._conn, _LAST_IDS)[0]

    def _lookup_replies(self) -> dict[int, Known]:
        """Map a guest to the line of the first reference that is ours."""
        asked = [(one.site, one.caller.channel, one.replies) for one in self._guests]
        if not any(one.replies for one in self._guests):
            return {}
        first: dict[int, int] = {}
        for index, _, line in fetch(self._conn, _REPLIED, (as_json(asked),)):
            first.setdefault(index, line)
        rows = fetch(self._conn, _LINES_BY_ID, (as_json(sorted(set(first.values()))),))
        lines = {row[0]: Known(*row) for row in rows}
        return {index: lines[line] for index, line in first.items()}

    def _lookup_proofs(self) -> dict[tuple[str, str, str], int]:
        """Map a proved identity to its customer."""
        asked = {(one.site, identity.kind, key) for one in self._guests for identity, key in one.identities}
        if not asked:
            return {}
        rows = fetch(self._conn, _PROVED, (as_json(sorted(asked)),))
        return {(site, kind, key): customer for site, kind, key, customer in rows}

    def _lookup_own(self, people: set[int]) -> dict[tuple[int, str, str], str]:
        """Map (customer, kind, hash) to how it is proved, for all who may turn out to be meant."""
        asked = [
            (one.site, customer, identity.kind, key)
            for one in self._guests
            for identity, key in one.identities
            for customer in self._candidates(one) & people
        ]
        if not asked:
            return {}
        rows = fetch(self._conn, _OWN, (as_json(asked),))
        return {asked[index][1:]: verified for index, verified in rows}

    def _candidates(self, one: Guest) -> set[int]:
        """Return the customers this guest may turn out to be."""
        found = {self._by_proof.get((one.site, identity.kind, key), 0) for identity, key in one.identities}
        by_key = self._by_key.get((one.site, one.caller.channel, one.line))
        found |= {by_key.customer} if by_key else set()
        found |= {known.customer for index, known in self._by_reply.items() if self._guests[index] is one}
        return found

    # --- deciding what is new ------------------------------------------------------------------------

    def _place(self, index: int, one: Guest) -> tuple[Known, bool]:
        """Return the guest's line and customer, and whether the customer is new."""
        replied = self._by_reply.get(index)
        if replied is not None:
            # The reference says which thread it is, and proves nothing: the line's own address stays.
            return replied, False
        key = (one.site, one.caller.channel, one.line)
        known = self._by_key.get(key)
        if known is not None:
            known = self._by_key[key] = self._refresh_line(known, one.caller)
            return known, False
        customer, is_new = self._customer_of(one)
        self._last_line += 1
        extra = as_json(one.caller.extra)
        known = self._by_key[key] = Known(self._last_line, customer, one.caller.peer, extra)
        site, channel, hashed = key
        self._lines.append(
            (known.line, site, channel, bytes.fromhex(hashed), one.caller.key, known.peer, customer, extra)
        )
        return known, is_new

    def _customer_of(self, one: Guest) -> tuple[int, bool]:
        """Return the customer of the first proved identity that is known, else a new one."""
        for identity, key in one.identities:
            found = self._by_proof.get((one.site, identity.kind, key))
            if identity.verified and found:
                return found, False
        self._last_customer += 1
        number, caller = self._last_customer, one.caller
        self._people[number] = (caller.name, caller.language, "")
        self._shown[number] = (caller.language, "")
        self._customers.append((number, one.site, caller.name, caller.language, one.at))
        return number, True

    def _refresh_line(self, known: Known, caller: Caller) -> Known:
        """Take over a new address to answer to, and what the channel has to add."""
        old: dict[str, str] = msgspec.json.decode(known.extra)
        extra = as_json({**old, **caller.extra}) if caller.extra.items() - old.items() else known.extra
        peer = caller.peer or known.peer
        if (peer, extra) != (known.peer, known.extra):
            self._changed_lines[known.line] = (known.line, peer, extra)
        return known._replace(peer=peer, extra=extra)

    def _learn_identities(self, one: Guest, customer: int, *, threaded: bool) -> None:
        for identity, key in one.identities:
            proof = identity.verified
            mine = (customer, identity.kind, key)
            if threaded and mine not in self._own:
                # Whoever answers in a thread may be anybody it was passed on to: what they prove is theirs.
                proof = ""
            first = self._by_proof.setdefault((one.site, identity.kind, key), customer) if proof else customer
            if first != customer:
                self._meet_again(one, first, customer, kind=identity.kind)
                proof = ""
            if mine in self._own and (self._own[mine] or not proof):
                continue
            self._own[mine] = proof
            row = (one.site, customer, identity.kind, bytes.fromhex(key), identity.value, proof)
            self._identities.append(row)

    def _meet_again(self, one: Guest, first: int, customer: int, *, kind: str) -> None:
        """Who proves what another customer proved before is that person, if they prove to be this one too.

        Somebody else may have signed in where a line was left open: then they prove only the other, and are not.
        """
        if self._persons.get(first, first) == self._persons.get(customer, customer):
            return
        shown = {self._by_proof.get((one.site, each.kind, key)) for each, key in one.identities if each.verified}
        if customer in shown or not self._has_proved(one.site, customer):
            edge = Merge(id=0, one=first, other=customer, why=f"verified_{kind}", agent=0, at=one.at)
            self._edges.append((one.site, edge))

    def _has_proved(self, site: str, customer: int) -> bool:
        if any(proof for (number, _, _), proof in self._own.items() if number == customer):
            return True
        return bool(fetch(self._conn, _ANY_PROOF, (site, customer)))

    def _learn_name(self, one: Guest, customer: int) -> bool:
        """Keep the first name and language somebody gave; people correct them at the desk. Say whether one is new."""
        name, language, segment = self._people[customer]
        better = (name or one.caller.name, language or one.caller.language)
        if better != (name, language):
            self._people[customer] = (*better, segment)
            self._shown[customer] = (self._shown[customer][0] or better[1], self._shown[customer][1])
            self._changed_customers[customer] = (customer, *better)
        return better[0] != name
