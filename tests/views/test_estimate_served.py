"""Estimated waits on a whole floor: followed from its commits, told through a channel's door and over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from channels.contract import Standing
from dashboard.surroundings import NoWaits
from router.core.lifecycle import WAITING
from router.core.state import Conv
from router.views.estimate import Estimates
from router.views.pace import ERRORS_MIN, PACE, Errors, Guess, Wait
from tests.dashboard.office import Office
from tests.floor.house import House, wrote

Eventually = Callable[[Callable[[], Awaitable[bool] | bool]], Awaitable[None]]
WAIT = Wait(low_ms=130_000, high_ms=290_000, basis=PACE, error_share=0.31, measured=42)
SHOWN = {"low_ms": 130_000, "high_ms": 290_000, "basis": "pace", "error_share": 0.31, "measured": 42}


async def test_a_node_follows_its_floor_and_counts_who_waits_and_who_is_able(
    house: House, eventually: Eventually
) -> None:
    estimates = Estimates(lambda: house.floor.state)
    following = asyncio.create_task(estimates.run(house.floor.follow))
    house.start("intake")
    await house.agent(capacity=100)
    for number in range(9):
        await house.door("push").accept([wrote("hello", key=f"k{number}", dedupe=f"d{number}")])
    await eventually(lambda: len(house.floor.state.convs) == 9)
    queued = house.floor.state.matching.queued["general"]
    await eventually(lambda: estimates._lines["general"].waiting == queued)
    assert estimates._lines["general"].able == 1
    assert estimates.newcomer("general") is None
    following.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await following


async def test_a_door_tells_place_and_range_and_no_time_without_a_basis(house: House, eventually: Eventually) -> None:
    house.start("intake")
    door = house.door("push")
    for number in range(3):
        await door.accept([wrote("hello", key=f"k{number}", dedupe=f"d{number}")])
    await eventually(lambda: house.floor.state.matching.queued.get("general", 0) == 3)
    last = wrote("hello", key="k2").line
    assert await door.standing(last) == Standing(place=3)
    assert (await door.standing(last)).minutes is None
    door._parts = replace(door._parts, wait=lambda conv: WAIT if conv.state == WAITING else None)
    told = await door.standing(last)
    assert told == Standing(place=3, low_ms=130_000, high_ms=290_000, basis="pace")
    assert told.minutes == (2, 5)
    assert await door.standing(wrote("x", key="nobody").line) == Standing()


async def test_the_estimate_of_a_real_line_reaches_the_door(house: House, eventually: Eventually) -> None:
    house.start("intake")
    estimates = Estimates(lambda: house.floor.state)
    await house.agent(capacity=100)
    for number in range(9):
        await house.door("push").accept([wrote("hello", key=f"k{number}", dedupe=f"d{number}")])
    await eventually(lambda: len(house.floor.state.convs) == 9)
    estimates.rebuild()
    line = estimates._lines["general"]
    line.moves, line.able_ms = 50.0, 50.0 * 60_000
    for _ in range(ERRORS_MIN):
        line.errors.setdefault(PACE, Errors()).learn(Guess(PACE, 60_000, 60_000), 60_000)
    waits = [conv for conv in house.floor.state.convs.values() if conv.state == WAITING]
    found = [estimates.remaining(conv) for conv in waits]
    assert [each.low_ms for each in found if each] == [60_000 * place for place in range(1, len(waits) + 1)]


async def test_queues_and_who_waits_show_the_range_over_http_or_null(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await Office.open(tmp_path)
    try:
        ana = await office.desk("ana")
        await office.arrives("hello")
        assert [each["wait"] for each in (await ana.get("/waiting")).body["items"]] == [None]
        assert {each["wait"] for each in (await ana.get("/queues")).body} == {None}

        def remaining(_: NoWaits, conv: Conv) -> Wait:
            assert conv.state == WAITING
            return WAIT

        monkeypatch.setattr(NoWaits, "remaining", remaining)
        monkeypatch.setattr(NoWaits, "newcomer", lambda _, queue: WAIT if queue == "general" else None)
        assert [each["wait"] for each in (await ana.get("/waiting")).body["items"]] == [SHOWN]
        assert {each["name"]: each["wait"] for each in (await ana.get("/queues")).body}["general"] == SHOWN
    finally:
        await office.close()
