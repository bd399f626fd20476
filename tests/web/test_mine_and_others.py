"""What is mine to do and what is a colleague's; going away after the work in hand; what an empty desk says."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.web.conftest import Sit
from tests.web.fake_floor import CAPACITY, LOADS, now_ms
from tests.web.fake_server import FakeServer
from tests.web.looking import violations

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 15_000


async def test_a_colleagues_conversation_takes_notes_and_nothing_else(sit: Sit, server: FakeServer) -> None:
    theirs = server.floor.own("Marta Kowalska") | {"owner": {"id": 8, "name": "Somchai Prasert"}}
    server.floor.closed[theirs["ref"]] = server.floor.work.pop(theirs["ref"]) | theirs
    seat = await sit()
    await seat.page.goto(f"/#/desk/{theirs['ref']}")
    await expect(seat.page.locator(".head .meta")).to_contain_text("Somchai Prasert has it", timeout=WAIT_MS)
    await expect(seat.page.locator("#tab-reply")).to_be_disabled()
    await expect(seat.page.locator(".composer.noting")).to_contain_text("not sent to the customer")
    await seat.page.locator(".thread").focus()
    for key in ("t", "e", "p"):
        await seat.page.keyboard.press(key)
    await seat.page.keyboard.press("r")
    await expect(seat.composer).to_be_focused()
    await seat.composer.fill("Ask her for the number.")
    await seat.composer.press("Enter")
    await expect(seat.page.locator(".said.note:not(.pending)")).to_contain_text("Ask her", timeout=WAIT_MS)
    assert [
        path.rpartition("/")[2] for _, path, _ in server.asked if theirs["ref"] in path and "draft" not in path
    ] == ["note"]
    await expect(seat.page.get_by_role("dialog")).to_have_count(0)


async def test_a_wrap_up_of_a_colleague_is_not_mine_to_fill_in(sit: Sit, server: FakeServer) -> None:
    theirs = {"owner": {"id": 8, "name": "Somchai Prasert"}, "state": "wrap_up"}
    work = server.floor.own("Marta Kowalska")
    server.floor.closed[work["ref"]] = server.floor.work.pop(work["ref"]) | theirs
    seat = await sit()
    await seat.page.goto(f"/#/desk/{work['ref']}")
    await expect(seat.page.locator(".elsewhere")).to_contain_text("Wrap-up", timeout=WAIT_MS)
    await expect(seat.page.locator(".wrap-up")).to_have_count(0)


async def test_one_goes_away_after_the_work_in_hand_by_one_click(sit: Sit, server: FakeServer) -> None:
    """UI.md 2: the soft exit."""
    seat = await sit()
    await seat.presence.click()
    await expect(seat.page.get_by_role("menuitem", name="Meeting")).to_have_count(1, timeout=WAIT_MS)
    await seat.page.keyboard.press("Escape")
    await seat.open(server.floor.own("Marta Kowalska"))
    await seat.presence.click()
    later = seat.page.get_by_role("group", name="After this conversation")
    assert await violations(seat.page) == []
    await later.get_by_role("menuitem", name="Meeting, after this conversation").click(timeout=WAIT_MS)
    await expect(seat.presence).to_contain_text("Available", timeout=WAIT_MS)
    await expect(seat.presence).to_contain_text("→ Meeting", timeout=WAIT_MS)
    (asked,) = server.asks("/presence")
    assert (asked["presence"], asked["when"]) == ("meeting", "after_current")
    server.floor.set_presence("meeting")
    await expect(seat.presence).not_to_contain_text("→", timeout=WAIT_MS)


async def test_an_empty_desk_says_what_waits_and_how_to_come_back(sit: Sit, server: FakeServer) -> None:
    """UI.md 3.1, states."""
    seat = await sit()
    empty = seat.page.locator(".work .empty")
    await expect(empty).to_have_text(
        "Nothing is waiting for you, and nobody is in line in your queues.", timeout=WAIT_MS
    )
    server.floor.in_line(6)
    server.floor.queues["orders"]["oldest_ms"] = now_ms() - 300_000
    server.floor.said("desk", queues=list(server.floor.queues.values()))
    await expect(empty).to_contain_text("3 in Orders, longest 5:0", timeout=WAIT_MS)
    server.floor.set_presence("break")
    await expect(empty).to_contain_text("You are on “Break” since", timeout=WAIT_MS)
    await empty.get_by_role("button", name="Go “Available”").click()
    await expect(seat.presence).to_contain_text("Available", timeout=WAIT_MS)
    await expect(empty).to_contain_text("in Orders", timeout=WAIT_MS)


async def test_who_left_a_line_where_all_was_answered_waits_for_wrap_up_and_not_for_a_reply(
    sit: Sit, server: FakeServer
) -> None:
    """A call that has ended needs no reply: its card says so, and its time is that until it ends by itself."""
    seat = await sit()
    over = server.floor.own("Marta Kowalska", channel="phone", live=True, text="", subject="")
    server.floor.own("Omar Haddad")
    headings = seat.page.locator(".work h2")
    await expect(headings).to_have_text(["Needs your reply 2"])
    await seat.open(over)
    await expect(seat.said).to_have_text(["Phone"])
    await expect(seat.page.locator(".head .due-box")).to_be_visible()
    over |= {"stage": "talking"}
    server.floor.changed(over)
    await expect(seat.page.locator(".head .due-box")).to_have_count(0)
    await expect(headings).to_have_text(["Needs your reply 2"])
    over |= {"stage": "left", "last": None}
    server.floor.changed(over)
    await expect(headings).to_have_text(["Needs your reply 1", "Wrap-up 1"])
    card = seat.page.locator(f".card[data-ref={over['ref']}]")
    await expect(card.locator(".words")).to_have_text("Customer has left")
    await expect(card.locator(".due")).to_have_attribute("title", "Time left for wrap-up")


async def test_the_state_says_that_one_is_full_or_wraps_up_which_nobody_picks(sit: Sit, server: FakeServer) -> None:
    """UI.md 2: system states the agent cannot pick."""
    seat = await sit()
    state = seat.page.locator(".presence .state")
    await expect(state).to_have_text(re.compile(r"^\s*Available\s*\d"))
    works = [server.floor.own(f"Customer {n}") for n in range(CAPACITY // LOADS["chat"])]
    await expect(state).to_have_text(re.compile(r"Available\s*· Full"))
    for each in works:
        each["state"] = "wrap_up"
    server.floor.changed(*works)
    await expect(state).to_have_text(re.compile(r"Available\s*· Wrap-up"))
    server.floor.set_presence("break")
    await expect(state).to_have_text(re.compile(r"^\s*Break\s*\d"))
