"""Where a person forces their own colours: what is chosen, and how much, is shown by lines."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# What says by its background alone that it is chosen, without a line of its own.
CHOSEN = "[aria-current]:not([aria-current='false']), [aria-selected='true'], [aria-pressed='true'], .chosen"
UNMARKED = f"""() => [...document.querySelectorAll("{CHOSEN}")]
    .filter((each) => each.getClientRects().length && getComputedStyle(each).outlineStyle === "none")
    .map((each) => each.outerHTML.slice(0, 120))"""
FILLED = """() => [...document.querySelectorAll(".meter i:not(.hollow)")]
    .every((each) => getComputedStyle(each).backgroundColor !== getComputedStyle(document.body).backgroundColor)"""


async def test_what_is_chosen_and_how_much_is_seen_without_our_colours(sit: Sit, server: FakeServer) -> None:
    """UI.md 6: forced colours are kept readable."""
    seat = await sit(forced_colors="active", color_scheme="dark")
    await seat.open(server.floor.own("Marta Kowalska"))
    server.floor.offer("Dao Thị Hương")
    await expect(seat.offer).to_be_visible()
    await expect(seat.page.locator(".rail [aria-current]")).to_have_count(1)
    assert await seat.page.evaluate(UNMARKED) == []
    assert await seat.page.evaluate(FILLED)
    await seat.page.locator("#tab-note").click()
    await expect(seat.page.locator("#tab-note")).to_have_attribute("aria-selected", "true")
    assert await seat.page.evaluate(UNMARKED) == []
    await seat.page.locator(".head").get_by_role("button", name="Transfer").click()
    dialog = seat.page.get_by_role("dialog", name="Transfer")
    await dialog.locator(".target", has_text="Billing").click()
    await expect(dialog.locator(".target.chosen")).to_have_count(1)
    assert await seat.page.evaluate(UNMARKED) == []
    edge = await dialog.evaluate("(box) => getComputedStyle(box).borderStyle")
    assert edge == "solid"
