"""A corporation's customer service between a door in memory and a platform that is played. No test lives here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from channels import wecom
from channels.contract import LineRef, Send
from tests.channels.door import MemoryDoor
from tests.channels.site import Client, serving
from tests.providers.wecom import Visitor, WeComPlatform

KF, OTHER_KF, USER = "wkAJ2GCAAAZS", "wkOther", "wmAJ2GCAAAme1"
LINE = LineRef(channel="wecom", key=f"{KF}:{USER}", peer=f"{KF}:{USER}")


class Account(NamedTuple):
    """Both sides."""

    client: Client
    door: MemoryDoor
    platform: WeComPlatform
    channel: wecom.WeCom

    @property
    def visitor(self) -> Visitor:
        return self.platform.visitor(KF, USER)


def environment_of(platform: WeComPlatform) -> dict[str, str]:
    return {"WC_SECRET": platform.secret, "WC_TOKEN": platform.token, "WC_KEY": platform.aes_key}


def settings_of(platform: WeComPlatform, **changes: Any) -> wecom.Settings:
    given = {
        "corp_id": platform.corp_id,
        "corp_secret_env": "WC_SECRET",
        "token_env": "WC_TOKEN",
        "aes_key_env": "WC_KEY",
        "accounts": (KF, OTHER_KF),
        "api_url": platform.url,
    }
    return wecom.Settings(**{**given, **changes})


@asynccontextmanager
async def account(door: MemoryDoor | None = None, **changes: Any) -> AsyncIterator[Account]:
    door = door or MemoryDoor()
    platform = WeComPlatform(now_ms=lambda: door.at_ms)
    for each in (KF, OTHER_KF):
        platform.listed[each] = []
    await platform.server.start()
    channel = wecom.build(settings_of(platform, **changes), door, environment_of(platform))
    try:
        async with serving(channel, "wecom") as client:
            platform.callback = str(client.make_url("/channels/wecom/callback"))
            yield Account(client, door, platform, channel)
    finally:
        await platform.server.stop()


@asynccontextmanager
async def pulling(channel: wecom.WeCom) -> AsyncIterator[None]:
    """Hold the channel's link, as the node does."""
    link = asyncio.create_task(channel.listen())
    try:
        yield
    finally:
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)


def send(text: str = "", key: str = "k1", **more: Any) -> Send:
    return Send(key=key, line=LINE, text=text, **more)
