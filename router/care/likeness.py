"""How much speaks for two customers being one person, and what. Pure; it proves nothing and merges nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from router.store.hints import EMAIL, NAME, PHONE, PHONE_END, PHONE_END_DIGITS, hints_of, hints_of_identity
from router.store.port import CustomerRow, Identity

SUGGEST_SCORE_MIN = 45
"""A name alone is many people's; a name with one other hint, or one shared address, is worth a look."""

SCORE_MAX = 100
LOCAL_PART_CHARS_MIN = 5
ATTRIBUTE_CHARS_MIN = 4
INNER_ATTRIBUTES = frozenset({"named_agent", "team"})

# What each piece of evidence weighs. A shared address that one of them has proved is the owner's word against a claim;
# one that both only typed may be a household's; a name is a namesake's until something else speaks too.
WEIGHTS: dict[str, int] = {
    "email_proved": 75,
    "phone_proved": 70,
    "account_proved": 70,
    "email_typed": 55,
    "phone_typed": 50,
    "account_typed": 50,
    "phone_national": 50,
    "phone_end": 30,
    "name": 30,
    "attribute": 20,
    "mailbox": 15,
    "language": 5,
}
_SHARED = {EMAIL: "email", PHONE: "phone"}


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """What speaks for two being one: codes of evidence, the strongest first, and their sum."""

    score: int
    evidence: tuple[str, ...]


def likeness(one: CustomerRow, other: CustomerRow) -> Likeness:
    """Return what speaks for two customers being one person."""
    found = {code for weigh in _WAYS for code in weigh(one, other)}
    if found == {"language"}:
        found.clear()
    evidence = tuple(sorted(found, key=lambda code: (-WEIGHTS[code], code)))
    return Likeness(score=min(SCORE_MAX, sum(WEIGHTS[code] for code in evidence)), evidence=evidence)


def _addresses(one: CustomerRow, other: CustomerRow) -> set[str]:
    """Return a code for each kind of address that both have, by whether one of them has proved it."""
    mine, theirs = _proofs(one.identities), _proofs(other.identities)
    return {
        f"{_SHARED.get(kind, 'account')}_{'proved' if mine[kind, value] or theirs[kind, value] else 'typed'}"
        for kind, value in mine.keys() & theirs.keys()
    }


def _proofs(identities: Sequence[Identity]) -> dict[tuple[str, str], bool]:
    """Return each address in the form in which it is compared, with whether any of its spellings is proved."""
    found: dict[tuple[str, str], bool] = {}
    for each in identities:
        for hint in hints_of_identity(each.kind, each.value):
            if hint[0] != PHONE_END:
                found[hint] = found.get(hint, False) or bool(each.verified)
    return found


def _numbers(one: CustomerRow, other: CustomerRow) -> set[str]:
    """Return how two numbers that are not the same may be one: with and without the country, or by their end."""
    found = set()
    for mine in _digits(one):
        for theirs in _digits(other) - {mine}:
            short, long = sorted((mine.lstrip("0"), theirs.lstrip("0")), key=len)
            if len(short) >= PHONE_END_DIGITS and long.endswith(short):
                found.add("phone_national")
            elif mine[-PHONE_END_DIGITS:] == theirs[-PHONE_END_DIGITS:] and len(short) >= PHONE_END_DIGITS:
                found.add("phone_end")
    return found - {"phone_end"} if "phone_national" in found else found


def _digits(row: CustomerRow) -> set[str]:
    return {value for kind, value in _proofs(row.identities) if kind == PHONE}


def _name(one: CustomerRow, other: CustomerRow) -> set[str]:
    names = [[value for kind, value in hints_of(row.name, ()) if kind == NAME] for row in (one, other)]
    return {"name"} if names[0] and names[0] == names[1] else set()


def _mailboxes(one: CustomerRow, other: CustomerRow) -> set[str]:
    """Return whether they call themselves alike at different mail providers."""
    mine, theirs = (
        {value.partition("@") for kind, value in _proofs(row.identities) if kind == EMAIL} for row in (one, other)
    )
    same = any(a[0] == b[0] and a[2] != b[2] and len(a[0]) >= LOCAL_PART_CHARS_MIN for a in mine for b in theirs)
    return {"mailbox"} if same else set()


def _attributes(one: CustomerRow, other: CustomerRow) -> set[str]:
    shared = {
        name
        for name, value in one.attributes.items()
        if name not in INNER_ATTRIBUTES and len(value) >= ATTRIBUTE_CHARS_MIN and other.attributes.get(name) == value
    }
    return {"attribute"} if shared else set()


def _language(one: CustomerRow, other: CustomerRow) -> set[str]:
    return {"language"} if one.language and one.language == other.language else set()


_WAYS: tuple[Callable[[CustomerRow, CustomerRow], set[str]], ...] = (
    _addresses,
    _numbers,
    _name,
    _mailboxes,
    _attributes,
    _language,
)
