"""How the rows of one person's customers are shown as one. Pure: no SQL, and who is one person is not decided here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from router.store.port import CustomerRow, Identity

PERSON_CUSTOMERS_MAX = 50
"""A person has a handful of numbers; a company whose whole staff is made one is a mistake, and every look-up pays."""


def as_one(asked: int, rows: Sequence[CustomerRow]) -> CustomerRow:
    """Return a person as the customer asked for: of their rows, the oldest that says something says it."""
    ordered = sorted(rows, key=lambda row: row.id)
    return CustomerRow(
        id=asked,
        name=_first(row.name for row in ordered),
        language=_first(row.language for row in ordered),
        segment=_first(row.segment for row in ordered),
        created_ms=min(row.created_ms for row in ordered),
        identities=_together(ordered),
        attributes=attributes_of([row.attributes for row in ordered]),
        person=ordered[0].id,
    )


def attributes_of(rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Return the attributes of a person's rows, oldest first: the first to name one counts, and empty hides it."""
    found: dict[str, str] = {}
    for row in rows:
        found = {**row, **found}
    return {name: value for name, value in sorted(found.items()) if value}


def changed_attributes(changes: Mapping[str, str | None], others: Iterable[Mapping[str, str]]) -> dict[str, str | None]:
    """Return changes for the row of the person's number: what other rows have cannot be taken away, only hidden."""
    hidden = {name for row in others for name, value in row.items() if value}
    return {name: "" if value is None and name in hidden else value for name, value in changes.items()}


def are_as_seen(rows: Sequence[Mapping[str, str]], was: Mapping[str, str]) -> bool:
    """Return whether a person's attributes, from all their rows, are still what somebody saw of them."""
    found = attributes_of(rows)
    return all(found.get(name, "") == value for name, value in was.items())


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")


def _together(rows: Sequence[CustomerRow]) -> list[Identity]:
    """Return each identity once, with its proof where any row has one."""
    found: dict[tuple[str, str], Identity] = {}
    for one in (each for row in rows for each in row.identities):
        known = found.setdefault((one.kind, one.value), one)
        if one.verified and not known.verified:
            found[one.kind, one.value] = msgspec.structs.replace(known, verified=one.verified)
    return list(found.values())
