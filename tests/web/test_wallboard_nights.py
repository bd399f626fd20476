"""A wallboard that nobody looks after: nights, releases, a server that starts later than its screen, and long names."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.desk_page import Faults
from tests.web.fake_board import TOKEN, BoardServer, day_of_board
from tests.web.fake_floor import Record, now_ms
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NIGHT_MS = 12 * 3_600_000
SHIFT_MS = 300_000
# No queue of a house is called longer.
LONG = "Customers of the northern and the north-eastern provinces, 2nd"
STICKS_OUT = """() => {
    const wall = document.querySelector(".wall").getBoundingClientRect();
    return [...document.querySelectorAll(".tile, .panel, td, th, .needs li, .of-most")]
        .filter((each) => each.getBoundingClientRect().right > wall.right + 1 || each.matches(".tile, .panel, td")
            && (each.scrollHeight > each.clientHeight + 1 || each.scrollWidth > each.clientWidth + 1))
        .map((each) => each.className + ": " + each.textContent.slice(0, 40));
}"""


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[BoardServer]:
    made = BoardServer()
    async with made.running():
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def wall(chromium: Browser, server: BoardServer) -> AsyncIterator[Page]:
    context = await chromium.new_context(base_url=server.base, viewport={"width": 1920, "height": 1080}, locale="en-GB")
    page = await context.new_page()
    faults = Faults()
    faults.watch(page)
    yield page
    await context.close()
    assert not faults.said, faults.said


def many(at: int) -> list[Record]:
    """Twice as many queues as fit, with names as long as a name may be."""
    queues = day_of_board(at)["queues"]
    return [each | {"name": f"{each['name']}{n}", "label": {"en": f"{LONG} {n}"}} for n in (1, 2) for each in queues]


async def test_a_link_that_is_opened_before_the_server_is_there_opens_when_it_is(
    wall: Page, server: BoardServer
) -> None:
    server.closed = True
    await wall.clock.install()
    await wall.goto(f"/wallboard#{TOKEN}")
    await expect(wall.locator(".wall.starting")).to_be_visible()
    assert wall.url.endswith("/wallboard")
    server.closed = False
    await wall.clock.run_for(10_000)
    await expect(wall.locator(".wall.live")).to_be_visible()
    await expect(wall.get_by_role("alert")).to_have_count(0)


async def test_a_newer_release_is_taken_by_the_wall_itself_and_only_once(wall: Page, server: BoardServer) -> None:
    loads: list[str] = []
    wall.on("load", lambda page: loads.append(page.url))
    await wall.goto(f"/wallboard?lang=zh#{TOKEN}")
    await expect(wall.locator(".wall.live")).to_be_visible()
    before = len(loads)
    server.changes = {"version": "the-next-one"}
    await wall.wait_for_event("load")
    await expect(wall.locator(".wall.live")).to_be_visible()
    server.changes = {"version": "the-next-one", "waiting": 51}
    await expect(wall.locator(".tile[data-figure=waiting] .value")).to_have_text("51")
    assert len(loads) == before + 1, "a page that cannot be made new is not loaded for ever"
    await expect(wall.locator("html")).to_have_attribute("lang", "zh")


async def test_a_night_moves_the_picture_by_a_pixel_and_leaves_the_figures_true(
    wall: Page, server: BoardServer
) -> None:
    """UI.md 3.3: burn-in, a shift of one pixel every five minutes."""
    await wall.clock.install()
    await wall.goto(f"/wallboard#{TOKEN}")
    await expect(wall.locator(".wall.live")).to_be_visible()
    places = set()
    for _ in range(4):
        await wall.clock.fast_forward(SHIFT_MS)
        places.add(await wall.locator(".wall-in").evaluate("(each) => each.style.transform"))
    assert places == {f"translate({x}px, {y}px)" for x in (0, 1) for y in (0, 1)}
    await wall.clock.fast_forward(NIGHT_MS)
    await wall.clock.run_for(3_000)
    server.changes = {"waiting": 7}
    await wall.clock.run_for(3_000)
    await expect(wall.locator(".tile[data-figure=waiting] .value")).to_have_text("7")
    assert await wall.locator(".tile, .panel").count() == 11
    assert await wall.evaluate("document.querySelectorAll('*').length") < 800


async def test_names_of_sixty_letters_are_cut_and_push_nothing_out(wall: Page, server: BoardServer) -> None:
    queues = many(now_ms())
    needs = [each | {"queue": queues[0]["name"]} for each in day_of_board(now_ms())["needs"]]
    longest = queues[0]["longest"] | {"queue": queues[0]["name"], "since_ms": now_ms() - NIGHT_MS}
    server.changes = {"queues": queues, "needs": needs, "longest": longest, "site": LONG, "waiting": 12_345}
    await wall.goto(f"/wallboard#{TOKEN}")
    await expect(wall.locator(".tile[data-figure=waiting] .value")).to_have_text("12,345")
    assert await wall.evaluate(STICKS_OUT) == []


async def test_without_queues_and_people_every_panel_says_so(wall: Page, server: BoardServer) -> None:
    server.changes = {
        "queues": [], "agents": [], "channels": [], "needs": [], "halves": [], "signed_in": 0, "waiting": 0,
        "longest": None, "open": False, "opens_ms": 0, "last_day": None, "risk": 0, "late": 0, "can_more": 0,
    }  # fmt: skip
    await wall.goto(f"/wallboard#{TOKEN}")
    await expect(wall.locator(".wall-closed")).to_contain_text("Closed.")
    for panel in ("queues", "people", "channels"):
        await expect(wall.locator(f".of-{panel} .wall-none")).to_be_visible()
    assert await wall.evaluate(STICKS_OUT) == []


async def test_within_the_frame_the_reader_turns_the_pages_of_the_queues(
    chromium: Browser, server: BoardServer
) -> None:
    server.changes = {"queues": many(now_ms())}
    seat = await Seat.at(server, chromium, viewport={"width": 1440, "height": 900})
    try:
        await seat.page.goto("/#/wallboard")
        head = seat.page.locator(".of-queues h2")
        await expect(head).to_contain_text("1–6 of 12")
        await seat.page.get_by_role("button", name="More queues").click()
        await expect(head).to_contain_text("7–12 of 12")
        await seat.page.get_by_role("button", name="Queues before").click()
        await expect(head).to_contain_text("1–6 of 12")
    finally:
        await seat.context.close()
