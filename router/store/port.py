"""The store's port: records and protocols every database is held to. No SQL, no decisions.

Every method takes the site first. Methods are coroutines, so that a database across a network fits.
Errors are the three below and nothing of a driver's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol

import msgspec


class StoreError(Exception):
    """The store could not do what was asked."""


class StoreUnavailable(StoreError):
    """The store cannot take writes now (full, read-only, gone). Nothing was written; try again later."""


class Fenced(StoreError):
    """Another leader has a higher epoch, or the journal has moved: this core must be thrown away."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A record that crosses the port."""


# --- letterbox ------------------------------------------------------------------------------------


class Body(Row, frozen=True, kw_only=True):
    """The words of one message, as the archive keeps them. Personal data: never journalled or logged.

    `author` is `customer`, `agent:<id>` or `system`; `kind` is `message`, `note`, `notice` or `auto`.
    `provider` is the provider's own id of the message (a Message-ID, a MessageSid).
    """

    direction: str  # in | out | note
    author: str
    kind: str = "message"
    text: str = ""
    html: str = ""
    subject: str = ""
    provider: str = ""
    created_ms: int
    extra: dict[str, str] = {}


class NewLetter(Row, frozen=True, kw_only=True):
    """A verified, parsed signal to be accepted. `dedupe` and `line` are the channel's own keys, unhashed.

    Letters of one line are decided in order; one without a line is in nobody's way.
    """

    channel: str
    dedupe: str
    received_ms: int
    signal: bytes
    body: Body | None = None
    line: str = ""


class Note(Row, frozen=True, kw_only=True):
    """A line of the notebook."""

    book: str
    key: str
    value: str


class Letter(Row, frozen=True, kw_only=True):
    """An accepted signal. `message` is the archive id of its body, 0 where it has none.

    `fresh` is False when the dedupe key was known: then this is the earlier letter, whatever its state
    (`new`, `settled`, `quarantined`), and nothing was written. `position` is the journal position that
    settled it, 0 before; `signal` is empty once it is settled. `line` names its line by hash, empty for none and once
    it is settled. `behind`, of a fresh letter, is the unsettled one that its line had last, 0 for none: perhaps another
    node's, which has died.
    """

    id: int
    channel: str
    received_ms: int
    message: int
    state: str
    attempts: int
    position: int
    signal: bytes
    fresh: bool = False
    line: bytes = b""
    behind: int = 0


class Letterbox(Protocol):
    """Where an accepted signal is durable before its provider hears yes."""

    async def put(self, site: str, letters: Sequence[NewLetter], notes: Sequence[Note] = ()) -> list[Letter]:
        """Write signals and bodies in one durable transaction, one answer each, in order.

        Two letters with one (channel, dedupe) make one row: the second answer names the first.
        `notes` are written to the notebook in the same transaction: a cursor and what it covers are one.
        Raises StoreUnavailable when nothing can be written.
        """

    async def waiting(self, site: str, *, before_ms: int, limit: int, after: tuple[int, int] = (0, 0)) -> list[Letter]:
        """Return unsettled letters received before a time, oldest first, behind the (received_ms, id) of another."""

    async def get(self, site: str, letter: int) -> Letter | None: ...

    async def unsettled(self, site: str, letters: Collection[int]) -> set[int]:
        """Return those of these letters that still wait for a decision."""

    async def tried(self, site: str, letters: Sequence[int]) -> None:
        """Count one more attempt, durably, before it is made."""

    async def spared(self, site: str, letters: Sequence[int]) -> None:
        """Count one attempt less: it ended, without a decision and without a crash."""

    async def quarantine(self, site: str, letter: int, reason: str) -> None:
        """Set a letter aside that broke the core or three attempts; it is shown and does not go round."""

    async def depth(self, site: str) -> tuple[int, int, int]:
        """Return (unsettled, received_ms of the oldest or 0, quarantined)."""

    async def quarantined(self, site: str, limit: int) -> list[tuple[Letter, str]]: ...


# --- journal and what a commit writes with it ---------------------------------------------------------


class TimelineRow(Row, frozen=True, kw_only=True):
    """One line of a conversation's story that people see, at its journal position.

    `kind` is the event's class name; `message` is 0 where there is no body; `notice` and `until_ms`
    carry an announcement; `detail` is a short code (agent id, queue, status).
    """

    position: int
    conv: int
    line: int
    kind: str
    at: int
    message: int = 0
    agent: int = 0
    notice: str = ""
    until_ms: int = 0
    detail: str = ""


