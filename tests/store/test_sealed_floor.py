"""What stands on a journal whose old months are sealed, or gone, on every store: recovery, snapshots, views."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.core.snapshot import encode_state
from router.floor.recovery import Unrecoverable, recover_state
from router.store.port import Snapshot, Store
from router.store.sqlite import SqliteStore
from router.views.keeper import JournalGap
from router.views.legs import LEGS_VIEW
from router.views.rebuild import rebuild_view
from tests.floor.house import SITE, HandClock, House, wrote

DAY_MS = 86_400_000
DAYS = 6


@pytest.fixture
async def lived(store: Store, tmp_path: Path) -> House:
    """A floor that has lived for some days and decides no more; its store is open."""
    house = House(tmp_path, store, HandClock())
    await house.lead()
    await house.configure()
    house.start("intake")
    await house.agent(capacity=50)
    for day in range(DAYS):
        house.clock.now += DAY_MS
        [accepted] = await house.door("push").accept([wrote("hello", key=f"k{day}")])
        assert await house.door("push").decided(accepted.letter, wait_ms=30_000) is not None
    await house.stop()
    await rebuild_view(LEGS_VIEW, SITE, store, say=lambda _: None)
    return house


async def legs(store: Store) -> list[object]:
    spec = LEGS_VIEW.spec
    return list(await store.views.rows(SITE, spec, next(iter(spec.tables)), after=(0, 0), limit=100))


async def cut_off(store: Store) -> None:
    """Take away what is sealed, as somebody might who wants the room."""
    if isinstance(store, SqliteStore):
        await store._writer.execute("DELETE FROM sealed", ())
    else:
        await store._connections.write("DELETE FROM sealed")  # type: ignore[attr-defined]


async def test_a_sealed_journal_makes_the_same_floor_and_the_same_views(lived: House, store: Store) -> None:
    before, rows = encode_state(lived.floor.state), await legs(store)
    assert len(rows) == DAYS
    assert await store.journal.seal(SITE, before_ms=lived.clock.now) > DAYS
    assert encode_state(await recover_state(store.journal, SITE, {})) == before
    await rebuild_view(LEGS_VIEW, SITE, store, say=lambda _: None)
    assert await legs(store) == rows


async def test_nothing_is_decided_or_made_anew_from_a_journal_without_its_beginning(lived: House, store: Store) -> None:
    """It is never dropped: a snapshot is only a cache, so without the journal an upgrade could not start."""
    before, rows = encode_state(lived.floor.state), await legs(store)
    await store.journal.seal(SITE, before_ms=lived.clock.now)
    await cut_off(store)
    with pytest.raises(Unrecoverable, match="a gap after position 0"):
        await recover_state(store.journal, SITE, {})
    with pytest.raises(JournalGap, match="lacks its beginning"):
        await rebuild_view(LEGS_VIEW, SITE, store, say=lambda _: None)
    assert await legs(store) == rows, "what could not be made again is left as it is"
    snapshot = Snapshot(position=lived.floor.position, at=lived.clock.now, release="test", state=before)
    await store.journal.keep_snapshot(SITE, snapshot)
    assert encode_state(await recover_state(store.journal, SITE, {})) == before
