"""Faults that are seeded on purpose, to see that the checker names them. Each is planted in a subject's own process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import apsw
import msgspec

import router.store.sqlite.store as opening
from router.core import commands as cmd
from router.core import events as ev
from router.core.engine import DECIDERS
from router.core.evolve import STEPS
from router.core.state import State
from router.node import snapshots
from router.node.snapshots import Snapshotter
from router.store.port import Commit
from router.store.sqlite.journal import SqliteJournal

EARLY_S = 0.5
"""So long before its commit a decision is answered."""

ROOM_TOO_MUCH = 25
POISON_EVERY = 20
DROP_EVERY = 2
"""One reply in so many is left out of the journal."""


def synchronous_off() -> None:
    """Nothing is flushed: a kill does not show it, a cut of the power does."""
    inner = opening.open_writer

    def open_writer(path: str) -> apsw.Connection:
        conn = inner(path)
        conn.pragma("synchronous", "OFF")
        return conn

    opening.open_writer = open_writer


def answer_before_commit() -> None:
    """A decision is answered, published and seen while its commit is still to come."""
    inner = SqliteJournal.commit
    late: set[asyncio.Task[None]] = set()

    async def wait_and_commit(journal: SqliteJournal, site: str, commit: Commit) -> None:
        await asyncio.sleep(EARLY_S)
        await inner(journal, site, commit)

    async def commit(journal: SqliteJournal, site: str, commit: Commit) -> None:
        task = asyncio.create_task(wait_and_commit(journal, site, commit))
        late.add(task)
        task.add_done_callback(late.discard)

    setattr(SqliteJournal, "commit", commit)  # noqa: B010 - planted, and mypy would rightly object to an assignment.


def dropped_event() -> None:
    """The journal does not get every reply that was decided."""
    inner = ev.encode_entries
    seen = 0

    def encode(entries: list[ev.Entry]) -> bytes:
        nonlocal seen
        kept = []
        for entry in entries:
            replied = [event for event in entry.events if isinstance(event, ev.Replied)]
            seen += len(replied)
            dropped = bool(replied) and seen % DROP_EVERY == 0
            events = tuple(event for event in entry.events if not (dropped and isinstance(event, ev.Replied)))
            kept.append(msgspec.structs.replace(entry, events=events))
        return inner(kept)

    ev.encode_entries = encode


def one_too_many() -> None:
    """The core believes that everybody has more room than they have."""
    inner, moves = STEPS[ev.SignedIn]

    def signed_in(state: State, at: int, event: Any) -> None:
        inner(state, at, msgspec.structs.replace(event, capacity=event.capacity + ROOM_TOO_MUCH))

    STEPS[ev.SignedIn] = (signed_in, moves)


def poison() -> None:
    """Every so many-th message breaks the core, in the middle of its decision and each time anew."""
    inner = DECIDERS[cmd.Receive]

    def receive(state: State, at: int, command: cmd.Receive) -> Iterator[Any]:
        for step in inner(state, at, command):
            yield step
            if command.message % POISON_EVERY == 0:
                raise RuntimeError("poison")

    DECIDERS[cmd.Receive] = receive


def eager_snapshots() -> None:
    """Snapshots are due all the time, and are tried again at once."""
    snapshots.LOOK_S = 0.1
    Snapshotter.is_due = lambda snapshotter: snapshotter._floor.position > snapshotter._last_position


FAULTS: dict[str, Callable[[], None]] = {
    plant.__name__: plant
    for plant in (synchronous_off, answer_before_commit, dropped_event, one_too_many, poison, eager_snapshots)
}
