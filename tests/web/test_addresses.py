"""A conversation has an address: it is opened by it, gone back to, copied, and says so when it is not to be seen."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 15_000


async def shows(seat: Seat, name: str, ref: str) -> None:
    await expect(seat.page.locator(".head h1")).to_have_text(name, timeout=WAIT_MS)
    await expect(seat.page).to_have_url(re.compile(rf"#/desk/{ref}$"), timeout=WAIT_MS)


async def test_an_address_opens_its_conversation_and_the_way_back_is_the_browsers(sit: Sit, server: FakeServer) -> None:
    marta, omar = server.floor.own("Marta Kowalska"), server.floor.own("Omar Haddad")
    seat = await sit()
    await seat.page.goto(f"/#/desk/{omar['ref']}")
    await shows(seat, "Omar Haddad", omar["ref"])
    await seat.page.reload()
    await shows(seat, "Omar Haddad", omar["ref"])
    await seat.card(marta).click()
    await shows(seat, "Marta Kowalska", marta["ref"])
    await seat.page.go_back()
    await shows(seat, "Omar Haddad", omar["ref"])
    await seat.page.go_forward()
    await shows(seat, "Marta Kowalska", marta["ref"])
    await seat.page.get_by_role("button", name="Queues").first.click()
    await expect(seat.page.locator(".queues-view")).to_be_visible(timeout=WAIT_MS)
    await seat.page.get_by_role("button", name="Desk").first.click()
    await shows(seat, "Marta Kowalska", marta["ref"])


async def test_back_on_a_telephone_leads_to_the_list(sit: Sit, server: FakeServer) -> None:
    marta = server.floor.own("Marta Kowalska")
    seat = await sit(viewport={"width": 390, "height": 844})
    await seat.open(marta)
    await shows(seat, "Marta Kowalska", marta["ref"])
    await seat.page.go_back()
    await expect(seat.page.locator(".work .scroll")).to_be_visible(timeout=WAIT_MS)
    await expect(seat.page.locator(".talk")).to_be_hidden(timeout=WAIT_MS)


async def test_an_address_of_what_one_may_not_see_says_so_in_place(sit: Sit, server: FakeServer) -> None:
    marta = server.floor.own("Marta Kowalska")
    seat = await sit()
    fault = seat.page.locator(".talk [role=alert]")
    for ref in ("NOBODYS1", "%", "a" * 3_000, "%22%3E%3Cimg%20src%3Dx%3E"):
        await seat.page.goto(f"/#/desk/{ref}")
        await expect(fault).to_contain_text("no such conversation, or it is not for your queues", timeout=WAIT_MS)
        await seat.page.locator(".talk").get_by_role("button", name="Back").click()
        await expect(fault).to_have_count(0, timeout=WAIT_MS)
    await seat.open(marta)
    await shows(seat, "Marta Kowalska", marta["ref"])


async def test_the_link_in_the_menu_is_the_conversations_address(sit: Sit, server: FakeServer) -> None:
    marta = server.floor.own("Marta Kowalska")
    seat = await sit(permissions=["clipboard-read", "clipboard-write"])
    await seat.open(marta)
    await seat.page.locator(".head").get_by_role("button", name="More").click()
    await seat.page.get_by_role("menuitem", name="Copy a link to it").click()
    await expect(seat.toast).to_contain_text("Copied", timeout=WAIT_MS)
    link = await seat.page.evaluate("navigator.clipboard.readText()")
    assert link == f"{server.base}/#/desk/{marta['ref']}"
    other = await sit()
    await other.page.goto(link)
    await shows(other, "Marta Kowalska", marta["ref"])
