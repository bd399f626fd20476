"""Customers and decisions in Chromium: finding, the page of a person, tags, blocked senders, erasing, linking, why."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.web.conftest import Sit
from tests.web.fake_floor import Record
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 30_000


async def at(page: Page, address: str) -> None:
    await page.evaluate("(hash) => { location.hash = hash; }", address)


async def test_a_customers_column_shows_proofs_their_time_tags_and_the_way_to_their_page(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    number = work["customer"]["id"]
    server.floor.customers[number]["attributes"] |= {"tags": "reseller", "zone": "Asia/Bangkok"}
    await seat.open(work)
    column = seat.page.locator("aside.customer")
    await expect(column).to_contain_text("(Asia/Bangkok)", timeout=WAIT_MS)
    await expect(column.locator("dd .ok")).to_contain_text("verified")
    await column.get_by_role("button", name="Add a tag").click()
    await column.get_by_label("Add a tag").fill("slow payer")
    await seat.page.keyboard.press("Enter")
    await expect(column.locator(".tags .chip")).to_have_text(["reseller", "slow-payer"], timeout=WAIT_MS)
    await column.get_by_role("button", name="Take off reseller").click()
    await expect(column.locator(".tags .chip")).to_have_text(["slow-payer"], timeout=WAIT_MS)
    assert server.asks("/tags") == [{"add": ["slow-payer"]}, {"remove": ["reseller"]}]
    await column.get_by_role("button", name="Whole page").click()
    await expect(seat.page.locator(".person-page")).to_be_visible(timeout=WAIT_MS)


async def test_a_journey_is_in_order_over_channels_six_first_and_then_all(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.24."""
    seat = await sit()
    works: list[Record] = [
        server.floor.own("Marta Kowalska", channel=channel) for channel in ("chat", "email", "form") * 3
    ]
    person = works[0]["customer"]
    for each in works:
        each["customer"] = person
    await seat.open(works[0])
    journey = seat.page.locator("aside.customer .journey")
    await expect(journey.locator("li")).to_have_count(6, timeout=WAIT_MS)
    await seat.page.get_by_role("button", name="Show all 9").click()
    await expect(journey.locator("li")).to_have_count(9)
    kinds = await journey.locator(".channel [role=img]").evaluate_all("(all) => all.map((e) => e.ariaLabel)")
    assert set(kinds) == {"Chat", "E-mail", "Web form"}


async def test_a_visitor_is_linked_to_somebody_who_is_known(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    known, visitor = server.floor.own("Marta Kowalska"), server.floor.own("")
    server.finding.found["customers"] = [known["customer"]]
    await seat.card(visitor).click()
    await seat.page.get_by_role("button", name="Link to a customer").click(timeout=WAIT_MS)
    dialog = seat.page.get_by_role("dialog", name="Link to a customer")
    await dialog.get_by_role("searchbox").fill("marta", timeout=WAIT_MS)
    await dialog.get_by_role("button", name="Marta Kowalska").click(timeout=WAIT_MS)
    await dialog.get_by_role("button", name="Same person").click()
    await expect(dialog).to_have_count(0, timeout=WAIT_MS)
    assert server.asks("/merges") == [{"other": known["customer"]["id"]}]


async def test_a_customer_is_found_and_blocked_and_may_write_again(sit: Sit, server: FakeServer) -> None:
    server.me["role"] = "supervisor"
    seat = await sit()
    server.floor.own("Marta Kowalska")
    await seat.page.keyboard.press("g")
    await seat.page.keyboard.press("c")
    await seat.page.get_by_label("Find a customer").fill("marta", timeout=WAIT_MS)
    await seat.page.get_by_role("button", name="Marta Kowalska").click(timeout=WAIT_MS)
    await seat.page.get_by_role("button", name="Block", exact=True).click(timeout=WAIT_MS)
    await expect(seat.toast).to_contain_text("Blocked", timeout=WAIT_MS)
    await expect(seat.page.get_by_role("button", name="Erase")).to_have_count(0)
    await at(seat.page, "#/customers/blocked")
    await seat.page.get_by_role("button", name="Let write again").click(timeout=WAIT_MS)
    await expect(seat.page.locator("main")).to_contain_text("Nobody is blocked.", timeout=WAIT_MS)


async def test_a_double_click_blocks_a_customer_once(sit: Sit, server: FakeServer) -> None:
    server.me["role"] = "supervisor"
    seat = await sit()
    number = server.floor.own("Marta Kowalska")["customer"]["id"]
    await at(seat.page, f"#/customers/{number}")
    await seat.page.get_by_role("button", name="Block", exact=True).dblclick(timeout=WAIT_MS)
    await expect(seat.toast).to_contain_text("Blocked", timeout=WAIT_MS)
    assert len(server.asks("/senders")) == 1


async def test_erasing_asks_for_the_number_and_is_the_administrators(sit: Sit, server: FakeServer) -> None:
    server.me["role"] = "admin"
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    number = work["customer"]["id"]
    await at(seat.page, f"#/customers/{number}")
    await seat.page.get_by_role("button", name="Erase").click(timeout=WAIT_MS)
    dialog = seat.page.get_by_role("dialog", name="Erase this person?")
    go = dialog.get_by_role("button", name="Erase")
    await expect(go).to_be_disabled()
    await dialog.get_by_role("textbox").fill(str(number))
    await go.click()
    await expect(seat.toast).to_contain_text("Erased, with 12 messages.", timeout=WAIT_MS)
    assert number not in server.floor.customers


async def test_why_tells_each_decision_with_its_reasons(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    await seat.open(work)
    await seat.page.get_by_role("button", name="More").click()
    await seat.page.get_by_role("menuitem", name="Why is it here?").click(timeout=WAIT_MS)
    story = seat.page.locator(".decision")
    await expect(story).to_have_count(13, timeout=WAIT_MS)
    await expect(story.nth(1)).to_contain_text("The rule “order help” placed it.")
    await expect(story.nth(1)).to_contain_text("Configuration 4f2a91c07d3e")
    await expect(story.nth(3)).to_contain_text("It was offered to Somchai.")
    await expect(story.nth(3)).to_contain_text("Because: free the longest of those who can serve it")
    await expect(story.nth(8)).to_contain_text("Ines Duarte handed it to Somchai.")
    await expect(seat.page.get_by_label("What rules could look at")).to_contain_text("refund")
    assert f"#/why/{work['ref']}" in seat.page.url


async def test_a_supervisor_asks_who_else_could_have_been_asked(sit: Sit, server: FakeServer) -> None:
    server.me["role"] = "supervisor"
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    await at(seat.page, f"#/why/{work['ref']}")
    story = seat.page.locator(".decision")
    await story.nth(3).get_by_role("button", name="Who else could have been asked?").click(timeout=WAIT_MS)
    await expect(story.nth(3)).to_contain_text("2 others could have been asked · 2 signed in could not serve it")
    await expect(story.nth(3)).to_contain_text("Ines Duarte had just declined it or missed it")
    await expect(story.nth(3)).to_contain_text("Ben took no work: Lunch")
    await story.nth(6).get_by_role("button", name="Who else could have been asked?").click(timeout=WAIT_MS)
    await expect(story.nth(6)).to_contain_text("Too much has happened since then", timeout=WAIT_MS)


async def test_why_of_what_may_not_be_seen_says_so(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    assert not server.floor.work
    await at(seat.page, "#/why/NOSUCH")
    await expect(seat.page.get_by_role("alert").filter(has_text="no such conversation")).to_be_visible(timeout=WAIT_MS)
