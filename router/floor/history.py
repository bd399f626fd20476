"""How a floor stood when an earlier decision was made: replayed from the snapshot before it, within bounds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import NamedTuple

from router.core import events as ev
from router.core.conversations import Conv
from router.core.evolve import BundleMissing, evolve, replay
from router.core.snapshot import ForeignSnapshot, decode_state
from router.core.state import State
from router.core.trial import PEOPLE_MAX, able_for
from router.floor.recovery import Bundles, load_bundle
from router.store.port import Journal

# Replaying so many events takes half a second beside the floor; one snapshot of each day is kept for long, so of a busy
# floor the last hours can be told, of a small one every day.
EVENTS_MAX = 50_000
# A picture of a floor with this many bytes is read in a tenth of a second.
SNAPSHOT_BYTES_MAX = 8 * 1024 * 1024
# The floor's loop gets its turn so often.
SLICE_S = 0.004
# Those who could have served it are told one by one up to so many.
TOLD_MAX = 50
RESTING = "resting"


class TooFarBack(Exception):
    """Too much has happened between the last picture of the floor and that decision, or the floor is too large."""


class Stood(NamedTuple):
    """How somebody stood who could serve the conversation: asked, free, kept, full, away or resting."""

    agent: int
    stands: str
    presence: str
    used: int
    capacity: int


class Passed(NamedTuple):
    """Everybody who could serve it then, who was asked first; how many there were, and how many more signed in."""

    stood: Sequence[Stood]
    able: int
    unable: int


async def passed_over(journal: Journal, site: str, *, conv: int, position: int) -> Passed | None:
    """Return how everybody stood when a conversation was offered at a position of the journal; None for no offer.

    Raises TooFarBack.
    """
    bundles: Bundles = {}
    state = await _before(journal, site, position, bundles)
    if position - state.position > EVENTS_MAX:
        raise TooFarBack
    slept_at = time.monotonic()
    async for row in journal.read(site, state.position, position):
        if row.first != state.position + 1:
            raise TooFarBack
        for entry in ev.decode_entries(row.entries):
            if state.position + len(entry.events) >= position:
                return _offered(state, entry, bundles, conv=conv, nth=position - state.position - 1)
            await _replayed(journal, site, state, entry, bundles)
            if time.monotonic() - slept_at > SLICE_S:
                await asyncio.sleep(0)
                slept_at = time.monotonic()
    return None


async def _before(journal: Journal, site: str, position: int, bundles: Bundles) -> State:
    """Return the state of the newest readable snapshot before a position, or of a floor that has just begun."""
    snapshot = await journal.latest_snapshot(site, before=position)
    while snapshot is not None:
        if len(snapshot.state) > SNAPSHOT_BYTES_MAX:
            raise TooFarBack
        try:
            try:
                return await asyncio.to_thread(decode_state, snapshot.state, bundles)
            except BundleMissing as missing:
                await load_bundle(journal, site, missing, bundles)
                return await asyncio.to_thread(decode_state, snapshot.state, bundles)
        except ForeignSnapshot:
            snapshot = await journal.latest_snapshot(site, before=snapshot.position)
    return State()


async def _replayed(journal: Journal, site: str, state: State, entry: ev.Entry, bundles: Bundles) -> None:
    try:
        replay(state, entry, bundles)
    except BundleMissing as missing:
        await load_bundle(journal, site, missing, bundles)
        replay(state, entry, bundles)


def _offered(state: State, entry: ev.Entry, bundles: Bundles, *, conv: int, nth: int) -> Passed | None:
    """Bring a state to right before one event of an entry, and look at who could have been asked."""
    event = entry.events[nth]
    if not isinstance(event, ev.Offered | ev.RangAlso) or event.conv != conv or len(state.agents) > PEOPLE_MAX:
        return None
    for earlier in entry.events[:nth]:
        evolve(state, entry.at, earlier, bundles)
    known = state.convs[conv]
    found = [_stood(state, each.agent.id, each.stands, known, entry.at, event.agent) for each in able_for(state, known)]
    found.sort(key=lambda each: each.stands != "asked")
    return Passed(stood=found[:TOLD_MAX], able=len(found), unable=len(state.agents) - len(found))


def _stood(state: State, agent_id: int, stands: str, conv: Conv, at: int, asked: int) -> Stood:
    agent = state.agents[agent_id]
    if agent_id == asked:
        stands = "asked"
    elif stands in {"free", "kept"} and (conv.resting or {}).get(agent_id, 0) > at:
        stands = RESTING
    return Stood(agent_id, stands, agent.presence, agent.used, agent.capacity)
