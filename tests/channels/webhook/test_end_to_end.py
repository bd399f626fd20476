"""A customer on LINE, Telegram and WhatsApp, described in YAML alone, and an agent at a desk, through a whole node."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.channels.staffed import SITE, StaffedHouse
from tests.channels.webhook.entry import PLATFORMS, staffed
from tests.providers.faulty import Fault

WHO: dict[str, Any] = {"line": "U80696558e1aa831", "telegram": 1_111_111, "whatsapp": "66812345678"}


@pytest.fixture(params=sorted(PLATFORMS))
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[str, Any, StaffedHouse]]:
    platform = PLATFORMS[request.param]()
    await platform.server.start()
    try:
        async with staffed(tmp_path, request.param, platform) as house:
            yield request.param, platform, house
    finally:
        await platform.server.stop()


async def test_a_customer_writes_an_agent_is_offered_accepts_and_the_answer_arrives(
    both: tuple[str, Any, StaffedHouse],
) -> None:
    name, platform, house = both
    who = WHO[name]
    assert await platform.say(who, "พัสดุของฉันอยู่ที่ไหน") == 200
    await house.taken()
    await house.has_said("พัสดุของฉันอยู่ที่ไหน")
    await house.answers("It comes tomorrow.")
    await house.until(lambda: platform.heard == {str(who): ["It comes tomorrow."]}, "received")
    assert list(house.served.floor.state.convs) == [1]
    row = await house.store.archive.conversation(SITE, 1)
    assert row is not None
    assert row.channel == name


async def test_what_cannot_leave_now_leaves_when_the_provider_is_back(both: tuple[str, Any, StaffedHouse]) -> None:
    name, platform, house = both
    await platform.say(WHO[name], "hello")
    await house.taken()
    await platform.server.stop()
    await house.answers("We are here.")
    await house.until(lambda: '"provider_unreachable"' in house.log.getvalue(), "tried")
    await platform.server.start()
    await house.until(lambda: platform.heard == {str(WHO[name]): ["We are here."]}, "received once")


async def test_a_lost_answer_is_repeated_and_seen_once_where_the_provider_knows_the_key(
    both: tuple[str, Any, StaffedHouse],
) -> None:
    name, platform, house = both
    await platform.say(WHO[name], "hello")
    await house.taken()
    path = {"line": "/v2/bot/message/push"}.get(name) or platform.send
    platform.server.will(path, Fault(hang_up=True, after=True))
    await house.answers("We are here.")
    await house.until(lambda: platform.server.asked(path) >= 2, "repeated")
    await house.until(lambda: len(platform.heard[str(WHO[name])]) >= 1, "received")
    assert len(platform.heard[str(WHO[name])]) <= (1 if name == "line" else 2)


async def test_an_answer_on_an_entry_that_is_gone_waits_until_it_is_back(tmp_path: Path) -> None:
    platform = PLATFORMS["telegram"]()
    await platform.server.start()
    try:
        async with staffed(tmp_path, "telegram", platform) as house:
            entry = (house.config / "channels.yaml").read_text()
            await platform.say(1_111_111, "hello")
            await house.taken()
            (house.config / "channels.yaml").write_text("channels:\n  webhook: {enabled: false}\n")
            await house.until(lambda: "telegram" not in house.served.board.channels, "gone")
            await house.answers("We are here.")
            (house.config / "channels.yaml").write_text(entry)
            await house.until(lambda: platform.heard == {"1111111": ["We are here."]}, "received")
    finally:
        await platform.server.stop()
