"""Where things are: nothing covers the composer, long lists stay light, every language says everything."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer
from tests.web.modules import all_words

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SIZES = [(1440, 900), (1180, 800), (390, 844), (320, 640)]
# A customer's own words, names and codes are the same in every language.
SAID = {"E-mail", "Web form", "Chat"}


async def box(locator: Locator) -> dict[str, float]:
    found = await locator.bounding_box()
    assert found is not None
    return dict(found)


def overlap(one: dict[str, float], other: dict[str, float]) -> bool:
    beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
    above = one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
    return not (beside or above)


@pytest.mark.parametrize(("width", "height"), SIZES)
async def test_an_offer_covers_neither_the_composer_nor_the_head(
    sit: Sit, server: FakeServer, width: int, height: int
) -> None:
    """UI.md 8.15."""
    seat = await sit(viewport={"width": width, "height": height})
    await seat.open(server.floor.own("Marta Kowalska"))
    server.floor.offer()
    offer = await box(seat.offer)
    for part in (seat.page.locator(".composer"), seat.page.locator(".head")):
        assert not overlap(offer, await box(part))
    assert offer["y"] + offer["height"] <= height
    assert await seat.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_phone_keeps_its_top_bar_whole_when_the_sound_is_blocked(sit: Sit, server: FakeServer) -> None:
    seat = await sit(viewport={"width": 390, "height": 844})
    server.floor.offer()
    await expect(seat.page.get_by_role("button", name="Sound blocked")).to_be_visible()
    account = await box(seat.page.locator(".account button").first)
    assert account["x"] + account["width"] <= 390
    presence = await box(seat.presence)
    assert presence["x"] + presence["width"] <= account["x"]


async def test_two_thousand_who_wait_are_few_rows_and_keep_the_servers_order(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    server.floor.in_line(2_000)
    await seat.page.keyboard.press("g")
    await seat.page.keyboard.press("q")
    rows = seat.page.locator(".spacer .tr")
    await expect(rows.first).to_contain_text("Customer 1")
    await expect(seat.page.get_by_role("table")).to_have_attribute("aria-rowcount", "2001")
    assert await rows.count() < 60
    await seat.page.locator(".body").evaluate("(body) => { body.scrollTop = 1000 * 44; }")
    await expect(seat.page.locator("[aria-rowindex='1002']")).to_contain_text("Customer 1001")
    assert await rows.count() < 60


async def test_the_order_rests_while_somebody_points_at_it(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    server.floor.in_line(5)
    await seat.page.locator(".rail button").nth(1).click()
    first = seat.page.locator(".spacer .tr").first
    await expect(first).to_contain_text("Customer 1")
    await seat.page.locator(".body").hover(position={"x": 200, "y": 60})
    server.floor.waiting = server.floor.waiting[1:]
    server.floor.said("desk", queues=list(server.floor.queues.values()))
    await expect(seat.page.locator(".table-state")).to_contain_text("Order paused")
    await expect(first).to_contain_text("Customer 1")
    await seat.page.mouse.move(700, 20)
    await expect(first).to_contain_text("Customer 2")


async def test_a_line_that_never_rests_is_still_read(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    server.floor.in_line(3)
    await seat.page.locator(".rail button").nth(1).click()
    await expect(seat.page.locator(".spacer .tr")).to_have_count(3)
    server.floor.in_line(4)
    for _ in range(20):
        # Four times a second is what the server may send.
        server.floor.said("desk", queues=list(server.floor.queues.values()))
        if await seat.page.locator(".spacer .tr").count() == 4:
            break
        await seat.page.wait_for_timeout(200)
    assert await seat.page.locator(".spacer .tr").count() == 4


@pytest.mark.parametrize("language", ["zh", "th"])
async def test_a_language_says_everything(sit: Sit, server: FakeServer, language: str) -> None:
    seat = await sit(locale={"zh": "zh-CN", "th": "th-TH"}[language])
    spoken, translated = all_words("en"), all_words(language)
    same = {text for key, text in spoken.items() if translated[key] == text}
    english = set(spoken.values()) - same - SAID
    await expect(seat.page.locator("html")).to_have_attribute("lang", language)
    marta = server.floor.own("Marta Kowalska")
    ended = server.floor.own("Omar Haddad", channel="email")
    server.floor.moves(ended["ref"], "wrap_up", due_ms=0)
    server.floor.in_line(3)
    await seat.open(marta)
    server.floor.offer()
    await expect(seat.offer).to_be_visible()
    await seat.presence.click()
    seen = await texts(seat.page)
    await seat.page.keyboard.press("Escape")
    await seat.open(ended)
    await expect(seat.page.locator(".wrap-up")).to_be_visible()
    seen |= await texts(seat.page)
    await seat.page.locator(".rail button").nth(1).click()
    await expect(seat.page.locator(".spacer .tr")).to_have_count(3)
    seen |= await texts(seat.page)
    assert seen & english == set()
    assert not [text for text in seen if "{" in text or text in spoken], "a key is shown in place of its words"


async def texts(page: Any) -> set[str]:
    """Return everything a reader sees or hears of the page, piece by piece."""
    pieces: list[str] = await page.evaluate("""() => {
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found = [];
        while (walker.nextNode()) found.push(walker.currentNode.textContent.trim());
        for (const each of document.querySelectorAll("[aria-label], [title], [placeholder]"))
            for (const name of ["aria-label", "title", "placeholder"]) found.push(each.getAttribute(name) ?? "");
        return found;
    }""")
    return {piece for piece in pieces if piece}


@pytest.mark.parametrize(("calendar", "year"), [("buddhist", 543), ("gregory", 0), ("", 543)])
async def test_thai_years_are_counted_as_the_site_says_everywhere(
    sit: Sit, server: FakeServer, calendar: str, year: int
) -> None:
    """UI.md 8.50, the desk."""
    server.config["calendar"] = calendar
    seat = await sit(locale="th-TH")
    await seat.open(server.floor.own("Marta Kowalska"))
    spoken = year + int(await seat.page.evaluate("new Date().getFullYear()"))
    await expect(seat.page.locator(".day")).to_contain_text(str(spoken))
    await expect(seat.page.locator(".said time").first).to_have_attribute("title", re.compile(str(spoken)))


async def test_nothing_moves_for_whoever_wants_it_still(sit: Sit, server: FakeServer) -> None:
    seat = await sit(reduced_motion="reduce")
    await seat.open(server.floor.own("Marta Kowalska"))
    server.floor.offer()
    await expect(seat.offer).to_be_visible()
    await seat.presence.click()
    assert await seat.page.evaluate("document.getAnimations().length") == 0


async def test_letters_of_a_thai_keyboard_count_by_their_place_unless_shortcuts_are_off(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    first, second = server.floor.own("Marta Kowalska"), server.floor.own("Omar Haddad")
    await expect(seat.card(second)).to_be_visible()
    press = 'document.dispatchEvent(new KeyboardEvent("keydown", { key: "่", code: "KeyJ", bubbles: true }))'
    await seat.page.evaluate(press.replace("document.dispatch", "document.body.dispatch"))
    await expect(seat.page.locator(".head h1")).to_have_text("Marta Kowalska")
    await seat.page.locator(".account button").first.click()
    await seat.page.get_by_role("button", name="Settings").click()
    await seat.page.get_by_label("Single-key shortcuts").uncheck()
    await seat.page.keyboard.press("Escape")
    await seat.page.keyboard.press("j")
    await seat.page.keyboard.press("2")
    await expect(seat.card(first)).to_have_attribute("aria-current", "true")
