"""What an agent's page in Chromium has on it, whoever serves it. No test lives here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.async_api import BrowserContext, ConsoleMessage, Locator, Page

WIDE = {"width": 1440, "height": 900}
# A browser logs each refused request as an error; whoever tests a refusal or a dead server expects these.
REFUSED_REQUEST = re.compile(r"Failed to load resource|ERR_CONNECTION_REFUSED|WebSocket connection to")


@dataclass
class Faults:
    """What a page complained about: errors of the console, exceptions, and what the content policy stopped."""

    said: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.said.append(f"exception: {error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not REFUSED_REQUEST.search(message.text):
            self.said.append(f"{message.type}: {message.text}")


@dataclass
class DeskPage:
    """One agent's page. `faults` collects what it complains about."""

    context: BrowserContext
    page: Page
    faults: Faults

    async def fill_in(self, login: str, password: str) -> None:
        """Sign in by the form."""
        await self.page.fill("input[name=login]", login)
        await self.page.fill("input[name=password]", password)
        await self.page.click(".sign-in button[type=submit]")

    @property
    def offer(self) -> Locator:
        return self.page.locator(".offer[data-offer]")

    @property
    def missed(self) -> Locator:
        return self.page.locator(".offer.missed")

    @property
    def composer(self) -> Locator:
        return self.page.locator(".composer textarea")

    @property
    def presence(self) -> Locator:
        return self.page.locator(".presence .state")

    @property
    def connected(self) -> Locator:
        return self.page.locator(".connection.live")
