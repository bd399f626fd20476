"""The entries of the documentation, read as ops' files are, against providers that are played. No test lives here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from channels import webhook
from channels.contract import Settings
from router.node.switchboard import schemas_of
from router.settings.loading import load_files
from router.verify import verify
from tests.channels.door import START_MS, MemoryDoor
from tests.channels.site import Client, serving
from tests.channels.staffed import AGENT, SITE, StaffedHouse
from tests.floor.nodehouse import CONFIG
from tests.providers.line import LinePlatform
from tests.providers.telegram import TelegramPlatform
from tests.providers.whatsapp import WhatsAppPlatform

EXAMPLES = Path(__file__).parents[3] / "channels" / "webhook" / "examples"
Platform = LinePlatform | TelegramPlatform | WhatsAppPlatform
PLATFORMS: dict[str, type[Platform]] = {
    "line": LinePlatform,
    "telegram": TelegramPlatform,
    "whatsapp": WhatsAppPlatform,
}
HOSTS = ("https://api.line.me", "https://api-data.line.me", "https://api.telegram.org", "https://graph.facebook.com")


def environment_of(platform: Platform) -> dict[str, str]:
    """Return what each example calls its secrets."""
    if isinstance(platform, LinePlatform):
        return {"LINE_CHANNEL_SECRET": platform.secret, "LINE_CHANNEL_ACCESS_TOKEN": platform.token}
    if isinstance(platform, TelegramPlatform):
        return {"TELEGRAM_SECRET": platform.secret, "TELEGRAM_BOT_TOKEN": platform.token}
    tokens = {"WHATSAPP_VERIFY": platform.verify, "WHATSAPP_TOKEN": platform.token}
    return {"WHATSAPP_APP_SECRET": platform.secret, **tokens}


def example(name: str, url: str = "") -> dict[str, Any]:
    """Return an example of the documentation, its provider at another address if wanted."""
    text = (EXAMPLES / f"{name}.yaml").read_text()
    for host in HOSTS if url else ():
        text = text.replace(host, url)
    entry: dict[str, Any] = yaml.safe_load(text)[name]
    return entry


def read(name: str, entry: dict[str, Any]) -> Settings:
    """Read an entry as a node reads the file of its operators. Raises ConfigErrors."""
    written = yaml.safe_dump({"channels": {name: entry}}, allow_unicode=True, sort_keys=False)
    files = {"site.yaml": CONFIG, "channels.yaml": written}
    return load_files(files, schemas_of({"webhook": webhook}), now_ms=START_MS).channels[name]


@dataclass
class Account:
    """Both sides of one entry."""

    client: Client
    door: MemoryDoor
    channel: webhook.Webhook
    platform: Any


@asynccontextmanager
async def account(name: str, **changes: Any) -> AsyncIterator[Account]:
    """Open an example against its provider."""
    platform = PLATFORMS[name]()
    await platform.server.start()
    door = MemoryDoor(name=name)
    settings = read(name, {**example(name, platform.server.url), **changes})
    channel = webhook.build(settings, door, environment_of(platform))
    try:
        async with serving(channel, name) as client:
            platform.callback = str(client.make_url(f"/channels/{name}/hook"))
            yield Account(client, door, channel, platform)
    finally:
        await platform.server.stop()


@asynccontextmanager
async def staffed(folder: Path, name: str, platform: Platform, **changes: Any) -> AsyncIterator[StaffedHouse]:
    """Open a whole node with an example and an agent at the desk."""
    house = StaffedHouse(folder, name, webhook, {**example(name, platform.server.url), **changes})
    house.modules = {"webhook": webhook}
    await house.start(environment=environment_of(platform))
    try:
        await house.ready()
        await house.agent(AGENT, name)
        platform.callback = house.address("/hook")
        yield house
    finally:
        await house.stop()
    report = verify(house.path, SITE, call_channels=[name])
    assert report.ok, report.lines()
