"""The letterbox: what a channel has accepted, once, and what became of it. No SQL, no decisions."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

import msgspec

from router.store.port.row import Row


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
    extra: dict[str, str] = msgspec.field(default_factory=dict)


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
