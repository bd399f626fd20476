"""The desk by itself: signing in, offers, replies, notes, transfer, wrap-up, in Chromium against a fake server."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_server import FakeServer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_wrong_password_is_said_and_the_right_one_opens_the_desk(sit: Sit, server: FakeServer) -> None:
    seat = await sit(signed_in=False, shift=False)
    await seat.sign_in("not this one")
    await expect(seat.page.get_by_role("alert").filter(has_text="not right")).to_be_visible()
    await seat.sign_in()
    await seat.live()
    await seat.page.get_by_role("banner").get_by_role("button", name="Start shift").click()
    await expect(seat.presence).to_contain_text("Available")
    assert server.asks("/shift") == [{}]


async def test_a_shift_also_begins_where_its_work_is_missed(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.49."""
    seat = await sit(shift=False)
    await seat.page.get_by_role("region", name="My work").get_by_role("button", name="Start shift").click()
    await expect(seat.presence).to_contain_text("Available")
    assert server.asks("/shift") == [{}]
    await expect(seat.page.locator(".capacity > button")).to_have_attribute("title", "0 of 100, conversations: 0")


async def test_alt_enter_accepts_an_offer_while_a_draft_stays_where_it_was(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.10."""
    seat = await sit()
    first = server.floor.own("Marta Kowalska")
    await seat.open(first)
    await seat.composer.press_sequentially("I am looking at")
    offer = server.floor.offer("Dao Thị Hương")
    await expect(seat.offer).to_contain_text("Dao Thị Hương")
    await expect(seat.offer).to_contain_text("free the longest")
    await seat.composer.press("Alt+Enter")
    await expect(seat.offer).to_have_count(0)
    await expect(seat.page.locator(f".card[data-ref='{offer['ref']}']")).to_be_visible()
    await expect(seat.composer).to_have_value("I am looking at")
    assert [each["offer"] for each in server.asks("/accept")] == [offer["offer"]]


async def test_the_countdown_runs_on_the_servers_time(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.9."""
    server.skew_ms = 300_000
    seat = await sit()
    server.floor.offer(ttl_ms=320_000)
    # The server is five minutes ahead, and so is the offer's end as this desk's clock would have it.
    await expect(seat.offer.get_by_role("img", name="seconds left")).to_contain_text("20", timeout=3_000)


async def test_an_offer_is_told_once_and_marks_the_tab(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.page.evaluate("""() => {
        window.told = [];
        const region = document.getElementById("alert");
        new MutationObserver(() => { if (region.textContent) told.push(region.textContent); })
            .observe(region, { childList: true, characterData: true, subtree: true });
    }""")
    calm = await seat.page.locator("link[rel=icon]").get_attribute("href")
    offer = server.floor.offer("Dao Thị Hương")
    await expect(seat.page).to_have_title("(!) Dao Thị Hương – Patchbay")
    await expect(seat.page.locator("link[rel=icon]")).not_to_have_attribute("href", calm or "")
    # The countdown moves on for two seconds, and nobody is told again.
    await expect(seat.offer.locator(".ring-clock")).to_contain_text("17", timeout=5_000)
    assert await seat.page.evaluate("told") == ["Chat from Dao Thị Hương is offered to you"]
    server.floor.withdraw(offer, "withdrawn")
    await expect(seat.offer).to_have_count(0)
    await expect(seat.page).to_have_title("Patchbay")
    await expect(seat.page.locator("link[rel=icon]")).to_have_attribute("href", calm or "")


async def test_a_blocked_ring_says_so_until_somebody_clicks(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.14."""
    seat = await sit()
    server.floor.offer()
    chip = seat.page.get_by_role("button", name="Sound blocked")
    await expect(chip).to_be_visible()
    await seat.page.locator(".work h1").click()
    await expect(chip).to_have_count(0)


async def test_whoever_was_too_slow_is_told_so(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    offer = server.floor.offer()
    await expect(seat.offer).to_be_visible()
    server.floor.offers.clear()
    await seat.offer.get_by_role("button", name="Accept").click()
    await expect(seat.toast).to_contain_text("Too late")
    await expect(seat.page.locator(f".card[data-ref='{offer['ref']}']")).to_have_count(0)


async def test_a_refusal_that_is_not_the_last_word_brings_the_offer_back(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    server.floor.offer()
    server.refusals["accept"] = "unavailable"
    await seat.offer.get_by_role("button", name="Accept").click()
    await expect(seat.toast).to_be_visible()
    await expect(seat.offer).to_be_visible()
    del server.refusals["accept"]
    await seat.offer.get_by_role("button", name="Accept").click()
    await expect(seat.composer).to_be_visible()


async def test_a_decline_may_give_its_reason(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    server.floor.offer()
    await seat.offer.get_by_role("button", name="Decline with a reason").click()
    await seat.offer.get_by_role("button", name="Wrong skill").click()
    await expect(seat.offer).to_have_count(0)
    server.floor.offer("Somebody Else")
    await expect(seat.offer).to_contain_text("Somebody Else")
    await seat.page.keyboard.press("d")
    await expect(seat.offer).to_have_count(0)
    assert [each.get("reason", "") for each in server.asks("/decline")] == ["wrong-skill", ""]


@pytest.mark.parametrize("way", ["the card", "the menu"])
async def test_a_missed_offer_has_one_big_way_back(sit: Sit, server: FakeServer, way: str) -> None:
    """UI.md 8.11."""
    seat = await sit()
    offer = server.floor.offer()
    await expect(seat.offer).to_be_visible()
    server.floor.lapse(offer)
    await expect(seat.missed).to_contain_text("The customer kept their place")
    await expect(seat.presence).to_contain_text("Not responding")
    if way == "the card":
        await seat.missed.get_by_role("button", name="Go “Available”").click()
    else:
        await seat.presence.click()
        await seat.page.get_by_role("menuitem", name="Available").click()
    await expect(seat.missed).to_have_count(0)
    await expect(seat.presence).to_contain_text("Available")


async def test_a_presence_that_is_refused_goes_back_with_a_sentence(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    server.refusals["presence"] = "live_work_open"
    await seat.presence.click()
    await seat.page.get_by_role("menuitem", name="Break").click()
    await expect(seat.toast).to_contain_text("live conversations")
    await expect(seat.presence).to_contain_text("Available")


async def test_the_state_menu_is_walked_by_arrows_and_first_letters(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.page.keyboard.press("Shift+S")
    items = seat.page.get_by_role("menuitem")
    await expect(items.first).to_be_focused()
    await seat.page.keyboard.press("ArrowDown")
    await expect(items.nth(1)).to_be_focused()
    await seat.page.keyboard.press("m")
    await expect(seat.page.get_by_role("menuitem", name="Meeting")).to_be_focused()
    await seat.page.keyboard.press("Escape")
    await expect(items).to_have_count(0)
    await expect(seat.presence).to_be_focused()
    assert server.asks("/presence") == []


async def test_the_capacity_says_what_the_server_counts(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    for name in ("Marta Kowalska", "Omar Haddad"):
        server.floor.own(name)
    meter = seat.page.get_by_role("meter")
    await expect(meter).to_have_attribute("aria-valuenow", "50")
    await expect(meter).to_have_attribute("aria-valuemax", "100")
    server.floor.moves(next(iter(server.floor.work)), "parked")
    await expect(meter).to_have_attribute("aria-valuenow", "25")


async def test_the_capacity_lists_what_takes_it_and_what_is_parked_and_closes_as_menus_do(
    sit: Sit, server: FakeServer
) -> None:
    seat = await sit()
    _, parked = (server.floor.own(name) for name in ("Marta Kowalska", "Omar Haddad"))
    server.floor.moves(parked["ref"], "parked")
    capacity = seat.page.locator(".capacity")
    await expect(capacity.locator(".meter .hollow")).to_have_count(1)
    await capacity.get_by_role("button").first.click()
    rows = capacity.locator(".menu button")
    await expect(rows).to_have_text(["Marta Kowalska 25", "Omar Haddad"])
    await rows.last.click()
    await expect(seat.page.locator(".head h1")).to_have_text("Omar Haddad")
    await capacity.get_by_role("button").first.click()
    await expect(rows).to_have_count(2)
    await seat.page.keyboard.press("Escape")
    await expect(rows).to_have_count(0)
    await capacity.get_by_role("button").first.click()
    await expect(rows).to_have_count(2)
    await seat.page.locator(".work h1").click()
    await expect(rows).to_have_count(0)


async def test_on_a_telephone_what_takes_capacity_is_read_whole(sit: Sit, server: FakeServer) -> None:
    seat = await sit(viewport={"width": 390, "height": 844})
    server.floor.own("Marta Kowalska")
    await seat.page.locator(".capacity button").first.click()
    box = await seat.page.locator(".capacity .menu").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390


async def test_what_waits_is_told_of_the_queues_one_serves_and_of_all_to_whoever_is_not_on_shift(
    sit: Sit, server: FakeServer
) -> None:
    server.floor.in_line(6)
    seat = await sit()
    assert server.floor.agent is not None
    pressure, empty = seat.page.locator(".behind"), seat.page.locator(".work .empty")
    await expect(pressure.get_by_role("heading")).to_have_text("Waiting in your queues")
    await expect(pressure.locator("li")).to_have_count(2)
    server.floor.agent["queues"] = ["billing"]
    server.floor.changed()
    await expect(pressure.locator("li")).to_have_count(1)
    await expect(pressure).to_contain_text("Billing")
    await expect(empty).to_contain_text("3 in Billing, longest")
    server.floor.agent["queues"] = ["returns"]
    server.floor.changed()
    await expect(pressure).to_have_count(0)
    await expect(empty).to_have_text("Nothing is waiting for you, and nobody is in line in your queues.")
    server.floor.end_shift()
    await expect(pressure.locator("li")).to_have_count(2)
    await expect(pressure.get_by_role("heading")).to_have_text("Waiting in the queues")


async def test_a_transfer_shows_what_is_closed_and_why_and_takes_a_note_along(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.page.keyboard.press("t")
    box = seat.page.get_by_role("dialog", name="Transfer")
    await expect(box.get_by_role("searchbox")).to_be_focused()
    await expect(box.get_by_label("Returns")).to_be_disabled()
    await expect(box.locator(".target", has_text="Returns")).to_contain_text("closed until")
    await expect(box.get_by_label("Lena Hoff")).to_be_disabled()
    await box.get_by_role("searchbox").fill("som")
    await expect(box.get_by_label("Billing")).to_have_count(0)
    await box.get_by_label("Somchai Prasert").check()
    await box.get_by_label("Note for the next person").fill("Asked for a trace.")
    await box.get_by_role("button", name="Hand over now").click()
    await expect(box).to_have_count(0)
    asked = server.asks("/transfer")
    assert [(each["to_agent"], each["note"]) for each in asked] == [(8, "Asked for a trace.")]


# Keys as fast as no person types them: the search is asked for before the page has heard that its dialog is closed.
AT_ONCE = """async () => {
    const press = (keys) => document.body.dispatchEvent(new KeyboardEvent("keydown", {bubbles: true, ...keys}));
    const soon = () => new Promise((then) => setTimeout(then));
    press({key: "?"});
    await soon();
    document.querySelector("dialog[open]").close();
    press({key: "k", ctrlKey: true});
    while (document.querySelector("dialog")) await soon();
    await soon();
}"""


async def test_a_dialog_that_closes_takes_the_focus_from_nobody_who_has_gone_on(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    # Its room has been fetched once: from then on the sheet is there at once.
    await seat.page.keyboard.press("?")
    await seat.page.get_by_role("dialog").get_by_role("button", name="Close").click()
    await seat.card(summary).focus()
    await seat.page.evaluate(AT_ONCE)
    await expect(seat.page.get_by_role("searchbox", name="Search")).to_be_focused()


async def test_a_dialog_gives_the_focus_back_to_where_it_was_asked_for(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    for close in ("Escape", "Enter"):
        await seat.card(summary).focus()
        await seat.page.keyboard.press("?")
        await expect(seat.page.get_by_role("dialog").get_by_role("button", name="Close")).to_be_focused()
        await seat.page.keyboard.press(close)
        await expect(seat.page.get_by_role("dialog")).to_have_count(0)
        await expect(seat.card(summary)).to_be_focused()


async def test_parking_until_tomorrow_means_nine_in_the_morning_there(sit: Sit, server: FakeServer) -> None:
    seat = await sit(timezone_id="Asia/Bangkok")
    summary = server.floor.own("Marta Kowalska")
    await seat.open(summary)
    await seat.page.keyboard.press("p")
    await seat.page.get_by_role("button", name="Tomorrow morning").click()
    await expect(seat.page.get_by_role("heading", name="Parked")).to_be_visible()
    until = server.asks("/park")[0]["until_ms"]
    assert (until // 3_600_000) % 24 == 2, "nine o'clock in Bangkok is two in UTC"


async def test_two_wrap_ups_keep_their_own_forms(sit: Sit, server: FakeServer) -> None:
    seat = await sit()
    first, second = server.floor.own("Marta Kowalska"), server.floor.own("Omar Haddad")
    for summary in (first, second):
        await seat.open(summary)
        await seat.page.locator(".head").get_by_role("button", name="End").click()
        await expect(seat.page.locator(".wrap-up")).to_be_visible()
    note = seat.page.locator(".wrap-up textarea")
    await note.fill("about Omar")
    await seat.open(first)
    await expect(note).to_have_value("")
    await seat.page.locator(".wrap-up").get_by_role("searchbox").fill("refund")
    await seat.page.locator(".wrap-up").get_by_text("Refund given").click()
    await note.fill("about Marta")
    await note.press("Control+Enter")
    await expect(seat.card(first)).to_have_count(0)
    await seat.open(second)
    await expect(note).to_have_value("about Omar")
    assert [(each["disposition"], each["note"]) for each in server.asks("/wrap-up")] == [
        ("refund-given", "about Marta")
    ]
