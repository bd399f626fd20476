"""The chat widget on a page of somebody else's, in Chromium, against the real channel with a door in memory."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, FrameLocator, Locator, Page, expect

from channels.contract import CopyAsked, KeyPressed, LineClosed, LineRef, Standing
from tests.channels.door import MemoryDoor
from tests.channels.tabs import house
from tests.e2e.desk_page import Faults
from tests.web.modules import LANGUAGES, looks

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
LOCALES = {"en": "en-GB", "zh": "zh-CN", "th": "th-TH"}
LOOKS = looks([*product(("light", "dark"), LANGUAGES)], [("light", "zh"), ("dark", "th")])
# What a polite region says: what is put into it, each time.
HEARD = """(region) => {
    window.told = [];
    const said = (each) => [...each.addedNodes].map((node) => node.textContent);
    new MutationObserver((found) => window.told.push(...found.flatMap(said).filter(Boolean)))
        .observe(region, { childList: true, subtree: true });
}"""
PHONE = {"width": 390, "height": 844}
COMPOSING = """(area, key) => area.dispatchEvent(
    new KeyboardEvent("keydown", { key, isComposing: true, bubbles: true, cancelable: true }))"""


@dataclass
class Visit:
    """One visitor on the shop's page, and the door behind it."""

    page: Page
    door: MemoryDoor
    faults: Faults

    @property
    def launcher(self) -> Locator:
        return self.page.locator("button[aria-haspopup=dialog]")

    @property
    def chat(self) -> FrameLocator:
        return self.page.frame_locator("iframe")

    @property
    def line(self) -> LineRef:
        """The line of who has written."""
        return self.door.messages[-1].line

    async def opens(self) -> None:
        await self.launcher.click()
        await expect(self.chat.locator("#begin")).to_be_visible()

    async def writes(self, text: str) -> None:
        await self.chat.locator("#text").fill(text)
        await self.chat.locator("#text").press("Enter")
        await expect(self.chat.locator("li.in[data-mark=sent]", has_text=text)).to_be_visible()

    async def talks(self, text: str = "Hello") -> None:
        """Open the chat, begin, say something."""
        await self.opens()
        await self.chat.locator("#start").click()
        await self.writes(text)

    def turns(self, state: str, author: str = "") -> int:
        return self.door.happen(self.line, kind="status", state=state, author=author).seq

    def answers(self, text: str) -> None:
        self.door.happen(self.line, kind="out", message=len(self.door.letters) + 50, text=text, author="Ines")


@asynccontextmanager
async def visiting(
    chromium: Browser, door: MemoryDoor | None = None, *, chat: dict[str, Any] | None = None, **options: object
) -> AsyncIterator[Visit]:
    """Stand on the shop's page, with a chat of these settings. Nothing on it may complain."""
    async with house(door, **{"instead": "contact", "away_after_s": 120, **(chat or {})}) as (client, behind, _):
        behind.public_url = str(client.make_url("")).rstrip("/")
        settings = {"locale": "en-GB", "viewport": {"width": 1180, "height": 800}, **options}
        context = await chromium.new_context(base_url=behind.public_url, **settings)
        visit = Visit(await context.new_page(), behind, Faults())
        visit.faults.watch(visit.page)
        await visit.page.goto("/channels/chat/demo")
        yield visit
        await context.close()
        assert not visit.faults.said, visit.faults.said


async def violations(page: Page) -> list[str]:
    """Return what axe finds in the chat's frame."""
    frame = page.frames[-1]
    await frame.evaluate(AXE.read_text() + "\nundefined")
    found = await frame.evaluate("async () => (await axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa']})).violations")
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]


async def test_the_keyboard_alone_opens_writes_sends_and_closes(chromium: Browser) -> None:
    """UI.md 8.36."""
    async with visiting(chromium) as visit:
        for _ in range(10):
            await visit.page.keyboard.press("Tab")
            if await visit.launcher.evaluate("element => element.getRootNode().activeElement === element"):
                break
        await visit.page.keyboard.press("Enter")
        await expect(visit.chat.locator("#name")).to_be_focused()
        await visit.page.keyboard.press("Enter")
        await expect(visit.chat.locator("#text")).to_be_focused()
        await visit.page.keyboard.type("Where is my parcel?")
        await visit.page.keyboard.press("Enter")
        await expect(visit.chat.locator("li.in[data-mark=sent]")).to_have_count(1)
        await visit.page.keyboard.press("Escape")
        await expect(visit.page.locator("iframe")).to_be_hidden()
        assert await visit.launcher.evaluate("element => element.getRootNode().activeElement === element")


