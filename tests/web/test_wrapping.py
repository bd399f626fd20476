"""The wrap-up form in Chromium: its four modes, outcomes with reasons, a minute more, follow-ups, half a note."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, expect

from tests.web.conftest import Sit
from tests.web.fake_floor import Record, now_ms
from tests.web.fake_server import FakeServer
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 30_000
MINUTE_MS = 60_000


def in_mode(server: FakeServer, mode: str, outcomes: list[str] | None = None) -> None:
    for queue in server.config["queues"]:
        queue |= {"wrap_up_mode": mode, "outcomes": outcomes or []}


async def wrapping(seat: Seat, server: FakeServer, name: str = "Marta Kowalska") -> tuple[Record, Locator]:
    """Bring one conversation into wrap-up and open its form."""
    work = server.floor.own(name)
    server.floor.moves(work["ref"], "wrap_up", due_ms=now_ms() + MINUTE_MS)
    await seat.open(work)
    form = seat.page.locator(".wrap-up")
    await expect(form.locator(".outcomes")).to_be_visible(timeout=WAIT_MS)
    return work, form


@pytest.mark.parametrize(("mode", "button"), [("optional", True), ("timed", False), ("required", False)])
async def test_an_outcome_is_asked_for_as_the_queue_says(
    sit: Sit, server: FakeServer, mode: str, *, button: bool
) -> None:
    """UI.md 8.23, its first half."""
    in_mode(server, mode)
    seat = await sit()
    work, form = await wrapping(seat, server)
    save = form.locator("button[type=submit]")
    await (expect(save).to_be_enabled() if button else expect(save).to_be_disabled())
    await expect(form.locator(".chip.due")).to_have_count(1 if mode == "timed" else 0)
    await form.get_by_text("Refund given").click()
    await seat.page.keyboard.press("Control+Enter")
    await expect(seat.card(work)).to_have_count(0, timeout=WAIT_MS)
    assert server.asks("/wrap-up")[0]["disposition"] == "refund-given"


async def test_what_ends_by_time_keeps_its_half_written_note(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.23, its second half: the server writes `timeout`, the desk brings the note into the story."""
    seat = await sit()
    work, form = await wrapping(seat, server)
    await form.get_by_label("Note").fill("Customer will send a photo.")
    server.floor.moves(work["ref"], "closed", detail="timeout")
    await expect(seat.card(work)).to_have_count(0, timeout=WAIT_MS)
    for _ in range(100):
        if server.asks("/note"):
            break
        await seat.page.wait_for_timeout(100)
    assert [each["text"] for each in server.asks("/note")] == ["Customer will send a photo."]


