"""The journal, what a commit writes with it, snapshots and bundles. No SQL, no decisions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from router.store.port.row import Row


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