async def test_an_input_method_that_composes_neither_sends_nor_closes(chromium: Browser) -> None:
    """Enter chooses a word, Escape throws the letters away: both belong to the input method."""
    async with visiting(chromium) as visit:
        await visit.talks()
        text = visit.chat.locator("#text")
        await text.fill("你好")
        for key in ("Enter", "Escape"):
            await text.evaluate(COMPOSING, key)
        await visit.page.wait_for_timeout(100)
        await expect(text).to_have_value("你好")
        await expect(visit.page.locator("iframe")).to_be_visible()
        assert [each.text for each in visit.door.messages] == ["Hello"]


async def test_a_new_line_is_said_once_and_a_history_is_not(chromium: Browser) -> None:
    """UI.md 8.37."""
    async with visiting(chromium) as visit:
        await visit.talks()
        visit.turns("active", "Ines")
        await visit.chat.locator("#news").evaluate(HEARD)
        for text in ("one", "two"):
            visit.answers(text)
            await expect(visit.chat.locator("li.out", has_text=text)).to_be_visible()
            await expect(visit.chat.locator("#news")).to_contain_text(text)
        told = await visit.chat.locator("#news").evaluate("() => window.told")
        assert [sum(text in each for each in told) for text in ("one", "two")] == [1, 1], told
        assert await visit.chat.locator("#log").get_attribute("aria-live") == "off"
        await visit.page.reload()
        await visit.launcher.click()
        await expect(visit.chat.locator("li.out")).to_have_count(2)
        assert await visit.chat.locator("#news").inner_text() == ""


@pytest.mark.parametrize("language", ["zh", "th"])
async def test_no_english_is_shown_to_who_reads_another_language(chromium: Browser, language: str) -> None:
    """UI.md 8.38."""
    door = MemoryDoor()
    async with visiting(chromium, door, locale=LOCALES[language]) as visit:
        await visit.page.evaluate("""tag => {
            document.documentElement.lang = tag;
            const again = document.createElement("script");
            again.src = "widget.js";
            document.querySelectorAll("body > div").forEach(each => each.remove());
            document.head.append(again);
        }""", language)  # fmt: skip
        await visit.opens()
        seen = await visit.page.frames[-1].evaluate("document.body.innerText")
        await visit.chat.locator("#start").click()
        await visit.writes("สวัสดี 你好")
        door.standings[visit.line.key] = Standing(place=3, low_ms=120_000, high_ms=240_000, basis="pace")
        visit.turns("waiting")
        seen += await visit.page.frames[-1].evaluate("document.body.innerText")
        visit.turns("active", "王芳")
        visit.turns("closed")
        await expect(visit.chat.locator("#over")).to_be_visible()
        seen += await visit.page.frames[-1].evaluate("document.body.innerText")
    assert set(re.findall(r"[A-Za-z]{3,}", seen)) <= {"English"}


async def test_who_waits_is_told_place_wait_and_what_leaving_means(chromium: Browser) -> None:
    door = MemoryDoor()
    async with visiting(chromium, door) as visit:
        await visit.talks()
        door.standings[visit.line.key] = Standing(place=3, low_ms=120_000, high_ms=240_000, basis="pace")
        visit.turns("waiting")
        card = visit.chat.locator("#standing")
        await expect(card).to_be_visible()
        await visit.page.reload()
        await visit.launcher.click()
        await expect(card).to_contain_text("You are number 3 in line. The wait is about 2 to 4 minutes.")
        await expect(card).to_contain_text("your place is kept for 2 minutes")
        await expect(card.get_by_role("link", name="Write us a message instead")).to_have_attribute(
            "href", f"{door.public_url}/channels/form/contact?lang=en"
        )
        visit.turns("active", "Ines")
        await expect(card).to_be_hidden()
        await expect(visit.chat.locator("h1")).to_have_text("Ines")


