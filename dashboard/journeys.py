"""A person's conversations over all their customers, as far as an account may see them. No routes."""

from __future__ import annotations

from dashboard.parts import Parts
from dashboard.sessions import may
from router.store.port import Account, ConversationRow, CustomerRow

# What one page shows of a customer's story.
JOURNEY_MAX = 50


class Journeys:
    """Reads journeys."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out

    async def of(self, account: Account, customer: CustomerRow) -> list[ConversationRow]:
        """Return the conversations of a person that an account may see, the one that began last first.

        Who serves them now sees all of them.
        """
        archive, site = self._out.store.archive, self._out.floor.site
        rows = await archive.conversations(site, customer=customer.id, limit=JOURNEY_MAX)
        rows.sort(key=lambda row: (-row.opened_ms, -row.conv))
        if any(self._parts.sight.serves_customer(account, number) for number in {row.customer for row in rows}):
            return rows
        return [row for row in rows if self._parts.sight.row(account, row)]

    async def sees(self, account: Account, customer: CustomerRow) -> bool:
        """Return whether an account may see a person: those who supervise everybody, others by a conversation."""
        return may(account.role, "supervisor") or bool(await self.of(account, customer))
