"""Commands from people to the floor: their ids, and what becomes of the floor's answer. No HTTP and no text."""

from __future__ import annotations

import secrets

from dashboard.errors import ApiError, refused, unavailable
from dashboard.surroundings import Surroundings
from router.core.answers import LookAgain, Made, Refused
from router.core.commands import Command

# DESIGN, the way of one message, step 3: looked at again three times at the most.
LOOKS_MAX = 3


class Commands:
    """Submits, and turns a named refusal into the API's error."""

    def __init__(self, out: Surroundings) -> None:
        self._floor = out.floor

    @staticmethod
    def id(agent: int, deed: str, given: str | None = None) -> str:
        """Return a command's id: the client's own, kept apart by person and deed, or a new one."""
        return f"D{agent}:{deed}:{given or secrets.token_hex(8)}"

    async def submit(self, command: Command) -> Made:
        """Return what was made, at a position this node's replica has reached. Raises ApiError, FloorAway."""
        for _ in range(LOOKS_MAX):
            answer = await self._floor.submit(command)
            if isinstance(answer, Made):
                return answer
            if isinstance(answer, Refused):
                raise refused(answer.reason)
            assert isinstance(answer, LookAgain), "there is no fourth answer"
        raise unavailable()

    async def attempt(self, command: Command) -> bool:
        """Submit what may be refused without harm; return whether it was made."""
        try:
            await self.submit(command)
        except ApiError:
            return False
        return True
