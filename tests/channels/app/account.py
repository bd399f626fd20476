"""An app channel between a door in memory and a real broker, and phones that talk to it. No test lives here."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from channels import app
from channels.app.frames import line_of
from channels.app.link import Link, Lost, broker_of, opened
from channels.contract import Send
from docs.channels.app_client import AppClient
from tests.channels.app.broker import OUR_PASSWORD, PREFIX, Mosquitto
from tests.channels.door import MemoryDoor

ENVIRONMENT = {"MQTT_PASSWORD": OUR_PASSWORD}
PATIENCE_S = 60.0
REPEAT_S = 0.5


def settings_of(broker: Mosquitto, /, **changes: Any) -> app.Settings:
    given = {"broker": broker.url, "password_env": "MQTT_PASSWORD"}
    return app.Settings(**{**given, **changes})


def send(text: str, customer: str = "cust-1", *, seq: int = 1, **more: Any) -> Send:
    return Send(key=f"k{seq}", line=line_of(customer), text=text, seq=seq, message=seq, **more)


async def until(condition: Callable[[], object], what: object = "") -> None:
    """Wait for what must come true."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"did not come true within {PATIENCE_S:.0f} s: {what}"
        await asyncio.sleep(0.01)


@dataclass
class Phone:
    """A device that publishes what it likes and notes what it hears."""

    link: Link
    customer: str
    heard: list[dict[str, Any]] = field(default_factory=list)

    async def publishes(self, end: str, payload: bytes | dict[str, Any], customer: str = "") -> None:
        data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        await self.link.say(f"{PREFIX}/{customer or self.customer}/{end}", data, expires_s=60)

    async def says(self, text: str, name: str = "message-1", **more: Any) -> None:
        await self.publishes("in", {"type": "send", "client_msg_id": name, "text": text, **more})

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.heard if frame["type"] == kind]

    async def hears(self, kind: str, count: int = 1) -> list[dict[str, Any]]:
        await until(lambda: len(self.of(kind)) >= count, (count, kind, self.heard))
        return self.of(kind)

    async def listen(self) -> None:
        while True:
            for message in await self.link.come():
                self.heard.append(json.loads(bytes(message.payload)))
                self.link.acknowledge(message)


@asynccontextmanager
async def phone(broker: Mosquitto, customer: str = "cust-1", device: str = "phone") -> AsyncIterator[Phone]:
    """Connect a device straight to the broker, with a password of its own."""
    place = broker_of(broker.url, user=customer, password=f"of-{customer}")
    async with opened(place, f"{customer}:{device}", session_s=600) as link:
        made = Phone(link, customer)
        await link.want({f"{PREFIX}/{customer}/out": False})
        listening = asyncio.create_task(made.listen())
        try:
            yield made
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


@asynccontextmanager
async def linked(broker: Mosquitto, door: MemoryDoor, /, **changes: Any) -> AsyncIterator[app.App]:
    """Run a channel until the context ends; it is subscribed when this yields."""
    channel = app.build(settings_of(broker, **changes), door, ENVIRONMENT)
    before = broker.subscriptions()
    link = asyncio.create_task(channel.listen())
    try:
        await until(lambda: broker.subscriptions() > before, "subscribed")
        yield channel
    finally:
        link.cancel()
        await asyncio.gather(link, return_exceptions=True)


@asynccontextmanager
async def sample(broker: Mosquitto, customer: str = "cust-1", **more: Any) -> AsyncIterator[AppClient]:
    """Run the sample client of the docs."""
    place: dict[str, Any] = {"host": "127.0.0.1", "port": broker.port, "repeat_s": REPEAT_S}
    client = AppClient(customer, **{**place, "token": lambda: f"of-{customer}", **more})
    running = asyncio.create_task(client.run())
    try:
        yield client
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def mosquitto(folder: Path, customers: tuple[str, ...] = ("cust-1", "cust-2")) -> AsyncIterator[Mosquitto]:
    made = Mosquitto(folder / "broker", customers)
    await made.start()
    try:
        yield made
    finally:
        made.stop()


__all__ = ["ENVIRONMENT", "Lost", "Phone", "linked", "mosquitto", "phone", "sample", "send", "settings_of", "until"]