class ConversationRow(Row, frozen=True, kw_only=True):
    """The store's row of a conversation, written whole whenever one of these changes.

    `record` is the encoded `core.record.Record` while parked, closed or abandoned, else empty.
    `due_ms` is when a parked one must be woken, 0 for never.
    """

    conv: int
    reference: str
    customer: int
    line: int
    channel: str
    state: str
    queue: str
    owner: int
    opened_ms: int
    changed_ms: int
    due_ms: int = 0
    closed_ms: int = 0
    disposition: str = ""
    record: bytes = b""


class Delivery(Row, frozen=True, kw_only=True):
    """The delivery state of an outbound message, as the desk shows it."""

    message: int
    status: str
    reason: str = ""


class NewEffect(Row, frozen=True, kw_only=True):
    """An outbox row: ids only. `lane` orders effects of one line; `effect` is a closed name (`send`, `announce`)."""

    position: int
    lane: str
    channel: str
    effect: str
    conv: int
    line: int
    message: int = 0
    notice: str = ""
    until_ms: int = 0
    not_before_ms: int = 0


class Settled(Row, frozen=True, kw_only=True):
    """A letter is settled by a journal position, in the commit that makes the decision."""

    letter: int
    position: int
    reason: str = ""


class EffectEnd(Row, frozen=True, kw_only=True):
    """What became of an outbox row, settled by the commit that tells of it. Without a reason it happened.

    `provider` is the id under which the provider knows the `message` now, empty where it gave none. A `worker` is
    believed that it never will only while its claim stands; what has happened has happened, whoever says so.
    """

    effect: int
    reason: str = ""
    message: int = 0
    provider: str = ""
    worker: str = ""


class Commit(Row, frozen=True, kw_only=True):
    """One durable batch. `first` is the position of its first event; it must continue the journal."""

    epoch: int
    first: int
    count: int
    at: int
    entries: bytes
    timeline: Sequence[TimelineRow] = ()
    conversations: Sequence[ConversationRow] = ()
    deliveries: Sequence[Delivery] = ()
    effects: Sequence[NewEffect] = ()
    settled: Sequence[Settled] = ()
    placed: Sequence[tuple[int, int, int]] = ()  # (message, conversation, line)
    ended: Sequence[EffectEnd] = ()


class JournalRow(Row, frozen=True, kw_only=True):
    first: int
    count: int
    at: int
    epoch: int
    entries: bytes


class Snapshot(Row, frozen=True, kw_only=True):
    position: int
    at: int
    release: str
    state: bytes


class Journal(Protocol):
    """Decisions, in order, fenced by the leader's epoch."""

    async def commit(self, site: str, commit: Commit) -> None:
        """Write the batch and all its rows in one durable transaction.

        Raises Fenced when the epoch is not the lease's or `first` is not the journal's next position;
        StoreUnavailable when nothing was written; StoreError when the outcome is unknown.
        """

    def read(self, site: str, after: int, until: int | None = None) -> AsyncIterator[JournalRow]:
        """Yield rows whose last position is above `after`, in order (and first at most `until`)."""

    async def seal(self, site: str, *, before_ms: int) -> int:
        """Pack what was decided before a time into compressed, summed parts; return how many rows. Nothing is lost by
        it, `read` notices nothing, and the newest row stays as it is."""

    async def end(self, site: str) -> tuple[int, int]:
        """Return (last position, `at` of the last row); (0, 0) for an empty journal."""

    async def keep_snapshot(self, site: str, snapshot: Snapshot) -> None: ...

    async def latest_snapshot(self, site: str, *, before: int | None = None) -> Snapshot | None:
        """Return the newest whole snapshot, or the newest below a position."""

    async def snapshot_position(self, site: str) -> int:
        """Return the position of the newest whole snapshot, 0 where there is none."""

    async def keep_bundle(self, site: str, name: str, data: bytes, at: int) -> None:
        """Keep a bundle for ever under its hash; keeping it twice changes nothing."""

    async def bundle(self, site: str, name: str) -> bytes | None: ...

    async def bundles(self, site: str) -> list[tuple[str, int]]:
        """Return (hash, first kept at), newest first."""


# --- archive -----------------------------------------------------------------------------------------


