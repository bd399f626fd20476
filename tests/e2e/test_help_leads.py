"""From a question to an article of the help page, at a whole node: by the chat, the form, an agent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.e2e.conftest import People
from tests.e2e.desk_page import Faults
from tests.e2e.house import House

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]
WAIT_MS = 30_000
ARTICLES = {
    "parcel.en.md": "---\ntitle: Where is my parcel?\nstate: published\n---\n\nOn its **way**.\n",
    "parcel.th.md": "---\ntitle: พัสดุอยู่ที่ไหน\n---\n\nกำลังมา\n",
    "goodwill.en.md": "---\ntitle: Parcels and goodwill\naudience: team\nstate: published\n---\n\nUp to 20.\n",
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    always = {"hours": "always", "offer": "2m"}
    changes = {"queues": {"queues": {"orders": always, "general": always}}}
    opened = House(tmp_path_factory.mktemp("leads"), changes=changes)
    async with opened.serving():
        opened.add_person("ada", name="Ada", skill=["orders=3", "billing=3"])
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def visitor(house: House, chromium: Browser) -> AsyncIterator[Page]:
    context = await chromium.new_context(base_url=house.base, locale="en-GB")
    page, faults = await context.new_page(), Faults()
    faults.watch(page)
    yield page
    await context.close()
    assert faults.said == []


async def put_on_the_shelf(house: House) -> None:
    folder = house.folder / "articles"
    folder.mkdir(exist_ok=True)
    for name, text in ARTICLES.items():
        (folder / name).write_text(text, encoding="utf-8")
    done = house.command("help", "import", str(folder))
    assert done.returncode == 0, done.stderr


async def test_nobody_is_led_to_an_empty_page_and_everybody_to_the_first_article(house: House, visitor: Page) -> None:
    await visitor.goto("/channels/form/contact")
    await expect(visitor.get_by_role("link", name="Find an answer yourself")).to_have_count(0)
    await put_on_the_shelf(house)
    await visitor.reload()
    async with visitor.context.expect_page() as opened:
        await visitor.get_by_role("link", name="Find an answer yourself").click()
    page = await opened.value
    await expect(page.get_by_role("link", name="Where is my parcel?")).to_be_visible(timeout=WAIT_MS)
    await expect(page.get_by_role("link", name="Chat")).to_be_visible()
    await expect(page.locator(".ways li", has=page.get_by_role("link", name="Chat"))).to_contain_text(
        "We are here now."
    )


async def test_a_form_offers_what_may_answer_it(house: House, visitor: Page) -> None:
    await put_on_the_shelf(house)
    await visitor.goto("/channels/form/contact")
    await visitor.get_by_label("Your message").press_sequentially("Hello, the parcel has not come.")
    offered = visitor.locator(".answers").get_by_role("link")
    await expect(offered).to_have_count(1, timeout=WAIT_MS)
    async with visitor.context.expect_page() as opened:
        await offered.click()
    await expect((await opened.value).locator("article strong")).to_have_text("way", timeout=WAIT_MS)
    await expect(visitor.get_by_label("Your message")).to_have_value("Hello, the parcel has not come.")


async def test_who_opens_the_chat_finds_the_article_first_in_a_tab_of_its_own(house: House, visitor: Page) -> None:
    await put_on_the_shelf(house)
    await visitor.goto("/channels/chat/demo")
    await visitor.locator("button[aria-haspopup=dialog]").click()
    chat = visitor.frame_locator("iframe")
    await chat.get_by_role("searchbox", name="Find an answer yourself").fill("parcel")
    await chat.get_by_role("searchbox").press("Enter")
    await expect(chat.get_by_role("search").get_by_role("status")).to_have_text("Answers found: 1", timeout=WAIT_MS)
    async with visitor.context.expect_page() as opened:
        await chat.get_by_role("link", name="Where is my parcel?").click()
    await expect((await opened.value).locator("article strong")).to_have_text("way", timeout=WAIT_MS)
    await expect(chat.locator("#begin")).to_be_visible()


async def test_an_agent_answers_with_the_article_and_the_customer_opens_it(house: House, chromium: Browser) -> None:
    await put_on_the_shelf(house)
    people = People(chromium)
    ada = await people.agent(house, "ada")
    marta = await people.customer(house, "Marta Kowalska")
    await marta.says("Where is it?")
    await ada.accept()
    await ada.composer.press_sequentially("/where")
    group = ada.page.locator(".suggest [role=group]")
    await expect(group.get_by_role("option")).to_contain_text("Where is my parcel?", timeout=WAIT_MS)
    await ada.composer.press("Enter")
    await ada.composer.press("Enter")
    async with marta.page.context.expect_page() as opened:
        await marta.log.locator("li.out .bubble").get_by_role("link").click(timeout=WAIT_MS)
    await expect((await opened.value).locator("article strong")).to_have_text("way", timeout=WAIT_MS)
    assert ada.faults.said == []
    await people.leave()
