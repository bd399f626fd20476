"""Questions of other nodes that lie in the store while the link is away. No SQL, no decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Relay(Protocol):
    """Commands to the leader while the link between nodes is away: a question by its command id, and its answer.

    Encoded commands and answers only: ids and codes. Rows are short-lived; losing them costs a repeat.
    """

    async def ask(self, site: str, command: str, question: bytes, *, at: int) -> None:
        """Put a question there, once under its command id: the same one leaves an answer that stands alone, another
        one (it was looked up again) takes the place of the earlier question and of what was answered to that."""

    async def unanswered(self, site: str, *, limit: int) -> list[tuple[str, bytes]]:
        """Return (command, question) without an answer, oldest first."""

    async def answer(self, site: str, answers: Sequence[tuple[str, bytes]]) -> None:
        """Write answers, each to its command."""

    async def take(self, site: str, command: str) -> bytes | None:
        """Return an answer and take the row away; None while there is none."""

    async def sweep(self, site: str, *, before_ms: int) -> int:
        """Take away what was asked before a time; return how many."""
