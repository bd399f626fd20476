"""Care: one person under several numbers, and forgetting a person. No SQL, no decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from router.store.port.archive import MessageRow
from router.store.port.row import Row
from router.store.port.senders import SenderMark


class Merge(Row, frozen=True, kw_only=True):
    """That two customers are one person: who said so (agent 0: the router), when, why; and who took it back.

    `why` is a code: `by_hand`, `verified_<kind>`, or `apart`: a person said that they are two, which never stands.
    """

    id: int
    one: int
    other: int
    why: str
    agent: int
    at: int
    undone_by: int = 0
    undone_ms: int = 0


class Merging(Row, frozen=True, kw_only=True):
    """What became of a merge: its id, or why not (`customer_unknown`, `already_one`, `too_many`, `erased`)."""

    merge: int = 0
    refused: str = ""


class Erasure(Row, frozen=True, kw_only=True):
    """That a person is to be forgotten: all their numbers, by whom (0: the command line), when, and when it was done.

    `refused`: `customer_unknown`; `conversations_open` or `complaints_open`, and then `open` names those that must be
    closed before; or `effects_waiting`, and then `open` names conversations whose answers are still on their way.
    """

    customers: Sequence[int] = ()
    agent: int = 0
    begun_ms: int = 0
    done_ms: int = 0
    refused: str = ""
    open: Sequence[str] = ()


class Draft(Row, frozen=True, kw_only=True):
    """What somebody has written and not sent; `key` begins with the conversation's reference and a colon."""

    account: int
    key: str
    text: str
    at: int


class Care(Protocol):
    """Who is one person with whom, and forgetting a person.

    Merges are edges between customers as they were written. A person is all customers that standing edges connect;
    its number is the smallest of theirs. No row of a line, conversation or identity is ever moved, so taking an edge
    back restores exactly, in whatever order edges come and go. One transaction each: PostgreSQL locks the site's
    merges (an advisory lock) before it looks.
    """

    async def merge(self, site: str, one: int, other: int, *, why: str, agent: int, at: int) -> Merging:
        """Make two customers one person, unless they are; a person has PERSON_CUSTOMERS_MAX customers at most."""

    async def unmerge(self, site: str, merge: int, *, agent: int, at: int) -> str:
        """Take a merge back and keep the two apart; empty, or why not: `merge_unknown`, `merge_undone`.

        No proof merges them again after it. A person may.
        """

    async def keep_apart(self, site: str, one: int, other: int, *, agent: int, at: int) -> str:
        """Write down that two are not one person (`apart`); empty, or why not: `customer_unknown`, `already_one`."""

    async def merges(self, site: str, customer: int) -> list[Merge]:
        """Return the merges that touch any customer of this person, also those taken back, newest first."""

    async def alike(self, site: str, customer: int, *, limit: int) -> list[int]:
        """Return other persons who share a hint (see hints.py) with this one, in order of their numbers.

        Neither those who were ever said to be apart from any customer of this person, nor who is erased.
        """

    async def begin_erase(
        self, site: str, customer: int, *, agent: int, at: int, letters: Sequence[int] = ()
    ) -> Erasure:
        """Forget who a person is, in one transaction, and write down that their words are to follow.

        Refused while a conversation or a complaint of theirs is open or an effect of one waits; dead effects go, and
        what was written about their complaints. Names, attributes,
        segments, languages, identities, hints, addresses of lines (key, peer, extra, and the hash: who comes again is
        somebody new), sender marks of any of them and the signals of these letters go, where they are in quarantine;
        numbers stay. Calling it again changes nothing but such letters, and returns what was written.
        """

    async def words_of(self, site: str, customers: Sequence[int], *, after: int, limit: int) -> list[MessageRow]:
        """Return every message of these customers above an id, in order: of their conversations, and set aside."""

    async def drafts_on(self, site: str, customers: Sequence[int], *, limit: int) -> list[Draft]:
        """Return what anybody has written into conversations of these customers and not sent."""

    async def blank(self, site: str, messages: Sequence[int]) -> None:
        """Take text, html, subject, provider id and extras out of messages; `extra` says `erased`."""

    async def end_erase(self, site: str, customer: int, *, at: int) -> None:
        """Write down that an erasure is done."""

    async def erasures(self, site: str, *, since_ms: int, limit: int) -> list[Erasure]:
        """Return those that are not done, and those begun since a time, oldest first."""

    async def set_aside(self, site: str, messages: Sequence[tuple[int, str, str]]) -> None:
        """Remember by which (channel, key) messages came that no conversation has, for `words_of`. By hash."""

    async def messages_after(self, site: str, *, after: int, limit: int) -> list[MessageRow]:
        """Return messages above an id, in order, whatever became of them."""

    async def drafts_before(self, site: str, *, before_ms: int, limit: int) -> list[Draft]:
        """Return what was written before a time and never sent, oldest first."""

    async def forget_drafts(self, site: str, drafts: Sequence[Draft]) -> int:
        """Take away those that still are as they were read; return how many."""

    async def marks_on(self, site: str, senders: Sequence[tuple[str, str]]) -> list[SenderMark]:
        """Return the marks of these (kind, value), also those that have run out."""

    async def scrub(self) -> str:
        """Make what was overwritten unreadable in the store's own files as well; empty, or why that must wait.

        SQLite folds its log into the file and cuts it. PostgreSQL vacuums the tables that erasing touches.
        """
