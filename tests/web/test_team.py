"""The team screen: everybody with their state, one person's day and skills, the end of a shift, wallboards' links."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.web.fake_board import TOKEN
from tests.web.fake_team import TeamServer
from tests.web.looking import violations
from tests.web.seat import Seat

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TENS_MS = 10_000
Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[TeamServer]:
    made = TeamServer()
    async with made.running():
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def team(chromium: Browser, server: TeamServer) -> AsyncIterator[Open]:
    """Open the screen; when the test is over it may not have complained."""
    seats: list[Seat] = []

    async def take(**options: Any) -> Page:
        seat = await Seat.at(server, chromium, **options)
        seats.append(seat)
        await seat.page.goto("/#/team")
        await expect(seat.page.locator(".team-list tbody tr").first).to_be_visible(timeout=TENS_MS)
        return seat.page

    yield take
    said = [fault for seat in seats for fault in seat.faults.said]
    for seat in seats:
        await seat.context.close()
    assert not said, said


async def test_everybody_is_shown_with_a_state_in_word_and_shape(team: Open) -> None:
    """UI.md 8.44."""
    page = await team()
    await expect(page.locator(".team-list tbody tr")).to_have_count(6)
    for word in ("Available", "Handling", "Wrap-up", "Break", "Not responding", "Not signed in"):
        await expect(page.locator(".team-list tbody tr", has_text=word)).to_have_count(1)
    await page.get_by_role("button", name="Break").click()
    await expect(page.locator(".team-list tbody tr")).to_have_count(1)


async def test_nobody_who_matches_is_said_with_the_way_back(team: Open) -> None:
    """UI.md 8.49."""
    page = await team()
    await expect(page.locator(".walls .empty")).to_contain_text("No wallboard hangs", timeout=TENS_MS)
    await page.get_by_placeholder("Name, team, skill").fill("nobody at all")
    await expect(page.locator(".team-list .empty")).to_contain_text("Nobody matches.", timeout=TENS_MS)
    await page.get_by_role("button", name="Show everybody").click()
    await expect(page.locator(".team-list tbody tr")).to_have_count(6, timeout=TENS_MS)


async def test_a_persons_skills_are_changed_where_they_are_data(team: Open, server: TeamServer) -> None:
    page = await team()
    await page.locator(".team-list").get_by_role("button", name="Ines Duarte").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("Seven days: 4 offers", timeout=TENS_MS)
    await dialog.locator(".skills select").nth(1).select_option("2")
    async with page.expect_response(lambda response: response.url.endswith("/skills")):
        await dialog.get_by_role("button", name="Save skills").click()
    assert server.members[0]["skills"] == {"billing": 2, "orders": 2}


async def test_occupancy_is_told_of_each_and_of_all_by_time(team: Open) -> None:
    """UI.md 4: per agent, then weighted by time."""
    page = await team()
    told = page.locator(".team-list tbody .of-busy")
    assert await told.all_inner_texts() == ["0%", "50%", "66%", "–", "–", "–"]
    await expect(page.locator(".team-sum")).to_contain_text("Occupancy today: 50%", timeout=TENS_MS)


async def test_who_is_planned_and_not_there_is_said_and_a_plan_is_changed(team: Open, server: TeamServer) -> None:
    page = await team()
    await expect(page.locator(".team-sum")).to_contain_text("1 planned and not there", timeout=TENS_MS)
    await expect(page.locator(".team-list tbody tr", has_text="Not signed in")).to_contain_text("expected since")
    await page.locator(".team-list").get_by_role("button", name="Ines Duarte").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("75% kept, 30:00 missed", timeout=TENS_MS)
    await dialog.get_by_text("Planned week").click()
    await expect(dialog.get_by_label("Monday")).to_have_value("09:00-17:00")
    await dialog.get_by_label("Friday").fill("9 to 5")
    await dialog.get_by_role("button", name="Save plan").click()
    assert not server.asks("/roster"), "what is no time is not sent"
    await dialog.get_by_label("Friday").fill("08:00-12:00, 13:00-16:00")
    async with page.expect_response(lambda response: response.url.endswith("/roster")):
        await dialog.get_by_role("button", name="Save plan").click()
    assert server.roster["fri"] == ["08:00-12:00", "13:00-16:00"]


async def test_dates_that_are_not_like_their_week_are_planned_and_dropped(team: Open, server: TeamServer) -> None:
    server.dates = {"2026-12-24": []}
    page = await team()
    await page.locator(".team-list").get_by_role("button", name="Ines Duarte").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_text("Planned week").click()
    await expect(dialog.locator(".date-row")).to_contain_text("Thu, Dec 24, 2026")
    await dialog.get_by_role("button", name="Add a date").click()
    await dialog.locator(".date-row input[type=date]").last.fill("2026-12-31")
    await dialog.get_by_label("Hours on Thu, Dec 31, 2026").fill("09:00-13:00")
    async with page.expect_response(lambda response: response.url.endswith("/roster")):
        await dialog.get_by_role("button", name="Save plan").click()
    assert server.dates == {"2026-12-24": [], "2026-12-31": ["09:00-13:00"]}
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Remove Thu, Dec 24, 2026").click()
    async with page.expect_response(lambda response: response.url.endswith("/roster")):
        await dialog.get_by_role("button", name="Save plan").click()
    assert server.dates == {"2026-12-31": ["09:00-13:00"]}


async def test_a_sheet_is_taken_whole_or_its_faulty_line_is_named(team: Open, server: TeamServer) -> None:
    page = await team()
    box, said = page.get_by_label("CSV file"), page.locator(".sheet-in [role=status]")
    wrong, right = b"login,day,hours\na0,mon,9-17\n", b"login,day,hours\na0,mon,09:00-17:00\na1,2026-12-24,\n"
    await box.set_input_files({"name": "plan.csv", "mimeType": "text/csv", "buffer": wrong})
    await expect(said).to_contain_text("line 2: the third column is no hours", timeout=TENS_MS)
    assert not server.sheets
    await box.set_input_files({"name": "plan.csv", "mimeType": "text/csv", "buffer": right})
    await expect(said).to_have_text("The plans of 2 people have changed. 2 days.", timeout=TENS_MS)
    assert server.sheets == [right.decode()]


async def test_plans_are_told_by_the_sites_clock_wherever_their_reader_sits(team: Open, server: TeamServer) -> None:
    """UI.md 5.5."""
    page = await team(timezone_id="Pacific/Auckland")
    await page.locator(".team-list").get_by_role("button", name="Ines Duarte").click()
    zone = server.config["zone"]
    expected = await page.evaluate(
        """(timeZone) => new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", hour12: false, timeZone })
            .format(Date.now() - 7_200_000)""",
        zone,
    )
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text(f"({zone})", timeout=TENS_MS)
    await expect(dialog).to_contain_text(re.compile(f"Planned {expected[:-1]}"))


async def test_signing_somebody_out_asks_once_more_and_for_a_reason(team: Open, server: TeamServer) -> None:
    page = await team()
    await page.get_by_role("button", name="Somchai Prasert").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Sign out of the floor").dblclick()
    assert server.members[1]["line"] is not None
    async with page.expect_response(lambda response: response.url.endswith("/sign-out")):
        await dialog.get_by_role("button", name="Yes, 1 conversation goes back").click()
    await expect(page.locator(".team-list tbody tr", has_text="Not signed in")).to_have_count(2, timeout=TENS_MS)
    [asked] = server.asks("/sign-out")
    assert asked["reason"] == "forgot"


async def test_a_wallboards_link_is_shown_once_and_can_be_revoked(team: Open, server: TeamServer) -> None:
    page = await team()
    await page.get_by_label("Where it hangs").fill("Hall")
    await page.get_by_role("button", name="Make a link").click()
    address = page.get_by_role("dialog").get_by_label("Address")
    await expect(address).to_have_value(f"{server.base}/wallboard#{TOKEN}", timeout=TENS_MS)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert TOKEN not in await page.content()
    await page.get_by_role("button", name="Revoke Hall").click()
    await expect(page.locator(".walls li")).to_contain_text("revoked", timeout=TENS_MS)


@pytest.mark.parametrize(("scheme", "locale", "width"), [("light", "en-GB", 1440), ("dark", "th-TH", 390)])
async def test_axe_finds_nothing_in_the_team(team: Open, scheme: str, locale: str, width: int) -> None:
    """UI.md 8.42."""
    page = await team(color_scheme=scheme, locale=locale, viewport={"width": width, "height": 844})
    assert await violations(page) == []
    await page.locator(".team-list th .link").nth(1).click()
    await expect(page.locator(".stretches li").first).to_be_visible(timeout=TENS_MS)
    assert await violations(page) == []
