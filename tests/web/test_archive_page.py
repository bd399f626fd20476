"""The archive of customers in Chromium: its list, filters that are an address, keys, segments set by hand."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 30_000


async def at(page: Page, address: str) -> None:
    await page.evaluate("(hash) => { location.hash = hash; }", address)


async def test_everybody_is_listed_and_what_is_filtered_has_an_address_of_its_own(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    server.floor.own("Marta Kowalska")
    mail = server.floor.own("Ben Okafor", channel="email")
    server.persons.archive.put(mail["customer"]["id"], "vip")
    await at(seat.page, "#/customers")
    rows = seat.page.locator(".archive tbody tr")
    await expect(rows).to_have_count(2, timeout=WAIT_MS)
    await expect(rows.first).to_contain_text("Ben Okafor")
    await expect(rows.first).to_contain_text("VIP")
    await seat.page.get_by_role("button", name="VIP 1").click()
    await expect(rows).to_have_count(1, timeout=WAIT_MS)
    await seat.page.get_by_label("Channel").select_option("chat")
    await expect(seat.page.locator(".customers .empty")).to_contain_text("Nobody fits", timeout=WAIT_MS)
    await expect(seat.page).to_have_url(re.compile("segment%3Dvip.*channel%3Dchat"))
    await seat.page.get_by_role("button", name="Clear filters").click()
    await expect(rows).to_have_count(2, timeout=WAIT_MS)
    await at(seat.page, "#/customers/list/channel%3Demail")
    await expect(rows).to_have_count(1, timeout=WAIT_MS)
    async with seat.page.expect_request(re.compile("order=name"), timeout=WAIT_MS):
        await seat.page.get_by_role("button", name="Customer", exact=True).click()
    await expect(seat.page.locator("th[aria-sort=ascending]")).to_have_text("Customer", timeout=WAIT_MS)


async def test_the_list_is_walked_by_letters_and_a_person_opened_by_enter(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    for name in ("Marta Kowalska", "Ben Okafor"):
        server.floor.own(name)
    await at(seat.page, "#/customers")
    names = seat.page.locator(".archive tbody .open")
    await expect(names).to_have_count(2, timeout=WAIT_MS)
    await seat.page.keyboard.press("j")
    await expect(names.first).to_be_focused()
    await seat.page.keyboard.press("j")
    await expect(names.nth(1)).to_be_focused()
    await seat.page.keyboard.press("k")
    await seat.page.keyboard.press("Enter")
    await expect(seat.page.locator("h1")).to_have_text("Ben Okafor", timeout=WAIT_MS)
    await seat.page.keyboard.press("Escape")
    await expect(names.first).to_be_focused(timeout=WAIT_MS)


async def test_going_back_from_a_person_finds_the_list_as_it_was_filtered(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    server.floor.own("Marta Kowalska")
    server.floor.own("Ben Okafor", channel="email")
    await at(seat.page, "#/customers/list/channel%3Demail")
    await seat.page.get_by_role("button", name="Ben Okafor").click(timeout=WAIT_MS)
    await seat.page.get_by_role("button", name="All customers").click(timeout=WAIT_MS)
    await expect(seat.page.locator(".archive tbody tr")).to_have_count(1, timeout=WAIT_MS)
    await expect(seat.page).to_have_url(re.compile("channel%3Demail"))
    await expect(seat.page.get_by_label("Channel")).to_have_value("email")
    assert len(server.persons.archive.asked) == 1


async def test_more_than_a_page_comes_by_and_by_and_a_fault_says_so(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    person = server.floor.own("Marta Kowalska")["customer"]["id"]
    row = server.floor.customers[person]
    for number in range(1_000, 1_070):
        server.floor.customers[number] = row | {"id": number, "name": f"Customer {number}"}
    await at(seat.page, "#/customers")
    rows = seat.page.locator(".archive tbody tr")
    await expect(rows).to_have_count(50, timeout=WAIT_MS)
    await seat.page.get_by_role("button", name="Show more").click()
    await expect(rows).to_have_count(71, timeout=WAIT_MS)
    await expect(seat.page.get_by_role("button", name="Show more")).to_have_count(0)
    server.persons.archive.broken = True
    await at(seat.page, "#/customers/list/tag%3Dloud")
    await expect(seat.page.get_by_role("alert").filter(has_text="could not be read")).to_be_visible(timeout=WAIT_MS)
    server.persons.archive.broken = False
    await seat.page.get_by_role("button", name="Retry").click()
    await expect(seat.page.locator(".customers .empty")).to_contain_text("Nobody fits", timeout=WAIT_MS)


async def test_a_supervisor_sets_a_segment_with_a_reason_and_is_told_who_was_faster(
    sit: Sit, server: FakeServer
) -> None:
    server.me["role"] = "supervisor"
    seat = await sit()
    number = server.floor.own("Marta Kowalska")["customer"]["id"]
    await at(seat.page, f"#/customers/{number}")
    box = seat.page.locator(".segment-box")
    await box.get_by_role("button", name="Change").click(timeout=WAIT_MS)
    dialog = seat.page.get_by_role("dialog", name="Another segment")
    await dialog.get_by_label("Segment").select_option("vip")
    save = dialog.get_by_role("button", name="Save segment")
    await expect(save).to_be_disabled()
    await dialog.get_by_label("Why?").fill("buys for ten shops")
    await seat.page.keyboard.press("Escape")
    await box.get_by_role("button", name="Change").click()
    await expect(dialog.get_by_label("Segment")).to_be_focused()
    await expect(dialog.get_by_label("Why?")).to_have_value("buys for ten shops")
    await dialog.get_by_label("Segment").select_option("vip")
    server.persons.archive.put(number, "press")
    await save.click()
    await expect(dialog.get_by_role("alert")).to_contain_text("Somebody else was faster", timeout=WAIT_MS)
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(box).to_contain_text("Press", timeout=WAIT_MS)
    await box.get_by_role("button", name="Change").click()
    await dialog.get_by_label("Segment").select_option("vip")
    await dialog.get_by_label("Why?").fill("buys for ten shops")
    await save.click()
    await expect(box.locator("blockquote").first).to_have_text("buys for ten shops", timeout=WAIT_MS)
    await expect(box).to_contain_text("VIP")
    assert [each["was"] for each in server.asks("/segment")] == ["", "press"]


async def test_an_agent_sees_a_segment_and_changes_none(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    number = server.floor.own("Marta Kowalska")["customer"]["id"]
    server.persons.archive.put(number, "vip", why="the board asked")
    await at(seat.page, f"#/customers/{number}")
    box = seat.page.locator(".segment-box")
    await expect(box).to_contain_text("the board asked", timeout=WAIT_MS)
    await expect(box.get_by_role("button", name="Change")).to_have_count(0)
    await at(seat.page, "#/customers")
    await expect(seat.page.locator(".archive tbody tr")).to_have_count(1, timeout=WAIT_MS)
    await expect(seat.page.get_by_role("link", name="Save as table")).to_have_count(0)
