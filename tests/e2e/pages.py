"""The two faces of a conversation in Chromium: an agent's desk and a customer's chat. No test lives here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Frame, Locator, Page, expect

from tests.e2e.desk_page import WIDE, DeskPage, Faults
from tests.e2e.house import PASSWORD, House


@dataclass
class Desk(DeskPage):
    """One agent at a desk."""

    house: House
    login: str

    @classmethod
    async def at(cls, house: House, browser: Browser, login: str, **options: Any) -> Desk:
        """Sign in and begin the shift."""
        desk = await cls.signed_in(house, browser, login, **options)
        await desk.page.get_by_role("banner").get_by_role("button", name="Start shift").click()
        await expect(desk.presence).to_contain_text("Available")
        return desk

    @classmethod
    async def signed_in(cls, house: House, browser: Browser, login: str, **options: Any) -> Desk:
        """Sign in by the page, without a shift."""
        context = await browser.new_context(base_url=house.base, **{"viewport": WIDE, "locale": "en-GB", **options})
        desk = cls(context, await context.new_page(), Faults(), house, login)
        desk.faults.watch(desk.page)
        await desk.page.goto("/")
        await desk.sign_in()
        await expect(desk.connected).to_be_visible()
        return desk

    async def sign_in(self) -> None:
        await self.fill_in(self.login, PASSWORD)

    async def another_tab(self) -> Desk:
        """The same person in a second tab of the same browser."""
        tab = Desk(self.context, await self.context.new_page(), self.faults, self.house, self.login)
        self.faults.watch(tab.page)
        await tab.page.goto("/")
        await expect(tab.connected).to_be_visible()
        return tab

    @property
    def thread(self) -> Locator:
        return self.page.locator(".thread")

    async def choose(self, presence: str) -> None:
        """Choose a presence in the menu."""
        await self.presence.click()
        await self.page.get_by_role("menuitem", name=presence, exact=True).click()
        await expect(self.presence).to_contain_text(presence)

    async def accept(self) -> str:
        """Accept the offer that rings; return the conversation's reference."""
        await self.offer.get_by_role("button", name="Accept").click()
        await expect(self.composer).to_be_visible()
        return await self.reference()

    async def reference(self) -> str:
        said = await self.page.locator(".head .meta").inner_text()
        found = re.search(r"#(\S+)", said)
        assert found, said
        return found[1]

    async def reply(self, text: str) -> None:
        """Write a reply and press Enter."""
        await self.page.click("#tab-reply")
        await self.composer.fill(text)
        await self.composer.press("Enter")
        await expect(self.thread.locator(".said.out:not(.pending)", has_text=text)).to_be_visible()

    async def note(self, text: str) -> None:
        await self.page.click("#tab-note")
        await self.composer.fill(text)
        await self.composer.press("Enter")
        await expect(self.thread.locator(".said.note:not(.pending)", has_text=text)).to_be_visible()

    async def finish(self, outcome: str = "Resolved") -> None:
        """End the conversation on the screen and say what came of it."""
        await self.page.locator(".head").get_by_role("button", name="End").click()
        await self.page.locator(".wrap-up").get_by_text(outcome, exact=True).click()
        await self.page.get_by_role("button", name="Save and finish").click()
        await expect(self.page.locator(".elsewhere")).to_contain_text("Closed")

    async def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the server what the page itself could ask; return its answer."""
        me = await (await self.context.request.get("/api/v1/me")).json()
        answer = await self.context.request.fetch(
            f"/api/v1{path}",
            method=method,
            data=body,
            headers={"X-CSRF": me["csrf"], "Content-Type": "application/json"},
        )
        assert answer.ok, f"{method} {path}: {answer.status} {await answer.text()}"
        return await answer.json() if answer.status != 204 else None

    async def leave(self) -> None:
        """Let go of everything, so that the next test finds nobody of this one on shift."""
        if self.house.running:
            me = await self.context.request.get("/api/v1/me")
            if me.ok:
                await self._let_go((await me.json())["csrf"])
        await self.context.close()

    async def _let_go(self, csrf: str) -> None:
        headers = {"X-CSRF": csrf, "Content-Type": "application/json"}
        desk = await (await self.context.request.get("/api/v1/desk")).json()
        for each in desk["work"]:
            path = f"/api/v1/conversations/{each['ref']}"
            await self.context.request.post(f"{path}/close", data={"disposition": "resolved"}, headers=headers)
            await self.context.request.post(f"{path}/wrap-up", data={"disposition": "resolved"}, headers=headers)
        await self.context.request.delete("/api/v1/shift", data={"forced": True}, headers=headers)


@dataclass
class Customer:
    """Somebody in the chat of the demo page."""

    page: Page
    frame: Frame
    faults: Faults

    @classmethod
    async def opens_chat(cls, house: House, browser: Browser, *, name: str, email: str = "") -> Customer:
        """Open the demo page, the chat on it, and say who it is."""
        context = await browser.new_context(base_url=house.base, viewport={"width": 900, "height": 800}, locale="en-GB")
        page, faults = await context.new_page(), Faults()
        faults.watch(page)
        await page.goto("/channels/chat/demo")
        await page.locator("button[aria-haspopup=dialog]").click()
        element = await page.wait_for_selector("iframe")
        assert element is not None, "it was waited for"
        frame = await element.content_frame()
        assert frame is not None, "the widget opens a frame"
        await frame.fill("#name", name)
        await frame.fill("#email", email)
        await frame.click("#start")
        await expect(frame.locator("#text")).to_be_visible()
        return cls(page, frame, faults)

    async def says(self, text: str) -> None:
        await self.frame.fill("#text", text)
        await self.frame.press("#text", "Enter")

    @property
    def log(self) -> Locator:
        return self.frame.locator("#log")

    async def leave(self) -> None:
        """End the chat as a customer does, so that nobody waits whom no test awaits."""
        end = self.frame.locator("#end")
        if await end.is_visible():
            await end.click()
            await expect(end).to_be_hidden()
        await self.page.context.close()
