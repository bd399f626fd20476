"""The follower beside a living floor: up to date soon, never in a decision's way, at home again after anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from router.store.port import StoreUnavailable
from router.views import follower as follower_module
from router.views.follower import ViewFollower
from router.views.keeper import Keeper
from router.views.known import VIEWS
from router.views.legs import LEGS, LEGS_VIEW, Leg
from tests.floor.house import SITE, House, wrote
from tests.views.journals import tables

Eventually = Callable[[Callable[[], Awaitable[bool] | bool]], Awaitable[None]]


@asynccontextmanager
async def following(house: House, *views: Any) -> AsyncIterator[list[ViewFollower]]:
    """Followers that run; stopped afterwards."""
    made = [ViewFollower(view, house.floor, house.store, telemetry=house.telemetry) for view in views]
    tasks = [asyncio.create_task(follower.run()) for follower in made]
    try:
        yield made
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def legs(house: House) -> list[Leg]:
    rows = await house.store.views.rows(SITE, LEGS_VIEW.spec, LEGS, after=(0, 0), limit=1_000)
    return [row for row in rows if isinstance(row, Leg)]


async def say(house: House, key: str) -> None:
    await house.door("push").accept([wrote("hello", key=key)])


async def serve(house: House, key: str, conv: int) -> None:
    """One conversation from the first word to the answer."""
    await say(house, key)
    for _ in range(1_000):
        if conv in house.floor.state.convs and house.floor.state.convs[conv].offer:
            break
        await asyncio.sleep(0.01)
    await house.accept_offer(conv)


async def rebuilt(house: House) -> Any:
    keeper = Keeper(LEGS_VIEW, SITE, house.store)
    await keeper.forget()
    await keeper.catch_up()
    return await tables(house.store, LEGS_VIEW)


async def test_a_view_follows_a_living_floor_and_tells_its_age(house: House, eventually: Eventually) -> None:
    house.start("intake")
    await house.agent()
    async with following(house, *VIEWS.values()) as followers:
        await serve(house, "k1", 1)
        await eventually(lambda: all(follower.age.behind == 0 for follower in followers))
        [leg] = await legs(house)
        assert (leg.queue, leg.channel, leg.answered_by) == ("general", "push", 1)
        assert [follower.age.view for follower in followers] == list(VIEWS)
        assert {follower.age.position for follower in followers} == {house.floor.position}
        assert {follower.age.at for follower in followers} == {house.clock.now}
        kept = await tables(house.store, LEGS_VIEW)
    assert await rebuilt(house) == kept


async def test_a_view_goes_on_where_it_was_after_a_restart(house: House, eventually: Eventually) -> None:
    house.start("intake")
    await house.agent()
    async with following(house, LEGS_VIEW) as [follower]:
        await serve(house, "k1", 1)
        await eventually(lambda: follower.age.behind == 0)
    await serve(house, "k2", 2)
    async with following(house, LEGS_VIEW) as [follower]:
        await eventually(lambda: follower.age.position == house.floor.position)
        kept = await tables(house.store, LEGS_VIEW)
    assert [leg.conv for leg in await legs(house)] == [1, 2]
    assert await rebuilt(house) == kept


async def test_a_view_that_was_overrun_reads_the_journal_again(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "BATCHES_BEHIND_MAX", 1)
    house.start("intake")
    await house.agent(capacity=1_000)
    async with following(house, LEGS_VIEW) as [follower]:
        for conv in range(1, 9):
            await serve(house, f"k{conv}", conv)
        await eventually(lambda: follower.age.position == house.floor.position)
        kept = await tables(house.store, LEGS_VIEW)
    assert [leg.conv for leg in await legs(house)] == list(range(1, 9))
    assert await rebuilt(house) == kept


async def test_a_store_that_cannot_take_a_batch_costs_time_and_nothing_else(
    house: House, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower_module, "AGAIN_S", 0.01)
    write, refused = house.store.views.write, 0

    async def refuse_twice(*words: Any, **given: Any) -> None:
        nonlocal refused
        if refused < 2:
            refused += 1
            raise StoreUnavailable("the disk is full")
        await write(*words, **given)

    monkeypatch.setattr(house.store.views, "write", refuse_twice)
    house.start("intake")
    await house.agent()
    async with following(house, LEGS_VIEW) as [follower]:
        await serve(house, "k1", 1)
        await eventually(lambda: follower.age.position == house.floor.position)
    assert refused == 2
    assert house.log.getvalue().count('"action":"view_waits"') == 2
    assert len(await legs(house)) == 1


async def test_a_view_that_stands_still_delays_no_decision(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_words: Any, **_given: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(house.store.views, "write", never)
    house.start("intake")
    await house.agent()
    async with following(house, LEGS_VIEW) as [follower]:
        await serve(house, "k1", 1)
        assert follower.age.behind > 0
        assert house.floor.state.convs[1].owner == 1


async def test_rebuilding_under_a_follower_ends_in_the_same_rows(house: House, eventually: Eventually) -> None:
    house.start("intake")
    await house.agent()
    async with following(house, LEGS_VIEW) as [follower]:
        await serve(house, "k1", 1)
        await eventually(lambda: follower.age.behind == 0)
        before = await rebuilt(house)
        await serve(house, "k2", 2)
        await eventually(lambda: follower.age.position == house.floor.position)
        after = await tables(house.store, LEGS_VIEW)
    assert before[LEGS].items() <= after[LEGS].items()
    assert await rebuilt(house) == after
