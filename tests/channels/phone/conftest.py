"""A phone channel before the fake exchange, with a door in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from channels import phone
from channels.contract import LineOpened, LineRef, PartyJoined, PartyLeft
from channels.phone import Phone
from tests import patience
from tests.channels.door import MemoryDoor
from tests.channels.site import Client, serving
from tests.providers.twilio import ACCOUNT, TOKEN, Twilio
from tests.providers.twilio_calls import Calls, Leg

OURS, THEIRS = "+66600000001", "+66812345678"
PUBLIC = "https://patchbay.test"
PAGES = f"{PUBLIC}/channels/phone"
AGENT_PHONE = "+66899999999"


@dataclass
class Exchange:
    """The channel on a real server, its door, its provider and the calls there."""

    channel: Phone
    door: MemoryDoor
    twilio: Twilio
    calls: Calls
    client: Client

    def ring(self, theirs: str = THEIRS) -> Leg:
        """A customer calls."""
        return self.calls.call(f"{PAGES}/voice", theirs=theirs, ours=OURS)

    async def waiting(self, theirs: str = THEIRS) -> Leg:
        """A customer has called and is on the hold line."""
        leg = self.ring(theirs)
        await until(lambda: bool(leg.queue), "on the hold line")
        return leg

    def line(self, leg: Leg) -> LineRef:
        (opened,) = [each for each in self.door.signals if isinstance(each, LineOpened) and each.line.key == leg.sid]
        return opened.line

    def parties(self) -> list[tuple[str, str, str]]:
        """Who came and went, as the router is told."""
        told = []
        for signal in self.door.signals:
            if isinstance(signal, PartyJoined):
                told.append(("joined", signal.party, ""))
            if isinstance(signal, PartyLeft):
                told.append(("left", signal.party, signal.why))
        return told


async def until(condition: Callable[[], bool], what: str) -> None:
    await patience.until(condition, what)


@asynccontextmanager
async def exchange_with(**more: Any) -> AsyncIterator[Exchange]:
    twilio, door = Twilio(), MemoryDoor(public_url=PUBLIC)
    await twilio.start()
    calls = Calls(twilio)
    calls.status_url = f"{PAGES}/status"
    common = {"account_sid": ACCOUNT, "auth_token_env": "TOKEN", "api_url": twilio.url, "numbers": (OURS,)}
    settings = phone.Settings(**{**common, "languages": {"+66": "th"}, "phones": {"agent_2": AGENT_PHONE}, **more})
    channel = phone.build(settings, door, {"TOKEN": TOKEN, "SECRET": "secret-of-at-least-32-bytes-xxxxxxx"})
    async with serving(channel, "phone") as client:
        twilio.reach = lambda url: url.replace(PUBLIC, str(client.make_url("/")).rstrip("/"))
        yield Exchange(channel, door, twilio, calls, client)
        await twilio.stop()
    assert twilio.wrong == [], "every request of ours is as the vendor's document describes it"


@pytest.fixture
async def exchange() -> AsyncIterator[Exchange]:
    async with exchange_with() as made:
        yield made