async def test_after_hours_the_next_opening_is_told_and_an_address_is_asked_for(chromium: Browser) -> None:
    """UI.md 8.39."""
    told = "We open Mon 08:00 (Europe/Prague)."
    door = MemoryDoor(open_now=(False, 1_800_000_000_000), texts={"closed-now": told})
    async with visiting(chromium, door) as visit:
        await visit.opens()
        await expect(visit.chat.locator("#told")).to_contain_text(told)
        await visit.chat.get_by_role("button", name="Leave a message").click()
        await expect(visit.chat.locator("#email-fault")).to_contain_text("give an e-mail address")
        await expect(visit.chat.locator("#email")).to_be_focused()
        await visit.chat.locator("#email").fill("ann@example.org")
        await visit.chat.get_by_role("button", name="Leave a message").click()
        await visit.writes("Do you have the blue one?")
        assert [each.value for each in door.messages[0].identities] == ["ann@example.org"]


async def test_two_deliveries_of_one_message_are_one_bubble(chromium: Browser) -> None:
    """UI.md 8.41."""
    async with visiting(chromium) as visit:
        await visit.talks()
        said = visit.door.messages[-1]
        again = {"kind": "in", "message": 1, "text": said.text, "client": said.extra["client"]}
        visit.door.happen(said.line, **again)
        visit.answers("Yes?")
        await expect(visit.chat.locator("li.out")).to_have_count(1)
        await expect(visit.chat.locator("li.in")).to_have_count(1)


