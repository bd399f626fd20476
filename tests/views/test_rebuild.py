"""Views in a real store: followed, interrupted, killed, thrown away, rebuilt, and always the same rows."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from click.testing import CliRunner, Result

from router.cli import main
from router.clustering import open_store
from router.core.events import Entry, LeadTaken
from router.site.datalock import locked
from router.site.key import load_site_key
from router.store.port import Fenced, Store, StoreError, StoreUnavailable, ViewPlace
from router.views import keeper as keeper_module
from router.views.keeper import JournalGap, Keeper
from router.views.known import VIEWS
from router.views.legs import LEGS, LEGS_VIEW
from router.views.rebuild import rebuild_view
from tests.store.makers import SITE
from tests.views.journals import everything, followed, opened, tables, write_journal
from tests.views.watching import folded, of_world, walked

ROOT = Path(__file__).parent.parent.parent

# A walk so long that followers can be killed at many batches before its end.
STEPS = 600


def expected(seed: int) -> dict[str, Any]:
    """What the views hold of a walk, folded at once and without a store."""
    entries = of_world(walked(seed, STEPS))
    return {name: folded(view, [entries]) for name, view in VIEWS.items()}


async def kept(folder: Path, seed: int) -> Store:
    store = await opened(folder)
    await write_journal(store, walked(seed, STEPS).entries, Random(seed))
    return store


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a walk of some hundred events takes many batches."""
    monkeypatch.setattr(keeper_module, "EVENTS_MAX", 60)


@pytest.mark.parametrize("seed", range(3))
async def test_what_was_followed_piece_by_piece_is_what_is_rebuilt(tmp_path: Path, seed: int) -> None:
    store = await opened(tmp_path)
    try:
        entries, chance = walked(seed, STEPS).entries, Random(seed)
        for start in range(0, len(entries), 120):
            await write_journal(store, entries[start : start + 120], chance)
            for view in VIEWS.values():
                await followed(store, view)
        assert await everything(store) == expected(seed)
        for view in VIEWS.values():
            await rebuild_view(view, SITE, store, say=str)
        assert await everything(store) == expected(seed)
    finally:
        await store.close()


class Wounded:
    """The store's views, of which one write fails: before it was done, or after, when nobody can know."""

    def __init__(self, views: Any, write: int, *, done: bool) -> None:
        self._views, self._left, self._done = views, write, done

    def __getattr__(self, name: str) -> Any:
        return getattr(self._views, name)

    async def write(self, *words: Any, **given: Any) -> None:
        self._left -= 1
        if self._left != 0:
            await self._views.write(*words, **given)
            return
        if self._done:
            await self._views.write(*words, **given)
        raise StoreError("nobody knows") if self._done else StoreUnavailable("the disk is full")


@pytest.mark.parametrize("done", [False, True], ids=["before it was written", "after it was written"])
async def test_a_failure_at_any_batch_loses_and_doubles_nothing(tmp_path: Path, done: bool) -> None:
    store, whole = await kept(tmp_path, 5), expected(5)[LEGS]
    views, batch, unhurt = store.views, 0, False
    try:
        while not unhurt:
            batch += 1
            await views.forget(SITE, LEGS_VIEW.spec)
            store.views = Wounded(views, batch, done=done)
            try:
                await followed(store, LEGS_VIEW)
                unhurt = True
            except StoreError:
                await followed(store, LEGS_VIEW)
            store.views = views
            assert await tables(store, LEGS_VIEW) == whole
    finally:
        await store.close()
    assert batch > 6, "the last was one more than there are, and each before it failed once"


