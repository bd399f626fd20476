"""The help screen and the help page in a browser, in front of the real dashboard: finding, writing, passing on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from router.core.helping import HelpRules
from tests.dashboard.office import PASSWORD, Desk, Office, bundle
from tests.e2e.desk_page import WIDE, Faults
from tests.ports import free_port
from tests.web.looking import violations
from tests.web.modules import WEB

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TENS_MS = 10_000
NARROW = {"width": 390, "height": 844}
RULES = HelpRules(
    title={"en": "Help", "th": "ช่วยเหลือ", "zh": "帮助"},
    categories={"returns": {"en": "Returns", "th": "คืนสินค้า", "zh": "退货"}},
    queue="general",
    chat=False,
)
SEND_BACK = {
    "en": {"title": "Send it back", "text": "Within **30 days**.\n\n- Pack it\n- [Tell us](/help)"},
    "th": {"title": "คืนสินค้า", "text": "ภายใน **30 วัน**"},
    "zh": {"title": "退货", "text": "**30 天**内"},
}


class Floor:
    """An office with a help page: one article that everybody reads, one for the team."""

    def __init__(self, office: Office, base: str, sue: Desk, ana: Desk) -> None:
        self.office, self.base, self.sue, self.ana = office, base, sue, ana

    async def article(self, slug: str, **given: object) -> int:
        asked = {"slug": slug, "category": "returns", "texts": SEND_BACK, "deed": "publish", "command_id": slug}
        made = await self.sue.post("/articles", {**asked, **given})
        assert made.status == 200, made.body
        return int(made.body["line"]["number"])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def floor(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Floor]:
    office = await Office.open(tmp_path_factory.mktemp("help"))
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    await office.configure(bundle(help=RULES, languages=("en", "th", "zh")))
    await office.stop_serving()
    await office.serve(port=port, web_root=WEB, public_url=base)
    sue, ana = await office.desk("sue", role="supervisor"), await office.desk("ana", shift=True)
    made = Floor(office, base, sue, ana)
    await made.article("send-back")
    await made.article(
        "goodwill", audience="team", texts={"en": {"title": "When we are generous", "text": "Up to 20 euros."}}
    )
    yield made
    await office.close()


Opens = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def opens(floor: Floor, chromium: Browser) -> AsyncIterator[Opens]:
    contexts, faults = [], Faults()

    async def page(place: str = "/#/help", *, login: str = "sue", **options: object) -> Page:
        context = await chromium.new_context(base_url=floor.base, **{"viewport": WIDE, "locale": "en-GB", **options})  # type: ignore[arg-type]
        contexts.append(context)
        made = await context.new_page()
        faults.watch(made)
        await made.goto(place)
        if place.startswith("/#"):
            await made.fill("input[name=login]", login)
            await made.fill("input[name=password]", PASSWORD)
            await made.click(".sign-in button[type=submit]")
            await expect(made.locator(".help-view h1")).to_be_visible(timeout=2 * TENS_MS)
        return made

    yield page
    for context in contexts:
        await context.close()
    assert faults.said == []


async def test_an_agent_finds_an_article_by_keyboard_and_reads_it(opens: Opens) -> None:
    page = await opens(login="ana")
    await expect(page.locator("a.article")).to_have_count(2, timeout=TENS_MS)
    await expect(page.get_by_role("button", name="New article")).to_have_count(0)
    await page.keyboard.press("j")
    await expect(page.locator("a.article").first).to_be_focused()
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await expect(page.locator(".help-text strong")).to_have_text("30 days", timeout=TENS_MS)
    await page.get_by_role("button", name="ไทย").click()
    await expect(page.locator(".help-text strong")).to_have_text("30 วัน")
    await page.keyboard.press("Escape")
    await page.get_by_role("searchbox", name="Search articles").fill("generous")
    await expect(page.locator("a.article")).to_have_text(["When we are generous"], timeout=TENS_MS)
    await expect(page.locator(".marks")).to_contain_text("Team only")


async def test_an_article_goes_into_the_reply_to_who_is_on_the_desk(floor: Floor, opens: Opens) -> None:
    conv = await floor.office.arrives("Can I send it back?")
    await floor.ana.accept(conv)
    ref = floor.office.ref(conv)
    page = await opens("/#/help", login="ana")
    await page.goto(f"/#/desk/{ref}")
    await page.locator(".composer textarea").fill("Hello.")
    await page.goto("/#/help/1")
    await page.get_by_role("button", name="Link into my reply").click()
    await expect(page.locator(".composer textarea")).to_have_value(
        f"Hello.\n\nSend it back\n{floor.base}/help/send-back?lang=en", timeout=TENS_MS
    )


async def test_an_article_is_written_seen_as_it_will_look_and_published(floor: Floor, opens: Opens) -> None:
    page = await opens()
    await page.get_by_role("button", name="New article").click()
    await page.get_by_label("Title").fill("Care for your tent")
    await expect(page.get_by_label("Name in the address")).to_have_value("care-for-your-tent")
    await page.get_by_role("textbox", name="Text").fill("Dry it **well**. <b>Always</b>")
    await expect(page.locator(".help-text strong")).to_have_text("well", timeout=TENS_MS)
    await expect(page.locator(".help-text b")).to_have_count(0)
    await page.reload()
    await expect(page.get_by_role("textbox", name="Text")).to_have_value(
        "Dry it **well**. <b>Always</b>", timeout=2 * TENS_MS
    )
    await page.get_by_role("group", name="Offered first in these queues").get_by_label("General").check()
    await page.get_by_role("button", name="Save and publish").click()
    await expect(page.locator(".help-head h1")).to_have_text("Care for your tent", timeout=TENS_MS)
    (line,) = [
        each for each in (await floor.sue.get("/articles")).body["items"] if each["slug"] == "care-for-your-tent"
    ]
    assert line["queues"] == ["general"]
    await page.goto("/help/care-for-your-tent")
    await expect(page.locator("article strong")).to_have_text("well")


async def test_whoever_was_slower_is_told_and_loses_nothing(floor: Floor, opens: Opens) -> None:
    number = await floor.article("both")
    page = await opens(f"/#/help/{number}/edit")
    await page.get_by_role("textbox", name="Text").fill("Mine.")
    texts = {**SEND_BACK, "en": {"title": "Send it back", "text": "Theirs."}}
    asked = {"slug": "both", "texts": texts, "version": 1, "command_id": "theirs"}
    assert (await floor.sue.call("PUT", f"/articles/{number}", asked)).status == 200
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="has changed it meanwhile")).to_be_visible(timeout=TENS_MS)
    await expect(page.get_by_role("textbox", name="Text")).to_have_value("Mine.")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator(".help-text")).to_have_text("Mine.", timeout=TENS_MS)
    await page.get_by_role("button", name="ไทย").click()
    await expect(page.get_by_role("button", name="ไทย")).to_contain_text("older")
    await page.get_by_role("button", name="Archive").click()
    await expect(page.get_by_role("button", name="Restore as a draft")).to_be_visible(timeout=TENS_MS)


async def test_what_was_searched_in_vain_is_one_press_from_being_written(opens: Opens) -> None:
    page = await opens()
    await page.goto("/help")
    await page.get_by_role("searchbox").fill("gift wrapping")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("gift wrapping")
    await page.goto("/#/help/misses")
    await expect(page.locator(".help-misses li")).to_have_count(1, timeout=TENS_MS)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Searched, not found").click()
    await page.locator(".help-misses li", has_text="gift wrapping").get_by_role("button").click()
    await expect(page.get_by_label("Title")).to_have_value("gift wrapping", timeout=TENS_MS)


async def test_a_reader_finds_reads_and_says_that_it_helped_without_a_script(opens: Opens) -> None:
    page = await opens("/help", java_script_enabled=False, locale="th")
    await expect(page.locator("html")).to_have_attribute("lang", "th")
    await page.get_by_role("searchbox").fill("คืนสินค้า")
    await page.keyboard.press("Enter")
    await page.locator("main a[href^='/help/send-back']").first.click()
    await expect(page.locator("article h1")).to_have_text("คืนสินค้า")
    await page.get_by_role("button", name="ได้", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("ขอบคุณ")


LOOKS = [{}, {"color_scheme": "dark"}, {"viewport": NARROW, "locale": "th"}, {"viewport": NARROW, "locale": "zh-CN"}]


@pytest.mark.parametrize("options", LOOKS, ids=["light", "dark", "narrow-th", "narrow-zh"])
async def test_axe_finds_nothing_and_nothing_is_wider_than_the_page(opens: Opens, options: dict[str, object]) -> None:
    page = await opens(**options)
    for place, mark in (
        ("/#/help", "a.article"),
        ("/#/help/1", ".help-text strong"),
        ("/#/help/1/edit", ".help-both .help-text strong"),
        ("/#/help/misses", "h1"),
        ("/help", ".shelves a"),
        ("/help/send-back", "article strong"),
    ):
        await page.goto(place)
        await expect(page.locator(mark).first).to_be_visible(timeout=TENS_MS)
        assert await violations(page) == [], place
        assert await page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), place
