"""Plays who writes on LINE, Telegram and WhatsApp, whose channels are described in YAML; and on WeCom."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping

from dashboard.sandbox.credentials import WECOM_ACCOUNT
from dashboard.sandbox.players.platforms import PICTURE
from dashboard.sandbox.providers.line import LinePlatform
from dashboard.sandbox.providers.telegram import TelegramPlatform
from dashboard.sandbox.providers.wecom import WeComPlatform
from dashboard.sandbox.providers.whatsapp import WhatsAppPlatform
from dashboard.sandbox.scene import Line
from dashboard.sandbox.stage import Deed, Stage, Wish, digits, needed, status_of

Platform = LinePlatform | TelegramPlatform | WhatsAppPlatform
LINE, TELEGRAM, WHATSAPP, WECOM = "line", "telegram", "whatsapp", "wecom"
PICTURE_TYPE = "image/jpeg"
# What WhatsApp tells of each message that has reached a telephone.
RECEIPTS = ("sent", "delivered")


class MessengerPlayer:
    """Every line is one customer of a platform. `address` makes up who they are there."""

    off = ""

    def __init__(self, stage: Stage, channel: str, platform: Platform, *, address: Callable[[], str]) -> None:
        self.channel = channel
        self._stage, self._platform, self._address = stage, platform, address
        platform.callback = f"{stage.local}/channels/{channel}/hook"
        platform.on_said = self._hears

    @property
    def deeds(self) -> Mapping[str, Deed]:
        return {"say": self._say, "picture": self._picture}

    async def open(self, wish: Wish) -> Line:
        """Somebody opens the chat; they are heard of when they write."""
        return self._stage.scene.open(self.channel, needed(wish, "name"), self._address(), deeds=tuple(self.deeds))

    async def _say(self, line: Line, wish: Wish) -> None:
        text = needed(wish, "text")
        await self._send(line, text, self._platform.say(line.address, text))

    async def _picture(self, line: Line, wish: Wish) -> None:
        del wish
        await self._send(line, "[picture]", self._platform.picture(line.address, PICTURE_TYPE, PICTURE))

    async def _send(self, line: Line, shown: str, sending: Awaitable[int]) -> None:
        item = self._stage.scene.add(line, "customer", shown, status="sending")
        self._stage.scene.mark(line, item, status_of(await sending))

    def _hears(self, customer: str, text: str, message: str) -> None:
        del message
        line = self._stage.scene.at(self.channel, customer)
        if line is not None:
            self._stage.scene.add(line, "company", text)


class WhatsAppPlayer(MessengerPlayer):
    """WhatsApp tells, besides, what became of a message."""

    def __init__(self, stage: Stage, platform: WhatsAppPlatform) -> None:
        super().__init__(stage, WHATSAPP, platform, address=lambda: f"420777{digits(6)}")
        self._whatsapp = platform

    def _hears(self, customer: str, text: str, message: str) -> None:
        super()._hears(customer, text, message)
        self._stage.later(self._tell(customer, message))

    async def _tell(self, customer: str, message: str) -> None:
        for status in RECEIPTS:
            await self._whatsapp.tell(customer, message, status)


class WeComPlayer:
    """Every line is one visitor of the customer-service account."""

    channel, off = WECOM, ""

    def __init__(self, stage: Stage, platform: WeComPlatform) -> None:
        self._stage, self._platform = stage, platform
        platform.callback = f"{stage.local}/channels/wecom/callback"
        platform.listed.setdefault(WECOM_ACCOUNT, [])
        platform.on_said = self._hears

    @property
    def deeds(self) -> Mapping[str, Deed]:
        return {"say": self._say, "picture": self._picture}

    async def open(self, wish: Wish) -> Line:
        """Somebody opens the chat, and is greeted where we greet."""
        user = f"wm{secrets.token_urlsafe(12)}"
        line = self._stage.scene.open(WECOM, needed(wish, "name"), user, deeds=tuple(self.deeds))
        await self._platform.enter(WECOM_ACCOUNT, user)
        return line

    async def _say(self, line: Line, wish: Wish) -> None:
        text = needed(wish, "text")
        await self._send(line, text, self._platform.say(WECOM_ACCOUNT, line.address, text))

    async def _picture(self, line: Line, wish: Wish) -> None:
        del wish
        await self._send(line, "[picture]", self._platform.picture(WECOM_ACCOUNT, line.address, PICTURE))

    async def _send(self, line: Line, shown: str, sending: Awaitable[int]) -> None:
        item = self._stage.scene.add(line, "customer", shown, status="sending")
        self._stage.scene.mark(line, item, status_of(await sending))

    def _hears(self, account: str, user: str, text: str) -> None:
        line = self._stage.scene.at(WECOM, user) if account == WECOM_ACCOUNT else None
        if line is not None:
            self._stage.scene.add(line, "company", text)


def line_player(stage: Stage, platform: LinePlatform) -> MessengerPlayer:
    """LINE names customers by a U and 32 letters."""
    return MessengerPlayer(stage, LINE, platform, address=lambda: f"U{secrets.token_hex(16)}")


def telegram_player(stage: Stage, platform: TelegramPlatform) -> MessengerPlayer:
    """Telegram names customers by a number."""
    return MessengerPlayer(stage, TELEGRAM, platform, address=lambda: digits(9))
