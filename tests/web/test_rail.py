"""The rail: what does not fit stands behind More, with what is late in it; a menu has the focus before the next key."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SMALL = {"width": 390, "height": 844}
SMALLEST = {"width": 320, "height": 640}


@pytest.mark.parametrize(("size", "behind"), [(SMALL, "3"), (SMALLEST, "5")], ids=["390", "320"])
async def test_every_screen_is_reached_from_a_small_rail(
    sit: Sit, server: FakeServer, size: dict[str, int], behind: str
) -> None:
    server.more.late = {"complaints": 2, "followups": 3}
    seat = await sit(viewport=size)
    rail = seat.page.locator(".rail")
    more = rail.get_by_role("button", name="More")
    await expect(more.locator(".badge")).to_have_text(behind)
    assert await rail.evaluate("(nav) => nav.scrollWidth <= nav.clientWidth")
    await more.click()
    await rail.get_by_role("menuitem", name="Follow-ups").click()
    await expect(seat.page.locator(".rail [aria-current=page]")).to_contain_text("Follow-ups")
    await expect(seat.page.locator(".rail > button[aria-current=page] .badge")).to_have_text("3")
    await expect(rail.get_by_role("menu")).to_have_count(0)


async def test_what_was_handed_to_me_is_said_and_counted_at_once(sit: Sit, server: FakeServer) -> None:
    seat = await sit(viewport={"width": 1280, "height": 900})
    complaints = seat.page.locator(".rail").get_by_role("button", name="Complaints")
    await expect(complaints.locator(".badge")).to_have_count(0)
    server.more.late = {"complaints": 1}
    changed = {"type": "changed", "seq": server.floor.seq, "kind": "complaint"}
    server.floor.tell(changed)  # Somebody else's: nothing is said of it.
    server.floor.tell(changed | {"ref": "12"})
    await expect(seat.toast).to_contain_text("Complaint 12 is yours now.")
    await expect(seat.page.locator("#status")).to_have_text("Complaint 12 is yours now.")
    await expect(complaints.locator(".badge")).to_have_text("1")


async def test_a_high_page_needs_no_more(sit: Sit, server: FakeServer) -> None:
    server.more.late = {"complaints": 2}
    seat = await sit(viewport={"width": 1280, "height": 900})
    rail = seat.page.locator(".rail")
    await expect(rail.get_by_role("button", name="Complaints").locator(".badge")).to_have_text("2")
    await expect(rail.get_by_role("button", name="More")).to_have_count(0)


async def test_keys_right_behind_each_other_walk_the_menu_and_the_desk_hears_none(sit: Sit, server: FakeServer) -> None:
    server.floor.own("Marta Kowalska")
    seat = await sit(viewport={"width": 1280, "height": 400})
    more = seat.page.locator(".rail").get_by_role("button", name="More")
    await more.focus()
    # Both keys at once: no frame is painted in between.
    await seat.page.evaluate(PRESS, ["End"])
    last = seat.page.locator(".rail .menu button").last
    await expect(last).to_be_focused()
    await seat.page.keyboard.press("Escape")
    await expect(more).to_be_focused()


async def test_the_menu_of_states_has_the_focus_before_the_next_key(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.presence.focus()
    await seat.page.evaluate(PRESS, ["End"])
    await expect(seat.page.locator(".presence .menu button").last).to_be_focused()


PRESS = """async (keys) => {
    document.activeElement.click();
    await new Promise((then) => setTimeout(then));
    for (const key of keys) {
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
    }
}"""
