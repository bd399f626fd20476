"""Complaints on real screens: offered at the desk, recorded, taken through every step, two at once, counted."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.cases import add_cases
from tests.e2e.conftest import People
from tests.e2e.house import House
from tests.e2e.pages import Desk
from tests.e2e.test_every_screen import barriers
from tests.e2e.test_screens import standing_out, talking

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 30_000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    always = {"hours": "always", "offer": "2m"}
    changes = {"queues": {"queues": {"complaints": always, "general": always}}}
    opened = House(tmp_path_factory.mktemp("complaints"), changes=changes)
    async with opened.serving():
        for login, name, role in (("ada", "Ada", "admin"), ("ben", "Ben", "agent")):
            opened.add_person(login, name=name, role=role, skill=["complaints=3", "orders=3", "billing=3"])
        add_cases(opened.data, "ada", "ben")
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ada(house: House, chromium: Browser) -> AsyncIterator[Desk]:
    people = People(chromium)
    desk = await people.agent(house, "ada", reduced_motion="reduce")
    await talking(people, house, "Petra Veselá", "I complain about nothing", desk)
    await talking(people, house, "Marta Kowalska", "I want to complain: the parcel never came", desk)
    yield desk
    assert desk.faults.said == []
    await people.leave()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ben(house: House, chromium: Browser) -> AsyncIterator[Desk]:
    people = People(chromium)
    yield await people.desk(house, "ben", reduced_motion="reduce")
    await people.leave()


async def at(page: Page, address: str) -> None:
    await page.evaluate("(hash) => { location.hash = hash; }", f"#/{address}")


def rows(page: Page) -> Locator:
    return page.locator(".complaints-list tbody tr")


async def opened(page: Page, name: str) -> Locator:
    """Open somebody's complaint in the list; return what comes next."""
    await at(page, "complaints")
    await rows(page).filter(has_text=name).get_by_role("button").click(timeout=WAIT_MS)
    following = page.get_by_role("region", name="What comes next")
    await expect(following).to_be_visible(timeout=WAIT_MS)
    return following


async def test_what_sounds_like_a_complaint_is_offered_and_recorded_with_their_words(ada: Desk) -> None:
    page = ada.page
    beside = page.locator("aside.customer").get_by_role("region", name="Complaints")
    await expect(beside).to_contain_text("Sounds like a complaint", timeout=WAIT_MS)
    await beside.get_by_role("button", name="Record a complaint").click()
    sheet = page.get_by_role("dialog", name="Record a complaint")
    await sheet.get_by_label("Kind").select_option("delivery")
    await sheet.get_by_label("Severity").select_option("critical")
    await expect(sheet).to_contain_text("We acknowledge within 2h and answer within 1d.")
    await sheet.get_by_role("button", name="Take over what they wrote").click()
    await expect(sheet.get_by_label("What happened")).to_have_value("I want to complain: the parcel never came")
    assert await barriers(page) == []
    await sheet.get_by_role("button", name="Record a complaint").dblclick()
    await expect(page.locator(".toast")).to_contain_text("is recorded", timeout=WAIT_MS)
    await expect(beside.get_by_role("listitem")).to_have_count(1, timeout=WAIT_MS)
    await expect(beside).not_to_contain_text("Sounds like")


async def test_a_second_one_of_a_conversation_is_recorded_only_when_it_is_meant(ada: Desk) -> None:
    page = ada.page
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="Record a complaint").click()
    sheet = page.get_by_role("dialog", name="Record a complaint")
    await expect(sheet).to_contain_text("of this conversation is open", timeout=WAIT_MS)
    await sheet.get_by_label("Kind").select_option("service")
    await sheet.get_by_label("What happened").fill("And nobody called back.")
    await page.keyboard.press("Escape")
    await expect(sheet).to_have_count(0)
    await page.get_by_role("button", name="More", exact=True).click()
    await page.get_by_role("menuitem", name="Record a complaint").click()
    await expect(sheet.get_by_label("What happened")).to_have_value("And nobody called back.", timeout=WAIT_MS)
    await expect(sheet.get_by_role("button", name="Record another one")).to_be_visible(timeout=WAIT_MS)
    await sheet.get_by_role("button", name="Open it").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Marta Kowalska", timeout=WAIT_MS)


