"""The wallboard on a wall: sizes, ages, states without figures, and the link that opens it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.desk_page import Faults
from tests.web.fake_board import TOKEN, BoardServer, day_of_board, level
from tests.web.fake_floor import now_ms
from tests.web.looking import violations
from tests.web.modules import looks
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TENS_MS = 10_000
Hang = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[BoardServer]:
    made = BoardServer()
    async with made.running():
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def hang(chromium: Browser, server: BoardServer) -> AsyncIterator[Hang]:
    """Hang a board up by its link; when the test is over none may have complained."""
    faults, contexts = Faults(), []

    async def take(query: str = "", *, width: int = 1920, height: int = 1080, **options: Any) -> Page:
        size = {"width": width, "height": height}
        context = await chromium.new_context(base_url=server.base, **{"viewport": size, "locale": "en-GB", **options})
        contexts.append(context)
        page = await context.new_page()
        faults.watch(page)
        await page.goto(f"/wallboard{query}#{TOKEN}")
        return page

    yield take
    for context in contexts:
        await context.close()
    assert not faults.said, faults.said


def tile(page: Page, name: str) -> Any:
    return page.locator(f".tile[data-figure='{name}']")


# What scrolls, is too small, or is cut off.
FIT = """() => {
    const root = document.scrollingElement;
    const said = (node) => node.nodeType === 3 && node.textContent.trim();
    const texts = [...document.querySelectorAll(".wall *")].filter((each) => [...each.childNodes].some(said));
    const text = (each) => each.textContent;
    const style = (each) => getComputedStyle(each);
    const cut = (each) => each.scrollWidth > each.clientWidth + 1 && style(each).overflow === "hidden";
    const over = (each) => each.scrollHeight > each.clientHeight + 1;
    return {
        scroll: root.scrollHeight > innerHeight || root.scrollWidth > innerWidth,
        small: texts.filter((each) => parseFloat(style(each).fontSize) < 0.0088 * innerWidth).map(text),
        clipped: texts.filter(cut).map(text),
        outside: [...document.querySelectorAll(".tile, .panel")].filter(over).map((each) => each.className),
    };
}"""
COLOURS = (
    """() => [".tile.crit .value", ".wall-age"].map((name) => getComputedStyle(document.querySelector(name)).color)"""
)
# The colours of all texts that say a figure: in the tiles, tables, lists and the chart.
FIGURES = """() => {
    const said = [...document.querySelectorAll(".tile *, .panel *")].filter((each) =>
        [...each.childNodes].some((node) => node.nodeType === 3 && /\\d/.test(node.textContent)));
    const paint = (each) => getComputedStyle(each)[each.closest("svg") ? "fill" : "color"];
    return [...new Set(said.map(paint))];
}"""
CLOCKS = """() => [0, 60_000].map((ago) => new Intl.DateTimeFormat("en-GB",
    { timeZone: "Asia/Bangkok", hour: "2-digit", minute: "2-digit", hour12: false }).format(Date.now() - ago))"""
SIZES = [(1280, 720), (1920, 1080), (3840, 2160)]
BOARDS = [(*size, language) for size in SIZES for language in ("en", "th")]


@pytest.mark.parametrize(("width", "height", "language"), looks(BOARDS, BOARDS[::2]))
async def test_a_board_fits_its_screen_and_is_read_from_five_metres(
    hang: Hang, width: int, height: int, language: str
) -> None:
    """UI.md 8.31: no scroll bars, no clipped text, smallest text at least 0.88 % of the width."""
    page = await hang(f"?lang={language}", width=width, height=height)
    await expect(tile(page, "level").locator(".value")).to_have_text("82.6%", timeout=TENS_MS)
    found = await page.evaluate(FIT)
    assert found == {"scroll": False, "small": [], "clipped": [], "outside": []}


async def test_before_the_first_figures_there_are_dashes_and_never_zeros(hang: Hang, server: BoardServer) -> None:
    """UI.md 8.30."""
    server.changes = {"ready": False, "waiting": 0, "risk": 0}
    page = await hang()
    await expect(page.locator(".wall-age")).to_contain_text("Starting", timeout=TENS_MS)
    assert await page.locator(".tile .value").all_text_contents() == ["–"] * 6
    assert "0" not in "".join(await page.locator(".panel").all_text_contents())


@pytest.mark.parametrize(("lag_ms", "state"), [(1_000, "live"), (7_000, "delayed"), (20_000, "stale")])
async def test_the_age_is_said_amber_after_five_seconds_and_grey_after_fifteen(
    hang: Hang, server: BoardServer, lag_ms: int, state: str
) -> None:
    """UI.md 8.30."""
    server.lag_ms = lag_ms
    page = await hang()
    await expect(page.locator(f".wall.{state}")).to_be_visible(timeout=TENS_MS)
    said = {"live": "figures 1 s old", "delayed": "Delayed · figures 7 s old", "stale": "Not live since"}[state]
    await expect(page.locator(".wall-age")).to_contain_text(said, timeout=TENS_MS)
    colours = await page.evaluate(COLOURS)
    grey, amber, red = "rgb(147, 161, 154)", "rgb(239, 185, 77)", "rgb(255, 143, 133)"
    assert colours[0] == (grey if state == "stale" else red)
    assert (colours[1] == amber) == (state != "live")
    if state == "stale":
        assert await page.evaluate(FIGURES) == [grey]
        await expect(page.locator(".wall-age")).to_contain_text(re.compile(r"since \d\d:\d\d:\d\d"))


async def test_a_server_that_stops_answering_makes_the_figures_old(hang: Hang, server: BoardServer) -> None:
    """UI.md 8.30: the clock runs on in the page."""
    page = await hang()
    await expect(page.locator(".wall.live")).to_be_visible(timeout=TENS_MS)
    server.silent = True
    await expect(page.locator(".wall.delayed")).to_be_visible(timeout=15_000)
    server.silent = False
    await expect(page.locator(".wall.live")).to_be_visible(timeout=TENS_MS)


async def test_the_board_shows_the_sites_time_in_a_browser_of_another_zone(hang: Hang) -> None:
    """UI.md 8.32."""
    page = await hang(timezone_id="America/New_York")
    await expect(page.locator(".wall-zone")).to_have_text("GMT+7", timeout=TENS_MS)
    there = await page.evaluate(CLOCKS)
    assert await page.locator(".wall-clock").text_content() in there


async def test_a_level_just_under_its_target_reads_below_and_is_not_rounded_up(hang: Hang, server: BoardServer) -> None:
    """UI.md 8.28."""
    page = await hang()
    await expect(tile(page, "level")).to_contain_text("82.6%", timeout=TENS_MS)
    at = now_ms()
    server.changes = {
        "day": {"from_ms": at, "level": level(7_996, 10_000), "abandoned": None, "answer": None, "handling_ms": None}
    }
    await expect(tile(page, "level")).to_contain_text("79.9%", timeout=TENS_MS)
    await expect(tile(page, "level")).to_contain_text("Below target")
    await expect(tile(page, "answer")).to_contain_text("nothing answered yet today")


async def test_the_oldest_mail_is_separate_and_hides_no_call(hang: Hang, server: BoardServer) -> None:
    """UI.md 4: "Oldest email" is separate; otherwise one email hides every call."""
    page = await hang()
    await expect(tile(page, "longest").locator(".value")).to_have_text(re.compile(r"6:5\d"), timeout=TENS_MS)
    await expect(tile(page, "longest")).not_to_contain_text("oldest")
    await expect(page.locator(".channels li", has_text="E-mail")).to_contain_text(re.compile(r"11 *42:\d\d"))
    server.changes = {"longest": None}
    await expect(tile(page, "longest").locator(".value")).to_have_text("–", timeout=TENS_MS)
    await expect(tile(page, "longest")).to_contain_text(re.compile(r"no one is on a line *E-mail, oldest: 42:\d\d"))


async def test_a_tile_that_crosses_its_limit_is_outlined_once(hang: Hang, server: BoardServer) -> None:
    server.changes = {"longest": None}
    page = await hang()
    await expect(tile(page, "longest")).to_contain_text("–", timeout=TENS_MS)
    server.changes = {}
    await expect(page.locator(".tile.crossed")).to_have_count(1, timeout=TENS_MS)
    await expect(page.locator(".tile.crossed")).to_have_count(0, timeout=TENS_MS)
    assert await page.evaluate("document.getAnimations().length") == 0


async def test_after_hours_the_board_says_when_it_opens_and_what_the_last_day_was(
    hang: Hang, server: BoardServer
) -> None:
    server.changes = {"open": False, "opens_ms": now_ms() + 3_600_000}
    page = await hang()
    await expect(page.locator(".wall-closed")).to_contain_text("Closed. Opens", timeout=TENS_MS)
    await expect(page.locator(".wall-closed")).to_contain_text(
        re.compile(r"Last day, (Mon|Tue|Wed|Thu|Fri|Sat|Sun): 82\.6% in time")
    )


async def test_the_token_leaves_the_address_and_a_revoked_link_goes_dark(hang: Hang, server: BoardServer) -> None:
    page = await hang()
    await expect(page.locator(".wall.live")).to_be_visible(timeout=TENS_MS)
    assert page.url.endswith("/wallboard")
    await page.reload()
    await expect(page.locator(".wall.live")).to_be_visible(timeout=TENS_MS)
    server.link = False
    await expect(page.get_by_role("alert")).to_contain_text("opens no wallboard", timeout=TENS_MS)
    await expect(page.locator(".tile")).to_have_count(0)


@pytest.mark.parametrize("query", looks(["", "?theme=light", "?lang=zh", "?lang=th"], ["?theme=light", "?lang=th"]))
async def test_axe_finds_nothing_on_the_wall(hang: Hang, query: str) -> None:
    """UI.md 8.42."""
    page = await hang(query)
    await expect(page.locator(".wall.live")).to_be_visible(timeout=TENS_MS)
    assert await violations(page) == []


async def test_more_queues_than_fit_are_turned_over_where_the_wall_wants_it(hang: Hang, server: BoardServer) -> None:
    queues = day_of_board(now_ms())["queues"]
    server.changes = {
        "queues": queues
        + [each | {"name": f"{each['name']}2", "label": {"en": f"{each['name']} two"}} for each in queues]
    }
    page = await hang("?rotate=1")
    await expect(page.locator(".of-queues h2")).to_contain_text("1–6 of 12", timeout=TENS_MS)
    await expect(page.locator(".of-queues h2")).to_contain_text("7–12 of 12", timeout=TENS_MS)


@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 390)])
async def test_within_the_frame_the_board_has_the_readers_theme_and_no_sideways_scroll(
    chromium: Browser, server: BoardServer, scheme: str, width: int
) -> None:
    """UI.md 8.42, 8.45."""
    seat = await Seat.at(server, chromium, color_scheme=scheme, viewport={"width": width, "height": 844})
    try:
        await seat.page.goto("/#/wallboard")
        await expect(tile(seat.page, "waiting").locator(".value")).to_have_text("50", timeout=TENS_MS)
        assert await seat.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        assert await violations(seat.page) == []
    finally:
        await seat.context.close()
