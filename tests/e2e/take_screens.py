"""Takes the pictures of docs/screens/ of a real floor with people on it: `make screens`. No test lives here."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import expect

from tests.browser import a_browser
from tests.e2e.cases import add_articles, add_cases, add_segments
from tests.e2e.conftest import People
from tests.e2e.house import House
from tests.e2e.pages import Desk
from tests.e2e.promises import promise
from tests.e2e.rated import rate, review
from tests.e2e.take_customers import take_customers
from tests.e2e.take_moments import take_moments
from tests.e2e.test_every_screen import SCREENS, show

FOLDER = Path(__file__).parent.parent.parent / "docs" / "screens"
ALWAYS = {"hours": "always", "offer": "5m"}
CHANGES = {"queues": {"queues": dict.fromkeys(("general", "billing", "orders", "complaints"), ALWAYS)}}


@dataclass(frozen=True)
class Look:
    """One reader: language, theme, width."""

    language: str
    theme: str
    width: int = 1440

    def file(self, screen: str) -> Path:
        narrow = "-narrow" if self.width < 700 else ""
        return FOLDER / f"{screen}-{self.theme}-{self.language}{narrow}.png"


EVERY = (
    Look("en", "light"),
    Look("en", "dark"),
    Look("en", "light", 390),
    Look("th", "light"),
    Look("zh", "dark"),
)

WAITING = (
    ("Omar Haddad", "The invoice 2026-1180 has the wrong address on it."),
    ("Dao Thị Hương", "Can I change the size of order 20433?"),
    ("Jonas Lindqvist", "My refund has not come."),
    ("สมชาย ใจดี", "พัสดุยังไม่ถึงค่ะ"),
)


async def scene(people: People, house: House) -> tuple[Desk, str]:
    """Two colleagues, three customers in talk, others in line, one who rings."""
    for login, name, role in (("ines", "Ines Duarte", "admin"), ("somchai", "Somchai Prasert", "agent")):
        house.add_person(login, name=name, role=role, skill=["billing=3", "orders=3", "complaints=3"])
    add_cases(house.data, "ines", "somchai")
    add_articles(house.data)
    rated = await rate(people, house, "somchai")
    ines = await people.agent(house, "ines", locale="en-GB", reduced_motion="reduce")
    await review(ines, rated[0], said="You were kind, and you found what was wrong. Read what is there before you ask.")
    await promise(people, house, ines)
    marta = await people.customer(house, "Marta Kowalska", "marta.k@example.com")
    await marta.says(
        "Hi! My order 20418 was due on Friday and I still have nothing. I need it before a birthday on Wednesday."
    )
    await expect(ines.offer).to_contain_text("Marta")
    reference = await ines.accept()
    await ines.reply("Hello Marta, I am sorry about the wait. Let me look at the parcel with the carrier right now.")
    await ines.note("Carrier shows the parcel stuck at WAW-3 since Thursday. Ref PL-77120.")
    await ines.reply(
        "The parcel is at the Warsaw hub. I have asked them to trace it and will tell you the moment they answer."
    )
    for name, text in (("ณัฐยา ศรีสุข", "ได้รับของแล้วค่ะ แต่กล่องบุบ ขอเปลี่ยนได้ไหมคะ"), ("林佳怡", "你好，我想换一个尺码。")):
        await (await people.customer(house, name)).says(text)
        await expect(ines.offer).to_contain_text(name)
        await ines.page.keyboard.press("Alt+Enter")
        await expect(ines.page.locator(".card", has_text=name)).to_be_visible()
    await marta.says("Thank you. The tracking page is no help though.")
    await marta.says("It still says “label created”. Can you check?")
    somchai = await people.agent(house, "somchai")
    for name, text in WAITING:
        await (await people.customer(house, name)).says(text)
    await expect(somchai.offer.first).to_be_visible()
    add_segments(house.data, "ines")
    await ines.page.locator(f".card[data-ref='{reference}']").click()
    return ines, reference


async def take(desk: Desk, reference: str) -> None:
    """Show each screen to each reader and keep what they see."""
    where = {"why": f"why/{reference}"}
    for screen in SCREENS:
        for look in EVERY:
            await show(desk, where.get(screen, screen), look.language, look.theme, look.width)
            if screen == "desk":
                await desk.page.locator(f".card[data-ref='{reference}']").click()
                await expect(desk.composer).to_be_visible()
            await desk.page.wait_for_timeout(1_200)
            await desk.page.screenshot(path=look.file(screen))
            print(look.file(screen).name, flush=True)
    await person(desk)
    await case(desk)
    await promised(desk)
    await reviewed(desk)
    await article(desk)
    await forced(desk, reference)


async def person(desk: Desk) -> None:
    """One customer over all channels, with a segment that a colleague has set."""
    await show(desk, "customers/list/text%3DOmar%26open%3Dyes", "en", "light", 1440)
    await desk.page.locator(".archive tbody button").first.click()
    await expect(desk.page.locator(".segment-box blockquote")).to_be_visible()
    await desk.page.screenshot(path=Look("en", "light").file("customer"))


async def case(desk: Desk) -> None:
    """One complaint: the first that is open, the late ones before."""
    await show(desk, "complaints", "en", "light", 1440)
    await desk.page.locator(".complaints-list tbody button").nth(1).click()
    await expect(desk.page.get_by_role("region", name="What comes next")).to_be_visible()
    await desk.page.screenshot(path=Look("en", "light").file("complaint"))


async def promised(desk: Desk) -> None:
    """One follow-up beside the list, the second that is due."""
    await show(desk, "followups", "en", "light", 1440)
    await desk.page.locator(".followups-table tbody button").nth(1).click()
    await expect(desk.page.locator(".followup-one .note-box")).to_be_visible()
    await desk.page.wait_for_timeout(1_200)
    await desk.page.screenshot(path=Look("en", "light").file("followup"))


async def reviewed(desk: Desk) -> None:
    """One review beside its conversation: the worst that customers said."""
    await show(desk, "reviews/to-do", "en", "light", 1440)
    await desk.page.get_by_role("button", name="The week after").click()
    await desk.page.locator(".draws li button").first.click()
    await expect(desk.page.locator(".question").first).to_be_visible()
    await desk.page.wait_for_timeout(1_200)
    await desk.page.screenshot(path=Look("en", "light").file("review"))


async def article(desk: Desk) -> None:
    """One article, as somebody who may change it reads it."""
    await show(desk, "help/1", "en", "light", 1440)
    await desk.page.wait_for_timeout(1_200)
    await desk.page.screenshot(path=Look("en", "light").file("article"))


async def forced(desk: Desk, reference: str) -> None:
    """The desk of somebody who forces their own colours."""
    await desk.page.emulate_media(forced_colors="active")
    await show(desk, f"desk/{reference}", "en", "light", 1440)
    await expect(desk.composer).to_be_visible()
    await desk.page.wait_for_timeout(1_200)
    await desk.page.screenshot(path=FOLDER / "desk-forced.png")
    await desk.page.emulate_media(forced_colors="none")


async def take_all() -> None:
    """Make the folder anew."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        house = House(Path(folder), changes=CHANGES)
        async with house.serving(), a_browser() as browser:
            people = People(browser)
            desk, reference = await scene(people, house)
            await take(desk, reference)
            await take_customers(FOLDER, people, house)
            await take_moments(FOLDER, desk, people=people, house=house, reference=reference)


if __name__ == "__main__":
    asyncio.run(take_all())
