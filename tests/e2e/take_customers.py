"""Takes pictures of what customers see: chat, form, help pages; and the sign-in of agents. No test lives here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, expect

from tests.e2e.conftest import People
from tests.e2e.house import House

LOCALES = {"en": "en-GB", "th": "th-TH", "zh": "zh-CN"}
# Language, theme and width of each reader, and what the file's name says of the width.
READERS = (("en", "light", 1100, ""), ("zh", "dark", 1100, ""), ("th", "light", 390, "-narrow"))
DEMOS = {"en": "", "th": "-th", "zh": "-zh"}
PAGES = {"form": "/channels/form/contact", "help-public": "/help", "sign-in": "/"}
WORDS = {
    "en": ("Chloe Martin", "Hello! Is the blue tent still there in the large size?"),
    "zh": ("林佳怡", "你好，蓝色的大号帐篷还有吗？"),
    "th": ("ณัฐยา ศรีสุข", "สวัสดีค่ะ เต็นท์สีฟ้าไซซ์ใหญ่ยังมีไหมคะ"),
}


@asynccontextmanager
async def a_reader(people: People, house: House, *, look: tuple[str, str, int, str]) -> AsyncIterator[Page]:
    """A browser of somebody who reads this language at this width."""
    language, theme, width, _ = look
    context = await people.browser.new_context(
        base_url=house.base,
        viewport={"width": width, "height": 800},
        locale=LOCALES[language],
        color_scheme="dark" if theme == "dark" else "light",
        reduced_motion="reduce",
    )
    yield await context.new_page()
    await context.close()


async def take_customers(folder: Path, people: People, house: House) -> None:
    """Take each page for each reader; the chat from its greeting to the waiting."""
    for look in READERS:
        language, theme, _, width = look
        async with a_reader(people, house, look=look) as page:
            for name, place in PAGES.items():
                await page.goto(place)
                await page.wait_for_load_state("networkidle")
                await page.screenshot(path=folder / f"{name}-{theme}-{language}{width}.png")
            await page.goto(f"/channels/chat/demo{DEMOS[language]}")
            await page.locator("button[aria-haspopup=dialog]").click()
            element = await page.wait_for_selector("iframe")
            frame = await element.content_frame() if element else None
            assert frame is not None, "the widget opens a frame"
            name, words = WORDS[language]
            await frame.fill("#name", name)
            await page.screenshot(path=folder / f"chat-greeting-{theme}-{language}{width}.png")
            await frame.click("#start")
            await frame.fill("#text", words)
            await frame.press("#text", "Enter")
            await expect(frame.locator("#log")).to_contain_text(words)
            await page.wait_for_timeout(1_500)
            await page.screenshot(path=folder / f"chat-waiting-{theme}-{language}{width}.png")
