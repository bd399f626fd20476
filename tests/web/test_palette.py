"""The search of the top bar, the settings and the keys, in Chromium against a fake server."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.web.conftest import Sit
from tests.web.fake_finding import article
from tests.web.fake_floor import now_ms
from tests.web.fake_server import FakeServer
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SOON_MS = 30_000


def results(seat: Seat, group: str) -> Locator:
    return seat.page.locator(".results").get_by_role("group", name=group).get_by_role("option")


async def search(seat: Seat, text: str) -> None:
    await seat.page.keyboard.press("Control+k")
    await expect(seat.page.get_by_role("searchbox", name="Search")).to_be_focused()
    await seat.page.keyboard.insert_text(text)


async def test_customers_numbers_and_messages_are_found_where_the_server_knows_them(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    ravi = {"id": 77, "name": "Ravi Shah", "known_as": "ravi@example.com", "last_at": now_ms()}
    server.finding.found |= {
        "customers": [ravi],
        "messages": [{"ref": summary["ref"], "at": now_ms(), "text": "…the parcel 20418 is lost…", "customer": ravi}],
    }
    await search(seat, "rav")
    await expect(results(seat, "Customers")).to_have_text(["Ravi Shahravi@example.com · now"], timeout=SOON_MS)
    await seat.page.get_by_role("searchbox", name="Search").fill("20418")
    await expect(seat.page.locator(".results")).to_contain_text("No customer is named “20418”", timeout=SOON_MS)
    await seat.page.get_by_role("button", name="in all messages").click()
    await expect(results(seat, "Messages")).to_contain_text("the parcel 20418 is lost", timeout=SOON_MS)
    await results(seat, "Messages").click()
    await expect(seat.page.locator(".head h1")).to_have_text("Marta Kowalska")
    assert server.finding.sought == [("rav", False), ("20418", False), ("20418", True)]


async def test_nothing_is_asked_while_somebody_still_types(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await search(seat, "")
    for letter in "kowalska":
        await seat.page.keyboard.press(letter)
    await expect(seat.page.locator(".results")).to_contain_text("No customer is named “kowalska”", timeout=SOON_MS)
    assert len(server.finding.sought) < len("kowalska")
    assert server.finding.sought[-1] == ("kowalska", False)


async def test_what_was_open_last_stands_there_before_a_word_is_typed(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    first, second = server.floor.own("Marta Kowalska"), server.floor.own("Omar Haddad")
    for summary in (first, second):
        await seat.open(summary)
    await search(seat, "")
    await seat.page.keyboard.press("Escape")
    for summary in (first, second):
        await seat.open(summary)
    await search(seat, "")
    await expect(results(seat, "Recent").first).to_contain_text("Omar Haddad")
    await seat.page.keyboard.press("ArrowDown")
    await seat.page.keyboard.press("ArrowDown")
    await seat.page.keyboard.press("Enter")
    await expect(seat.page.locator(".head h1")).to_have_text("Marta Kowalska")


async def test_a_saved_reply_and_an_action_are_found_by_their_words(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await search(seat, "sorry for")
    await results(seat, "Saved replies").click()
    await expect(seat.composer).to_have_value("I am sorry, Marta Kowalska.")
    await search(seat, "go “break")
    await seat.page.keyboard.press("Enter")
    await expect(seat.presence).to_contain_text("Break")


async def test_an_article_is_opened_or_its_link_put_into_the_reply(sit: Sit, server: FakeServer) -> None:
    server.finding.articles = [
        article(1, "parcel", {"en": "Trace a parcel", "th": "ติดตามพัสดุ"}),
        article(3, "inside", {"en": "Parcels inside"}, url=""),
    ]
    seat = await sit()
    await search(seat, "parcel")
    await expect(results(seat, "Articles")).to_have_text(["Trace a parcel", "Parcels inside"], timeout=SOON_MS)
    await expect(results(seat, "Link to an article, into the reply")).to_have_count(0)
    await seat.page.keyboard.press("Escape")
    await seat.open(server.floor.own("Marta Kowalska", language="th"))
    await seat.composer.fill("Here: ")
    await seat.page.keyboard.press("Control+k")
    links = results(seat, "Link to an article, into the reply")
    await expect(links).to_have_text(["ติดตามพัสดุ"], timeout=SOON_MS)
    await links.click()
    said = "ติดตามพัสดุ\nhttps://help.example/help/parcel?lang=th"
    await expect(seat.composer).to_have_value(f"Here: {said}")
    await seat.page.evaluate("() => { location.hash = '#/customers'; }")
    await expect(seat.page.locator(".archive")).to_be_visible(timeout=SOON_MS)
    await search(seat, "parcel")
    await links.click(timeout=SOON_MS)
    await expect(seat.composer).to_have_value(f"Here: {said}\n\n{said}")
    await search(seat, "parcel")
    await results(seat, "Articles").first.click(timeout=SOON_MS)
    await expect(seat.page).to_have_url(re.compile("#/help/1$"))


async def test_single_keys_that_are_off_do_nothing(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.47."""
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.page.get_by_role("button", name="Account of").click()
    await seat.page.get_by_role("button", name="Settings").click()
    box = seat.page.get_by_role("dialog", name="Settings")
    await box.get_by_label("Single-key shortcuts").uncheck()
    await expect(box.get_by_label("Write a note")).to_have_count(0)
    await seat.page.keyboard.press("Escape")
    for key in ("n", "t", "?", "S"):
        await seat.page.keyboard.press(key)
    await expect(seat.page.locator(".composer.noting, dialog, .presence .menu")).to_have_count(0)


async def test_a_key_that_was_moved_does_its_deed_and_no_other_does(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await search(seat, "settings")
    await results(seat, "Actions").first.click()
    box = seat.page.get_by_role("dialog", name="Settings")
    await box.get_by_label("Write a note").press("i")
    await expect(box.get_by_label("Write a note")).to_have_value("i")
    await seat.page.keyboard.press("Escape")
    await seat.page.locator(".work h1").click()
    await seat.page.keyboard.press("n")
    await expect(seat.page.locator(".composer.noting")).to_have_count(0)
    await seat.page.keyboard.press("i")
    await expect(seat.page.locator(".composer.noting")).to_be_visible()
    await seat.page.locator(".work h1").click()
    await seat.page.keyboard.press("?")
    await expect(seat.page.get_by_role("dialog", name="Keyboard")).to_contain_text("r / i")


async def test_the_place_of_a_key_counts_where_the_layout_has_no_latin_letters(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.47: key='่', code='KeyJ' moves on."""
    seat = await sit()
    first, second = server.floor.own("Marta Kowalska"), server.floor.own("Omar Haddad")
    await seat.open(first)
    await seat.page.locator(".work h1").click()
    await seat.page.evaluate("""() => document.body.dispatchEvent(
        new KeyboardEvent("keydown", { key: "่", code: "KeyJ", bubbles: true }))""")
    await expect(seat.page.locator(".head h1")).to_have_text(second["customer"]["name"])


async def test_control_enter_sends_where_somebody_wants_it_so(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await search(seat, "settings")
    await results(seat, "Actions").first.click()
    await seat.page.get_by_label("Ctrl Enter sends").check()
    await seat.page.keyboard.press("Escape")
    await seat.composer.fill("first")
    await seat.composer.press("Enter")
    await expect(seat.composer).to_have_value("first\n")
    await seat.composer.press("Control+Enter")
    await expect(seat.said.last).to_have_text("first")
