"""One channel on a whole node with an agent at the desk: what the customer says is offered, taken and answered."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from channels.contract import Settings
from router.core import commands as cmd
from router.store.port import Body
from router.verify import verify
from tests.floor.nodehouse import NodeHouse

SITE, AGENT = "main", 1


class StaffedHouse(NodeHouse):
    """`name` is the channel; its settings are written into the configuration as ops would write them."""

    def __init__(self, folder: Path, name: str, module: Any, settings: Mapping[str, Any]) -> None:
        entry = json.dumps({"enabled": True, **settings}, ensure_ascii=False)
        super().__init__(folder, {name: module}, f"  {name}: {entry}\n")
        self.channel = name

    def address(self, path: str) -> str:
        return str(self.client.make_url(f"/channels/{self.channel}{path}"))

    async def taken(self, conv: int = 1) -> None:
        """The agent is offered a conversation and takes it."""
        convs = self.served.floor.state.convs
        await self.until(lambda: conv in convs and convs[conv].offer is not None, "offered")
        offer = convs[conv].offer
        assert offer is not None
        await self.made(cmd.Accept(id=f"accept{offer.id}", agent=AGENT, conv=conv, offer=offer.id))

    async def answers(self, text: str, conv: int = 1, *, then: str = "stay") -> int:
        """The agent replies; returns the message."""
        body = Body(direction="out", author=f"agent:{AGENT}", text=text, created_ms=time.time_ns() // 1_000_000)
        (message,) = await self.store.archive.write(SITE, [body])
        await self.made(cmd.Reply(id=f"say{message}", agent=AGENT, conv=conv, message=message, then=then))
        return message

    async def said(self, conv: int = 1) -> list[str]:
        """Return what the customer has said in a conversation, as it is kept."""
        story = await self.store.archive.story(SITE, conv, before=(1 << 63) - 1, limit=100)
        return [item.message.body.text for item in story if item.message and item.message.body.direction == "in"]

    async def has_said(self, *texts: str, conv: int = 1) -> None:
        """Wait until the customer has said just this, and nothing that came is still to be decided."""

        async def just_this() -> bool:
            unsettled, _, _ = await self.store.letterbox.depth(SITE)
            return not unsettled and await self.said(conv) == list(texts)

        await self.until(just_this, f"the customer has said {texts}")


@asynccontextmanager
async def staffed(
    folder: Path, name: str, module: Any, settings: Settings, environment: Mapping[str, str]
) -> AsyncIterator[StaffedHouse]:
    """Open a house; when it closes, its journal keeps every promise."""
    usual = type(settings)()
    given = {
        field: list(value) if isinstance(value, tuple) else value
        for field, value in ((each, getattr(settings, each)) for each in settings.__struct_fields__)
        if value != getattr(usual, field)
    }
    house = StaffedHouse(folder, name, module, given)
    await house.start(environment=dict(environment))
    try:
        await house.ready()
        await house.agent(AGENT, name)
        yield house
    finally:
        await house.stop()
    report = verify(house.path, SITE, call_channels=[name])
    assert report.ok, report.lines()
