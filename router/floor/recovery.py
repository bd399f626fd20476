"""From the store back to a state: the latest snapshot, then the journal after it. The one path of start and crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from router.core.bundle import Bundle, decode_bundle
from router.core.events import ConfigApplied, Entry, decode_entries
from router.core.evolve import replay
from router.core.snapshot import decode_state, encode_state
from router.core.state import State
from router.store.port import Journal, JournalRow

Bundles = dict[str, Bundle]


class Unrecoverable(Exception):
    """The journal names something the store does not have. Nothing may be decided on such a floor."""


async def recover_state(journal: Journal, site: str, bundles: Bundles) -> State:
    """Return the state at the journal's end. `bundles` gets every bundle that was needed."""
    snapshot = await journal.latest_snapshot(site)
    state = State()
    if snapshot is not None:
        state = await _decode(journal, site, snapshot.state, bundles)
    async for _, _ in replayed(journal, site, state, bundles):
        await asyncio.sleep(0)
    return state


async def replayed(
    journal: Journal, site: str, state: State, bundles: Bundles
) -> AsyncIterator[tuple[JournalRow, list[Entry]]]:
    """Bring a state to the journal's end, yielding each row after it has been applied."""
    async for row in journal.read(site, state.position):
        entries = decode_entries(row.entries)
        if row.first != state.position + 1:
            raise Unrecoverable(f"the journal has a gap after position {state.position}")
        await load_bundles(journal, site, entries, bundles)
        for entry in entries:
            replay(state, entry, bundles)
        yield row, entries


async def load_bundles(journal: Journal, site: str, entries: list[Entry], bundles: Bundles) -> None:
    """Load the bundles that some entries apply."""
    for entry in entries:
        for event in entry.events:
            if isinstance(event, ConfigApplied) and event.hash not in bundles:
                await _load(journal, site, event.hash, bundles)


def fork(state: State, bundles: Bundles) -> State:
    """Return an independent copy, made the way in which a snapshot is read."""
    return decode_state(encode_state(state), bundles)


async def _decode(journal: Journal, site: str, data: bytes, bundles: Bundles) -> State:
    """Decode a snapshot; it names the one bundle that it needs."""
    try:
        return decode_state(data, bundles)
    except LookupError as missing:
        await _load(journal, site, str(missing.args[0]), bundles)
        return decode_state(data, bundles)


async def _load(journal: Journal, site: str, name: str, bundles: Bundles) -> None:
    data = await journal.bundle(site, name)
    if data is None:
        raise Unrecoverable(f"the bundle {name} is named by the journal and is not kept")
    bundles[name] = decode_bundle(data)
