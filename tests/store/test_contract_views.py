"""What every store must do: views, whose rows and place move together and can be thrown away."""

from __future__ import annotations

import re

import apsw
import pytest

from router.store.port import Fenced, Store, StoreError, ViewPlace, ViewRow, ViewSpec
from router.store.sqlite.schema import migrate
from router.store.sqlite.views import SLICE_ROWS, Statements, make_tables
from tests.store.conftest import Opener
from tests.store.makers import SITE


class Stay(ViewRow, frozen=True, array_like=True, kw_only=True):
    guest: int
    number: int
    room: str = ""
    paid: bool = False


class LongerStay(Stay, frozen=True, array_like=True, kw_only=True):
    nights: int = 0


class Room(ViewRow, frozen=True, array_like=True, kw_only=True):
    room: int
    number: int


STAYS = ViewSpec(name="stays", version=1, tables={"stay": Stay, "room": Room})
FIRST = ViewPlace(position=5, at=1_005)


def stay(guest: int, number: int = 1, **given: object) -> Stay:
    return Stay(guest=guest, number=number, **given)  # type: ignore[arg-type]


async def everything(store: Store, site: str = SITE, view: ViewSpec = STAYS) -> list[ViewRow]:
    return await store.views.rows(site, view, "stay", after=(-1, -1), limit=10_000)


async def move(store: Store, place: ViewPlace, *rows: ViewRow, after: int = 0, site: str = SITE) -> None:
    await store.views.write(site, STAYS, after=after, place=place, rows={"stay": rows})


async def test_a_new_view_stands_before_the_first_event(store: Store) -> None:
    assert await store.views.begin(SITE, STAYS) == ViewPlace()
    assert await everything(store) == []
    assert await store.views.count(SITE, STAYS, "stay") == 0


async def test_rows_and_place_are_there_together_after_a_restart(store: Store, opener: Opener) -> None:
    await store.views.begin(SITE, STAYS)
    odd = "' \" \\ \0 ไทย 😀"
    await move(store, FIRST, stay(1, room=odd, paid=True), stay(2))
    again = await opener()
    try:
        assert await again.views.begin(SITE, STAYS) == FIRST
        assert await everything(again) == [stay(1, room=odd, paid=True), stay(2)]
    finally:
        await again.close()


async def test_a_row_with_a_known_key_is_changed(store: Store) -> None:
    await store.views.begin(SITE, STAYS)
    await move(store, FIRST, stay(1, room="blue"))
    await move(store, ViewPlace(position=6, at=1_006), stay(1, room="red"), stay(1, 2), after=5)
    assert await everything(store) == [stay(1, room="red"), stay(1, 2)]


async def test_what_a_view_has_done_with_is_deleted_with_its_move(store: Store) -> None:
    await store.views.begin(SITE, STAYS)
    await store.views.begin("other", STAYS)
    await move(store, FIRST, stay(1), stay(1, 2), stay(2))
    await move(store, FIRST, stay(1), site="other")
    place = ViewPlace(position=6, at=1_006)
    gone = {"stay": [(1, 1), (2, 1), (9, 9)], "room": [(1, 1)]}
    await store.views.write(SITE, STAYS, after=5, place=place, rows={"stay": [stay(3)]}, gone=gone)
    assert await everything(store) == [stay(1, 2), stay(3)]
    assert await everything(store, "other") == [stay(1)]


async def test_a_view_that_has_moved_deletes_nothing_for_who_did_not_see_it(store: Store) -> None:
    await store.views.begin(SITE, STAYS)
    await move(store, FIRST, stay(1))
    place = ViewPlace(position=9, at=9)
    with pytest.raises(Fenced):
        await store.views.write(SITE, STAYS, after=0, place=place, rows={}, gone={"stay": [(1, 1)]})
    assert await everything(store) == [stay(1)]


async def test_a_table_of_keys_alone_takes_a_row_twice(store: Store) -> None:
    await store.views.begin(SITE, STAYS)
    for after in (0, 1):
        place = ViewPlace(position=after + 1, at=1)
        await store.views.write(SITE, STAYS, after=after, place=place, rows={"room": [Room(room=3, number=0)]})
    assert await store.views.count(SITE, STAYS, "room") == 1


