"""An SMS channel before the fake provider, with a door in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from channels import sms
from channels.sms import Sms
from tests.channels.door import MemoryDoor
from tests.channels.site import Client, serving
from tests.providers.twilio import ACCOUNT, TOKEN, Twilio

OURS = "+66600000001"
PUBLIC = "https://patchbay.test"


@dataclass
class Desk:
    """The channel on a real server, its door and its provider."""

    channel: Sms
    door: MemoryDoor
    twilio: Twilio
    client: Client

    async def hear(self, body: str, **fields: str) -> tuple[int, str]:
        """A customer writes."""
        said = {"From": "+66812345678", "To": OURS, "Body": body, **fields}
        return await self.twilio.receive(f"{PUBLIC}/channels/sms/in", **said)


def settings(twilio: Twilio, **more: Any) -> sms.Settings:
    return sms.Settings(account_sid=ACCOUNT, auth_token_env="TOKEN", api_url=twilio.url, numbers=(OURS,), **more)


@asynccontextmanager
async def desk_with(**more: Any) -> AsyncIterator[Desk]:
    twilio, door = Twilio(), MemoryDoor(public_url=PUBLIC)
    await twilio.start()
    channel = sms.build(settings(twilio, **more), door, {"TOKEN": TOKEN})
    async with serving(channel, "sms") as client:
        twilio.reach = lambda url: url.replace(PUBLIC, str(client.make_url("/")).rstrip("/"))
        yield Desk(channel, door, twilio, client)
    await twilio.stop()
    assert twilio.wrong == [], "every request of ours is as the vendor's document describes it"


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with desk_with() as made:
        yield made
