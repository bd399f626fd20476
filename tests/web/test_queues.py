"""The queues screen: few rows for many who wait, the router's order, its rest under a hand, keys, and stepping in."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Locator, expect

from tests.web.fake_floor import Record, now_ms
from tests.web.fake_server import FakeServer
from tests.web.fake_waiting import change, line_of, row_of
from tests.web.looking import violations
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

Sit = Callable[..., Awaitable[Seat]]
TENS_MS = 10_000


async def seated(sit: Sit, server: FakeServer, waiting: int, *, role: str = "agent", **options: Any) -> Seat:
    """Somebody before the list of so many."""
    server.me["role"] = role
    server.floor.in_line(waiting)
    seat = await sit(**options)
    await seat.page.goto("/#/queues")
    await expect(rows(seat).first).to_be_visible(timeout=TENS_MS)
    return seat


def rows(seat: Seat) -> Locator:
    return seat.page.locator(".spacer .tr")


def at(seat: Seat, place: int) -> Locator:
    """The row at a place of the order, counted from 1."""
    return seat.page.locator(f".spacer [aria-rowindex='{place + 1}']")


def told(server: FakeServer, number: int, **more: Any) -> Record:
    """The row of the n-th who waits, changed."""
    return row_of(server.floor.waiting[number - 1], number) | more


async def test_two_thousand_rows_are_few_nodes_and_all_are_counted(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.25."""
    seat = await seated(sit, server, 2_000)
    assert await rows(seat).count() < 60
    await expect(seat.page.get_by_role("table")).to_have_attribute("aria-rowcount", "2001")
    await expect(seat.page.locator(".queues-head .meta")).to_contain_text("2,000 conversations in 2 queues")


async def test_flinging_uses_the_same_nodes_again(sit: Sit, server: FakeServer) -> None:
    """UI.md 7.1: rows are not mounted anew."""
    seat = await seated(sit, server, 2_000)
    made = await seat.page.evaluate("""async () => {
        const body = document.querySelector(".body");
        let made = 0;
        const rows = (each) => [...each.addedNodes].filter((node) => node.classList?.contains("tr")).length;
        const seen = new MutationObserver((found) => { for (const each of found) made += rows(each); });
        seen.observe(document.querySelector(".spacer"), { childList: true });
        for (let step = 1; step <= 40; step += 1) {
            body.scrollTop = step * 1_100;
            await new Promise(requestAnimationFrame);
        }
        await new Promise((done) => setTimeout(done, 50));
        return made;
    }""")  # fmt: skip
    assert made < 30
    await expect(at(seat, 1_001)).to_contain_text("Customer 1001", timeout=TENS_MS)


