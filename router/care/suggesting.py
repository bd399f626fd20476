"""Who may be the same person as a customer: found by shared hints, weighed, and shown. It merges nobody."""

from __future__ import annotations

import msgspec

from router.care.likeness import SUGGEST_SCORE_MIN, likeness
from router.store.port import CustomerRow, Store

# So many who share a hint are weighed, and so many of them shown: more than a handful is a hint that says nothing.
WEIGHED_MAX, SHOWN_MAX = 50, 5


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may be the same person: how much speaks for it, and what, by codes of likeness.py."""

    customer: CustomerRow
    score: int
    evidence: tuple[str, ...]


async def suggestions(store: Store, site: str, customer: int) -> list[Suggestion]:
    """Return who may be the same person, the likeliest first."""
    mine = await store.archive.customer(site, customer)
    if mine is None:
        return []
    alike = await store.care.alike(site, customer, limit=WEIGHED_MAX)
    found = []
    for other in await store.archive.customers(site, alike):
        weighed = likeness(mine, other)
        if weighed.score >= SUGGEST_SCORE_MIN:
            found.append(Suggestion(customer=other, score=weighed.score, evidence=weighed.evidence))
    return sorted(found, key=lambda each: (-each.score, each.customer.id))[:SHOWN_MAX]
