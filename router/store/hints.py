"""By what two customers may be seen to be alike: names and addresses brought to one form. Pure; a hint proves nothing.

Stores keep a keyed hash of each hint beside the customer, so that who is alike is found by index.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from router.store.port import Identity

EMAIL, PHONE, PHONE_END, NAME = "email", "phone", "phone_end", "name"
PHONE_END_DIGITS = 8
"""A number is typed with or without its country and its trunk prefix; the last eight digits are the same either way."""

NAME_CHARS_MIN = 3
NAME_CHARS_MAX = 200
_NOT_DIGITS = re.compile(r"\D+")


def hints_of(name: str, identities: Iterable[Identity]) -> list[tuple[str, str]]:
    """Return the (kind, value) of all hints of a customer, each once, in a stated order."""
    found: dict[tuple[str, str], None] = {}
    for each in identities:
        found.update(dict.fromkeys(hints_of_identity(each.kind, each.value)))
    folded = folded_name(name)
    if folded:
        found[NAME, folded] = None
    return list(found)


def hints_of_identity(kind: str, value: str) -> list[tuple[str, str]]:
    """Return what an identity, proved or only typed, gives to compare with."""
    if kind == EMAIL:
        address = value.strip().casefold()
        return [(EMAIL, address)] if "@" in address else []
    if kind == PHONE:
        digits = digits_of(value)
        end = [(PHONE_END, digits[-PHONE_END_DIGITS:])] if len(digits) >= PHONE_END_DIGITS else []
        return [(PHONE, digits), *end] if digits else []
    return [(kind, value.strip())] if value.strip() else []


def digits_of(number: str) -> str:
    """Return the digits of a telephone number, without the two zeros that some write for the plus sign."""
    digits = _NOT_DIGITS.sub("", unicodedata.normalize("NFKC", number))
    return digits.removeprefix("00")


def folded_name(name: str) -> str:
    """Return a name without case, width and order of its words; empty for one too short to say anything."""
    plain = unicodedata.normalize("NFKC", name[:NAME_CHARS_MAX]).casefold()
    words = sorted("".join(char if char.isalnum() else " " for char in plain).split())
    folded = " ".join(words)
    return folded if len(folded) >= NAME_CHARS_MIN else ""
