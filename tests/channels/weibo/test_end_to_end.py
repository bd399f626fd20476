"""A customer on Weibo and an agent at a desk, through a whole node: said, offered, answered, received."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels import weibo
from tests.channels.staffed import StaffedHouse, staffed
from tests.channels.weibo.account import FAN, environment_of, settings_of
from tests.providers.weibo import WeiboPlatform


@pytest.fixture
async def platform() -> AsyncIterator[WeiboPlatform]:
    made = WeiboPlatform()
    await made.server.start()
    yield made
    await made.server.stop()


@pytest.fixture
async def house(tmp_path: Path, platform: WeiboPlatform) -> AsyncIterator[StaffedHouse]:
    async with staffed(tmp_path, "weibo", weibo, settings_of(platform), environment_of(platform)) as made:
        platform.callback = made.address("/callback")
        yield made


async def test_a_customer_writes_an_agent_is_offered_accepts_and_the_answer_arrives(
    house: StaffedHouse, platform: WeiboPlatform
) -> None:
    body = platform.body(FAN, "text", text="我的包裹在哪里？")
    for _ in range(3):
        assert (await platform.push(body)).statuses == [200]
    await house.taken()
    await house.has_said("我的包裹在哪里？")
    await house.answers("明天中午之前到。")
    await house.until(lambda: platform.fan(FAN).texts == ["明天中午之前到。"], "received")
    assert list(house.served.floor.state.convs) == [1]


async def test_what_cannot_leave_now_leaves_when_the_platform_is_back(
    house: StaffedHouse, platform: WeiboPlatform
) -> None:
    await platform.say(FAN, "hello")
    await house.taken()
    await platform.server.stop()
    await house.answers("We are here.")
    await house.until(lambda: '"provider_unreachable"' in house.log.getvalue(), "tried")
    await platform.server.start()
    await house.until(lambda: platform.fan(FAN).texts == ["We are here."], "received once")
