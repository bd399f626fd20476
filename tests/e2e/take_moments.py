"""Takes pictures of what is shown for a moment only: offer, dialogs, palette, wrap-up. No test lives here."""

from __future__ import annotations

from pathlib import Path

from playwright.async_api import expect

from tests.e2e.conftest import People
from tests.e2e.house import House
from tests.e2e.pages import Desk
from tests.e2e.test_every_screen import show

# What only the customer said whose conversation the desk ends.
MARTA = "I need it before a birthday"


async def take_moments(folder: Path, desk: Desk, *, people: People, house: House, reference: str) -> None:
    """Show each moment in English and light, the offer in dark, too."""
    await people.desks[-1].leave()
    people.desks.pop()
    await show(desk, f"desk/{reference}", "en", "light", 1440)
    await expect(desk.composer).to_be_visible()
    await offered(folder, desk, people=people, house=house)
    await palette(folder, desk)
    await transfer(folder, desk)
    await saved_replies(folder, desk)
    await note(folder, desk)
    await wrap_up(folder, desk)
    await rating(folder, people)


async def offered(folder: Path, desk: Desk, *, people: People, house: House) -> None:
    """Somebody new rings while a reply is being written."""
    customer = await people.customer(house, "Pilar Ortega")
    await customer.says("My invoice shows the order twice. Which one is right?")
    await expect(desk.offer.first).to_be_visible()
    await desk.composer.fill("They have found it! It leaves War")
    for theme in ("light", "dark"):
        await desk.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
        await desk.page.evaluate("(theme) => (document.documentElement.dataset.theme = theme)", theme)
        await desk.page.screenshot(path=folder / f"offer-{theme}-en.png")
    await desk.page.evaluate("document.documentElement.dataset.theme = 'light'")
    await desk.page.keyboard.press("Alt+Enter")
    await expect(desk.offer).to_have_count(0)
    await desk.composer.fill("")


async def palette(folder: Path, desk: Desk) -> None:
    """What is found for a name, over people, conversations and actions."""
    await desk.page.keyboard.press("Control+k")
    await desk.page.keyboard.type("mar")
    await desk.page.wait_for_timeout(1_200)
    await desk.page.screenshot(path=folder / "palette-light-en.png")
    await desk.page.keyboard.press("Escape")


async def transfer(folder: Path, desk: Desk) -> None:
    """To whom the conversation may go, and who cannot be asked, with the reason."""
    await desk.page.locator(".head").get_by_role("button", name="Transfer").click()
    await expect(desk.page.locator("dialog[open]")).to_be_visible()
    await desk.page.wait_for_timeout(1_200)
    await desk.page.screenshot(path=folder / "transfer-light-en.png")
    await desk.page.keyboard.press("Escape")


async def saved_replies(folder: Path, desk: Desk) -> None:
    """The list that a slash opens."""
    await desk.page.click("#tab-reply")
    await desk.composer.press_sequentially("/")
    await desk.page.wait_for_timeout(1_200)
    await desk.page.screenshot(path=folder / "replies-light-en.png")
    await desk.composer.fill("")


async def note(folder: Path, desk: Desk) -> None:
    """The whole composer is another while a note is written."""
    await desk.page.click("#tab-note")
    await desk.composer.fill("The carrier promised a call by noon. Please do not promise a day before that.")
    await desk.page.evaluate("document.documentElement.dataset.theme = 'dark'")
    await desk.page.screenshot(path=folder / "note-dark-en.png")
    await desk.page.evaluate("document.documentElement.dataset.theme = 'light'")
    await desk.composer.fill("")


async def wrap_up(folder: Path, desk: Desk) -> None:
    """What came of it: outcome, words, the next date."""
    await desk.page.locator(".head").get_by_role("button", name="End").click()
    await expect(desk.page.locator(".wrap-up")).to_be_visible()
    await desk.page.wait_for_timeout(600)
    await desk.page.screenshot(path=folder / "wrap-up-light-en.png")


async def rating(folder: Path, people: People) -> None:
    """The chat of whom the desk has just ended: how was it?"""
    for customer in people.customers:
        if await customer.log.get_by_text(MARTA).count():
            await expect(customer.frame.get_by_role("button", name="4 of 5")).to_be_visible()
            await customer.page.screenshot(path=folder / "chat-rating-light-en.png")