async def test_each_of_several_forms_keeps_what_is_in_it(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    first, form = await wrapping(seat, server)
    await form.get_by_label("Note").fill("for Marta")
    second, form = await wrapping(seat, server, "Omar Haddad")
    await expect(form.get_by_label("Note")).to_have_value("")
    await form.get_by_label("Note").fill("for Omar")
    await seat.open(first)
    await expect(form.get_by_label("Note")).to_have_value("for Marta", timeout=WAIT_MS)
    await seat.page.reload()
    await seat.live()
    await seat.open(second)
    await expect(form.get_by_label("Note")).to_have_value("for Omar", timeout=WAIT_MS)


async def test_a_minute_more_is_given_once(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    _, form = await wrapping(seat, server)
    more = form.get_by_role("button", name="+60 s")
    await more.click()
    await expect(form.locator(".due")).to_contain_text("1:5", timeout=WAIT_MS)
    await expect(more).to_be_disabled()
    assert len(server.asks("/extend")) == 1


async def test_outcomes_are_filtered_by_typing_and_what_is_used_most_stands_first(sit: Sit, server: FakeServer) -> None:
    server.config["outcome_reasons"] = {"spam": ["advertising", "fraud"]}
    seat = await sit()
    work, form = await wrapping(seat, server)
    await seat.page.keyboard.type("spa")
    await expect(form.get_by_role("radiogroup", name="What came of it?").get_by_role("radio")).to_have_count(1)
    await seat.page.keyboard.press("Enter")
    await form.get_by_role("radiogroup", name="Why?").get_by_text("Fraud").click()
    await seat.page.keyboard.press("Control+Enter")
    await expect(seat.card(work)).to_have_count(0, timeout=WAIT_MS)
    assert server.asks("/wrap-up")[0]["disposition"] == "spam:fraud"
    _, form = await wrapping(seat, server, "Omar Haddad")
    await expect(form.locator(".outcomes .choice").first).to_have_text("Spam")


async def test_a_queue_shows_its_own_outcomes_only(sit: Sit, server: FakeServer) -> None:
    in_mode(server, "required", ["resolved", "spam"])
    seat = await sit()
    _, form = await wrapping(seat, server)
    await expect(form.locator(".outcomes .choice")).to_have_count(2)


async def test_a_follow_up_needs_no_outcome_and_says_when(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    work, form = await wrapping(seat, server)
    await form.get_by_label("Follow up").check()
    await form.get_by_role("button", name="Save, follow up then").click()
    await expect(seat.page.locator(".elsewhere")).to_contain_text("Parked", timeout=WAIT_MS)
    asked = server.asks("/wrap-up")[0]
    assert asked["disposition"] == ""
    assert asked["follow_up_ms"] > now_ms() + 24 * 60 * MINUTE_MS
    assert server.floor.work[work["ref"]]["state"] == "parked"


async def test_a_fixed_wrap_up_says_what_is_kept(sit: Sit, server: FakeServer) -> None:
    in_mode(server, "fixed")
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    work["outcome_kept"] = "resolved"
    server.floor.moves(work["ref"], "wrap_up", due_ms=now_ms() + MINUTE_MS)
    await seat.open(work)
    form = seat.page.locator(".wrap-up")
    await expect(form).to_contain_text("Kept: Resolved. You may still change it.", timeout=WAIT_MS)
    await expect(form.get_by_role("button", name="Keep")).to_be_enabled()


async def test_a_refusal_is_said_in_the_form_and_nothing_is_lost(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    _, form = await wrapping(seat, server)
    server.refusals["wrap-up"] = "disposition_unknown"
    await form.get_by_text("Resolved").click()
    await form.get_by_label("Note").fill("Kept.")
    await form.locator("button[type=submit]").click()
    await expect(form.locator(".fault")).to_contain_text("No such outcome", timeout=WAIT_MS)
    await expect(form.get_by_label("Note")).to_have_value("Kept.")


async def test_a_double_click_saves_an_outcome_once(sit: Sit, server: FakeServer) -> None:
    in_mode(server, "required")
    seat = await sit()
    work, form = await wrapping(seat, server)
    server.late_s["wrap-up"] = 1.0
    await form.get_by_text("Refund given").click()
    await form.locator("button[type=submit]").dblclick()
    await expect(seat.card(work)).to_have_count(0, timeout=WAIT_MS)
    assert len(server.asks("/wrap-up")) == 1


async def test_a_note_that_was_being_written_when_the_call_ended_goes_on_where_it_stopped(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    work = server.floor.own("Marta Kowalska")
    await seat.open(work)
    await seat.page.get_by_role("tab", name="Note").click()
    await seat.composer.press_sequentially("Moved to Br")
    server.floor.moves(work["ref"], "wrap_up", due_ms=now_ms() + MINUTE_MS)
    note = seat.page.locator(".wrap-up").get_by_label("Note")
    await expect(note).to_be_focused(timeout=WAIT_MS)
    await seat.page.keyboard.type("no.")
    await expect(note).to_have_value("Moved to Brno.")
    await seat.page.get_by_text("Refund given").click()
    await seat.page.keyboard.press("Control+Enter")
    await expect(seat.card(work)).to_have_count(0, timeout=WAIT_MS)
    assert [each["note"] for each in server.asks("/wrap-up")] == ["Moved to Brno."]
    assert server.asks("/note") == []
