"""Who is calling, decided: which line, customer and identities are known and which must be made. No SQL, no clock.

A store looks up what it has (`Seen`), lets the meeting walk over its guests once, in order, and writes what is new.
The same walk serves twice: where a caller is known with nothing new, nothing has to be written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from router.store.hashing import Hashes
from router.store.hints import hints_of
from router.store.port import Caller, Identity, Merge, Met

REPLIES_MAX = 100
"""Of a mail's references only so many are looked at: a hostile header must not buy a long search."""


class Guest(NamedTuple):
    """A caller with the hashes under which they may be known, made ready before anything is looked up.

    `hints` are made only of who is new or brings something new.
    """

    site: str
    at: int
    caller: Caller
    line: str
    identities: tuple[tuple[Identity, str], ...]
    replies: tuple[str, ...]
    hints: tuple[tuple[str, bytes], ...] = ()

    @property
    def key(self) -> tuple[str, str, str]:
        """By what the line they come on is known."""
        return self.site, self.caller.channel, self.line


class Known(NamedTuple):
    """A line that exists, and its customer."""

    line: int
    customer: int
    peer: str
    extra: str


class Customer(NamedTuple):
    """A customer's own row, and what of it is shown: what it leaves open, the oldest row of the same person says."""

    name: str
    language: str
    segment: str
    person: int
    shown_language: str
    shown_segment: str
    has_proof: bool


class Seen(NamedTuple):
    """What a store has of some guests."""

    by_key: dict[tuple[str, str, str], Known]
    by_reply: dict[int, Known]
    by_proof: dict[tuple[str, str, str], int]
    customers: dict[int, Customer]
    own: dict[tuple[int, str, str], str]


class NewCustomer(NamedTuple):
    """A customer to be written."""

    id: int
    site: str
    name: str
    language: str
    created_ms: int


class NewLine(NamedTuple):
    """A line to be written."""

    id: int
    site: str
    channel: str
    hash: bytes
    key: str
    peer: str
    customer: int
    extra: str


class NewIdentity(NamedTuple):
    """An identity to be written; one that is there already gets its proof."""

    site: str
    customer: int
    kind: str
    hash: bytes
    value: str
    verified: str


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


def proofs_asked(guests: Sequence[Guest]) -> list[tuple[str, str, str]]:
    """Return the (site, kind, hash) whose proofs must be looked up."""
    return sorted({(one.site, identity.kind, key) for one in guests for identity, key in one.identities})


def own_asked(
    guests: Sequence[Guest],
    by_key: Mapping[tuple[str, str, str], Known],
    by_reply: Mapping[int, Known],
    by_proof: Mapping[tuple[str, str, str], int],
) -> list[tuple[str, int, str, str]]:
    """Return the (site, customer, kind, hash) to be looked up, for all whom the guests may turn out to be."""
    asked = []
    for index, one in enumerate(guests):
        people = {by_proof.get((one.site, identity.kind, key), 0) for identity, key in one.identities}
        people |= {known.customer for known in (by_key.get(one.key), by_reply.get(index)) if known is not None}
        asked += [
            (one.site, customer, identity.kind, key)
            for identity, key in one.identities
            for customer in sorted(people - {0})
        ]
    return asked


