"""The screens of the desk: no complaint of the browser, all by keyboard, drafts that stay, nobody kept from working."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, ViewportSize, expect

from tests.e2e.conftest import People
from tests.e2e.house import House
from tests.e2e.pages import Desk
from tests.web.modules import looks

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = Path(__file__).parent.parent / "web" / "vendor" / "axe.min.js"
PHONE: ViewportSize = {"width": 390, "height": 844}
WIDE: ViewportSize = {"width": 1440, "height": 900}
EVERY = [(language, *look) for look in (("light", WIDE), ("dark", PHONE)) for language in ("en", "zh", "th")]
SAID_MS = 15_000  # news is said after three seconds; the rest is room for a busy machine
QUEUES = ("general", "billing", "orders", "complaints")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    changes = {"queues": {"queues": {name: {"hours": "always", "offer": "2m"} for name in QUEUES}}}
    opened = House(tmp_path_factory.mktemp("screens"), changes=changes)
    async with opened.serving():
        for login in ("ana", "ben"):
            opened.add_person(login, name=login.title(), skill=["billing=3", "orders=3", "complaints=3"])
        yield opened


async def talking(people: People, house: House, name: str, words: str, desk: Desk) -> str:
    """A customer writes and the desk accepts."""
    customer = await people.customer(house, name)
    await customer.says(words)
    await expect(desk.offer).to_contain_text(name)
    await desk.page.keyboard.press("Alt+Enter")
    card = desk.page.locator(".card", has_text=name)
    await expect(card).to_be_visible()
    return str(await card.get_attribute("data-ref"))


async def serious(page: Page) -> list[dict[str, Any]]:
    """Return what axe finds that keeps somebody from working; run from outside, as the policy wants."""
    await page.evaluate(AXE.read_text() + "; undefined")
    # Fading in is not a colour: wait until nothing moves any more.
    await page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished.catch(() => {})))")
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    return [
        {"rule": each["id"], "impact": each["impact"], "where": [node["html"][:160] for node in each["nodes"]][:4]}
        for each in found["violations"]
        if each["impact"] in {"serious", "critical"}
    ]


async def standing_out(page: Page) -> list[str]:
    """Return what reaches over the right edge of the window, so that one would have to scroll sideways."""
    found: list[str] = await page.evaluate("""() => document.documentElement.scrollWidth <= innerWidth ? [] :
        [...document.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
        .map((each) => `${each.tagName} ${each.getAttribute("class")}`)""")
    return found


async def walk(desk: Desk) -> None:
    """Through every screen and dialog of a conversation that is open."""
    page = desk.page
    await page.locator(".rail button").nth(1).click()
    await expect(page.locator(".queues-view")).to_be_visible()
    assert await standing_out(page) == []
    await page.locator(".rail button").nth(0).click()
    for key in ("t", "p"):
        await page.locator(".head h1").click()
        await page.keyboard.press(key)
        await expect(page.locator("dialog")).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.locator("dialog")).to_have_count(0)
    await page.locator("#tab-note").click()
    await expect(page.locator(".composer.noting")).to_be_visible()
    await page.locator("#tab-reply").click()
    await page.locator(".presence .state").click()
    await expect(page.locator(".presence .menu")).to_be_visible()
    await page.keyboard.press("Escape")
    assert await standing_out(page) == []


@pytest.mark.parametrize(("language", "theme", "size"), looks(EVERY, EVERY[-1:]))
async def test_a_walk_through_the_screens_leaves_no_complaint(
    house: House, people: People, *, language: str, theme: str, size: ViewportSize
) -> None:
    ana = await people.agent(house, "ana", color_scheme=theme)
    await talking(people, house, "Marta Kowalska", "My order is late", ana)
    await ana.page.locator(".account button").first.click()
    await ana.page.locator(".account select").first.select_option(language)
    await expect(ana.page.locator("html")).to_have_attribute("lang", language)
    await ana.page.keyboard.press("Escape")
    await ana.page.set_viewport_size(size)
    await walk(ana)
    assert ana.faults.said == []


async def test_alt_enter_accepts_while_a_draft_stays_where_it_is_written(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    first = await talking(people, house, "Marta", "My order is late", ana)
    await ana.composer.fill("Dear Marta, ")
    ravi = await people.customer(house, "Ravi")
    await ravi.says("My order is wrong")
    await expect(ana.offer).to_contain_text("Ravi")
    await ana.composer.press("Alt+Enter")
    await expect(ana.page.locator(".card")).to_have_count(2)
    assert await ana.reference() == first
    await expect(ana.composer).to_have_value("Dear Marta, ")
    await expect(ana.composer).to_be_focused()
    await expect(ana.thread.locator(".said.out")).to_have_count(0)


async def test_enter_that_chooses_a_word_of_an_input_method_does_not_send(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    await talking(people, house, "李雷", "订单", ana)
    await ana.composer.fill("你好")
    await ana.composer.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    await ana.composer.dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True})
    await expect(ana.composer).to_have_value("你好")
    await expect(ana.thread.locator(".said.out")).to_have_count(0)
    await ana.composer.press("Enter")
    await expect(ana.thread.locator(".said.out")).to_contain_text("你好")


async def test_keys_walk_the_work_open_the_sheet_and_the_search(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    refs = [await talking(people, house, name, "My order is late", ana) for name in ("Marta", "Ravi")]
    await ana.page.locator(".thread").focus()
    await ana.page.locator(f".card[data-ref='{refs[0]}']").click()
    seen = [await current(ana)]
    for key in ("j", "j", "k"):
        await ana.page.keyboard.press(key)
        await expect(ana.page.locator(f".card[data-ref='{seen[-1]}']")).to_have_attribute("aria-current", "false")
        seen.append(await current(ana))
    assert seen == [refs[0], refs[1], refs[0], refs[1]]
    await ana.page.keyboard.press("?")
    await expect(ana.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    await ana.page.keyboard.press("Escape")
    await ana.page.keyboard.press("Control+k")
    await expect(ana.page.get_by_role("searchbox", name="Search")).to_be_focused()
    await ana.page.keyboard.type("Marta")
    # The list is fetched when one searches for the first time, and Enter does not wait for it.
    await ana.page.keyboard.press("Enter")
    await expect(ana.page.locator(".head h1")).to_have_text("Marta")


async def current(desk: Desk) -> str:
    return str(await desk.page.locator(".card[aria-current=true]").get_attribute("data-ref"))


async def test_what_comes_behind_another_screen_is_unread_until_it_is_seen(people: People, house: House) -> None:
    ana = await people.agent(house, "ana")
    marta = await people.customer(house, "Marta")
    await marta.says("Where is my parcel?")
    await ana.accept()
    await expect(ana.thread.locator(".said.in")).to_have_count(1)
    await ana.page.keyboard.press("F6")
    await ana.page.evaluate("() => { location.hash = '#/queues'; }")
    await expect(ana.page.locator(".queues-view")).to_be_visible()
    for words in ("Hello?", "Is anybody there?"):
        await marta.says(words)
    await expect(ana.page.locator("#status")).to_have_text("Marta: 2 new", timeout=SAID_MS)
    await ana.page.go_back()
    # Back on the desk all of it stands in the thread, once, and is read.
    await expect(ana.thread.locator(".said.in .text")).to_have_text(
        ["Where is my parcel?", "Hello?", "Is anybody there?"]
    )
    await expect(ana.page.locator(".card .badge")).to_have_count(0)


async def test_a_draft_survives_a_reload_and_another_browser(house: House, people: People) -> None:
    ana = await people.agent(house, "ana")
    reference = await talking(people, house, "Marta", "My order is late", ana)
    async with ana.page.expect_response(lambda answer: "/drafts/" in answer.url and answer.status == 204):
        await ana.composer.fill("I will look at")
    await ana.page.reload()
    await ana.page.locator(f".card[data-ref='{reference}']").click()
    await expect(ana.composer).to_have_value("I will look at")
    elsewhere = await people.desk(house, "ana")
    await elsewhere.page.locator(f".card[data-ref='{reference}']").click()
    await expect(elsewhere.composer).to_have_value("I will look at")


@pytest.mark.parametrize("theme", looks(["light", "dark"], ["dark"]))
async def test_nothing_on_the_screens_keeps_anybody_from_working(house: House, people: People, theme: str) -> None:
    stranger = await people.stranger(house, color_scheme=theme)
    await expect(stranger.locator(".sign-in")).to_be_visible()
    assert await serious(stranger) == []
    ana = await people.agent(house, "ana", color_scheme=theme)
    await talking(people, house, "Marta Kowalska", "My order is late", ana)
    await ana.reply("I look at it.")
    await ana.note("It is at the carrier.")
    await (await people.customer(house, "Ravi")).says("My order is wrong")
    await expect(ana.offer).to_contain_text("Ravi")
    assert await serious(ana.page) == []
    for screen in await screens(ana):
        await screen.click()
        assert await serious(ana.page) == []
        await ana.page.keyboard.press("Escape")
    await ana.page.locator(".rail button").nth(1).click()
    await expect(ana.page.locator(".queues-view")).to_be_visible()
    assert await serious(ana.page) == []


async def screens(desk: Desk) -> list[Locator]:
    """What opens the dialogs and menus of a conversation, and at last its wrap-up."""
    head = desk.page.locator(".head")
    names = ("Transfer", "More", "End")
    transfer, more, end = [head.get_by_role("button", name=name) for name in names]
    return [transfer, more, desk.page.locator(".presence .state"), end]
