"""Who leaves the desk without a word is away, and back with the first touch of any tab. Chromium, fake server."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AWAY = {
    "name": "away",
    "label": {"en": "Away", "zh": "离开", "th": "ไม่อยู่"},
    "accepts": False,
    "shape": "ring",
    "idle": True,
}
SOON_MS, NOTICED_MS = 1_500, 31_000


def idle_after(server: FakeServer, after_ms: int) -> None:
    server.config["presences"].append(AWAY)
    server.config["idle"] = {"presence": "away", "after_ms": after_ms}


async def touch(seat: Seat) -> None:
    await seat.page.mouse.move(300, 300)
    await seat.page.mouse.move(320, 310)


async def test_an_untouched_desk_is_away_and_the_first_touch_brings_its_state_back(
    sit: Sit, server: FakeServer
) -> None:
    idle_after(server, SOON_MS)
    seat = await sit()
    await expect(seat.presence).to_contain_text("Away")
    await touch(seat)
    await expect(seat.presence).to_contain_text("Available")
    await expect(seat.page.locator("#status")).to_contain_text("You are “Available” again.")


async def test_it_is_said_before_and_a_key_is_enough_to_stay(sit: Sit, server: FakeServer) -> None:
    idle_after(server, NOTICED_MS)
    seat = await sit()
    notice = seat.page.locator(".idle-notice")
    await expect(notice).to_have_text("In 30 s you are “Away”. Move the mouse or press a key to stay.")
    await expect(seat.page.locator("#status")).to_contain_text("In 30 s you are “Away”")
    await seat.page.keyboard.press("Shift")
    await expect(notice).to_be_hidden()
    assert server.floor.agent is not None
    assert server.floor.agent["presence"] == "available"


async def test_a_touch_of_one_tab_wakes_the_others(sit: Sit, server: FakeServer) -> None:
    idle_after(server, SOON_MS)
    seat = await sit()
    tab = await seat.another_tab()
    await expect(seat.presence).to_contain_text("Away")
    await expect(tab.presence).to_contain_text("Away")
    await touch(tab)
    await expect(seat.presence).to_contain_text("Available")
    await expect(tab.presence).to_contain_text("Available")


@pytest.mark.parametrize(("channel", "state"), [("chat", "Available"), ("email", "Away")])
async def test_whoever_has_somebody_on_a_live_channel_is_never_away(
    sit: Sit, server: FakeServer, channel: str, state: str
) -> None:
    idle_after(server, SOON_MS)
    server.floor.begin_shift()
    server.floor.own("Marta Kowalska", channel=channel)
    seat = await sit()
    await expect(seat.page.locator(".card")).to_be_visible()
    await seat.page.wait_for_timeout(3 * SOON_MS)
    await expect(seat.presence).to_contain_text(state)


async def test_what_a_supervisor_chose_meanwhile_stays(sit: Sit, server: FakeServer) -> None:
    idle_after(server, SOON_MS)
    seat = await sit()
    await expect(seat.presence).to_contain_text("Away")
    server.floor.set_presence("meeting")
    await expect(seat.presence).to_contain_text("Meeting")
    await touch(seat)
    await seat.page.wait_for_timeout(SOON_MS)
    await expect(seat.presence).to_contain_text("Meeting")


async def test_nobody_chooses_it_and_where_it_is_not_configured_nothing_is_fetched(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    fetched = await seat.page.evaluate("performance.getEntriesByType('resource').map((each) => each.name).join()")
    assert "/idle" not in fetched
    idle_after(server, NOTICED_MS)
    await seat.page.reload()
    await seat.presence.click()
    await expect(seat.page.get_by_role("menuitem", name="Break")).to_be_visible()
    await expect(seat.page.get_by_role("menuitem", name="Away")).to_have_count(0)