@pytest.mark.crash
@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_kill_between_batches_loses_and_doubles_nothing(tmp_path: Path, moment: str) -> None:
    store = await kept(tmp_path, 7)
    await store.close()
    child = [sys.executable, "-m", "tests.views.killed_follower", str(tmp_path)]
    for batch in (1, 3, 4, 6):
        done = await asyncio.to_thread(
            subprocess.run, [*child, str(batch), moment], cwd=ROOT, capture_output=True, check=False
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
    store = await opened(tmp_path)
    try:
        before = await store.views.begin(SITE, LEGS_VIEW.spec)
        assert 0 < before.position < (await store.journal.end(SITE))[0]
        for view in VIEWS.values():
            await followed(store, view)
        assert await everything(store) == expected(7)
    finally:
        await store.close()


async def test_of_two_who_follow_one_view_only_one_writes_each_batch(tmp_path: Path) -> None:
    store = await kept(tmp_path, 7)
    try:
        first, second = Keeper(LEGS_VIEW, SITE, store), Keeper(LEGS_VIEW, SITE, store)
        await first.begin()
        await second.begin()
        await first.catch_up()
        with pytest.raises(Fenced):
            await second.catch_up()
        await second.begin()
        assert second.place == first.place
        assert await tables(store, LEGS_VIEW) == expected(7)[LEGS]
    finally:
        await store.close()


async def test_a_journal_that_does_not_go_on_where_the_view_stands_is_said_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    store = await kept(tmp_path, 8)
    try:
        keeper = await followed(store, LEGS_VIEW)
        before = await tables(store, LEGS_VIEW)
        longest = max([row async for row in store.journal.read(SITE, 0)], key=lambda row: row.count)
        assert longest.count > 1, "a place within it is one where no row ends"
        behind = ViewPlace(position=longest.first, at=keeper.place.at)
        await store.views.write(SITE, LEGS_VIEW.spec, after=keeper.place.position, place=behind, rows={})
        with pytest.raises(JournalGap):
            await followed(store, LEGS_VIEW)
        assert await tables(store, LEGS_VIEW) == before
    finally:
        await store.close()


# --- the command ------------------------------------------------------------------------------------------


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data of a stopped server, whose views have seen nothing yet."""

    async def make() -> None:
        store = await open_store(tmp_path, load_site_key(tmp_path, {}))
        await write_journal(store, walked(9, STEPS).entries, Random(9))
        await store.close()

    asyncio.run(make())
    return tmp_path


def rebuild(data: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["rebuild", "--data", str(data), *words])


def held(data: Path) -> dict[str, Any]:
    async def read() -> dict[str, Any]:
        store = await open_store(data, load_site_key(data, {}))
        try:
            for view in VIEWS.values():
                await store.views.begin(SITE, view.spec)
            return await everything(store)
        finally:
            await store.close()

    return asyncio.run(read())


def test_rebuild_says_rows_and_position_of_each_view(data: Path) -> None:
    said = rebuild(data)
    assert said.exit_code == 0, said.output
    whole, end = expected(9), sum(len(entry.events) for entry in walked(9, STEPS).entries)
    for name, view in VIEWS.items():
        own = whole[name][next(iter(view.spec.tables))]
        assert f"{name}: {len(own)} rows, position {end}\n" in said.stdout
    assert "%" in said.stderr
    assert held(data) == whole


def test_rebuild_makes_only_the_view_that_was_asked_for(data: Path) -> None:
    assert rebuild(data, "--view", "agent_time").exit_code == 0
    made = held(data)
    assert made["agent_time"] == expected(9)["agent_time"]
    assert made[LEGS] == {name: {} for name in LEGS_VIEW.spec.tables}


def test_rebuild_throws_away_what_was_wrong(data: Path) -> None:
    rebuild(data)

    async def spoil() -> None:
        store = await open_store(data, load_site_key(data, {}))
        place = await store.views.begin(SITE, LEGS_VIEW.spec)
        [row] = await store.views.rows(SITE, LEGS_VIEW.spec, LEGS, after=(0, 0), limit=1)
        wrong = type(row)(**{**{name: getattr(row, name) for name in row.__struct_fields__}, "leg": 77})
        await store.views.write(SITE, LEGS_VIEW.spec, after=place.position, place=place, rows={LEGS: [wrong]})
        await store.close()

    asyncio.run(spoil())
    assert held(data) != expected(9)
    rebuild(data, "--view", LEGS)
    assert held(data) == expected(9)


def test_rebuild_is_refused_with_a_sentence_while_a_server_runs_on_the_data(data: Path) -> None:
    with locked(data, 8080):
        said = rebuild(data)
    assert said.exit_code == 1
    assert "Patchbay is running on this data already" in said.output
    assert held(data)[LEGS][LEGS] == {}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("--view", "lags"),
            "'lags'. There are: agent_time, answering, legs, occupancy, orders, promises, ratings, rulings, soundings.",
        )
    ],
)
def test_a_view_that_is_none_is_named_with_those_that_are(data: Path, words: tuple[str, ...], sentence: str) -> None:
    said = rebuild(data, *words)
    assert said.exit_code == 1
    assert sentence in said.output


def test_a_directory_without_data_is_named_and_not_made(tmp_path: Path) -> None:
    said = rebuild(tmp_path / "nothing")
    assert "There is no Patchbay data" in said.output
    assert not (tmp_path / "nothing").exists()


async def test_an_empty_journal_makes_an_empty_view(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    try:
        assert await rebuild_view(LEGS_VIEW, SITE, store, say=str) == "legs: 0 rows, position 0"
    finally:
        await store.close()


async def test_events_that_say_nothing_to_a_view_move_its_place_all_the_same(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    try:
        await write_journal(store, [Entry(1_000, "lead", (LeadTaken(1, 0, "test", 0),))], Random(1))
        keeper = await followed(store, LEGS_VIEW)
        assert keeper.place == ViewPlace(position=1, at=1_000)
    finally:
        await store.close()