async def test_two_hundred_changes_a_second_touch_only_what_is_seen(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.25, by counting: changes of rows that nobody sees change no node."""
    seat = await seated(sit, server, 2_000)
    await seat.page.evaluate("""() => {
        window.touched = 0;
        new MutationObserver((found) => { window.touched += found.filter((each) => each.type === "childList").length; })
            .observe(document.querySelector(".spacer"), { subtree: true, childList: true });
    }""")
    for batch in range(1, 9):
        offered = {"state": "offered", "offered": ["Ines"], "until_ms": now_ms() + 20_000}
        changed = [told(server, 1_000 + 50 * batch + n, **offered) for n in range(50)]
        server.show(change(batch, 2_000, rows=changed))
    server.show(change(9, 2_000, rows=[told(server, 2, state="offered", offered=["Mali"], until_ms=now_ms() + 20_000)]))
    await expect(at(seat, 2)).to_contain_text("Offered to Mali", timeout=TENS_MS)
    assert await seat.page.evaluate("window.touched") < 100


async def test_a_long_name_leaves_the_time_of_an_offer_in_sight(sit: Sit, server: FakeServer) -> None:
    """UI.md 3.2: Offered to Ines 0:12."""
    seat = await seated(sit, server, 2)
    long = told(server, 1, state="offered", offered=["Somchai Prasert-Wongsawat"], until_ms=now_ms() + 90_000)
    server.show(change(1, 2, rows=[long]))
    state = at(seat, 1).locator(".of-state")
    await expect(state).to_contain_text(re.compile(r"Offered to Somchai Prasert-Wongsawat\s+1:\d\d"), timeout=TENS_MS)
    inside = "(each) => each.getBoundingClientRect().right <= each.parentElement.getBoundingClientRect().right + 1"
    assert await state.locator(".number").evaluate(inside)


async def test_a_change_finds_its_place_by_insertion(sit: Sit, server: FakeServer) -> None:
    seat = await seated(sit, server, 20)
    first = told(server, 20, key_ms=1, waited_ms=90_000_000)
    server.show(change(1, 20, rows=[first]))
    await expect(at(seat, 1)).to_contain_text("Customer 20", timeout=TENS_MS)
    server.show(change(2, 19, gone=[first["ref"]]))
    await expect(at(seat, 1)).to_contain_text("Customer 1", timeout=TENS_MS)
    await expect(seat.page.get_by_role("table")).to_have_attribute("aria-rowcount", "20")


async def test_a_batch_that_was_missed_is_noticed_and_everything_is_asked_for(sit: Sit, server: FakeServer) -> None:
    seat = await seated(sit, server, 3)
    before = len([said for said in server.heard if said["type"] == "watch"])
    server.floor.waiting = server.floor.waiting[:2]
    server.show(change(5, 2))
    await expect(rows(seat)).to_have_count(2, timeout=TENS_MS)
    assert len([said for said in server.heard if said["type"] == "watch"]) == before + 1


async def test_the_order_rests_under_a_hand_and_counts_what_would_have_moved(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.26."""
    seat = await seated(sit, server, 12)
    await seat.page.locator(".body").hover(position={"x": 200, "y": 60})
    moved = [told(server, number, key_ms=number, waited_ms=90_000_000) for number in (10, 11)]
    server.show(change(1, 11, rows=moved, gone=[server.floor.waiting[0]["ref"]]))
    await expect(seat.page.locator(".table-state")).to_contain_text("Order paused – 3 changes", timeout=TENS_MS)
    await expect(at(seat, 1)).to_contain_text("Customer 1")
    await expect(at(seat, 1)).to_contain_text("Left the line")
    await seat.page.keyboard.press("Escape")
    await expect(at(seat, 1)).to_contain_text("Customer 10", timeout=TENS_MS)


async def test_the_order_rests_while_the_keys_are_in_the_table(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.26: focus, without a pointer."""
    seat = await seated(sit, server, 12)
    await at(seat, 1).focus()
    server.show(change(1, 12, rows=[told(server, 10, key_ms=1, waited_ms=90_000_000)]))
    await expect(seat.page.locator(".table-state")).to_contain_text("Order paused – 1 change", timeout=TENS_MS)
    await expect(at(seat, 1)).to_contain_text("Customer 1")
    await seat.page.get_by_placeholder("Name, number, skill").focus()
    await expect(at(seat, 1)).to_contain_text("Customer 10", timeout=TENS_MS)
    await expect(seat.page.locator(".table-state")).not_to_contain_text("paused")


async def test_the_row_with_the_focus_stays_when_the_list_scrolls(sit: Sit, server: FakeServer) -> None:
    """UI.md 5.4: roving focus; the focused row is kept."""
    seat = await seated(sit, server, 500)
    await at(seat, 1).focus()
    for _ in range(3):
        await seat.page.keyboard.press("ArrowDown")
    focused = seat.page.locator(".spacer .tr:focus")
    await expect(focused).to_contain_text("Customer 4", timeout=TENS_MS)
    await seat.page.locator(".body").evaluate("(body) => { body.scrollTop = 300 * 44; }")
    await expect(at(seat, 301)).to_be_visible(timeout=TENS_MS)
    await expect(focused).to_contain_text("Customer 4")
    await seat.page.keyboard.press("End")
    await expect(focused).to_contain_text("Customer 500", timeout=TENS_MS)
    assert await rows(seat).count() < 60


async def test_names_numbers_and_skills_are_found(sit: Sit, server: FakeServer) -> None:
    seat = await seated(sit, server, 30)
    field = seat.page.get_by_placeholder("Name, number, skill")
    for text, count in (("customer 27", 1), ("W00003", 1), ("orders", 30)):
        await field.fill(text)
        await expect(rows(seat)).to_have_count(min(count, await rows(seat).count()), timeout=TENS_MS)
    await field.fill("nobody at all")
    await expect(seat.page.locator(".empty")).to_contain_text("Nobody who waits matches", timeout=TENS_MS)
    await seat.page.get_by_text("Show everybody").click()
    await expect(at(seat, 1)).to_contain_text("Customer 1", timeout=TENS_MS)


async def test_a_language_is_found_by_its_name_as_the_column_says_it(sit: Sit, server: FakeServer) -> None:
    seat = await seated(sit, server, 6)
    thai = line_of(9, "chat", "orders", needs={"language:th": 1})
    server.show(change(1, 6, rows=[told(server, 4, line=9)], lines=[thai]))
    await seat.page.get_by_placeholder("Name, number, skill").fill("thai")
    await expect(rows(seat)).to_have_count(1, timeout=TENS_MS)
    await expect(at(seat, 1)).to_contain_text("Customer 4")
    await expect(at(seat, 1).locator(".of-needs")).to_have_text("Thai")


async def test_an_agent_takes_where_the_queue_lets_them(sit: Sit, server: FakeServer) -> None:
    seat = await seated(sit, server, 3)
    async with seat.page.expect_response(lambda response: response.url.endswith("/W00002/take")):
        await at(seat, 2).get_by_role("button", name="Take").click()
    assert server.asks("/W00002/take")


async def test_a_supervisor_raises_a_priority_with_a_reason(sit: Sit, server: FakeServer) -> None:
    seat = await seated(sit, server, 3, role="supervisor")
    await at(seat, 2).get_by_role("button").click()
    server.late_s["priority"] = 1.0
    dialog = seat.page.get_by_role("dialog")
    await dialog.get_by_label("Raise priority").check()
    await dialog.locator("select").first.select_option("3")
    await dialog.locator("select").last.select_option("promised")
    async with seat.page.expect_response(lambda response: response.url.endswith("/W00002/priority")):
        await dialog.get_by_role("button", name="Raise priority").dblclick()
    [asked] = server.asks("/W00002/priority")
    assert (asked["priority"], asked["reason"]) == (3, "promised")


async def test_a_supervisor_ends_what_waits_with_a_reason_of_its_own(sit: Sit, server: FakeServer) -> None:
    """UI.md 3.2: End."""
    seat = await seated(sit, server, 3, role="supervisor")
    await at(seat, 2).get_by_role("button").click()
    dialog = seat.page.get_by_role("dialog")
    await dialog.get_by_label("End it").check()
    await expect(dialog).to_contain_text("closed without an answer", timeout=TENS_MS)
    await dialog.locator("select").select_option("spam")
    async with seat.page.expect_response(lambda response: response.url.endswith("/W00002/end")):
        await dialog.get_by_role("button", name="End it").click()
    [asked] = server.asks("/W00002/end")
    assert asked["reason"] == "spam"
    await expect(dialog).to_have_count(0, timeout=TENS_MS)


async def test_a_row_leads_to_its_why(sit: Sit, server: FakeServer) -> None:
    seat = await seated(sit, server, 3)
    await at(seat, 2).get_by_role("link", name="Why is Customer 2 here?").click()
    await expect(seat.page.get_by_role("heading", name="Why")).to_contain_text("W00002", timeout=TENS_MS)


async def test_nobody_waiting_and_a_line_that_is_down_are_said(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.49: an empty list says so, with a next step."""
    seat = await seated(sit, server, 2)
    server.show(change(1, 0, gone=[each["ref"] for each in server.floor.waiting]))
    await expect(seat.page.locator(".empty")).to_contain_text(
        "No one is waiting. Last conversation now.", timeout=TENS_MS
    )
    await expect(seat.page.locator(".empty").get_by_role("link", name="How the day went")).to_be_visible()
    await server.leave()
    await expect(seat.page.locator(".table-state")).to_contain_text("Not live since", timeout=15_000)
    await expect(seat.page.locator(".table.stale")).to_be_visible()


async def test_whoever_comes_to_an_empty_list_learns_when_somebody_was_there_last(sit: Sit, server: FakeServer) -> None:
    server.floor.own("Marta Kowalska")
    seat = await sit()
    await seat.page.goto("/#/queues")
    await expect(seat.page.locator(".empty")).to_contain_text("No one is waiting. Last conversation 1m ago.")


@pytest.mark.parametrize(("scheme", "language", "width"), [("light", "en-GB", 1440), ("dark", "th-TH", 390)])
async def test_axe_finds_nothing_in_the_lists(
    sit: Sit, server: FakeServer, scheme: str, language: str, width: int
) -> None:
    """UI.md 8.42."""
    size = {"width": width, "height": 844}
    seat = await seated(
        sit, server, 40, role="supervisor", color_scheme=scheme, locale=language, viewport=size, reduced_motion="reduce"
    )
    assert await violations(seat.page) == []
    await rows(seat).nth(2).get_by_role("button").click()
    await expect(seat.page.get_by_role("dialog")).to_be_visible(timeout=TENS_MS)
    assert await violations(seat.page) == []


async def test_of_a_line_too_long_to_list_the_end_is_said_to_be_missing(sit: Sit, server: FakeServer) -> None:
    seat = await seated(sit, server, 300)
    await expect(seat.page.locator(".of-rest")).to_have_count(0)
    server.show(change(1, 5_000))
    await expect(seat.page.locator(".of-rest")).to_contain_text("300 of 5,000")
    await expect(seat.page.get_by_role("table")).to_have_attribute("aria-rowcount", "5001")


async def test_on_a_telephone_a_row_has_two_lines_and_loses_nothing(sit: Sit, server: FakeServer) -> None:
    """UI.md 8.45: what a supervisor needs is read at 320 px, and nothing sticks out."""
    seat = await seated(sit, server, 40, role="supervisor", viewport={"width": 320, "height": 700})
    first = at(seat, 1)
    for cell in ("customer", "queue", "state", "wait", "due", "act"):
        box = await first.locator(f".of-{cell}").bounding_box()
        assert box is not None
        assert box["width"] > 20, cell
        assert box["x"] + box["width"] <= 320, cell
    assert await seat.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    await first.focus()
    await seat.page.keyboard.press("End")
    await expect(at(seat, 40)).to_be_focused()
    await expect(at(seat, 40)).to_be_in_viewport(ratio=0.95)
    assert await violations(seat.page) == []