class LineRow(Row, frozen=True, kw_only=True):
    """`key` is the channel's own address of the line, `peer` where answers go; both personal data."""

    id: int
    channel: str
    key: str
    peer: str
    customer: int
    extra: dict[str, str] = {}


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
    attributes: dict[str, str] = {}
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
    extra: dict[str, str] = {}


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

    async def give_care(self, site: str, customer: int, attributes: Mapping[str, str | None]) -> bool:
        """Set attributes of a customer, or take away those given as None; False when there is no such customer.

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


# --- care: one person under several numbers, and forgetting a person ------------------------------------


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

    `refused`: `customer_unknown`; `conversations_open`, and then `open` names those that must be closed before; or
    `effects_waiting`, and then `open` names conversations whose answers are still on their way.
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

        Refused while a conversation of theirs is open or an effect of one waits; dead effects go. Names, attributes,
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


# --- outbox --------------------------------------------------------------------------------------------


class Effect(Row, frozen=True, kw_only=True):
    """A claimed outbox row."""

    id: int
    lane: str
    channel: str
    effect: str
    conv: int
    line: int
    message: int
    notice: str
    until_ms: int
    attempts: int
    created_ms: int
    unsure: bool
    state: str = "waiting"
    reason: str = ""
    position: int = 0


class Outbox(Protocol):
    """Effects, one in flight per lane, in order."""

    async def claim(self, site: str, worker: str, *, now_ms: int, until_ms: int, limit: int) -> list[Effect]:
        """Claim the head of each free lane that may go now, until a time longer than any call takes.

        What was claimed before and never reported comes back unsure: its worker may have died in the call.
        """

    async def holds(self, site: str, effect: int, worker: str, *, now_ms: int) -> bool:
        """Return whether the claim still stands; asked right before the call."""

    async def done(self, site: str, effect: int) -> None:
        """The effect has happened; its row goes."""

    async def later(
        self,
        site: str,
        effect: int,
        *,
        not_before_ms: int,
        reason: str,
        unsure: bool,
        worker: str = "",
        early_ms: int = 0,
    ) -> None:
        """Count an attempt and hold the lane until a time; `hasten` may bring it forward to `early_ms`, not further.

        Of a `worker` whose claim is another's by now: nothing.
        """

    async def hasten(self, site: str, channel: str, *, now_ms: int, limit: int) -> int:
        """Let heads of a channel go now that were put off to a later time: the channel works again, or is tried.

        Who was tried longest ago comes first, nobody before their `early_ms`; return how many.
        """

    async def dead(self, site: str, effect: int, reason: str, *, worker: str = "") -> None:
        """Give up by name: the row stays visible as a dead letter and the lane is free. A `worker` as in `later`."""

    async def revive(self, site: str, effect: int) -> bool:
        """Try a dead letter again; False when there is none of that id."""

    async def free_claims(self, site: str, *, now_ms: int, worker: str = "") -> None:
        """Give back every claim, or those of one worker, as unsure: they are known to be dead, perhaps amid a call."""

    async def dead_letters(self, site: str, limit: int) -> list[Effect]: ...

    async def depth(self, site: str) -> tuple[int, int, int]:
        """Return (waiting, created_ms of the oldest waiting or 0, dead)."""

    async def next_due_ms(self, site: str) -> int:
        """Return when the earliest unclaimed row may go, 0 when nothing waits."""


# --- leases, notebook, accounts -----------------------------------------------------------------------


class Leases(Protocol):
    """Who may: a name, an owner, an end, an epoch that rises with every new owner.

    A store across a network judges by its own clock, which is the same for every node, and not by `now_ms`.
    """

    async def acquire(self, site: str, name: str, owner: str, *, now_ms: int, ttl_ms: int) -> int:
        """Take or renew; return the epoch, or 0 when somebody else holds it."""

    async def release(self, site: str, name: str, owner: str) -> None: ...

    async def expired(self, site: str, prefix: str, *, now_ms: int) -> list[tuple[str, str]]:
        """Return the (name, owner) of leases that have run out. They stay until they are released, ended or taken."""

    async def holders(self, site: str, prefix: str, *, now_ms: int) -> list[tuple[str, str, bool]]:
        """Return (name, owner, whether it is held still) of leases that somebody had last."""

    async def forget(self, site: str, name: str, owner: str, *, now_ms: int) -> bool:
        """Give back a lease that has run out. One that its owner has renewed meanwhile stays theirs: then False."""

    async def end(self, site: str) -> None:
        """End every lease of a site: whoever calls it knows that their owners are dead."""


class Notebook(Protocol):
    """A small durable map per channel: cursors and provider tokens."""

    async def read(self, site: str, book: str, key: str) -> str | None: ...

    async def note(self, site: str, book: str, key: str, value: str) -> None: ...

    async def replace(self, site: str, book: str, key: str, *, old: str, new: str) -> bool:
        """Put a value in the place of the one that was read, empty for none; False when it is another one by now."""


class Account(Row, frozen=True, kw_only=True):
    """A person who signs in. `role` is agent, supervisor or admin; `skills` maps skill to level.

    `limits` are the most conversations of a channel at once; `first_tasks` name queues or skills that come first.
    `roster` is when they are planned to be there, by weekday (`mon`): `09:00-17:00` by the site's clock.
    """

    id: int
    login: str
    name: str
    role: str
    password: str
    team: str = ""
    skills: dict[str, int] = {}
    channels: Sequence[str] | None = None  # None: all
    languages: Sequence[str] = ()
    capacity: int = 0  # 0: the site's
    disabled: bool = False
    limits: dict[str, int] = {}
    first_tasks: Sequence[str] = ()
    roster: dict[str, Sequence[str]] = {}


class Session(Row, frozen=True, kw_only=True):
    token_hash: str
    account: int
    csrf: str
    created_ms: int
    expires_ms: int


class Accounts(Protocol):
    """People, sessions and drafts: plain rows, never events."""

    async def add(self, site: str, account: Account) -> int:
        """Insert (id 0) and return the id. Raises StoreError with a sentence when the login is taken."""

    async def change(self, site: str, account: Account) -> None: ...

    async def by_login(self, site: str, login: str) -> Account | None: ...

    async def by_id(self, site: str, account: int) -> Account | None: ...

    async def all(self, site: str) -> list[Account]: ...

    async def open_session(self, site: str, session: Session) -> None: ...

    async def slide_session(self, site: str, token_hash: str, *, expires_ms: int) -> None:
        """Move a session's end on. One that was closed meanwhile, at whatever node, stays closed."""

    async def session(self, site: str, token_hash: str, *, now_ms: int) -> Session | None: ...

    async def close_session(self, site: str, token_hash: str) -> None: ...

    async def close_sessions_of(self, site: str, account: int) -> None: ...

    async def save_draft(self, site: str, account: int, key: str, text: str, at: int) -> None: ...

    async def change_draft(self, site: str, account: int, key: str, *, old: str, new: str, at: int) -> bool:
        """Put a text in the place of the one that was read, empty for none; False when it is another one by now."""

    async def drafts(self, site: str, account: int) -> dict[str, str]: ...

    async def drafts_of(self, site: str, account: int) -> list[Draft]:
        """Return the same with the times at which they were kept, by key."""


