"""A line that breaks: what the desk shows, what it keeps, and how it comes back, against a fake server."""

from __future__ import annotations

import pytest
from playwright.async_api import Route, expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer
from tests.web.modules import desk_modules, name_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BACK_MS = 60_000  # the longest pause between two attempts, with room

OFFLINE = "No connection to the server. Try again when it is back."
LONG_BREAK_S = 60  # several attempts in vain, and several times what is called long


async def test_a_short_break_shows_nothing_and_misses_nothing(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    await seat.page.evaluate("""() => {
        window.shown = [];
        const chip = document.querySelector(".connection");
        new MutationObserver(() => shown.push(chip.className)).observe(chip, { attributes: true });
    }""")
    await server.drop()
    server.floor.hears(summary["ref"], "Are you there?")
    await expect(seat.said.last).to_have_text("Are you there?", timeout=BACK_MS)
    assert await seat.said.all_inner_texts() == ["Hello, can you help?", "Are you there?"]
    assert await seat.page.evaluate("shown") == []


async def test_what_is_written_without_a_connection_is_sent_once_and_in_order(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await server.leave()
    await expect(seat.page.locator(".connection.connecting")).to_be_visible(timeout=5_000)
    for text in ("one", "two", "three"):
        await seat.composer.fill(text)
        await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.pending", has_text="Waiting to send")).to_have_count(3)
    server.away = False
    await expect(seat.page.locator(".said.pending")).to_have_count(0, timeout=BACK_MS)
    assert [each["text"] for each in server.asks("/reply")] == ["one", "two", "three"]
    assert (await seat.said.all_inner_texts())[1:] == ["one", "two", "three"]


async def test_what_waits_to_be_sent_survives_a_reload(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    server.refusals["reply"] = "unavailable"
    await seat.composer.fill("Do not lose me")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.pending")).to_have_count(1)
    await seat.page.reload()
    await seat.live()
    await seat.open(summary)
    await expect(seat.page.locator(".said.pending")).to_contain_text("Do not lose me")
    server.refusals.clear()
    await expect(seat.page.locator(".said.out:not(.pending)")).to_contain_text("Do not lose me", timeout=BACK_MS)
    assert len(server.floor.clients) == 1


async def test_what_needs_the_server_is_closed_while_it_is_away_and_says_why(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    server.floor.offer()
    await expect(seat.offer).to_be_visible()
    await server.leave()
    await expect(seat.page.locator(".connection.connecting")).to_be_visible(timeout=5_000)
    for button in (
        seat.offer.get_by_role("button", name="Accept"),
        seat.page.locator(".head").get_by_role("button", name="Transfer"),
        seat.page.locator(".head").get_by_role("button", name="End"),
    ):
        await expect(button).to_be_disabled()
        await expect(button).to_have_attribute("title", OFFLINE)
        await expect(button).to_have_accessible_description(OFFLINE)
    await expect(seat.composer).to_be_editable()
    server.away = False
    await expect(seat.offer.get_by_role("button", name="Accept")).to_be_enabled(timeout=BACK_MS)


async def test_a_long_break_is_said_once_whatever_is_tried_meanwhile(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.page.clock.install()
    await seat.page.evaluate("""() => {
        window.shown = [];
        const chip = document.querySelector(".connection");
        new MutationObserver(() => shown.push(chip.className)).observe(chip, { attributeFilter: ["class"] });
    }""")
    await server.leave()
    for _ in range(LONG_BREAK_S):
        await seat.page.clock.run_for(1_000)
    assert await seat.page.evaluate("shown") == ["connection connecting", "connection offline"]


async def test_a_server_that_forgot_the_frames_makes_the_desk_read_anew(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    server.forgetful = True
    await server.leave()
    server.floor.hears(summary["ref"], "Said while you were gone")
    gone = server.floor.own("Omar Haddad")
    server.floor.moves(gone["ref"], "closed")
    other = server.floor.own("Lena Hoff")
    server.away = False
    await expect(seat.card(other)).to_be_visible(timeout=BACK_MS)
    await expect(seat.said.last).to_have_text("Said while you were gone")
    await expect(seat.card(gone)).to_have_count(0)


async def test_a_session_that_ended_asks_again_over_the_page_and_nothing_is_lost(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.composer.fill("half a sentence")
    server.signed_in = False
    await server.drop(code=4401)
    box = seat.page.get_by_role("dialog", name="Your session has ended")
    await expect(box).to_be_visible()
    await seat.page.keyboard.press("Escape")
    await seat.page.keyboard.press("Escape")
    await expect(box).to_be_visible()
    await seat.sign_in()
    await expect(box).to_have_count(0)
    await seat.live()
    await expect(seat.composer).to_have_value("half a sentence")


async def test_an_answer_that_is_older_than_the_last_frame_takes_nothing_back(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await expect(seat.card(summary)).to_be_visible()
    # The answer is made at once and arrives late; meanwhile the socket goes on.
    server.late_s |= {"desk": 0.8, "story": 0.8}
    server.forgetful = True
    await server.drop()
    async with seat.page.expect_request("**/api/v1/desk"):
        await seat.page.wait_for_function("document.querySelector('.connection.live')")
    other = server.floor.own("Omar Haddad")
    async with seat.page.expect_response("**/api/v1/desk"):
        await expect(seat.card(other)).to_be_visible()
    await seat.page.evaluate("new Promise(requestAnimationFrame)")
    await expect(seat.card(other)).to_be_visible()
    async with seat.page.expect_request("**/story?*"):
        await seat.card(summary).click()
    server.floor.hears(summary["ref"], "Said while it was being opened")
    await expect(seat.said).to_have_text(["Hello, can you help?", "Said while it was being opened"])


async def test_a_reading_that_fails_is_tried_again(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    server.forgetful = True
    server.refusals["desk"] = "unavailable"
    await server.leave()
    summary = server.floor.own("Marta Kowalska")
    server.away = False
    async with seat.page.expect_response("**/api/v1/desk"):
        await seat.page.wait_for_function("document.querySelector('.connection.live')")
    server.refusals.clear()
    await expect(seat.card(summary)).to_be_visible(timeout=BACK_MS)


async def test_half_an_answer_is_no_answer(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))

    async def cut_off(route: Route) -> None:
        await route.fulfill(status=200, content_type="application/json", body='{"position": 1')

    await seat.page.route("**/reply", cut_off, times=1)
    await seat.composer.fill("Did you get this?")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.out:not(.pending)")).to_contain_text("Did you get this?", timeout=BACK_MS)
    assert len(server.asks("/reply")) == 1


async def test_a_desk_with_an_open_conversation_has_asked_for_fifteen_modules_at_most(
    sit: Sit, server: FakeServer
) -> None:
    """UI.md 8.3: counted by the browser, not by reading."""
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await expect(seat.page.locator("aside.customer h2")).to_have_text("Marta Kowalska")
    await expect(seat.page.locator("aside.customer .journey")).to_be_attached()
    asked = await seat.page.evaluate(
        "performance.getEntriesByType('resource').map((each) => new URL(each.name).pathname)"
    )
    own = {path for path in asked if path.endswith(".js") and "/vendor/" not in path}
    assert {path.split("/", 3)[3] for path in own} == {name_of(path) for path in desk_modules()}
