"""The demo's segments and tags: whom a rule, a colleague or nobody has put where. Plain rows, written once."""

from __future__ import annotations

from typing import NamedTuple

from router.store.finding import lowered
from router.store.port import Placing, Store
from router.store.port.customers import BY_RULE

# Of one name; a demo has two at most.
ALIKE_MAX = 5


class Entry(NamedTuple):
    """Somebody of the demo. Who has a reason was put there by a colleague."""

    name: str
    segment: str = ""
    why: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


ENTRIES = (
    Entry("Marta Kowalska", "vip", attributes=(("tier", "gold"), ("tags", "birthday-club"))),
    Entry("Omar Haddad", "vip", "Orders for four restaurants; asked for by sales.", (("tags", "reseller"),)),
    Entry("Jonas Lindqvist", "press", attributes=(("tags", "press"),)),
    Entry("林佳怡", attributes=(("tags", "reseller"),)),
    Entry("Dao Thị Hương", "press", "Writes for a travel magazine, called on Monday."),
    Entry("สมชาย ใจดี", attributes=(("tags", "slow-payer"),)),
)


async def tell_segments(store: Store, site: str, *, agent: int, now_ms: int) -> None:
    """Put the demo's customers where they belong; who is there already stays."""
    for entry in ENTRIES:
        prefix = lowered(entry.name)
        for _, customer in await store.customers.named(site, prefix=prefix, after=("", 0), limit=ALIKE_MAX):
            if entry.attributes:
                await store.archive.give_care(site, customer, dict(entry.attributes))
            if entry.segment:
                placing = Placing(
                    command=f"demo:{customer}",
                    customer=customer,
                    at=now_ms,
                    agent=agent if entry.why else BY_RULE,
                    was="",
                    segment=entry.segment,
                    why=entry.why,
                )
                await store.customers.place(site, placing)