async def test_who_was_served_says_how_it_was_once(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        await visit.talks()
        visit.turns("active", "Ines")
        for number in range(12):
            visit.answers(f"Step {number}")
        end = visit.turns("closed")
        visit.turns("closed")  # Told twice, it is said and asked once.
        ended = visit.chat.get_by_text("The chat has ended")
        await expect(ended).to_be_in_viewport(ratio=1)  # The question below it does not cover it.
        await visit.chat.get_by_role("button", name="4 of 5: well").click()
        await expect(visit.chat.get_by_text("Thank you for telling us.")).to_be_visible()
        words = [each.signal for each in visit.door.letters if isinstance(each.signal, KeyPressed)]
        assert [(word.keys, word.item) for word in words] == [("4", end)]
        better = visit.chat.get_by_label("What could we do better?")
        await expect(better).to_be_focused()
        await better.fill("Answer sooner.")
        await visit.page.keyboard.press("Control+Enter")
        await expect(better).to_be_hidden()
        assert [(item, said) for (_, item), said in visit.door.remarks.items()] == [(end, "Answer sooner.")]
        await visit.page.reload()
        await visit.launcher.click()
        await expect(visit.chat.locator("#save")).to_be_visible()
        await expect(visit.chat.locator("#rating")).to_be_hidden()


async def test_who_was_not_served_is_not_asked_how_it_was(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        await visit.talks()
        visit.turns("abandoned")
        await expect(visit.chat.locator("#save")).to_be_visible()
        await expect(visit.chat.locator("#rating")).to_be_hidden()


async def test_a_copy_of_what_was_said_can_be_saved(chromium: Browser) -> None:
    async with visiting(chromium, accept_downloads=True) as visit:
        await visit.talks("Where is it?")
        visit.turns("active", "Ines")
        visit.answers("On its way.")
        visit.turns("closed")
        async with visit.page.expect_download() as saved:
            await visit.chat.locator("#save").click()
        copy = Path(await (await saved.value).path()).read_text()
        assert re.search(r"You: Where is it\?\n(.*\n)*.*Ines: On its way\.", copy)


async def test_a_copy_goes_by_mail_to_who_was_served_where_the_site_sends_any(chromium: Browser) -> None:
    """UI.md 3.5: "Ends with transcript by email"."""
    async with visiting(chromium) as visit:
        visit.door.copies = True
        await visit.talks("Where is it?")
        visit.turns("active", "Ines")
        visit.answers("On its way.")
        end = visit.turns("closed")
        box, said = visit.chat.get_by_label("Send me a copy by e-mail"), visit.chat.locator("#copy-said")
        await box.fill("mia")
        await box.press("Enter")
        await expect(said).to_have_text("This is not an e-mail address, such as name@example.com.")
        await expect(box).to_be_focused()
        await box.fill("mia@example.com")
        await box.press("Enter")
        await expect(said).to_have_text("A copy is on its way to mia@example.com.")
        asked = [each.signal for each in visit.door.letters if isinstance(each.signal, CopyAsked)]
        assert [(each.to, each.item) for each in asked] == [("mia@example.com", end)]
        assert await violations(visit.page) == []


async def test_no_copy_is_offered_where_none_is_sent_or_nobody_answered(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        await visit.talks()
        visit.turns("active", "Ines")
        visit.turns("closed")
        await expect(visit.chat.locator("#save")).to_be_visible()
        await expect(visit.chat.locator("#copy")).to_be_hidden()
    async with visiting(chromium) as visit:
        visit.door.copies = True
        await visit.talks()
        visit.turns("abandoned")
        await expect(visit.chat.locator("#save")).to_be_visible()
        await expect(visit.chat.locator("#copy")).to_be_hidden()


async def test_the_language_is_chosen_inside_and_remembered(chromium: Browser) -> None:
    async with visiting(chromium) as visit:
        await visit.opens()
        await visit.chat.locator("#language").select_option("th")
        await expect(visit.chat.locator("#start")).to_have_text("เริ่มแชต")
        await visit.page.reload()
        await visit.launcher.click()
        await expect(visit.chat.locator("#start")).to_have_text("เริ่มแชต")


@pytest.mark.parametrize(("color", "ink"), [("#ffd400", "rgb(0, 0, 0)"), ("#4b0082", "rgb(255, 255, 255)")])
async def test_a_colour_of_the_page_is_used_with_readable_ink(chromium: Browser, color: str, ink: str) -> None:
    async with visiting(chromium) as visit:
        await visit.page.evaluate("""color => {
            document.querySelectorAll("body > div").forEach(each => each.remove());
            document.head.append(Object.assign(document.createElement("script"), { src: "widget.js" }));
            document.head.lastChild.dataset.color = color;
        }""", color)  # fmt: skip
        await visit.opens()
        assert await visit.chat.locator("header").evaluate("element => getComputedStyle(element).color") == ink
        assert await violations(visit.page) == []


@pytest.mark.parametrize(("scheme", "language"), LOOKS)
async def test_no_view_of_the_chat_has_a_fault_that_axe_knows(chromium: Browser, scheme: str, language: str) -> None:
    door = MemoryDoor()
    async with visiting(
        chromium, door, color_scheme=scheme, locale=LOCALES[language], viewport=PHONE, reduced_motion="reduce"
    ) as visit:
        await visit.opens()
        assert await violations(visit.page) == []
        await visit.chat.locator("#start").click()
        await visit.writes("Hello")
        door.standings[visit.line.key] = Standing(place=2, low_ms=30_000, high_ms=60_000, basis="pace")
        visit.turns("waiting")
        await expect(visit.chat.locator("#standing")).to_be_visible()
        assert await violations(visit.page) == []
        visit.turns("active", "Ines")
        visit.answers("Hello!")
        visit.turns("closed")
        await expect(visit.chat.locator("#rating")).to_be_visible()
        assert await violations(visit.page) == []


@pytest.mark.parametrize(
    ("said", "links"),
    [
        ("See https://shop.example/help/parcel?lang=en.", ["https://shop.example/help/parcel?lang=en"]),
        ("请看（https://shop.example/a_b）。", ["https://shop.example/a_b"]),
        ("javascript:alert(1) http:// <b>x</b>", []),
        ("http://a.example and http://b.example/", ["http://a.example", "http://b.example/"]),
    ],
)
async def test_an_address_that_we_send_is_a_link_and_all_else_is_text(
    chromium: Browser, said: str, links: list[str]
) -> None:
    async with visiting(chromium) as visit:
        await visit.talks(said)
        visit.answers(said)
        bubble = visit.chat.locator("li.out .bubble")
        await expect(bubble).to_have_text(said)
        found = bubble.get_by_role("link")
        await expect(found).to_have_count(len(links))
        assert [await each.get_attribute("href") for each in await found.all()] == links
        assert {await each.get_attribute("rel") for each in await found.all()} <= {"noopener noreferrer"}
        await expect(visit.chat.locator("li.in .bubble a")).to_have_count(0)


async def test_who_has_ended_the_chat_is_not_asked_to_end_it_again(chromium: Browser) -> None:
    """What was promised stays open behind it, and only what they write next begins anew."""
    async with visiting(chromium) as visit:
        await visit.talks()
        visit.turns("parked")
        end = visit.chat.get_by_role("button", name="End chat")
        await end.click()
        await expect(end).to_have_count(0)
        assert [signal.why for signal in visit.door.signals if isinstance(signal, LineClosed)] == ["left"]
        await visit.writes("One more thing")
        await expect(end).to_be_visible()
