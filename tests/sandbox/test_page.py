"""The sandbox's page in Chromium beside an agent's desk: three channels there and back, in light and in dark."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.desk_page import WIDE, Faults
from tests.e2e.pages import Desk
from tests.sandbox.playing import SandboxHouse

SKILLS = ["billing=3", "orders=3", "complaints=3"]
PATIENCE_MS = 60_000
pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SandboxHouse]:
    made = SandboxHouse(tmp_path_factory.mktemp("sandbox"))
    (made.config / "hours.yaml").write_text("hours: {office: always, always: always}\n")
    async with made.serving():
        made.add_person("ana", name="Ana Horáková", skill=SKILLS, capacity=1000)
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def page(house: SandboxHouse, chromium: Browser) -> AsyncIterator[Page]:
    """The sandbox's page; it must complain of nothing."""
    context = await chromium.new_context(base_url=house.base, viewport=WIDE, locale="en-GB")
    opened, faults = await context.new_page(), Faults()
    faults.watch(opened)
    await opened.goto(f"/sandbox#{house.token}")
    await expect(opened.locator(".channels button")).to_have_count(12)
    yield opened
    assert faults.said == []
    await context.close()


async def speaks(page: Page, text: str) -> None:
    """Write on the device that is shown."""
    await page.fill(".hand textarea", text)
    await page.locator(".hand button[type=submit]").click()


@pytest.mark.parametrize("channel", ["Web chat", "SMS", "E-mail"])
async def test_a_customer_on_the_page_and_an_agent_at_the_desk_talk(
    house: SandboxHouse, chromium: Browser, page: Page, channel: str
) -> None:
    desk = await Desk.at(house, chromium, "ana")
    await page.get_by_role("button", name=channel).first.click()
    await speaks(page, f"Hello by {channel}")
    await expect(page.locator(".said.customer.kept")).to_contain_text(f"Hello by {channel}", timeout=PATIENCE_MS)
    await expect(desk.offer).to_be_visible(timeout=PATIENCE_MS)
    await desk.accept()
    await expect(desk.thread).to_contain_text(f"Hello by {channel}")
    await desk.reply("Good day, how can I help?")
    await expect(page.locator(".said.company").last).to_contain_text("Good day", timeout=PATIENCE_MS)
    assert desk.faults.said == []
    await desk.leave()


async def test_a_call_is_played_with_its_keys_and_is_hung_up(page: Page) -> None:
    await page.get_by_role("button", name="Phone").first.click()
    await expect(page.locator(".said.company").first).to_contain_text("Welcome", timeout=PATIENCE_MS)
    await expect(page.locator(".keys button")).to_have_count(12)
    await page.locator("[data-deed=hang_up]").click()
    await expect(page.locator(".chip.state")).to_have_text("over")
    await expect(page.locator("[data-deed=call]")).to_be_visible()


async def test_a_call_that_its_customer_ends_is_wrapped_up_at_once_with_the_note_that_was_being_written(
    house: SandboxHouse, chromium: Browser, page: Page
) -> None:
    desk = await Desk.at(house, chromium, "ana")
    await page.get_by_role("button", name="Phone").first.click()
    await expect(desk.offer).to_be_visible(timeout=PATIENCE_MS)
    await desk.accept()
    await expect(page.locator(".chip.state")).to_have_text("talking", timeout=PATIENCE_MS)
    await expect(desk.page.locator(".head .due-box")).to_have_count(0, timeout=PATIENCE_MS)
    await desk.page.locator(".composer textarea").fill("Moved to Brno")
    await page.locator("[data-deed=hang_up]").click()
    note = desk.page.locator(".wrap-up").get_by_label("Note")
    await expect(note).to_have_value("Moved to Brno", timeout=PATIENCE_MS)
    await expect(desk.page.locator(".work h2").first).to_have_text("Wrap-up 1")
    assert desk.faults.said == []
    await desk.leave()


async def test_without_the_token_the_page_shows_nobody(house: SandboxHouse, chromium: Browser) -> None:
    context = await chromium.new_context(base_url=house.base)
    page = await context.new_page()
    for path in ("/sandbox", "/sandbox#wrong"):
        await page.goto(path)
        await expect(page.locator(".gate")).to_contain_text("token")
        await page.goto("about:blank")
    await context.close()


async def test_every_page_of_the_desk_says_that_customers_are_played(house: SandboxHouse, chromium: Browser) -> None:
    desk = await Desk.at(house, chromium, "ana")
    await expect(desk.page.locator(".played")).to_contain_text("played")
    overflow = await desk.page.evaluate("document.documentElement.scrollHeight - innerHeight")
    assert overflow <= 0, "the desk still fits its window"
    await desk.leave()
    stranger = await (await chromium.new_context(base_url=house.base)).new_page()
    await stranger.goto("/")
    await expect(stranger.locator(".played")).to_be_visible()
    await stranger.context.close()


async def test_the_page_speaks_three_languages(page: Page) -> None:
    for tag, word in (("zh", "演练环境"), ("th", "ระบบจำลอง"), ("en", "Sandbox")):
        await page.select_option(".head select", tag)
        await expect(page.locator("h1")).to_have_text(word)
        await expect(page.locator("html")).to_have_attribute("lang", tag)
        shown = await page.locator(".stand").inner_text()
        assert not re.findall(r"\b(?:channel|state|deed|status)\.\w+", shown)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_page_can_be_read_in_light_and_dark_and_on_a_telephone(
    house: SandboxHouse, chromium: Browser, scheme: str, tmp_path: Path
) -> None:
    context = await chromium.new_context(base_url=house.base, viewport=WIDE, color_scheme=scheme)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.goto(f"/sandbox#{house.token}")
    await page.get_by_role("button", name="SMS").first.click()
    await speaks(page, "Where is my order?")
    await expect(page.locator(".said.customer.kept")).to_be_visible(timeout=PATIENCE_MS)
    for width in (WIDE["width"], 390):
        await page.set_viewport_size({"width": width, "height": 844})
        assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        await expect(page.locator(".said.customer .text")).to_be_visible()
        await expect(page.locator(".person").first).to_be_visible()
        device = await page.locator(".screen").bounding_box()
        assert device is not None
        assert device["height"] > 200, "what is said has room"
        await page.screenshot(path=tmp_path / f"{scheme}-{width}.png")
    await context.close()
