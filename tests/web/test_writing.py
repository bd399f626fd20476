"""What an agent writes: replies, notes, drafts, and what becomes of them, in Chromium against a fake server."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SOON_MS = 30_000  # a mail waits five seconds, and the machine is shared

COMPOSING = """(area) => area.dispatchEvent(
    new KeyboardEvent("keydown", { key: "Enter", isComposing: true, bubbles: true, cancelable: true }))"""


async def test_enter_chooses_a_word_while_composing_and_sends_afterwards(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("林佳怡"))
    await seat.composer.fill("好的")
    await seat.composer.evaluate(COMPOSING)
    await expect(seat.composer).to_have_value("好的")
    await seat.composer.press("Shift+Enter")
    await seat.composer.press_sequentially("谢谢")
    await seat.composer.press("Enter")
    await expect(seat.said.last).to_have_text("好的\n谢谢")
    assert [(each["text"], each["then"]) for each in server.asks("/reply")] == [("好的\n谢谢", "stay")]


async def test_a_reply_is_shown_at_once_and_says_what_became_of_it(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    server.slow_s["reply"] = 0.6
    await seat.composer.fill("On its way.")
    await seat.composer.press("Enter")
    bubble = seat.page.locator(".said.out", has_text="On its way.")
    await expect(bubble).to_contain_text("Sending")
    await expect(bubble).to_contain_text("Sent")
    await expect(bubble).to_have_count(1)
    client = server.asks("/reply")[0]["client_id"]
    server.floor.status(summary["ref"], client, "delivered")
    await expect(bubble).to_contain_text("Delivered")
    server.floor.status(summary["ref"], client, "failed", "mailbox_full")
    await expect(bubble).to_contain_text("Failed")
    await expect(bubble.get_by_role("button", name="Copy")).to_be_visible()


async def test_messages_written_quickly_arrive_in_their_order(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    server.slow_s["reply"] = 0.5
    await seat.composer.fill("one")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.pending")).to_have_count(1)
    await seat.page.wait_for_timeout(100)
    server.slow_s.clear()
    await seat.composer.fill("two")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.pending")).to_have_count(0)
    assert [each["text"] for each in server.asks("/reply")] == ["one", "two"]


async def test_a_refused_reply_keeps_its_bubble_until_it_is_sent_again(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    server.refusals["reply"] = "not_yours"
    await seat.composer.fill("Are you there?")
    await seat.composer.press("Enter")
    bubble = seat.page.locator(".said.out", has_text="Are you there?")
    await expect(bubble).to_contain_text("belongs to somebody else")
    del server.refusals["reply"]
    await bubble.get_by_role("button", name="Retry").click()
    await expect(bubble).to_contain_text("Sent")
    await expect(bubble).to_have_count(1)


async def test_a_busy_server_is_asked_again_without_anybody_doing_anything(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    server.refusals["reply"] = "unavailable"
    await seat.composer.fill("Just a moment.")
    await seat.composer.press("Enter")
    bubble = seat.page.locator(".said.out", has_text="Just a moment.")
    await expect(bubble).to_contain_text("Sending")
    server.refusals.clear()
    await expect(bubble).to_contain_text("Sent", timeout=8_000)


async def test_a_note_changes_the_whole_composer_and_goes_to_the_team_only(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.21."""
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.page.keyboard.press("n")
    await expect(seat.composer).to_be_focused()
    await expect(seat.page.locator(".composer.noting")).to_contain_text("not sent to the customer")
    await seat.composer.press_sequentially("Trace opened.")
    await seat.page.get_by_role("button", name="Add note").click()
    await expect(seat.page.locator(".said.note")).to_contain_text("only your team sees this")
    await expect(seat.page.locator(".said.note")).to_contain_text("Trace opened.")
    assert [each["text"] for each in server.asks("/note")] == ["Trace opened."]
    assert server.asks("/reply") == []


@pytest.mark.parametrize(
    ("button", "then"), [("Send and wait", "park"), ("Send and end", "close"), ("Send and stay", "stay")]
)
async def test_a_mail_is_sent_in_three_ways(sit: Sit, server: FakeServer, button: str, then: str) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Omar Haddad", channel="email"))
    await seat.composer.fill("Please find the invoice attached.")
    await seat.page.get_by_role("button", name=button).click()
    group = {"park": "Parked", "close": "Wrap-up", "stay": "Waiting on customer"}[then]
    await expect(seat.page.locator(".work h2", has_text=group)).to_be_visible(timeout=SOON_MS)
    assert [each["then"] for each in server.asks("/reply")] == [then]


async def test_drafts_of_reply_and_note_stay_apart_through_switching_and_reload(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    first, second = server.floor.own("Marta Kowalska"), server.floor.own("Omar Haddad")
    await seat.open(first)
    await seat.composer.fill("to Marta")
    await seat.page.click("#tab-note")
    await expect(seat.composer).to_have_value("")
    await seat.composer.fill("about Marta")
    await seat.open(second)
    await expect(seat.composer).to_have_value("")
    await seat.composer.fill("to Omar")
    await seat.page.reload()
    await seat.live()
    await seat.open(first)
    await expect(seat.composer).to_have_value("to Marta")
    await expect(seat.page.locator(".composer")).to_contain_text("Draft from")
    await seat.page.click("#tab-note")
    await expect(seat.composer).to_have_value("about Marta")
    await expect(seat.card(second)).to_be_visible()
    assert await seat.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_draft_reaches_the_server_and_another_machine(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    async with seat.page.expect_response("**/api/v1/drafts/*"):
        await seat.composer.fill("half a sen")
    assert server.floor.drafts == {f"{summary['ref']}:reply": "half a sen"}
    elsewhere = await sit()
    await elsewhere.open(summary)
    await expect(elsewhere.composer).to_have_value("half a sen")


async def test_drafts_of_one_person_are_not_shown_to_the_next_at_this_machine(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    async with seat.page.expect_response("**/api/v1/drafts/*"):
        await seat.composer.fill("written by Ines")
    server.floor.drafts.clear()
    server.me |= {"id": 8, "login": "somchai", "name": "Somchai Prasert"}
    await seat.page.reload()
    await seat.live()
    await seat.open(summary)
    await expect(seat.composer).to_have_value("")


async def test_what_the_customer_said_meanwhile_is_told_before_sending(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    await seat.composer.fill("So it is not")
    server.floor.hears(summary["ref"], "Forget it, I found it!")
    await expect(seat.page.locator(".composer")).to_contain_text("1 new since you began to write")
    await expect(seat.said.last).to_have_text("Forget it, I found it!")


async def test_new_messages_do_not_move_whoever_reads_older_ones(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    for number in range(40):
        server.floor.item(summary["ref"], "in", text=f"line {number}", author="Marta Kowalska", quiet=True)
    await seat.open(summary)
    thread = seat.page.locator(".thread")
    await expect(thread).to_contain_text("line 39")
    await thread.evaluate("(box) => { box.scrollTop = 200; }")
    await seat.page.wait_for_function("document.querySelector('.thread').scrollTop === 200")
    server.floor.hears(summary["ref"], "And one more thing")
    button = seat.page.get_by_role("button", name="1 new")
    await expect(button).to_be_visible()
    assert await thread.evaluate("(box) => box.scrollTop") == 200
    await button.click()
    await expect(button).to_have_count(0)
    await expect(seat.said.last).to_be_in_viewport()
