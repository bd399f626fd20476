"""Follow-ups on real screens: promised at the desk, listed by when they are due, moved, handed on, done, and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.conftest import People
from tests.e2e.house import House
from tests.e2e.pages import Desk
from tests.e2e.promises import PROMISED, keep, now_ms, promise
from tests.e2e.test_every_screen import barriers, show
from tests.e2e.test_screens import standing_out

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 30_000
HANA, VIKTOR, LIN, PRIYA = (name for name, *_ in PROMISED)
ALWAYS = {"hours": "always", "offer": "2m"}
SECOND_MS = 1_000
AWAY = {"error": {"code": "unavailable", "message": "The floor cannot answer right now."}}


@dataclass
class Floor:
    """Ada supervises and has promised something to four customers; Ben is her colleague."""

    people: People
    house: House
    ada: Desk
    ben: Desk
    refs: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def floor(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Floor]:
    queues = dict.fromkeys(("general", "billing", "orders", "complaints"), ALWAYS)
    house = House(tmp_path_factory.mktemp("followups"), changes={"queues": {"queues": queues}})
    async with house.serving():
        for login, name, role in (("ada", "Ada", "admin"), ("ben", "Ben", "agent")):
            house.add_person(login, name=name, role=role, skill=["complaints=3", "orders=3", "billing=3"])
        people = People(chromium)
        ada = await people.agent(house, "ada", reduced_motion="reduce")
        refs = await promise(people, house, ada)
        ben = await people.desk(house, "ben", reduced_motion="reduce")
        yield Floor(people, house, ada, ben, dict(zip((HANA, VIKTOR, LIN, PRIYA), refs, strict=True)))
        assert (ada.faults.said, ben.faults.said) == ([], [])
        await people.leave()
    ran = house.command("verify")
    assert ran.returncode == 0, ran.stdout


async def at(page: Page, address: str) -> None:
    await page.evaluate("(hash) => { location.hash = hash; }", f"#/{address}")


def rows(page: Page) -> Locator:
    return page.locator(".followups-table tr.line")


def row(page: Page, name: str) -> Locator:
    return rows(page).filter(has_text=name)


def panel(page: Page) -> Locator:
    return page.locator(".followup-one")


async def opened(page: Page, name: str, scope: str = "followups") -> Locator:
    await at(page, scope)
    await row(page, name).get_by_role("button").click(timeout=WAIT_MS)
    await expect(panel(page).get_by_role("heading")).to_have_text(name, timeout=WAIT_MS)
    return panel(page)


async def test_what_was_promised_stands_in_groups_by_day_with_its_note(floor: Floor) -> None:
    page = floor.ada.page
    await at(page, "followups")
    await expect(rows(page)).to_have_count(4, timeout=WAIT_MS)
    assert [await each.locator("th").inner_text() for each in await rows(page).all()] == [HANA, VIKTOR, LIN, PRIYA]
    await expect(row(page, VIKTOR)).to_contain_text("Call him when Billing has corrected invoice 2026-1180")
    await expect(row(page, VIKTOR)).to_contain_text("Follow-up")
    await expect(row(page, HANA)).to_contain_text("Snoozed")
    groups = await page.locator(".group-head th").all_inner_texts()
    assert groups[-1].startswith("Later")
    assert await barriers(page) == []


async def test_the_list_is_walked_by_letters_and_escape_goes_back_to_the_row(floor: Floor) -> None:
    page = floor.ada.page
    await at(page, "followups")
    await expect(rows(page)).to_have_count(4, timeout=WAIT_MS)
    for key in ("j", "j"):
        await page.keyboard.press(key)
    await expect(row(page, VIKTOR).get_by_role("button")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(panel(page).get_by_role("heading")).to_have_text(VIKTOR, timeout=WAIT_MS)
    assert page.url.endswith(f"#/followups/mine/{floor.refs[VIKTOR]}")
    await expect(panel(page)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(panel(page)).to_have_count(0)
    await expect(row(page, VIKTOR).get_by_role("button")).to_be_focused()


async def test_one_is_moved_to_another_time_with_a_word_why(floor: Floor) -> None:
    page = floor.ada.page
    told = await opened(page, HANA)
    await told.get_by_role("button", name="Another time").click()
    sheet = page.get_by_role("dialog", name="Move to another time")
    await expect(sheet.get_by_role("button", name="Move it")).to_be_disabled()
    await sheet.get_by_role("button", name="Choose a day and time").click()
    await expect(sheet.get_by_role("button", name="Month after")).to_be_visible(timeout=WAIT_MS)
    await sheet.get_by_role("button", name="Tomorrow morning").click()
    await sheet.get_by_label("Note for when it comes back").fill("The lamp comes tomorrow")
    # Escape closes the sheet and discards no text.
    await page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await told.get_by_role("button", name="Another time").click()
    await expect(sheet.get_by_label("Note for when it comes back")).to_have_value("The lamp comes tomorrow")
    await sheet.get_by_role("button", name="Tomorrow morning").click()
    assert await barriers(page) == []
    await sheet.get_by_role("button", name="Move it").click()
    await expect(sheet).to_have_count(0, timeout=WAIT_MS)
    await expect(told.locator(".note-box")).to_contain_text("The lamp comes tomorrow", timeout=WAIT_MS)
    await expect(row(page, HANA)).to_contain_text("The lamp comes tomorrow", timeout=WAIT_MS)


async def test_it_is_handed_to_a_colleague_who_finds_it_among_theirs(floor: Floor) -> None:
    page = floor.ada.page
    told = await opened(page, LIN)
    await told.get_by_role("button", name="Hand over").click()
    sheet = page.get_by_role("dialog", name="Hand over to a colleague")
    await sheet.get_by_role("combobox", name="Colleague").select_option(label="Ben – away")
    await sheet.get_by_role("button", name="Hand over").click()
    await expect(row(page, LIN)).to_have_count(0, timeout=WAIT_MS)
    await at(floor.ben.page, "followups")
    await expect(row(floor.ben.page, LIN)).to_be_visible(timeout=WAIT_MS)
    await expect(rows(floor.ben.page)).to_have_count(1)


async def test_who_was_slower_sees_how_it_stands_now(floor: Floor) -> None:
    page, ben = floor.ada.page, floor.ben.page
    told = await opened(page, LIN, "followups/all")
    mine = await opened(ben, LIN)
    await told.get_by_role("button", name="Another time").click()
    sheet = page.get_by_role("dialog", name="Move to another time")
    await sheet.get_by_role("button", name="Tomorrow morning").click()
    await mine.get_by_role("button", name="Another time").click()
    other = ben.get_by_role("dialog", name="Move to another time")
    await other.get_by_role("button", name="In an hour").click()
    await other.get_by_role("button", name="Move it").click()
    await expect(other).to_have_count(0, timeout=WAIT_MS)
    await sheet.get_by_role("button", name="Move it").click()
    await expect(told.get_by_role("alert")).to_contain_text("Somebody was faster", timeout=WAIT_MS)


async def test_done_is_said_with_an_outcome_and_it_is_gone(floor: Floor) -> None:
    page = floor.ada.page
    told = await opened(page, PRIYA)
    await told.get_by_role("button", name="Done").click()
    sheet = page.get_by_role("dialog", name="What came of it?")
    await sheet.get_by_text("Resolved", exact=True).click()
    await sheet.get_by_label("Note").fill("She takes the larger plan")
    assert await barriers(page) == []
    await sheet.get_by_role("button", name="Done").click()
    await expect(panel(page)).to_have_count(0, timeout=WAIT_MS)
    await expect(row(page, PRIYA)).to_have_count(0, timeout=WAIT_MS)
    closed = await floor.ada.call("GET", f"/conversations/{floor.refs[PRIYA]}")
    assert (closed["state"], closed["disposition"]) == ("closed", "resolved")


async def test_taken_up_now_it_is_on_the_desk(floor: Floor) -> None:
    page = floor.ada.page
    told = await opened(page, VIKTOR)
    await told.get_by_role("button", name="Take it up now").dblclick()
    await expect(page.locator(".head h1")).to_have_text(VIKTOR, timeout=WAIT_MS)
    await expect(page.locator(".toast.crit")).to_have_count(0)
    await expect(floor.ada.composer).to_be_visible(timeout=WAIT_MS)
    await expect(floor.ada.thread).to_contain_text("Came back: its owner took it up")
    await keep(floor.ada, floor.refs[VIKTOR], note="Again", until_ms=now_ms() + 6 * SECOND_MS)


async def test_at_its_time_it_is_back_at_its_owners_desk_which_says_why(floor: Floor) -> None:
    page = floor.ada.page
    await at(page, f"desk/{floor.refs[VIKTOR]}")
    await expect(floor.ada.thread).to_contain_text("Came back: its time has come", timeout=WAIT_MS)
    await expect(page.locator(".card", has_text=VIKTOR)).to_be_visible()
    await at(page, "followups")
    await expect(row(page, VIKTOR)).to_have_count(0, timeout=WAIT_MS)


async def test_what_comes_back_to_nobody_is_late_for_all_to_see(floor: Floor) -> None:
    """Ben has gone home: what was his is late, says so, and Ada takes it up."""
    page, ref = floor.ada.page, floor.refs[LIN]
    due = (await floor.ada.call("GET", f"/followups/{ref}"))["line"]["due_ms"]
    await floor.ada.call(
        "POST",
        f"/followups/{ref}/move",
        {"due_ms": due, "until_ms": now_ms() + 2 * SECOND_MS, "reason": "customer_asked"},
    )
    await floor.ada.choose("Lunch")
    told = await opened(page, LIN, "followups/all")
    await expect(told).to_contain_text("waits", timeout=WAIT_MS)
    await expect(row(page, LIN)).to_contain_text("late", timeout=WAIT_MS)
    await expect(page.locator(".followups-head")).to_contain_text("1 late", timeout=WAIT_MS)
    await told.get_by_role("button", name="Take it up now").click()
    sheet = page.get_by_role("dialog", name="Take up a colleague's promise")
    await sheet.get_by_role("combobox", name="Why").select_option("owner_away")
    await sheet.get_by_role("button", name="Take it up now").click()
    await expect(page.locator(".head h1")).to_have_text(LIN, timeout=WAIT_MS)


async def test_one_is_as_good_on_a_telephone_in_thai_and_in_the_dark(floor: Floor) -> None:
    for language, theme, width in (("en", "light", 390), ("th", "light", 390), ("zh", "dark", 1440)):
        await show(floor.ada, f"followups/{floor.refs[HANA]}", language, theme, width)
        await expect(panel(floor.ada.page).locator(".note-box")).to_be_visible(timeout=WAIT_MS)
        assert await barriers(floor.ada.page) == [], (language, theme, width)
        assert await standing_out(floor.ada.page) == [], (language, theme, width)


async def test_a_list_that_cannot_be_read_says_so_and_is_read_again(floor: Floor) -> None:
    page = floor.ada.page
    await page.route("**/api/v1/followups?*", lambda route: route.fulfill(status=503, json=AWAY))
    await show(floor.ada, "followups/all", "en", "light", 1440)
    fault = page.locator(".followups-list").get_by_role("alert")
    await expect(fault).to_contain_text("could not be read", timeout=WAIT_MS)
    await page.unroute("**/api/v1/followups?*")
    await fault.get_by_role("button", name="Retry").click()
    await expect(row(page, HANA)).to_be_visible(timeout=WAIT_MS)
    floor.ada.faults.said.clear()


async def test_an_address_of_one_that_is_over_says_so(floor: Floor) -> None:
    await show(floor.ada, f"followups/{floor.refs[PRIYA]}", "en", "light", 1440)
    await expect(panel(floor.ada.page).get_by_role("alert")).to_contain_text("Nothing is promised here any more")
