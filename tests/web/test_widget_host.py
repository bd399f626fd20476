"""The chat widget as a guest on somebody's page: what it keeps, leaves alone, and takes from the page. No talk here."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from channels.chat.asking import Question
from tests.web.test_widget_page import Visit, violations, visiting

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

KEPT = "() => Object.keys(localStorage).filter((name) => !name.endsWith(':language')).sort()"
# Everything of a page that a guest could change: its styles, its attributes, its names, how its own text looks.
PAGE = """() => ({
    sheets: document.styleSheets.length + document.adoptedStyleSheets.length,
    heads: document.head.children.length,
    attributes: [document.documentElement, document.body].map((each) => [...each.attributes].map((one) => one.value)),
    names: Object.keys(window).sort(),
    text: ["font", "color", "margin", "overflow", "position"].map((name) => getComputedStyle(document.body)[name]),
})"""
BARE = """([tags, text]) => {
    document.querySelectorAll("body > div").forEach((each) => each.remove());
    document.documentElement.lang = text;
    const script = Object.assign(document.createElement("script"), { src: "widget.js" });
    for (const [name, value] of Object.entries(tags)) script.setAttribute(`data-${name}`, value);
    document.head.append(script);
    return new Promise((done) => { script.onload = () => done(true); });
}"""
ABOUT = Question(
    label={"en": "What is it about?", "th": "เรื่องอะไร"},
    required=True,
    options={"order": {"en": "An order", "th": "คำสั่งซื้อ"}, "other": {"en": "Something else", "th": "เรื่องอื่น"}},
)
LABELS = {"en": "Chat with us", "zh": "在线咨询", "th": "แชตกับเรา"}


async def placed(visit: Visit, *, page: str = "en", **tags: str) -> None:
    """Put the widget on the page anew, as the page's author writes it."""
    await visit.page.evaluate(BARE, [tags, page])


async def test_nothing_is_kept_of_who_has_said_nothing(chromium: Browser) -> None:
    """UI.md 3.5: no cookies before the first message, nor anything else that names a visitor."""
    async with visiting(chromium) as visit:
        await visit.opens()
        await visit.chat.locator("#start").click()
        await expect(visit.chat.locator("#text")).to_be_focused()
        assert await visit.page.frames[-1].evaluate(KEPT) == []
        await visit.writes("Where is my parcel?")
        assert "patchbay:main:token" in await visit.page.frames[-1].evaluate(KEPT)
        assert await visit.page.context.cookies() == []
        await visit.page.reload()
        await visit.launcher.click()
        await visit.writes("Hello?")
        assert len({each.line for each in visit.door.messages}) == 1, "who has written is known again"


async def test_the_page_stays_as_it_was(chromium: Browser) -> None:
    """UI.md 3.5: no global CSS on the host page."""
    async with visiting(chromium) as visit:
        await visit.page.evaluate('() => document.querySelectorAll("body > div").forEach((each) => each.remove())')
        before = await visit.page.evaluate(PAGE)
        await placed(visit)
        await visit.opens()
        after = await visit.page.evaluate(PAGE)
        assert after == before | {"heads": before["heads"] + 1}, "one script of the author's own, and nothing else"


@pytest.mark.parametrize(
    ("data", "page", "browser", "language"),
    [("th", "zh", "en-GB", "th"), ("", "zh-Hant-TW", "th-TH", "zh"), ("", "", "th-TH", "th"), ("", "", "de-DE", "en")],
)
async def test_the_language_is_the_scripts_then_the_pages_then_the_browsers(
    chromium: Browser, data: str, page: str, browser: str, language: str
) -> None:
    async with visiting(chromium, locale=browser) as visit:
        await placed(visit, page=page, **({"lang": data} if data else {}))
        await expect(visit.launcher).to_have_attribute("aria-label", LABELS[language])
        await visit.opens()
        assert await visit.page.frames[-1].evaluate("[document.documentElement.lang, document.title]") == [
            language,
            LABELS[language],
        ]


