"""A customer in a WeCom chat and an agent at a desk, through a whole node: said, offered, answered, received."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels import wecom
from tests.channels.staffed import StaffedHouse, staffed
from tests.channels.wecom.account import KF, OTHER_KF, USER, environment_of, settings_of
from tests.providers.faulty import Fault
from tests.providers.wecom import WeComPlatform

SEND = "/cgi-bin/kf/send_msg"
MANY = 900


@pytest.fixture
async def platform() -> AsyncIterator[WeComPlatform]:
    made = WeComPlatform(page=2)
    for each in (KF, OTHER_KF):
        made.listed[each] = []
    await made.server.start()
    yield made
    await made.server.stop()


@pytest.fixture
async def house(tmp_path: Path, platform: WeComPlatform) -> AsyncIterator[StaffedHouse]:
    async with staffed(tmp_path, "wecom", wecom, settings_of(platform), environment_of(platform)) as made:
        platform.callback = made.address("/callback")
        yield made


async def test_a_customer_writes_an_agent_is_offered_accepts_and_the_answer_arrives(
    house: StaffedHouse, platform: WeComPlatform
) -> None:
    for text in ("我的", "包裹", "在哪里？"):
        assert await platform.say(KF, USER, text) == 200
    await house.taken()
    await house.answers("明天中午之前到。")
    visitor = platform.visitor(KF, USER)
    await house.until(lambda: visitor.texts == ["明天中午之前到。"], "received")
    await house.has_said("我的", "包裹", "在哪里？")
    assert list(house.served.floor.state.convs) == [1]


async def test_an_answer_of_which_nobody_knows_is_sent_again_and_seen_once(
    house: StaffedHouse, platform: WeComPlatform
) -> None:
    await platform.say(KF, USER, "hello")
    await house.taken()
    platform.server.will(SEND, Fault(hang_up=True), Fault(hang_up=True, after=True))
    await house.answers("We are here.")
    await house.until(lambda: platform.server.asked(SEND) == 3, "sent again, and again")
    await house.until(lambda: "effect_unsure" in house.log.getvalue(), "in doubt")
    await house.answers("And we stay.")
    visitor = platform.visitor(KF, USER)
    await house.until(lambda: visitor.texts == ["We are here.", "And we stay."], "each once")


async def test_a_message_that_was_not_delivered_after_all_is_said_to_the_agent(
    house: StaffedHouse, platform: WeComPlatform
) -> None:
    await platform.say(KF, USER, "hello")
    await house.taken()
    await house.answers("We are here.")
    visitor = platform.visitor(KF, USER)
    await house.until(lambda: visitor.texts == ["We are here."], "received")
    follower = house.served.floor.follow(100)
    platform.event(KF, USER, "msg_send_fail", fail_msgid=visitor.heard[0]["msgid"], fail_type=10)
    await platform.call(KF)
    async for committed in follower:
        reports = [event for entry in committed.entries for event in entry.events if hasattr(event, "status")]
        if any((event.status, event.reason) == ("failed", "refused_by_customer") for event in reports):
            break
    follower.close()


async def test_what_was_said_while_we_were_away_is_pulled_in_one_go(
    house: StaffedHouse, platform: WeComPlatform
) -> None:
    platform.page = 400
    for number in range(MANY):
        platform.write(KF, f"wmUser{number}", msgtype="text", text={"content": f"{number}"})
    await platform.call(KF)
    await house.until(lambda: len(house.served.floor.state.convs) == MANY, "all opened")
