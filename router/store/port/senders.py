"""Marks on senders: who is blocked, who only tests. No SQL, no decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from router.store.port.row import Row


class NewMark(Row, frozen=True, kw_only=True):
    """What a supervisor says of a sender: `blocked` or `test`, with a reason's code, until a time (0: for good).

    `kind` and `value` are those of an identity, or `line` and `<channel>:<key>` for one line.
    """

    kind: str
    value: str
    mark: str
    reason: str
    agent: int
    until_ms: int = 0


class SenderMark(Row, frozen=True, kw_only=True):
    """A mark that stands."""

    id: int
    kind: str
    value: str
    mark: str
    reason: str
    agent: int
    created_ms: int
    until_ms: int


class Senders(Protocol):
    """Marks on senders, found by keyed hash like identities. One sender has one mark."""

    async def mark(self, site: str, marks: Sequence[NewMark], *, at: int) -> list[int]:
        """Write marks, each instead of an earlier one of the same sender; return their ids, in order."""

    async def unmark(self, site: str, mark: int) -> bool:
        """Take a mark away; False when there is none of that id."""

    async def marks(self, site: str, *, after: int, limit: int, now_ms: int) -> list[SenderMark]:
        """Return marks that stand, above an id, in order."""

    async def of(self, site: str, senders: Sequence[tuple[str, str]], *, now_ms: int) -> Mapping[int, str]:
        """Return the mark of each (kind, value), by index, of those that have one."""