async def test_what_nobody_has_recorded_is_counted_and_said_to_be_none(ada: Desk) -> None:
    page = ada.page
    await at(page, "complaints/unrecorded")
    line = page.locator(".unrecorded li").filter(has_text="Petra Veselá")
    await expect(line).to_be_visible(timeout=WAIT_MS)
    await expect(page.get_by_role("button", name="Not yet recorded 1")).to_be_visible()
    await line.get_by_role("button", name="It is none").click()
    await expect(page.get_by_text("Nothing that sounds like a complaint is unrecorded.")).to_be_visible(timeout=WAIT_MS)
    await expect(page.get_by_role("button", name="Not yet recorded", exact=True)).to_be_visible()


async def test_a_case_goes_its_way_by_its_one_next_step(ada: Desk) -> None:
    page, stage = ada.page, ada.page.locator(".stages [aria-current=step]")
    following = await opened(page, "Jonas Lindqvist")
    await expect(following.get_by_role("heading")).to_have_text("Tell the customer that we have it")
    await following.get_by_role("button", name="It is acknowledged").click()
    await expect(stage).to_have_text("Acknowledged", timeout=WAIT_MS)
    await following.get_by_label("What was found").fill("The printer mixed two orders.")
    await following.get_by_label("Cause").select_option("system")
    await following.get_by_role("button", name="It is examined").click()
    await expect(stage).to_have_text("Examined", timeout=WAIT_MS)
    await following.get_by_label("How it was answered").fill("Told him, and the other customer.")
    await following.get_by_label("Outcome").select_option("upheld")
    await following.get_by_label("Remedy").select_option("voucher")
    await following.get_by_label("Amount").fill("250,50")
    await following.get_by_role("button", name="It is answered").click()
    await expect(stage).to_have_text("Answered", timeout=WAIT_MS)
    await expect(page.get_by_text("Voucher · CZK 250.50")).to_be_visible()
    assert await barriers(page) == []
    await following.get_by_role("button", name="Close the case").click()
    await expect(stage).to_have_text("Closed", timeout=WAIT_MS)
    told = page.locator(".complaint-history li")
    await expect(told).to_have_count(5)
    await expect(told.nth(2)).to_contain_text("The printer mixed two orders.")
    await page.get_by_role("button", name="More steps").click()
    await page.get_by_role("menuitem", name="Open again").click()
    await page.get_by_label("Why it comes up again").fill("A second letter came.")
    await page.get_by_role("dialog").get_by_role("button", name="Open again").click()
    await expect(stage).to_have_text("Examined", timeout=WAIT_MS)


async def test_whoever_is_second_learns_who_was_faster_and_loses_no_word(ada: Desk, ben: Desk) -> None:
    first, second = await opened(ada.page, "林佳怡"), await opened(ben.page, "林佳怡")
    await second.get_by_label("How it was answered").fill("Ben called her.")
    await first.get_by_label("How it was answered").fill("Ada wrote to her.")
    await first.get_by_label("Outcome").select_option("partly")
    await first.get_by_role("button", name="It is answered").click()
    await expect(first.get_by_role("heading")).to_have_text("Close the case", timeout=WAIT_MS)
    # Nothing is pressed: the second is told as it happens.
    told = ben.page.locator(".faster")
    await expect(told).to_contain_text(
        "Ada was faster and answered it. You had written:Ben called her.", timeout=WAIT_MS
    )
    await expect(ben.page.locator(".said-so")).to_contain_text("Ada wrote to her.")
    await told.get_by_role("button", name="Keep it as a note").click()
    await expect(ben.page.get_by_label("Note for colleagues")).to_have_value("Ben called her.")


