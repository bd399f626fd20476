"""Plays customers who write by SMS: the provider's webhook in, its REST interface out, receipts for what arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.sandbox.credentials import NUMBER
from dashboard.sandbox.providers.twilio import Twilio
from dashboard.sandbox.scene import Line
from dashboard.sandbox.stage import Deed, Stage, Wish, digits, needed, status_of

CHANNEL = "sms"
IN = "/channels/sms/in"
PREFIX = "+420777"
# The smallest picture there is: one grey point.
PICTURE = bytes.fromhex("47494638396101000100800000808080ffffff2c00000000010001000002024401003b")


class SmsPlayer:
    """Every line is one telephone number."""

    channel, off = CHANNEL, ""

    def __init__(self, stage: Stage, twilio: Twilio) -> None:
        self._stage, self._twilio = stage, twilio
        twilio.on_sent = self._hears

    @property
    def deeds(self) -> Mapping[str, Deed]:
        return {"say": self._say, "picture": self._picture}

    async def open(self, wish: Wish) -> Line:
        """Somebody takes their telephone; they are heard of when they write."""
        return self._stage.scene.open(CHANNEL, needed(wish, "name"), PREFIX + digits(6), deeds=tuple(self.deeds))

    async def _say(self, line: Line, wish: Wish) -> None:
        text = needed(wish, "text")
        await self._send(line, text, Body=text)

    async def _picture(self, line: Line, wish: Wish) -> None:
        del wish
        message, medium = self._twilio.new_sid("MM"), self._twilio.new_sid("ME")
        self._twilio.media[message] = [(medium, "image/gif", PICTURE)]
        url = f"{self._twilio.url}/2010-04-01/Accounts/{self._twilio.sid}/Messages/{message}/Media/{medium}"
        told = {"MessageSid": message, "NumMedia": "1", "MediaUrl0": url, "MediaContentType0": "image/gif"}
        await self._send(line, "[picture]", Body="", **told)

    async def _send(self, line: Line, shown: str, **fields: str) -> None:
        item = self._stage.scene.add(line, "customer", shown, status="sending")
        url = self._stage.public + IN
        answered, _ = await self._twilio.receive(url, From=line.address, To=NUMBER, **fields)
        self._stage.scene.mark(line, item, status_of(answered))

    def _hears(self, record: dict[str, Any]) -> None:
        line = self._stage.scene.at(CHANNEL, record["to"])
        if line is not None:
            self._stage.scene.add(line, "company", record["body"] or "[picture]")
