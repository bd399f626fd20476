"""What a conversation shows of its story: earlier pages, and a reader's place in them."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PAGE_ITEMS = 50


async def test_earlier_messages_are_reached_though_most_of_a_page_is_steps_nobody_reads(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska", text="The very first words")
    for _ in range(PAGE_ITEMS):
        server.floor.item(summary["ref"], "offered", author="Lena Hoff", quiet=True)
    server.floor.hears(summary["ref"], "Is anybody there?")
    await seat.open(summary)
    await expect(seat.said).to_have_text(["Is anybody there?"])
    await seat.page.get_by_role("button", name="Earlier").click()
    await expect(seat.said).to_have_text(["The very first words", "Is anybody there?"])
    await expect(seat.page.get_by_role("button", name="Earlier")).to_have_count(0)


async def test_an_earlier_page_that_cannot_be_read_may_be_asked_for_again(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    for n in range(PAGE_ITEMS):
        server.floor.item(summary["ref"], "in", text=f"Line {n}", author="Marta Kowalska", quiet=True)
    await seat.open(summary)
    await seat.page.route("**/story?before=*", lambda route: route.abort())
    await seat.page.get_by_role("button", name="Earlier").click()
    await expect(seat.toast).to_be_visible()
    await seat.page.unroute("**/story?before=*")
    await seat.page.get_by_role("button", name="Earlier").click()
    await expect(seat.said).to_have_count(PAGE_ITEMS + 1)


async def test_who_asks_for_earlier_messages_stays_at_the_line_they_were_reading(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    for n in range(2 * PAGE_ITEMS):
        server.floor.item(summary["ref"], "in", text=f"Line {n}", author="Marta Kowalska", quiet=True)
    await seat.open(summary)
    thread = seat.page.locator(".thread")
    await thread.evaluate("(thread) => { thread.scrollTop = 0; }")
    first = seat.page.get_by_text("Line 50", exact=True)
    await expect(first).to_be_in_viewport()
    await seat.page.get_by_role("button", name="Earlier").click()
    await expect(seat.said).to_have_count(2 * PAGE_ITEMS)
    await expect(first).to_be_in_viewport()
