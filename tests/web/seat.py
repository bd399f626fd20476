"""One agent's page in Chromium, in front of the fake server. No test lives here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Locator, expect

from tests.e2e.desk_page import WIDE, DeskPage, Faults
from tests.web.fake_floor import ME, Record
from tests.web.fake_server import PASSWORD, FakeServer


@dataclass
class Seat(DeskPage):
    """One agent in front of the fake server."""

    server: FakeServer

    @classmethod
    async def at(cls, server: FakeServer, browser: Browser, **options: Any) -> Seat:
        """Open the desk, signed in, and wait until it is live."""
        server.signed_in = True
        seat = await cls.before(server, browser, **options)
        await seat.live()
        return seat

    @classmethod
    async def before(cls, server: FakeServer, browser: Browser, **options: Any) -> Seat:
        """Open the page as it is for somebody who has not signed in yet."""
        context = await browser.new_context(base_url=server.base, **{"viewport": WIDE, "locale": "en-GB", **options})
        seat = cls(context, await context.new_page(), Faults(), server)
        seat.faults.watch(seat.page)
        await seat.page.goto("/")
        return seat

    async def another_tab(self) -> Seat:
        """The same person in a second tab of the same browser."""
        tab = Seat(self.context, await self.context.new_page(), self.faults, self.server)
        self.faults.watch(tab.page)
        await tab.page.goto("/")
        await tab.live()
        return tab

    async def sign_in(self, password: str = PASSWORD) -> None:
        await self.fill_in(ME["login"], password)

    async def live(self) -> None:
        await expect(self.connected).to_be_attached(timeout=10_000)

    async def open(self, summary: Record) -> None:
        """Choose a conversation in the work column."""
        await self.card(summary).click()
        await expect(self.page.locator(".head h1")).to_have_text(summary["customer"]["name"])

    def card(self, summary: Record) -> Locator:
        return self.page.locator(f".card[data-ref='{summary['ref']}']")

    @property
    def said(self) -> Locator:
        """The bubbles of the thread, oldest first."""
        return self.page.locator(".thread .said .text")

    @property
    def toast(self) -> Locator:
        return self.page.locator(".toast")