# --- views ---------------------------------------------------------------------------------------------


class ViewRow(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """A row of a view's table: `int`, `str` and `bool` fields, ids and codes only.

    The first field is the subject (whom the row is about), the second numbers the rows of one subject.
    """

    @property
    def key(self) -> tuple[int, int]:
        """Return (subject, number)."""
        subject, number = self.__struct_fields__[:2]
        return getattr(self, subject), getattr(self, number)


class ViewSpec(Row, frozen=True, kw_only=True):
    """A view's tables by name. `version` rises when its rows mean something else: then they are made anew."""

    name: str
    version: int
    tables: Mapping[str, type[ViewRow]]


class ViewPlace(Row, frozen=True, kw_only=True):
    """How far a view has read the journal: a position, and when that was decided."""

    position: int = 0
    at: int = 0


class Views(Protocol):
    """Tables made from committed events, each view with its own position. They can be thrown away at any time."""

    async def begin(self, site: str, view: ViewSpec) -> ViewPlace:
        """Make the tables where they are missing or of another version or shape; return where the view stands."""

    async def latest(self, site: str, view: ViewSpec, table: str, *, subjects: Collection[int]) -> dict[int, ViewRow]:
        """Return the last row of each of these subjects that has one."""

    async def write(
        self, site: str, view: ViewSpec, *, after: int, place: ViewPlace, rows: Mapping[str, Sequence[ViewRow]]
    ) -> None:
        """Write rows (new or changed, by key) and the new place in one durable transaction.

        Raises Fenced when the view does not stand at `after`: somebody else has moved it or thrown it away.
        """

    async def rows(self, site: str, view: ViewSpec, table: str, *, after: tuple[int, int], limit: int) -> list[ViewRow]:
        """Return rows above a key, in order of their keys."""

    async def count(self, site: str, view: ViewSpec, table: str) -> int: ...

    async def forget(self, site: str, view: ViewSpec) -> None:
        """Throw the view's rows and place away."""


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


class Store(Protocol):
    """One database, seen through its parts."""

    letterbox: Letterbox
    journal: Journal
    archive: Archive
    outbox: Outbox
    leases: Leases
    notebook: Notebook
    accounts: Accounts
    senders: Senders
    care: Care
    relay: Relay
    views: Views

    @property
    def trouble(self) -> str:
        """Why something could not be written in the last seconds, empty when all was. A sentence without details."""

    async def clock(self) -> int:
        """Return the time in ms UTC by which this store judges leases: every node that uses it is told the same."""

    async def prune(self, site: str, *, now_ms: int) -> int:
        """Forget the dedupe hashes of letters settled longer ago than any provider sends again; return how many."""

    async def close(self) -> None: ...
