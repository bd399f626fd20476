"""A page with the played softphone, as the desk uses it: what it was told, and its deeds. No test lives here."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Browser, Page

from tests.sandbox.playing import PATIENCE_S, Agent, SandboxHouse

BEGIN = """async ({sdk, token, options}) => {
  const { Device } = await import(sdk);
  const device = new Device(token, options);
  window.told = [];
  window.device = device;
  for (const name of ["registering", "registered", "unregistered", "tokenWillExpire", "destroyed"])
    device.on(name, () => told.push(name));
  device.on("error", (error) => told.push(`error ${error.code}`));
  device.on("incoming", (call) => {
    window.call = call;
    told.push("incoming");
    for (const name of ["accept", "cancel", "disconnect", "reject"]) call.on(name, () => told.push(name));
    call.on("mute", (on) => told.push(`mute ${on}`));
  });
  await device.register().catch((error) => told.push(`refused ${error.code}`));
}"""


@dataclass
class SoftphonePage:
    """One browser page with one device."""

    page: Page

    async def begin(self, key: dict[str, Any], **options: Any) -> None:
        await self.page.evaluate(BEGIN, {"sdk": key["sdk"], "token": key["token"], "options": options})

    async def told(self) -> list[str]:
        found: list[str] = await self.page.evaluate("told")
        return found

    async def hears(self, what: str) -> None:
        """Wait until an event was told."""
        await self.comes(f"told.includes({json.dumps(what)})")

    async def comes(self, condition: str) -> None:
        """Wait until something holds. The page's policy lets no condition be evaluated from inside."""
        end = time.monotonic() + PATIENCE_S
        while not await self.page.evaluate(condition):
            assert time.monotonic() < end, f"did not come true within {PATIENCE_S:.0f} s: {condition}"
            await asyncio.sleep(0.05)

    async def does(self, script: str) -> Any:
        return await self.page.evaluate(script)


@asynccontextmanager
async def softphone_page(house: SandboxHouse, chromium: Browser) -> AsyncIterator[SoftphonePage]:
    """Open the desk's own address, so that the page's policy holds."""
    context = await chromium.new_context(base_url=house.base)
    page = await context.new_page()
    await page.goto("/")
    yield SoftphonePage(page)
    await context.close()


async def key_of(agent: Agent) -> dict[str, Any]:
    found: dict[str, Any] = await agent.call("POST", "/softphone", {})
    return found
