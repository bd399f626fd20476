"""From the store back to a state: the latest snapshot, then the journal after it. The one path of start and crash."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from router.core.bundle import Bundle, decode_bundle
from router.core.events import Entry, decode_entries
from router.core.evolve import BundleMissing, replay
from router.core.snapshot import ForeignSnapshot, decode_state, encode_state, without_collection
from router.core.state import State
from router.store.port import Journal, JournalRow

Bundles = dict[str, Bundle]


class Unrecoverable(Exception):
    """The journal names something the store does not have. Nothing may be decided on such a floor."""


async def recover_state(
    journal: Journal, site: str, bundles: Bundles, *, passed_by: Callable[[int], object] | None = None
) -> State:
    """Return the state at the journal's end. `bundles` gets the bundle that runs there.

    `passed_by` hears the position of each snapshot that cannot be read: then an older one, or none, is begun with.
    """
    with without_collection():
        state = await _pictured(journal, site, bundles, passed_by=passed_by)
        async for _, _ in replayed(journal, site, state, bundles):
            keep_running(bundles, state)
    return state


async def replayed(
    journal: Journal, site: str, state: State, bundles: Bundles
) -> AsyncIterator[tuple[JournalRow, list[Entry]]]:
    """Bring a state to the journal's end, yielding each row after it has been applied."""
    async for row in journal.read(site, state.position):
        if row.first != state.position + 1:
            raise Unrecoverable(f"the journal has a gap after position {state.position}")
        entries = decode_entries(row.entries)
        for entry in entries:
            try:
                replay(state, entry, bundles)
            except BundleMissing as missing:
                await load_bundle(journal, site, missing, bundles)
                replay(state, entry, bundles)
        yield row, entries


def keep_running(bundles: Bundles, *states: State) -> None:
    """Let go of every bundle that none of these states runs: a year has one for each day."""
    if len(bundles) > len(states):
        running = {state.bundle_hash for state in states}
        for name in [name for name in bundles if name not in running]:
            del bundles[name]


def fork(state: State, bundles: Bundles) -> State:
    """Return an independent copy, made the way in which a snapshot is read."""
    return decode_state(encode_state(state), bundles)


async def _pictured(
    journal: Journal, site: str, bundles: Bundles, *, passed_by: Callable[[int], object] | None
) -> State:
    """Return the state of the newest snapshot that can be read; an empty one where there is none."""
    snapshot = await journal.latest_snapshot(site)
    while snapshot is not None:
        try:
            return await _decoded(journal, site, snapshot.state, bundles)
        except ForeignSnapshot:
            if passed_by is not None:
                passed_by(snapshot.position)
        snapshot = await journal.latest_snapshot(site, before=snapshot.position)
    return State()


async def _decoded(journal: Journal, site: str, data: bytes, bundles: Bundles) -> State:
    """Decode a snapshot; it names the one bundle that it needs."""
    try:
        return decode_state(data, bundles)
    except BundleMissing as missing:
        await load_bundle(journal, site, missing, bundles)
        return decode_state(data, bundles)


async def load_bundle(journal: Journal, site: str, missing: BundleMissing, bundles: Bundles) -> None:
    """Fetch a bundle that a state needs. Raises Unrecoverable where the store does not have it."""
    name = str(missing.args[0])
    data = await journal.bundle(site, name)
    if data is None:
        raise Unrecoverable(f"the bundle {name} is named by the journal and is not kept")
    bundles[name] = decode_bundle(data)
