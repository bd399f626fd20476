"""What a conversation shows of its story: earlier pages, and a reader's place in them."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_floor import Record
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PAGE_ITEMS = 50
KEPT_MAX = 99  # of frame/state.js
A_DAY_MS = 1_789_898_400_000  # 20 September 2026


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


async def test_what_began_on_another_day_says_the_day_and_the_moment_in_full(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    today = server.floor.own("Marta Kowalska")
    before = server.floor.own("Omar Haddad", opened_ms=A_DAY_MS)
    await seat.open(today)
    started = seat.page.locator(".head .meta [title]")
    await expect(started).to_have_text(re.compile(r"started \d\d:\d\d"))
    await seat.open(before)
    await expect(started).to_have_text("started Sep 20, 2026")
    await expect(started).to_have_attribute("title", re.compile("September 20, 2026"))


async def test_where_a_browser_gives_no_clipboard_what_was_to_be_copied_is_shown(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    server.floor.write(summary["ref"], kind="out", text="Do not lose me", client="c1")
    server.floor.status(summary["ref"], "c1", "failed")
    await seat.page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await seat.open(summary)
    await seat.page.locator(".said.out").get_by_role("button", name="Copy").click()
    await expect(seat.toast).to_contain_text("Do not lose me")


def line(number: int, channel: str, **more: object) -> Record:
    return {"id": number, "channel": channel, "current": number == 1, "label": f"peer {number}", **more}


async def test_to_a_caller_nothing_is_written_where_no_line_takes_words(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    caller = server.floor.own("Marta Kowalska", channel="phone", lines=[line(1, "phone", unwritable=True)])
    await seat.open(caller)
    reply = seat.page.get_by_role("tab", name="Reply")
    await expect(reply).to_be_disabled()
    await expect(reply).to_have_attribute("title", "Nothing can be written on this line.")
    await seat.composer.fill("Wants a call back")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.note")).to_contain_text("Wants a call back")
    assert not server.asks("/reply")


async def test_to_a_caller_one_writes_on_their_other_line(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    lines = [line(1, "phone", unwritable=True), line(2, "sms")]
    await seat.open(server.floor.own("Marta Kowalska", channel="phone", lines=lines))
    await seat.composer.fill("Here is the address")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.out")).to_contain_text("Here is the address")
    (asked,) = server.asks("/reply")
    assert asked["line"] == 2


async def test_a_page_open_for_a_week_keeps_a_hundred_conversations_at_most_and_never_drops_the_open_one(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    first, *rest = [server.floor.own(f"Customer {n}") for n in range(KEPT_MAX + 20)]
    kept = await seat.page.evaluate(
        """async ([first, rest]) => {
          const app = document.querySelector("script[src$='/app.js']").src;
          const desk = await import(new URL("frame/state.js", app));
          for (const ref of rest) await desk.open(ref);
          await desk.open(first);
          for (const ref of rest) await desk.refreshHead(ref);
          return [desk.stories.value.size, desk.details.value.size, desk.details.value.has(first)];
        }""",
        [first["ref"], [each["ref"] for each in rest]],
    )
    assert kept == [KEPT_MAX, KEPT_MAX, True]
