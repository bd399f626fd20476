"""What holds on every screen there is: no complaint, no barrier, no sideways scroll, no language but the reader's.

`PATCHBAY_ROUNDS` looks at each screen in every language, theme and width; otherwise three of the combinations.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, Route, expect

from tests.e2e.conftest import People
from tests.e2e.house import House
from tests.e2e.pages import Desk
from tests.e2e.test_screens import AXE, standing_out, talking
from tests.web.modules import LANGUAGES, WEB, all_words, looks

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SCREENS = re.findall(r"^  (\w+): \{[^\n]*\bkey:", (WEB / "frame" / "screens.js").read_text(), re.MULTILINE)
WIDTHS = (1440, 390, 320)
ALL = list(itertools.product(LANGUAGES, ("light", "dark"), WIDTHS))
SOME = [("en", "light", 1440), ("th", "dark", 390), ("zh", "light", 320)]
LOOKS = looks(ALL, SOME)
# Tables may be wider than a telephone; they scroll by themselves.
LONGER = 1.4
# The proper names of what is shown: people, channels' brands, files, and the keyboard's keys.
NAMES = re.compile(
    r"Marta|Kowalska|Ada|Administrator|Ben|Patchbay|Ctrl|Alt|Esc|Europe/\w+|UTC|YAML|SMS|WeChat|WhatsApp|Weibo|[\w-]+\.ya?ml"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    changes = {"queues": {"queues": {"general": {"hours": "always", "offer": "2m"}}}}
    opened = House(tmp_path_factory.mktemp("every"), changes=changes)
    async with opened.serving():
        opened.add_person("ada", role="admin", skill=["orders=3"])
        yield opened


async def barriers(page: Page) -> list[str]:
    """Return every fault against WCAG 2.2 A and AA that axe finds, contrast among them."""
    await page.evaluate(AXE.read_text() + "; undefined")
    found = await page.evaluate(
        "axe.run({resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})"
    )
    return [f"{each['id']}: {[node['html'][:160] for node in each['nodes']][:3]}" for each in found["violations"]]


async def show(desk: Desk, screen: str, language: str, theme: str, width: int) -> None:
    """Open a screen as it is for one reader."""
    await desk.page.set_viewport_size({"width": width, "height": 844})
    await desk.page.evaluate(
        """([language, theme]) => {
            localStorage.setItem("patchbay:language", language);
            const known = JSON.parse(localStorage.getItem("patchbay:settings") ?? "{}");
            localStorage.setItem("patchbay:settings", JSON.stringify({ ...known, theme }));
        }""",
        [language, theme],
    )
    await desk.page.goto(f"/?again={language}{theme}{width}#/{screen}")
    await expect(desk.page.locator("html")).to_have_attribute("lang", language)
    await expect(desk.page.locator("main").first).to_be_visible()
    await expect(desk.page.locator("main.fetching")).to_have_count(0)
    await desk.page.wait_for_load_state("networkidle")


async def english(page: Page) -> set[str]:
    """Return the sentences of the English catalogue that are on the page."""
    shown: list[str] = await page.evaluate("""() => [...document.querySelectorAll("body *")].flatMap((each) =>
        [...each.childNodes].filter((node) => node.nodeType === 3).map((node) => node.textContent.trim()))""")
    spoken = {text for text in all_words("en").values() if re.search(r"[A-Za-z]{3}", NAMES.sub("", text))}
    return spoken & set(shown)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ada(house: House, chromium: Browser) -> AsyncIterator[Desk]:
    people = People(chromium)
    desk = await people.agent(house, "ada", reduced_motion="reduce")
    await talking(people, house, "Marta Kowalska", "My order is late", desk)
    yield desk
    await people.leave()


@pytest.mark.parametrize("screen", SCREENS)
async def test_a_screen_keeps_nobody_out(screen: str, ada: Desk) -> None:
    """UI.md 8.2, 8.38, 8.42, 8.43, 8.45, 8.46."""
    for language, theme, width in LOOKS:
        await show(ada, screen, language, theme, width)
        look = f"{screen} {language} {theme} {width}"
        assert await barriers(ada.page) == [], look
        assert await standing_out(ada.page) == [], look
        assert await ada.page.evaluate("document.getAnimations().length") == 0, look
        if language != "en":
            assert await english(ada.page) == set(), look
    assert ada.faults.said == []


def longer(text: str) -> str:
    """Return a text as a wordier language would say it; what stands in braces stays."""
    return f"{text} {'ó' * max(1, round(len(text) * (LONGER - 1)) - 1)}"


async def lengthen(route: Route) -> None:
    answer = await route.fetch()
    words = {key: longer(text) for key, text in json.loads(await answer.text()).items()}
    await route.fulfill(response=answer, body=json.dumps(words))


@pytest.mark.parametrize("screen", SCREENS)
async def test_a_wordier_language_cuts_no_button(screen: str, ada: Desk) -> None:
    """UI.md 8.48."""
    await ada.page.route("**/words/*.en.json", lengthen)
    await show(ada, screen, "en", "light", 1180)
    await ada.page.unroute("**/words/*.en.json")
    cut: list[
        str
    ] = await ada.page.evaluate("""() => [...document.querySelectorAll("button, [role=tab], label, h1, h2")]
        .filter((each) => each.offsetParent && !each.closest(".unseen") && each.scrollWidth > each.clientWidth + 1
            && getComputedStyle(each).display !== "inline" && getComputedStyle(each).overflow !== "visible"
            && getComputedStyle(each).textOverflow !== "ellipsis")
        .map((each) => `${each.tagName}.${each.className}: ${each.textContent.trim().slice(0, 60)}`)""")
    assert cut == []
    assert await standing_out(ada.page) == []