async def test_a_view_that_has_moved_takes_nothing_from_who_did_not_see_it(store: Store) -> None:
    await store.views.begin(SITE, STAYS)
    await move(store, FIRST, stay(1))
    with pytest.raises(Fenced):
        await move(store, ViewPlace(position=9, at=9), stay(1, room="late"), stay(7), after=0)
    assert await everything(store) == [stay(1)]
    assert await store.views.begin(SITE, STAYS) == FIRST


async def test_a_view_that_was_thrown_away_takes_nothing_until_it_begins_anew(store: Store) -> None:
    await store.views.begin(SITE, STAYS)
    await move(store, FIRST, stay(1))
    await store.views.forget(SITE, STAYS)
    with pytest.raises(Fenced):
        await move(store, ViewPlace(position=6, at=6), stay(2), after=5)
    assert await everything(store) == []
    assert await store.views.begin(SITE, STAYS) == ViewPlace()


async def test_the_latest_row_of_each_subject_is_found(store: Store) -> None:
    await store.views.begin(SITE, STAYS)
    await move(store, FIRST, *(stay(guest, number) for guest in range(4) for number in range(1, 4 + guest)))
    found = await store.views.latest(SITE, STAYS, "stay", subjects={0, 3, 99})
    assert found == {0: stay(0, 3), 3: stay(3, 6)}
    assert await store.views.latest(SITE, STAYS, "stay", subjects=()) == {}


async def test_rows_come_page_by_page_in_order(store: Store) -> None:
    await store.views.begin(SITE, STAYS)
    rows = [stay(guest, number) for guest in (1, 2, 10) for number in (1, 2)]
    await move(store, FIRST, *reversed(rows))
    pages, after = list[ViewRow](), (0, 0)
    while page := await store.views.rows(SITE, STAYS, "stay", after=after, limit=4):
        pages += page
        after = page[-1].key
    assert pages == rows


async def test_a_large_view_is_thrown_away_to_the_last_row_and_other_sites_keep_theirs(store: Store) -> None:
    for site in (SITE, "other"):
        await store.views.begin(site, STAYS)
        await move(store, FIRST, *(stay(guest) for guest in range(2 * SLICE_ROWS + 3)), site=site)
    await store.views.forget(SITE, STAYS)
    assert await store.views.count(SITE, STAYS, "stay") == 0
    assert await store.views.count("other", STAYS, "stay") == 2 * SLICE_ROWS + 3
    assert await store.views.begin("other", STAYS) == FIRST


@pytest.mark.parametrize(
    "changed",
    [
        ViewSpec(name="stays", version=2, tables=STAYS.tables),
        ViewSpec(name="stays", version=1, tables={"stay": LongerStay}),
    ],
    ids=["version", "shape"],
)
async def test_a_view_of_another_version_or_shape_begins_anew(store: Store, changed: ViewSpec) -> None:
    await store.views.begin(SITE, STAYS)
    await move(store, FIRST, stay(1))
    assert await store.views.begin(SITE, changed) == ViewPlace()
    assert await everything(store, view=changed) == []


async def test_two_views_stand_where_they_stand(store: Store) -> None:
    other = ViewSpec(name="others", version=1, tables={"other": Room})
    await store.views.begin(SITE, STAYS)
    await store.views.begin(SITE, other)
    await move(store, FIRST, stay(1))
    assert await store.views.begin(SITE, other) == ViewPlace()
    assert await store.views.begin(SITE, STAYS) == FIRST


@pytest.mark.parametrize("name", ["stay; DROP TABLE journal", "Stay", ""])
async def test_a_table_whose_name_is_none_is_refused(store: Store, name: str) -> None:
    with pytest.raises(StoreError):
        await store.views.begin(SITE, ViewSpec(name="odd", version=1, tables={name: Stay}))


@pytest.mark.parametrize("name", ["latest", "rows", "count", "sweep"])
def test_a_views_statement_reads_no_table_from_end_to_end(name: str) -> None:
    conn = apsw.Connection(":memory:")
    migrate(conn)
    make_tables(conn, view=STAYS)
    statement = getattr(Statements("stay", Stay), name)
    values = (None,) * len(set(re.findall(r"\?\d?", statement)))
    steps = [row[3] for row in conn.execute("EXPLAIN QUERY PLAN " + statement, values)]
    conn.close()
    assert steps
    assert [step for step in steps if step.startswith("SCAN") and "VIRTUAL" not in step] == []
