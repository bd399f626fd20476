"""What leaves a desk and when: once, in order, never on top of an unseen message. Chromium against a fake server."""

from __future__ import annotations

import pytest
from playwright.async_api import Route, expect

from tests.web.conftest import Sit
from tests.web.fake_floor import now_ms
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BACK_MS = 60_000  # the longest pause between two attempts, with room
SOON_MS = 30_000

COMPOSING = """(area, key) => area.dispatchEvent(
    new KeyboardEvent("keydown", { key, isComposing: true, bubbles: true, cancelable: true }))"""


@pytest.mark.parametrize("text", ["好的", "ครับ", "はい"])
async def test_enter_never_sends_while_an_input_method_composes(sit: Sit, server: FakeServer, text: str) -> None:
    """UI.md 8.16."""
    seat = await sit()
    await seat.open(server.floor.own("林佳怡"))
    await seat.composer.fill(text)
    await seat.composer.evaluate(COMPOSING, "Enter")
    await expect(seat.composer).to_have_value(text)
    assert server.asks("/reply") == []


async def test_what_came_while_one_wrote_is_shown_first_and_sent_after_a_second_enter(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    await seat.composer.press_sequentially("It is lost, sorry.")
    server.floor.hears(summary["ref"], "Forget it, I found it!")
    line = seat.page.locator(".unseen-news")
    await expect(line).to_contain_text("Forget it, I found it!")
    await seat.composer.press("Enter")
    await expect(line).to_contain_text("Not sent yet")
    await expect(seat.composer).to_have_value("It is lost, sorry.")
    assert server.asks("/reply") == []
    await seat.composer.press("Enter")
    await expect(seat.composer).to_have_value("")
    await expect(seat.page.locator(".said.out")).to_contain_text("It is lost, sorry.")
    assert len(server.asks("/reply")) == 1


async def test_what_was_in_view_for_a_moment_needs_no_second_enter(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    await seat.composer.press_sequentially("One moment")
    server.floor.hears(summary["ref"], "Take your time")
    await expect(seat.said.last).to_have_text("Take your time")
    await seat.page.evaluate("new Promise((then) => setTimeout(then, 1_200))")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.out")).to_contain_text("One moment")


async def test_what_was_written_offline_is_held_when_the_customer_wrote_meanwhile(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    await server.leave()
    await expect(seat.page.locator(".connection.connecting")).to_be_visible(timeout=SOON_MS)
    for text in ("It is lost.", "Sorry."):
        await seat.composer.fill(text)
        await seat.composer.press("Enter")
    server.floor.hears(summary["ref"], "I found it!")["at"] = now_ms() - 3_000
    server.away = False
    held = seat.page.locator(".said.pending.failed")
    await expect(held).to_have_count(2, timeout=BACK_MS)
    await expect(held.first).to_contain_text("Newer messages came")
    await expect(seat.page.locator(".thread")).to_contain_text("I found it!")
    await held.last.get_by_role("button", name="Delete").click()
    await held.first.get_by_role("button", name="Send anyway").click()
    await expect(seat.page.locator(".said.out:not(.pending)")).to_have_count(1, timeout=SOON_MS)
    assert len(server.floor.clients) == 1


async def test_a_message_that_was_sent_offline_is_delivered_once(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.19."""
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await server.leave()
    await expect(seat.page.locator(".connection.connecting")).to_be_visible(timeout=SOON_MS)
    await seat.composer.fill("On its way.")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.pending")).to_contain_text("Waiting to send")

    async def answer_lost(route: Route) -> None:
        await route.fetch()
        await route.abort()

    await seat.page.route("**/reply", answer_lost, times=1)
    server.away = False
    await expect(seat.page.locator(".said.out:not(.pending)")).to_have_count(1, timeout=BACK_MS)
    await expect(seat.page.locator(".said.pending")).to_have_count(0)
    said = [each for story in server.floor.stories.values() for each in story if each["kind"] == "out"]
    assert [each["text"] for each in said] == ["On its way."]
    assert len(server.floor.clients) == 1


async def test_at_most_twenty_messages_wait_and_the_next_stays_in_the_composer(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await server.leave()
    await expect(seat.page.locator(".connection.connecting")).to_be_visible(timeout=SOON_MS)
    for number in range(21):
        await seat.composer.fill(f"message {number}")
        await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.pending")).to_have_count(20)
    await expect(seat.toast).to_contain_text("Too many messages")
    await expect(seat.composer).to_have_value("message 20")


async def test_a_restart_while_somebody_types_moves_neither_text_nor_cursor(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.18."""
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    await seat.composer.press_sequentially("half a sentence")
    await seat.composer.evaluate("(area) => area.setSelectionRange(4, 4)")
    await server.leave()
    for text in ("one", "two", "three"):
        server.floor.hears(summary["ref"], text)
    server.away = False
    await expect(seat.said).to_have_text(["Hello, can you help?", "one", "two", "three"], timeout=BACK_MS)
    await expect(seat.composer).to_have_value("half a sentence")
    assert await seat.composer.evaluate("(area) => [area.selectionStart, document.activeElement === area]") == [4, True]


async def test_a_mail_can_be_taken_back_for_five_seconds_and_is_a_draft_again(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Omar Haddad", channel="email"))
    await expect(seat.page.locator(".composer").get_by_label("Subject")).to_have_value("Re: Invoice 2026-1180")
    await seat.composer.fill("Please find it attached.")
    # The page's clock stands still: five seconds last as long as a busy machine needs for a click.
    await seat.page.evaluate("const at = Date.now(); Date.now = () => at;")
    await seat.page.get_by_role("button", name="Send and stay").click()
    waiting = seat.page.locator(".said.pending")
    await expect(waiting).to_contain_text("Leaves in")
    await waiting.get_by_role("button", name="Undo").click()
    await expect(waiting).to_have_count(0)
    await expect(seat.composer).to_have_value("Please find it attached.")
    assert server.asks("/reply") == []


async def test_a_mail_that_waits_leaves_with_a_page_that_is_closed(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Omar Haddad", channel="email"))
    await seat.composer.fill("Please find it attached.")
    await seat.page.get_by_role("button", name="Send and stay").click()
    await expect(seat.page.locator(".said.pending")).to_contain_text("Leaves in")
    await seat.page.goto("about:blank")
    for _ in range(100):
        if server.asks("/reply"):
            break
        await seat.page.evaluate("new Promise((then) => setTimeout(then, 50))")
    assert [each["text"] for each in server.asks("/reply")] == ["Please find it attached."]


async def test_a_chat_waits_for_nothing(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    async with seat.page.expect_request("**/reply", timeout=3_000):
        await seat.composer.fill("Hello!")
        await seat.composer.press("Enter")


async def test_a_slow_writing_of_a_draft_never_overtakes_a_later_one(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    key = f"{summary['ref']}:reply"
    server.slow_s[key] = 1.5
    async with seat.page.expect_request("**/api/v1/drafts/*"):
        await seat.composer.fill("first")
    server.slow_s.clear()
    await seat.composer.fill("first and second")
    async with seat.page.expect_response(
        lambda answer: "/drafts/" in answer.url and "second" in (answer.request.post_data or ""), timeout=SOON_MS
    ):
        await seat.composer.press("End")
    assert server.floor.drafts == {key: "first and second"}
    assert [each["text"] for each in server.asks(key)] == ["first", "first and second"]


async def test_a_draft_that_could_not_be_kept_is_kept_when_the_line_is_back(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.17."""
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    await server.leave()
    await seat.composer.fill("written without a line")
    await seat.page.click("#tab-note")
    await seat.composer.fill("a note")
    server.away = False
    async with seat.page.expect_response(
        lambda answer: ":note" in answer.url and answer.status == 204, timeout=BACK_MS
    ):
        await seat.page.wait_for_function("document.querySelector('.connection.live')")
    elsewhere = await sit()
    await elsewhere.open(summary)
    await expect(elsewhere.composer).to_have_value("written without a line")


async def test_two_tabs_send_what_one_of_them_wrote_once(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    server.refusals["reply"] = "unavailable"
    await seat.composer.fill("Once, please.")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.pending")).to_have_count(1)
    tab = await seat.another_tab()
    await tab.open(summary)
    await expect(tab.page.locator(".said.pending")).to_contain_text("Once, please.")
    server.refusals.clear()
    for each in (seat, tab):
        await expect(each.page.locator(".said.out:not(.pending)")).to_have_count(1, timeout=BACK_MS)
        await expect(each.page.locator(".said.pending")).to_have_count(0)
    assert len(server.floor.clients) == 1


async def test_a_draft_survives_signing_out_and_in_again(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.17."""
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    await seat.composer.fill("half a sentence")
    await seat.page.get_by_role("button", name="Account of").click()
    await seat.page.get_by_role("button", name="Sign out").click()
    await seat.sign_in()
    await seat.live()
    server.floor.begin_shift()
    await seat.open(summary)
    await expect(seat.composer).to_have_value("half a sentence")
    await expect(seat.page.locator(".composer")).to_contain_text("Draft from")
