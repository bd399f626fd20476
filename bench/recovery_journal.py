"""A journal of a busy floor in a real store, for the benchmark of recovery: decided, and written by the real writer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.core_load import Load, Size, bundle_of
from router.clustering import open_store
from router.core import commands as cmd
from router.core.answers import Answered, Made
from router.core.bundle import encode_bundle
from router.core.engine import Engine
from router.core.events import Entry
from router.core.evolve import replay
from router.core.state import State
from router.floor.recovery import Bundles
from router.floor.rows import Names, commit_of
from router.node.snapshots import make_snapshot
from router.site.key import SiteKey
from router.site.places import MAIN as SITE
from router.store.port import Commit, Store

SIZE = Size(1_000, 100_000, 90)
# Decisions to a commit: what a floor that is busy and not yet full writes with one flush.
BATCH = 16
LEASE_MS = 10**15
BUNDLE = "bench"
RELEASE = "bench"
KEY = SiteKey(bytes(32))


class Heard(Engine):
    """An engine that keeps what it decides until somebody takes it."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = []

    def handle(self, command: cmd.Command, at: int) -> Answered:
        """Decide, and keep the entry."""
        answer = super().handle(command, at)
        if isinstance(answer, Made) and answer.entry is not None:
            self.entries.append(answer.entry)
        return answer

    def tick(self, at: int) -> Entry | None:
        """Fire, and keep the entry."""
        entry = super().tick(at)
        if entry is not None:
            self.entries.append(entry)
        return entry

    def take(self) -> list[Entry]:
        """Return what was kept, once."""
        taken, self.entries = self.entries, []
        return taken


def decisions(size: Size) -> Iterator[Entry]:
    """Yield what a floor of robots decides, without an end."""
    engine = Heard()
    load = Load(size, bundle_of(size), engine=engine)
    load.build()
    while True:
        yield from engine.take()
        load.steps.clear()
        load.run(1)


@dataclass(slots=True)
class Batches:
    """Makes commits with all their rows, as the floor does: beside a state before and a state after."""

    bundles: Bundles
    epoch: int
    before: State = field(default_factory=State)
    after: State = field(default_factory=State)

    def commit(self, entries: list[Entry]) -> Commit:
        """Return the next commit; both states move on."""
        for entry in entries:
            replay(self.after, entry, self.bundles)
        names = Names(_reference, {}, {})
        made = commit_of(entries, self.before, self.after, names=names, letters={}, epoch=self.epoch)
        for entry in entries:
            replay(self.before, entry, self.bundles)
        return made


def _reference(conv: int) -> str:
    return f"R{conv}"


async def write_journal(folder: Path, events: int, *, snapshot_every: int, say: Callable[[str], None]) -> None:
    """Write so many events, with the snapshots that fall due on the way, but none at the very end."""
    store = await open_store(folder, KEY)
    try:
        await _write(store, events, snapshot_every=snapshot_every, say=say)
    finally:
        await store.close()


async def _write(store: Store, events: int, *, snapshot_every: int, say: Callable[[str], None]) -> None:
    bundle = bundle_of(SIZE)
    await store.journal.keep_bundle(SITE, BUNDLE, encode_bundle(bundle), 0)
    epoch = await store.leases.acquire(SITE, "lead", "bench", now_ms=0, ttl_ms=LEASE_MS)
    batches = Batches({BUNDLE: bundle}, epoch)
    source, due = decisions(SIZE), snapshot_every
    while batches.before.position < events:
        await store.journal.commit(SITE, batches.commit([next(source) for _ in range(BATCH)]))
        if snapshot_every and due <= batches.before.position < events - snapshot_every / 2:
            due += snapshot_every
            say(await keep_snapshot(store))


async def keep_snapshot(store: Store) -> str:
    """Do what the child and its parent do, in this process."""
    made = await make_snapshot(store.journal, SITE, release=RELEASE)
    await store.journal.keep_snapshot(SITE, made)
    return f"snapshot at {made.position:,}: {len(made.state) / 1e6:.1f} MB"
