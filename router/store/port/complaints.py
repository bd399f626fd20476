"""Complaints: cases beside conversations, their steps and the conversations they belong to. No SQL, no decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from router.store.port.row import Row


class ComplaintWords(Row, frozen=True, kw_only=True, omit_defaults=True):
    """What somebody wrote: what happened, what the customer wishes, how it was answered. Forgotten with the person."""

    happened: str = ""
    wish: str = ""
    answer: str = ""


class Complaint(Row, frozen=True, kw_only=True, omit_defaults=True):
    """One case. `number` and `version` are the store's: 0 until it is written; each step makes a version.

    `customer` is 0 for somebody who is not known. `kind`, `about`, `severity`, `cause`, `remedy` and `queue` are names
    of the configuration, `amount` is in the smallest unit of `currency`. Its promises are counted from `begun_ms`:
    when it was recorded, or came up again. `due_ms` is the next thing that must happen, 0 when it is closed.
    """

    customer: int
    kind: str
    severity: str
    queue: str
    opened_ms: int
    begun_ms: int
    number: int = 0
    version: int = 0
    command: str = ""
    about: str = ""
    channel: str = ""
    stage: str = "open"
    outcome: str = ""
    cause: str = ""
    remedy: str = ""
    amount: int = 0
    currency: str = ""
    owner: int = 0
    recorder: int = 0
    acknowledge_by_ms: int = 0
    answer_by_ms: int = 0
    acknowledged_ms: int = 0
    answered_ms: int = 0
    closed_ms: int = 0
    due_ms: int = 0
    reopened: int = 0
    forgotten: bool = False
    words: ComplaintWords = ComplaintWords()


class ComplaintStep(Row, frozen=True, kw_only=True):
    """What somebody did: `deed` is a code, `changes` are codes by field, from what to what; `words` are personal.

    `number` is the version of the complaint that the step made; `agent` 0 is the router.
    """

    command: str
    at: int
    agent: int
    deed: str
    number: int = 0
    changes: Mapping[str, Sequence[str]] = {}
    words: str = ""


class ComplaintLink(Row, frozen=True, kw_only=True):
    """That a conversation belongs to a complaint. `role`: `first`, `later`, `answer`.

    Of complaint 0 it says that somebody has looked, and the conversation is none (`none`).
    """

    complaint: int
    conv: int
    role: str
    at: int = 0
    agent: int = 0


class ComplaintChange(Row, frozen=True, kw_only=True):
    """What became of a change: the complaint as it is now. `faster`: who made the version that was in the way."""

    complaint: Complaint
    changed: bool = True
    faster: int = 0


class ComplaintFilter(Row, frozen=True, kw_only=True):
    """Which complaints: empty says any. `owner` -1 says any, 0 nobody's.

    `queues` None: every queue's; else those of these queues, and those that `seer` owns or has recorded.
    """

    stage: str = ""
    kind: str = ""
    severity: str = ""
    queue: str = ""
    owner: int = -1
    seer: int = 0
    queues: Sequence[str] | None = None


class ComplaintCount(Row, frozen=True, kw_only=True):
    """How many are open, how many of them late; and of these, whose owner is asked for."""

    open: int = 0
    late: int = 0
    mine: int = 0
    mine_late: int = 0


Cursor = tuple[int, int]
"""After which row a page begins: its time and its number. (0, 0): at the first."""


class Complaints(Protocol):
    """Complaints of a site. Each change is one step; who comes second with an old version changes nothing."""

    async def record(
        self,
        site: str,
        complaint: Complaint,
        step: ComplaintStep,
        *,
        links: Sequence[ComplaintLink] = (),
        alone: bool = False,
    ) -> Complaint:
        """Write a new complaint under the next number; the same `command` again returns what it made before.

        `alone`: where one of its conversations belongs to an open complaint already, that one is returned instead.
        """

    async def change(
        self,
        site: str,
        complaint: Complaint,
        step: ComplaintStep,
        *,
        links: Sequence[ComplaintLink] = (),
        unlinked: Sequence[int] = (),
    ) -> ComplaintChange:
        """Write a complaint over the version it was made from, with its step; a known command changes nothing.

        A link that is there gets the new role.
        """

    async def get(self, site: str, number: int) -> Complaint | None:
        """Return one, None where there is none of that number."""

    async def steps(self, site: str, number: int, *, after: int = 0, limit: int) -> list[ComplaintStep]:
        """Return the steps of one, oldest first."""

    async def links(self, site: str, number: int) -> list[ComplaintLink]:
        """Return the conversations of one, in the order in which they were linked."""

    async def due(self, site: str, wanted: ComplaintFilter, *, after: Cursor, limit: int) -> list[Complaint]:
        """Return open ones by what is due next, without what was written."""

    async def closed(self, site: str, wanted: ComplaintFilter, *, before: Cursor, limit: int) -> list[Complaint]:
        """Return closed ones, the newest first, without what was written."""

    async def count(self, site: str, wanted: ComplaintFilter, *, now_ms: int) -> ComplaintCount:
        """Count the open ones; `mine` are those of `wanted.seer`."""

    async def of_person(self, site: str, customer: int, *, limit: int) -> list[Complaint]:
        """Return those of a person, under whichever of their numbers, the newest first."""

    async def of_conversations(self, site: str, convs: Sequence[int]) -> list[ComplaintLink]:
        """Return what these conversations belong to, also that they are none."""

    async def none_of(self, site: str, conv: int, *, agent: int, at: int) -> None:
        """Write down that a conversation is no complaint, unless it belongs to one."""

    async def between(self, site: str, *, since_ms: int, until_ms: int, limit: int) -> list[Complaint]:
        """Return those that were open at any moment of a time, without what was written."""

    async def forget(self, site: str, *, closed_before_ms: int, limit: int) -> int:
        """Forget what was written about those closed before a time; return how many complaints it were."""