@pytest.mark.parametrize(("width", "whole"), [(480, True), (481, False)])
async def test_a_small_screen_is_all_chat(chromium: Browser, width: int, *, whole: bool) -> None:
    async with visiting(chromium, viewport={"width": width, "height": 800}) as visit:
        await visit.opens()
        box = await visit.page.locator("iframe").bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == ((width, 800) if whole else (380, 620))
        await visit.chat.locator("#close").click()
        await expect(visit.launcher).to_be_visible()
        assert await visit.launcher.evaluate("element => element.getRootNode().activeElement === element")


async def test_the_focus_is_seen_whatever_colour_the_page_has(chromium: Browser) -> None:
    """A yellow ring on white would be one that nobody sees."""
    async with visiting(chromium) as visit:
        await placed(visit, color="#ffd400")
        await visit.opens()
        await visit.chat.locator("#name").press("Tab")
        email = visit.chat.locator("#email")
        await expect(email).to_be_focused()
        ring = "element => [getComputedStyle(element).outlineColor, getComputedStyle(element).color]"
        seen, ink = await email.evaluate(ring)
        assert seen == ink


async def test_a_colour_that_is_none_is_refused_with_a_sentence(chromium: Browser) -> None:
    """UI.md 3.5: what cannot be read is refused. Black or white reaches 4.5 : 1 on any colour that is one."""
    async with visiting(chromium) as visit:
        await placed(visit, color="yellow")
        await expect(visit.launcher).to_have_css("background-color", "rgb(11, 106, 95)")
        assert visit.faults.said == ["warning: Patchbay chat: data-color must be six hex digits, such as #0b6a5f."]
        visit.faults.said.clear()


async def test_the_greeting_asks_what_a_rule_needs_and_the_page_has_not_said(chromium: Browser) -> None:
    """UI.md 3.5: pre-chat fields, only what a rule needs."""
    async with visiting(chromium, chat={"asks": {"about": ABOUT}}) as visit:
        await visit.opens()
        box = visit.chat.get_by_label("What is it about?")
        await expect(box).to_be_focused()
        await visit.chat.locator("#start").click()
        await expect(box).to_be_focused()
        await expect(box).to_have_attribute("aria-invalid", "true")
        await expect(visit.chat.locator("#ask-about-fault")).to_have_text("Please choose one of these.")
        assert await violations(visit.page) == []
        await box.select_option("An order")
        await visit.chat.locator("#start").click()
        await visit.writes("Where is it?")
        assert visit.door.messages[-1].declared == {"about": "order"}


async def test_what_the_page_declares_is_not_asked_and_reaches_the_rules(chromium: Browser) -> None:
    chat = {"asks": {"about": ABOUT}, "facts": {"shop": ("north",)}}
    async with visiting(chromium, chat=chat, locale="th-TH") as visit:
        await placed(visit, page="th", **{"fact-shop": "north"})
        await visit.opens()
        await visit.chat.get_by_label("เรื่องอะไร").select_option("เรื่องอื่น")
        await visit.chat.locator("#start").click()
        await visit.writes("สวัสดี")
        assert visit.door.messages[-1].declared == {"about": "other", "shop": "north"}
    async with visiting(chromium, chat=chat) as visit:
        await placed(visit, **{"fact-about": "order"})
        await visit.opens()
        await expect(visit.chat.locator("#asks select")).to_have_count(0)
        await visit.chat.locator("#start").click()
        await visit.writes("Hello")
        assert visit.door.messages[-1].declared == {"about": "order"}


async def test_what_a_page_may_not_declare_is_left_out_with_a_sentence_and_the_chat_goes_on(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        await placed(visit, **{"fact-about": "in/vented & more"})
        await visit.talks()
        assert visit.door.messages[-1].declared == {}
        assert [each.partition(": ")[2][:28] for each in visit.faults.said] == ["Patchbay chat: data-fact-… s"]
        visit.faults.said.clear()


async def test_as_a_page_of_its_own_the_chat_has_no_button_that_does_nothing(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        await visit.page.goto("/channels/chat/frame?site=main#main/en/")
        await expect(visit.page.locator("#begin")).to_be_visible()
        await expect(visit.page.locator("#close")).to_be_hidden()