async def test_a_note_stays_typed_while_one_looks_elsewhere_and_is_only_ours(ada: Desk) -> None:
    page = ada.page
    await opened(page, "Omar Haddad")
    await page.get_by_label("Note for colleagues").fill("Ask the bank.")
    await at(page, "complaints/figures")
    await expect(page.get_by_role("heading", name="By week")).to_be_visible(timeout=WAIT_MS)
    await opened(page, "Omar Haddad")
    await expect(page.get_by_label("Note for colleagues")).to_have_value("Ask the bank.")
    await page.get_by_label("Note for colleagues").press("Control+Enter")
    await expect(page.locator(".noted blockquote")).to_have_text("Ask the bank.", timeout=WAIT_MS)
    await expect(page.get_by_label("Note for colleagues")).to_have_value("")


async def test_who_was_not_known_is_found_later_and_what_is_nobodys_is_taken(ada: Desk) -> None:
    page = ada.page
    await at(page, "complaints/new")
    await page.get_by_label("Kind").select_option("billing", timeout=WAIT_MS)
    await page.get_by_label("Queue").select_option("billing")
    await page.get_by_label("What happened").fill("A man called about an invoice.")
    await page.get_by_label("I care for it").uncheck()
    await page.get_by_role("button", name="Record a complaint").click()
    await page.get_by_role("button", name="Who is it?").click(timeout=WAIT_MS)
    sheet = page.get_by_role("dialog", name="Who is it?")
    await sheet.get_by_label("Customer").fill("Haddad")
    await sheet.get_by_role("button", name="Omar Haddad").click(timeout=WAIT_MS)
    await sheet.get_by_role("button", name="It is them").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Omar Haddad", timeout=WAIT_MS)
    facts = page.locator(".complaint-side dl")
    await expect(facts).to_contain_text("OwnerAda", timeout=WAIT_MS)
    await page.get_by_role("button", name="More steps").click()
    await page.get_by_role("menuitem", name="Hand over").click()
    await page.get_by_role("dialog").get_by_label("Owner").select_option(label="Ben", timeout=WAIT_MS)
    await page.get_by_role("dialog").get_by_role("button", name="Hand over").click()
    await expect(facts).to_contain_text("OwnerBen", timeout=WAIT_MS)
    await facts.get_by_role("button", name="Take it").dblclick()
    await expect(facts).to_contain_text("OwnerAda", timeout=WAIT_MS)
    await expect(page.locator(".faster")).to_have_count(0)


async def test_the_list_is_walked_and_opened_by_letters_and_the_latest_stand_first(ada: Desk) -> None:
    page = ada.page
    await at(page, "complaints")
    await expect(rows(page).first.locator(".chip.late")).to_contain_text("late by", timeout=WAIT_MS)
    await page.locator("body").press("j")
    await expect(rows(page).first.get_by_role("button")).to_be_focused()
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("สมชาย ใจดี", timeout=WAIT_MS)
    await page.locator("body").press("j")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Marta Kowalska", timeout=WAIT_MS)
    await page.locator("body").press("Escape")
    await expect(rows(page).first).to_be_visible(timeout=WAIT_MS)
    await page.get_by_role("button", name="Nobody's").click()
    await expect(rows(page)).to_have_count(1, timeout=WAIT_MS)
    await page.get_by_role("button", name="All", exact=False).first.click()


async def test_figures_are_counted_and_nothing_sticks_out_on_a_telephone(ada: Desk) -> None:
    page = ada.page
    await at(page, "complaints/figures")
    await expect(page.get_by_role("table", name="By week").locator("tbody tr")).to_have_count(12, timeout=WAIT_MS)
    await page.get_by_label("Period").select_option("4")
    await expect(page.get_by_role("table", name="By week").locator("tbody tr")).to_have_count(4, timeout=WAIT_MS)
    await page.set_viewport_size({"width": 320, "height": 844})
    for address in ("complaints/figures", "complaints", "complaints/1", "complaints/new"):
        await at(page, address)
        await expect(page.locator("main .skeleton")).to_have_count(0, timeout=WAIT_MS)
        assert await standing_out(page) == [], address
        assert await barriers(page) == [], address
    async with page.expect_download() as taken:
        await at(page, "complaints/figures")
        await page.get_by_role("link", name="Table as CSV").click()
    assert (await taken.value).suggested_filename == "complaints.csv"
