"""An Official Account between a door in memory and a platform that is played. No test lives here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from channels import wechat
from channels.contract import LineRef, Send
from tests.channels.door import MemoryDoor
from tests.channels.site import Client, serving
from tests.providers.wechat import WeChatPlatform

CUSTOMER = "oCust-0_1"
MENU = {"TALK": "I would like to talk to somebody."}
LINE = LineRef(channel="wechat", key=CUSTOMER, peer=CUSTOMER)


class Account(NamedTuple):
    """Both sides."""

    client: Client
    door: MemoryDoor
    platform: WeChatPlatform
    channel: wechat.WeChat


def environment_of(platform: WeChatPlatform) -> dict[str, str]:
    return {"WX_SECRET": platform.secret, "WX_TOKEN": platform.token, "WX_KEY": platform.aes_key}


def settings_of(platform: WeChatPlatform, **changes: Any) -> wechat.Settings:
    given = {
        "app_id": platform.app_id,
        "app_secret_env": "WX_SECRET",
        "token_env": "WX_TOKEN",
        "aes_key_env": "" if platform.mode == "plain" else "WX_KEY",
        "menu": MENU,
        "api_url": platform.url,
        "media_hosts": ("127.0.0.1",),
    }
    return wechat.Settings(**{**given, **changes})


@asynccontextmanager
async def account(mode: str = "safe", door: MemoryDoor | None = None, **changes: Any) -> AsyncIterator[Account]:
    door = door or MemoryDoor()
    platform = WeChatPlatform(mode=mode, now_ms=lambda: door.at_ms)
    await platform.server.start()
    channel = wechat.build(settings_of(platform, **changes), door, environment_of(platform))
    try:
        async with serving(channel, "wechat") as client:
            platform.callback = str(client.make_url("/channels/wechat/callback"))
            yield Account(client, door, platform, channel)
    finally:
        await platform.server.stop()


def send(text: str = "", key: str = "k1", **more: Any) -> Send:
    return Send(key=key, line=LINE, text=text, **more)
