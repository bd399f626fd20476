"""Customers in lists for the store's tests."""

from __future__ import annotations

from typing import Any

from router.store.port import Store
from router.store.port.customers import Placing
from tests.store.makers import SITE, caller, commit, conversation, proved


def placing(customer: int, segment: str = "vip", **given: Any) -> Placing:
    plain = {"command": f"p{customer}{segment}", "at": 1_000, "agent": 7, "was": "", "why": "she buys for ten"}
    return Placing(customer=customer, segment=segment, **{**plain, **given})


async def somebody(store: Store, name: str, *, conv: int = 0, **given: Any) -> int:
    """Make a customer, with a conversation where a number for it is given."""
    (met,) = await store.archive.meet(SITE, [caller(name or "nobody", proved(f"{name}@x"), name=name)], 1_000)
    if conv:
        await commit(store, conversations=[conversation(conv, customer=met.customer, line=met.line, **given)])
    return met.customer


async def ask_of_customers(store: Store) -> None:
    """Ask everything there is to ask, with something to be found."""
    customers = store.customers
    await customers.recent(SITE, before=(0, 0), limit=5)
    await customers.named(SITE, prefix="a", after=("", 0), limit=5)
    await customers.place(SITE, placing(1))
    await customers.in_segment(SITE, "vip", after=0, limit=5)
    await customers.known_by(SITE, [("email", "a@x")], limit=5)
    await customers.dealt(SITE, [1, 2], limit=5)
    await customers.last_contacts(SITE, [1, 2])
    await customers.ratings(SITE, [1, 2])
    await customers.placings(SITE, 1, limit=5)
    await customers.placed_by(SITE, [1, 2])
    await customers.count(SITE, ["vip"], most=5)
