"""A customer on WeChat and an agent at a desk, through a whole node: said, offered, answered, received."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels import wechat
from tests.channels.staffed import StaffedHouse, staffed
from tests.channels.wechat.account import CUSTOMER, environment_of, settings_of
from tests.providers.faulty import Fault
from tests.providers.wechat import WeChatPlatform

SEND = "/cgi-bin/message/custom/send"
PUSHES = 200


@pytest.fixture
async def platform() -> AsyncIterator[WeChatPlatform]:
    made = WeChatPlatform()
    await made.server.start()
    yield made
    await made.server.stop()


@pytest.fixture
async def house(tmp_path: Path, platform: WeChatPlatform) -> AsyncIterator[StaffedHouse]:
    async with staffed(tmp_path, "wechat", wechat, settings_of(platform), environment_of(platform)) as made:
        platform.callback = made.address("/callback")
        yield made


async def test_a_customer_writes_an_agent_is_offered_accepts_and_the_answer_arrives(
    house: StaffedHouse, platform: WeChatPlatform
) -> None:
    assert not (await platform.say(CUSTOMER, "我的包裹在哪里？")).notice
    await house.taken()
    await house.answers("明天中午之前到。")
    customer = platform.customer(CUSTOMER)
    await house.until(lambda: customer.texts == ["明天中午之前到。"], "received")
    await platform.say(CUSTOMER, "谢谢")
    await house.until(lambda: len(house.served.floor.state.convs) == 1)
    await house.has_said("我的包裹在哪里？", "谢谢")


async def test_a_push_that_comes_three_times_is_one_message_of_one_conversation(
    house: StaffedHouse, platform: WeChatPlatform
) -> None:
    number = platform.number()
    for _ in range(3):
        await platform.push(CUSTOMER, MsgType="text", Content="once", MsgId=number)
    await house.taken()
    await house.has_said("once")
    assert list(house.served.floor.state.convs) == [1]


async def test_what_cannot_leave_now_leaves_when_the_platform_is_back(
    house: StaffedHouse, platform: WeChatPlatform
) -> None:
    await platform.say(CUSTOMER, "hello")
    await house.taken()
    await platform.server.stop()
    await house.answers("We are here.")
    await house.until(lambda: '"provider_unreachable"' in house.log.getvalue(), "tried")
    await platform.server.start()
    await house.until(lambda: platform.customer(CUSTOMER).texts == ["We are here."], "received once")


async def test_an_answer_of_which_nobody_knows_is_said_once_more_at_the_most(
    house: StaffedHouse, platform: WeChatPlatform
) -> None:
    await platform.say(CUSTOMER, "hello")
    await house.taken()
    platform.server.will(SEND, Fault(hang_up=True, after=True), Fault(hang_up=True, after=True))
    await house.answers("We are here.")
    await house.until(lambda: "effect_dead" in house.log.getvalue(), "given up by name")
    assert platform.customer(CUSTOMER).texts == ["We are here."] * 2


async def test_who_only_follows_or_presses_opens_nothing_until_the_menu_says_so(
    house: StaffedHouse, platform: WeChatPlatform
) -> None:
    await platform.happen(CUSTOMER, "subscribe")
    await platform.happen(CUSTOMER, "CLICK", EventKey="PRICES")
    await platform.happen(CUSTOMER, "CLICK", EventKey="TALK")
    await house.taken()
    await house.has_said("I would like to talk to somebody.")
    assert list(house.served.floor.state.convs) == [1]


async def test_pushes_are_acknowledged_far_below_five_seconds_while_hundreds_come_at_once(
    house: StaffedHouse, platform: WeChatPlatform
) -> None:
    begun = time.process_time()
    answered = await asyncio.gather(*(platform.say(f"oMany-{number}", "hello") for number in range(PUSHES)))
    assert all(each.statuses == [200] for each in answered)
    # Both sides together: a wall clock would measure who else uses this machine.
    assert time.process_time() - begun < PUSHES * 0.025
    await house.until(lambda: len(house.served.floor.state.convs) == PUSHES, "all opened")
