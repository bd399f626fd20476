"""Letters with subject and copies, the last note changed, drafts of another machine: the composer in Chromium."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_floor import now_ms
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 20_000
# The page's clock stands still: the five seconds in which a letter is taken back last as long as a busy machine needs.
STANDING = "const at = Date.now(); Date.now = () => at;"


async def test_a_letter_has_a_subject_and_copies_that_survive_until_it_is_sent(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    work = server.floor.own("Omar Haddad", channel="email")
    server.floor.item(work["ref"], "in", text="And to Bo, please.", author="Omar Haddad", cc=["bo@example.org"])
    await seat.open(work)
    writing = seat.page.locator(".composer")
    subject = writing.get_by_label("Subject")
    await expect(subject).to_have_value("Re: Invoice 2026-1180", timeout=WAIT_MS)
    await expect(seat.page.locator(".said.in").last).to_contain_text("Copy: bo@example.org")
    await writing.get_by_role("button", name="Copy to bo@example.org too").click()
    copies = writing.get_by_label("Copy to")
    await expect(copies).to_have_value("bo@example.org")
    await subject.fill("Your invoice 1180")
    async with seat.page.expect_response("**/api/v1/drafts/*letter"):
        await copies.fill("bo@example.org, nobody")
    await seat.composer.fill("Attached.")
    await writing.get_by_role("button", name="Send and stay").click()
    await expect(seat.toast).to_contain_text("no mail address that can be one", timeout=WAIT_MS)
    assert server.asks("/reply") == []
    await seat.page.reload()
    await seat.live()
    await expect(subject).to_have_value("Your invoice 1180", timeout=WAIT_MS)
    await copies.fill("bo@example.org; cy@example.net")
    await writing.get_by_role("button", name="Send and stay").click()
    bubble = seat.page.locator(".said.out", has_text="Attached.")
    await expect(bubble).to_contain_text("Copy: bo@example.org, cy@example.net", timeout=WAIT_MS)
    (asked,) = server.asks("/reply")
    assert (asked["subject"], asked["cc"]) == ("Your invoice 1180", ["bo@example.org", "cy@example.net"])
    await expect(subject).to_have_value("Re: Invoice 2026-1180", timeout=WAIT_MS)
    await expect(copies).to_have_count(0)


async def test_a_letter_that_was_taken_back_has_its_subject_and_copies_again(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Omar Haddad", channel="email"))
    writing = seat.page.locator(".composer")
    await writing.get_by_role("button", name="CC", exact=True).click()
    await writing.get_by_label("Copy to").fill("bo@example.org")
    await seat.composer.fill("Attached.")
    await seat.page.evaluate(STANDING)
    await writing.get_by_role("button", name="Send and stay").click()
    await seat.page.locator(".said.pending").get_by_role("button", name="Undo").click(timeout=WAIT_MS)
    await expect(seat.composer).to_have_value("Attached.", timeout=WAIT_MS)
    await expect(writing.get_by_label("Copy to")).to_have_value("bo@example.org", timeout=WAIT_MS)
    assert server.asks("/reply") == []


async def test_arrow_up_in_an_empty_composer_changes_the_last_note(sit: Sit, server: FakeServer) -> None:
    """UI.md 5.1."""
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    await seat.open(work)
    note = server.floor.write(work["ref"], kind="note", text="She is angry", client="n1")
    await expect(seat.page.locator(".said.note")).to_contain_text("She is angry", timeout=WAIT_MS)
    await seat.composer.fill("x")
    await seat.composer.press("ArrowUp")
    await expect(seat.composer).to_have_value("x")
    await seat.composer.fill("")
    await seat.composer.press("ArrowUp")
    await expect(seat.composer).to_have_value("She is angry", timeout=WAIT_MS)
    await expect(seat.composer).to_be_focused()
    await expect(seat.page.locator(".composer.noting")).to_contain_text("changing your last note")
    await seat.page.reload()
    await seat.live()
    await seat.page.locator("#tab-note").click()
    await expect(seat.composer).to_have_value("She is angry", timeout=WAIT_MS)
    await seat.composer.fill("She was angry")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.note")).to_have_count(1, timeout=WAIT_MS)
    await expect(seat.page.locator(".said.note")).to_contain_text("She was angry", timeout=WAIT_MS)
    await expect(seat.page.locator(".said.note")).to_contain_text("changed", timeout=WAIT_MS)
    assert [each.get("replaces") for each in server.asks("/note")] == [note]
    await expect(seat.page.locator(".composer")).not_to_contain_text("changing your last note")


async def test_a_note_that_is_left_as_it_was_and_one_that_is_old_are_not_changed(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    old = server.floor.item(work["ref"], "note", text="Long ago", author="Ines Duarte", agent=7, quiet=True)
    old["at"] = now_ms() - 11 * 60_000
    await seat.open(work)
    await expect(seat.page.locator(".said.note")).to_contain_text("Long ago", timeout=WAIT_MS)
    await seat.composer.press("ArrowUp")
    await expect(seat.page.locator(".composer.noting")).to_have_count(0)
    server.floor.write(work["ref"], kind="note", text="Just now", client="n1")
    await expect(seat.page.locator(".said.note").last).to_contain_text("Just now", timeout=WAIT_MS)
    await seat.composer.press("ArrowUp")
    await expect(seat.composer).to_have_value("Just now", timeout=WAIT_MS)
    await seat.page.get_by_role("button", name="Leave it as it was").click()
    await expect(seat.composer).to_have_value("", timeout=WAIT_MS)
    await seat.composer.fill("Another one")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.note")).to_have_count(3, timeout=WAIT_MS)
    assert [each.get("replaces", 0) for each in server.asks("/note")] == [0]


async def test_a_draft_of_another_machine_says_when_it_was_kept(sit: Sit, server: FakeServer) -> None:
    work = server.floor.own("Marta Kowalska")
    server.floor.drafts[f"{work['ref']}:reply"] = "half a sentence"
    server.more.drafts_age_ms = 3 * 60_000
    seat = await sit()
    await seat.open(work)
    await expect(seat.composer).to_have_value("half a sentence", timeout=WAIT_MS)
    await expect(seat.page.locator(".composer .draft")).to_have_text("Kept 3m ago on another machine")
    await seat.composer.press("End")
    await seat.composer.press_sequentially(" more")
    await expect(seat.page.locator(".composer .draft")).not_to_contain_text("another machine")


async def test_of_two_drafts_the_newer_one_is_shown(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    await seat.open(work)
    async with seat.page.expect_response("**/api/v1/drafts/*"):
        await seat.composer.fill("written here first")
    server.floor.drafts[f"{work['ref']}:reply"] = "and then at home"
    await seat.page.reload()
    await seat.live()
    await expect(seat.composer).to_have_value("and then at home", timeout=WAIT_MS)
    server.floor.drafts[f"{work['ref']}:reply"] = "long before"
    server.more.drafts_age_ms = 3_600_000
    await seat.page.reload()
    await seat.live()
    await expect(seat.composer).to_have_value("written here first", timeout=WAIT_MS)