class Meeting:
    """One walk over the guests, on what was seen of them. What is new is numbered by the two counters."""

    def __init__(
        self, guests: Sequence[Guest], seen: Seen, next_line: Callable[[], int], next_customer: Callable[[], int]
    ) -> None:
        self._guests = guests
        self._seen = seen
        self._next_line = next_line
        self._next_customer = next_customer
        self._places: list[tuple[Known, bool]] = []
        self.customers: list[NewCustomer] = []
        self.lines: list[NewLine] = []
        self.identities: list[NewIdentity] = []
        self.hints: list[tuple[str, str, bytes, int]] = []
        self.edges: list[tuple[str, Merge]] = []
        self.changed_lines: dict[int, tuple[str, int, str, str]] = {}
        self.changed_customers: dict[int, tuple[str, int, str, str]] = {}
        for index, one in enumerate(guests):
            self._receive(index, one)

    @property
    def has_news(self) -> bool:
        """Whether anything has to be written."""
        new = self.customers or self.lines or self.identities or self.edges
        return bool(new or self.changed_lines or self.changed_customers)

    @property
    def records_asked(self) -> list[tuple[str, int]]:
        """The (site, line) of each guest, whose newest record must be looked up."""
        return [(one.site, known.line) for one, (known, _) in zip(self._guests, self._places, strict=True)]

    def answers(self, records: Mapping[int, bytes | None]) -> list[Met]:
        """Return one answer for each guest, with the record that brings back what was talked about last."""
        answers = []
        for index, (known, is_new) in enumerate(self._places):
            customer = self._seen.customers[known.customer]
            answers.append(
                Met(
                    line=known.line,
                    customer=known.customer,
                    new_customer=is_new,
                    language=customer.shown_language,
                    segment=customer.shown_segment,
                    record=records.get(index) or b"",
                )
            )
        return answers

    def _receive(self, index: int, one: Guest) -> None:
        """Find or plan line, customer and identities of a guest."""
        known, is_new = self._place(index, one)
        self._places.append((known, is_new))
        told = len(self.identities)
        self._learn_identities(one, known.customer, threaded=index in self._seen.by_reply)
        named = self._learn_name(one, known.customer)
        if is_new or named or len(self.identities) > told:
            self.hints.extend((one.site, kind, hashed, known.customer) for kind, hashed in one.hints)

    def _place(self, index: int, one: Guest) -> tuple[Known, bool]:
        """Return the guest's line and customer, and whether the customer is new."""
        replied = self._seen.by_reply.get(index)
        if replied is not None:
            # The reference says which thread it is, and proves nothing: the line's own address stays.
            return replied, False
        known = self._seen.by_key.get(one.key)
        if known is not None:
            known = self._seen.by_key[one.key] = self._refresh_line(known, one)
            return known, False
        customer, is_new = self._customer_of(one)
        caller, extra = one.caller, _as_json(one.caller.extra)
        known = self._seen.by_key[one.key] = Known(self._next_line(), customer, caller.peer, extra)
        hashed = bytes.fromhex(one.line)
        self.lines.append(
            NewLine(known.line, one.site, caller.channel, hashed, caller.key, caller.peer, customer, extra)
        )
        return known, is_new

    def _customer_of(self, one: Guest) -> tuple[int, bool]:
        """Return the customer of the first proved identity that is known, else a new one."""
        for identity, key in one.identities:
            found = self._seen.by_proof.get((one.site, identity.kind, key))
            if identity.verified and found:
                return found, False
        number, caller = self._next_customer(), one.caller
        new = Customer(caller.name, caller.language, "", number, caller.language, "", has_proof=False)
        self._seen.customers[number] = new
        self.customers.append(NewCustomer(number, one.site, caller.name, caller.language, one.at))
        return number, True

    def _refresh_line(self, known: Known, one: Guest) -> Known:
        """Take over a new address to answer to, and what the channel has to add."""
        caller = one.caller
        old: dict[str, str] = msgspec.json.decode(known.extra)
        extra = _as_json({**old, **caller.extra}) if caller.extra.items() - old.items() else known.extra
        peer = caller.peer or known.peer
        if (peer, extra) != (known.peer, known.extra):
            self.changed_lines[known.line] = (one.site, known.line, peer, extra)
        return known._replace(peer=peer, extra=extra)

    def _learn_identities(self, one: Guest, customer: int, *, threaded: bool) -> None:
        for identity, key in one.identities:
            proof = identity.verified
            mine = (customer, identity.kind, key)
            if threaded and mine not in self._seen.own:
                # Whoever answers in a thread may be anybody it was passed on to: what they prove is theirs.
                proof = ""
            first = self._seen.by_proof.setdefault((one.site, identity.kind, key), customer) if proof else customer
            if first != customer:
                self._meet_again(one, first, customer, kind=identity.kind)
                proof = ""
            if mine in self._seen.own and (self._seen.own[mine] or not proof):
                continue
            self._seen.own[mine] = proof
            self.identities.append(
                NewIdentity(one.site, customer, identity.kind, bytes.fromhex(key), identity.value, proof)
            )

    def _meet_again(self, one: Guest, first: int, customer: int, *, kind: str) -> None:
        """Who proves what another customer proved before is that person, if they prove to be this one too.

        Somebody else may have signed in where a line was left open: then they prove only the other, and are not.
        """
        if self._person(first) == self._person(customer):
            return
        shown = {self._seen.by_proof.get((one.site, each.kind, key)) for each, key in one.identities if each.verified}
        if customer in shown or not self._has_proved(customer):
            edge = Merge(id=0, one=first, other=customer, why=f"verified_{kind}", agent=0, at=one.at)
            self.edges.append((one.site, edge))

    def _person(self, customer: int) -> int:
        seen = self._seen.customers.get(customer)
        return (seen.person if seen is not None else 0) or customer

    def _has_proved(self, customer: int) -> bool:
        if any(proof for (number, _, _), proof in self._seen.own.items() if number == customer):
            return True
        return self._seen.customers[customer].has_proof

    def _learn_name(self, one: Guest, customer: int) -> bool:
        """Keep the first name and language somebody gave; people correct them at the desk. Say whether one is new."""
        seen = self._seen.customers[customer]
        name, language = seen.name or one.caller.name, seen.language or one.caller.language
        if (name, language) != (seen.name, seen.language):
            shown = seen.shown_language or language
            self._seen.customers[customer] = seen._replace(name=name, language=language, shown_language=shown)
            self.changed_customers[customer] = (one.site, customer, name, language)
        return name != seen.name


def _as_json(value: object) -> str:
    return msgspec.json.encode(value).decode()
