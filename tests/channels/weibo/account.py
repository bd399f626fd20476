"""A Weibo account between a door in memory and a platform that is played. No test lives here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from channels import weibo
from channels.contract import LineRef, Send
from tests.channels.door import MemoryDoor
from tests.channels.site import Client, serving
from tests.providers.weibo import WeiboPlatform

FAN = "2489518277"
LINE = LineRef(channel="weibo", key=FAN, peer=FAN)
MENU = {"TALK": "I would like to talk to somebody."}


class Account(NamedTuple):
    """Both sides."""

    client: Client
    door: MemoryDoor
    platform: WeiboPlatform
    channel: weibo.Weibo


def environment_of(platform: WeiboPlatform) -> dict[str, str]:
    return {"WB_SECRET": platform.app_secret, "WB_TOKEN": platform.access_token}


def settings_of(platform: WeiboPlatform, **changes: Any) -> weibo.Settings:
    given = {
        "uid": platform.uid,
        "app_secret_env": "WB_SECRET",
        "access_token_env": "WB_TOKEN",
        "menu": MENU,
        "api_url": platform.url,
        "upload_url": platform.url,
    }
    return weibo.Settings(**{**given, **changes})


@asynccontextmanager
async def account(door: MemoryDoor | None = None, **changes: Any) -> AsyncIterator[Account]:
    door = door or MemoryDoor()
    platform = WeiboPlatform(now_ms=lambda: door.at_ms)
    await platform.server.start()
    channel = weibo.build(settings_of(platform, **changes), door, environment_of(platform))
    try:
        async with serving(channel, "weibo") as client:
            platform.callback = str(client.make_url("/channels/weibo/callback"))
            yield Account(client, door, platform, channel)
    finally:
        await platform.server.stop()


def send(text: str = "", key: str = "k1", **more: Any) -> Send:
    return Send(key=key, line=LINE, text=text, **more)
