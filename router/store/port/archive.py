"""The archive: customers, lines, messages, stories, and who a caller is. No SQL, no decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from router.store.port.journal import ConversationRow, TimelineRow
from router.store.port.letters import Body
from router.store.port.row import Row


class LineRow(Row, frozen=True, kw_only=True):
    """`key` is the channel's own address of the line, `peer` where answers go; both personal data."""

    id: int
    channel: str
    key: str
    peer: str
    customer: int
    extra: dict[str, str] = msgspec.field(default_factory=dict)


class Identity(Row, frozen=True, kw_only=True):
    """One way in which a customer is known. `verified` says who proved it, empty for typed and unproven."""

    kind: str  # email | phone | chat | openid | app ...
    value: str
    verified: str = ""


class CustomerRow(Row, frozen=True, kw_only=True):
    """A customer, shown as the person they are: see `Care`. `person` is the number under which that person goes."""

    id: int
    name: str
    language: str
    segment: str
    created_ms: int
    identities: Sequence[Identity] = ()
    attributes: dict[str, str] = msgspec.field(default_factory=dict)
    person: int = 0


class Caller(Row, frozen=True, kw_only=True):
    """Who and where a signal comes from, as parsed: input of `meet`."""

    channel: str
    key: str
    peer: str
    name: str = ""
    language: str = ""
    identities: Sequence[Identity] = ()
    replies_to: Sequence[str] = ()  # provider ids of earlier messages, best first
    extra: dict[str, str] = msgspec.field(default_factory=dict)


class Met(Row, frozen=True, kw_only=True):
    """What the archive knows of a caller. `record` is that of the line's newest parked or closed conversation."""

    line: int
    customer: int
    new_customer: bool
    language: str
    segment: str
    record: bytes = b""


class KnownLine(Row, frozen=True, kw_only=True):
    """One of a customer's lines. `reachable`: the archive knows where answers on it go."""

    id: int
    channel: str
    reachable: bool


class Dealing(Row, frozen=True, kw_only=True):
    """One of a customer's conversations: whose it was at last, when that changed, when it began."""

    owner: int
    changed_ms: int
    opened_ms: int
    ended: bool


class History(Row, frozen=True, kw_only=True):
    """What a look-up may want to know of a customer. Newest first."""

    customer: int
    attributes: Mapping[str, str] = {}
    lines: Sequence[KnownLine] = ()
    dealings: Sequence[Dealing] = ()


class MessageRow(Row, frozen=True, kw_only=True):
    id: int
    conv: int
    line: int
    body: Body
    status: str
    reason: str


class Story(Row, frozen=True, kw_only=True):
    """A timeline row with its message, newest last."""

    row: TimelineRow
    message: MessageRow | None


class Said(Row, frozen=True, kw_only=True):
    """What a reply must know of an earlier message to be threaded with it."""

    message: int
    direction: str
    provider: str
    subject: str


