"""Customers as a list: who was here last, by name, by segment, and who put whom into which segment. No SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from router.store.port.journal import ConversationRow
from router.store.port.row import Row

BY_RULE = -1
"""The agent of a placing that a rule made: no account has this number. The command line is 0, as everywhere."""


class Recent(Row, frozen=True, kw_only=True):
    """A conversation and whose it is, as a list by last contact walks over them."""

    customer: int
    conv: int
    at: int


class Placing(Row, frozen=True, kw_only=True):
    """A person was put into a segment, or out of one where it is empty. `agent` is BY_RULE where nobody did.

    `was`: the segment somebody saw before; `command` is the client's own id. `why` may be about the customer.
    """

    command: str
    customer: int
    at: int
    agent: int
    was: str
    segment: str
    why: str = ""


class Placed(Row, frozen=True, kw_only=True):
    """What became of a placing: `refused` names why not, `now` is the person's segment, `faster` who set it."""

    refused: str = ""
    now: str = ""
    faster: int = 0


class Customers(Protocol):
    """Lists of customers, each read by an index and bounded. Where a customer is asked for, the person is meant."""

    async def recent(self, site: str, *, before: tuple[int, int], limit: int) -> list[Recent]:
        """Return conversations below a (changed_ms, conv), the last change first. (0, 0) begins at the newest."""

    async def named(self, site: str, *, prefix: str, after: tuple[str, int], limit: int) -> list[tuple[str, int]]:
        """Return (name in small letters, customer) above such a pair whose name begins so, in order of the bytes.

        Only the first hundred characters of a name count.
        """

    async def in_segment(self, site: str, segment: str, *, after: int, limit: int) -> list[int]:
        """Return customers of a segment above a number: of a person the row that says which segment they are in."""

    async def known_by(self, site: str, hints: Sequence[tuple[str, str]], *, limit: int) -> list[int]:
        """Return customers who have one of these (kind, value) hints, see `router.store.hints`, the newest first."""

    async def dealt(self, site: str, customers: Sequence[int], *, limit: int) -> Mapping[int, list[ConversationRow]]:
        """Return each person's conversations, the last change first, at most so many of each of their numbers.

        Their records are not read.
        """

    async def last_contacts(self, site: str, customers: Sequence[int]) -> Mapping[int, int]:
        """Return when each person's conversations last changed; who has none is left out."""

    async def ratings(self, site: str, convs: Sequence[int]) -> Mapping[int, int]:
        """Return the last score of each conversation that has one."""

    async def place(self, site: str, placing: Placing) -> Placed:
        """Put a person into a segment, once by command.

        Refused as `customer_unknown`, also for who was erased, and as `segment_changed` where they are in another
        segment than `was`.
        """

    async def placings(self, site: str, customer: int, *, limit: int) -> list[Placing]:
        """Return what put a person into segments, the last first."""

    async def placed_by(self, site: str, customers: Sequence[int]) -> Mapping[int, int]:
        """Return by whom each person was placed last; who never was is left out."""

    async def count(self, site: str, segments: Sequence[str], *, most: int) -> Mapping[str, int]:
        """Return how many customers are in each segment; it counts no further than `most`."""
