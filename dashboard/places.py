"""From an outside name to what it names, if the asker may see it. What may not be seen does not exist for them."""

from __future__ import annotations

from dashboard.errors import ApiError
from dashboard.staff import Sight
from dashboard.surroundings import Surroundings
from router.core.state import Conv
from router.store.port import Account, ConversationRow

# Longer than any reference that was ever made; a longer string is not looked up.
REFERENCE_CHARS_MAX = 40


class Places:
    """Finds conversations by reference."""

    def __init__(self, out: Surroundings, sight: Sight) -> None:
        self._out, self._sight = out, sight

    async def row(self, account: Account, ref: str, *, known: bool = False) -> ConversationRow:
        """Return the conversation's row. Raises ApiError `not_visible`, whether it is hidden or nowhere.

        `known`: the asker has dealt with it a moment ago, and may name it once more.
        """
        if not 0 < len(ref) <= REFERENCE_CHARS_MAX:
            raise ApiError("not_visible")
        row = await self._out.store.archive.conversation_by_reference(self._out.floor.site, ref)
        if row is None or not (known or self._sight.row(account, row) or await self._is_of_my_customer(account, row)):
            raise ApiError("not_visible")
        return row

    async def _is_of_my_customer(self, account: Account, row: ConversationRow) -> bool:
        """Return whether it is of a person whom the account serves under another number."""
        mine = self._sight.customers_of(account)
        if not mine:
            return False
        found = await self._out.store.archive.customers(self._out.floor.site, [row.customer, *sorted(mine)])
        persons = {each.id: each.person for each in found}
        return persons.get(row.customer, 0) in {persons.get(each) for each in mine}

    def inside(self, row: ConversationRow) -> Conv | ConversationRow:
        """Return the conversation as the core has it, or its row when it has left."""
        return self._out.floor.state.convs.get(row.conv) or row