class Archive(Protocol):
    """Customers, lines, conversations, messages: everything personal, and nothing else that is.

    Where a customer is asked for by number, the whole person is meant (see `Care`): `customer`, `customers`,
    `lines_of`, `conversations`, `histories`, `bodies_of` answer alike for each customer of one person. Rows keep the
    customer they were written with, and so does `Met.customer`; its language and segment are the person's.
    """

    async def meet(self, site: str, callers: Sequence[Caller], at: int) -> list[Met]:
        """Insert-or-get line and customer of each caller, in one transaction; one answer each, in order.

        The line is that of the first `replies_to` id that is ours on this channel, else of (channel, key).
        A new line's customer is that of the first *verified* identity that is known, else a new customer;
        an unverified identity is stored with the customer and never joins them to anybody.
        A proof in a reply (`replies_to`) counts only for what the line's customer was known by before: threads are
        passed on. Who proves an identity that was proved for another customer is one person with them from then on,
        if the same caller proves to be the line's customer too, or that customer has proved nothing yet (else somebody
        else sits there now): the same transaction writes the merge (`verified_<kind>`, agent 0), unless `Care.merge`
        would refuse it or a person has said that the two are apart. The proof stays where it was first.
        """

    async def write(self, site: str, bodies: Sequence[Body]) -> list[int]:
        """Write outbound messages and notes durably, before the command that names them; return their ids."""

    async def message(self, site: str, message: int) -> MessageRow | None: ...

    async def set_extra(self, site: str, message: int, key: str, *, old: str, new: str) -> bool:
        """Replace one `extra` of a message's body, where it still is as it was read; an empty one is taken away."""

    async def bodies_of(self, site: str, customer: int, *, extra: str, after: int, limit: int) -> list[MessageRow]:
        """Return the messages of a customer's conversations that have such an `extra`, above an id, in order."""

    async def remember_provider(self, site: str, message: int, provider: str) -> None:
        """Store the provider's id of an outbound message, so that replies and receipts find it."""

    async def message_by_provider(self, site: str, channel: str, provider: str) -> MessageRow | None: ...

    async def line(self, site: str, line: int) -> LineRow | None: ...

    async def line_by_key(self, site: str, channel: str, key: str) -> LineRow | None:
        """Return the line of a channel's own address, without making one."""

    async def open_line(self, site: str, channel: str, key: str, peer: str, customer: int) -> int:
        """Insert-or-get another line of a known customer."""

    async def lines_of(self, site: str, customer: int) -> list[LineRow]: ...

    async def customer(self, site: str, customer: int) -> CustomerRow | None:
        """Return a customer as `persons.as_one` makes the person of all their rows; `id` is the one asked for."""

    async def customers(self, site: str, ids: Sequence[int]) -> list[CustomerRow]: ...

    async def histories(self, site: str, customers: Sequence[int], *, limit: int) -> list[History]:
        """Return what is known of those customers that are there, with at most `limit` conversations of each."""

    async def give_care(
        self, site: str, customer: int, attributes: Mapping[str, str | None], *, was: Mapping[str, str] | None = None
    ) -> bool:
        """Set attributes of a customer, or take away those given as None; False when there is no such customer.

        `was`: how the asker saw some of them, empty for nothing; where one is not so any more, that is False, too.

        They are written into the row of the person's number. What another of their rows still has is hidden by an
        empty text there, so that taking the merge back restores it.
        """

    async def conversation(self, site: str, conv: int) -> ConversationRow | None: ...

    async def conversation_by_reference(self, site: str, reference: str) -> ConversationRow | None: ...

    async def conversations(
        self, site: str, *, customer: int = 0, owner: int = 0, states: Sequence[str] = (), limit: int
    ) -> list[ConversationRow]:
        """Return conversations by customer or owner, newest change first."""

    async def records_due(self, site: str, *, before_ms: int, limit: int) -> list[bytes]:
        """Return encoded records of parked conversations due before a time, earliest first."""

    async def record(self, site: str, conv: int) -> bytes | None:
        """Return the encoded record of a parked or closed conversation."""

    async def story(self, site: str, conv: int, *, before: int, limit: int) -> list[Story]:
        """Return the last `limit` timeline rows of a conversation below position `before`, oldest first."""

    async def story_at(self, site: str, conv: int, position: int) -> TimelineRow | None:
        """Return one row of a conversation's timeline."""

    async def thread(self, site: str, conv: int, line: int, *, limit: int) -> list[Said]:
        """Return the headers of the last messages of a conversation on one line, oldest first."""

    async def written_as(self, site: str, conv: int, *, author: str, client: str) -> tuple[int, str]:
        """Return (message, direction) of what an author has written under a client id, (0, "") for nothing."""

    async def on_line(self, site: str, line: int, *, after: int, limit: int) -> list[Story]:
        """Return what a customer may see on a line above a position, oldest first: no notes, no inner steps."""

    async def last_words(self, site: str, convs: Sequence[int]) -> Mapping[int, MessageRow]:
        """Return the newest message (no notes, no notices) of each conversation."""

    async def find_messages(
        self, site: str, words: Sequence[str], *, before: int, rows_max: int, limit: int
    ) -> list[MessageRow]:
        """Return messages of conversations that say every word (see `finding`), newest first.

        Of those below an id only the newest `rows_max` are looked at.
        """

    async def find_customers(self, site: str, words: Sequence[str], *, rows_max: int, limit: int) -> list[int]:
        """Return customers whose name holds every word, the newest first, of the newest `rows_max`."""
