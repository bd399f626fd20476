"""Customers with the company's app: real devices on a real Mosquitto, and what reached their screens."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from docs.channels.app_client import AppClient
from tests.channels.app.account import sample
from tests.channels.app.broker import OUR_PASSWORD, Mosquitto
from tests.cluster.customers import AGAIN_S, Crowd
from tests.cluster.diary import Diary
from tests.cluster.evidence import MARK
from tests.patience import end_all

PASSWORD = {"MQTT_PASSWORD": OUR_PASSWORD}


@dataclass(slots=True, eq=False)
class Devices:
    """The broker between nodes and apps. Whichever node has the link, devices know only the broker."""

    folder: Path
    diaries: Path
    count: int
    broker: Mosquitto = field(init=False)

    def __post_init__(self) -> None:
        self.broker = Mosquitto(self.folder, tuple(self.names))

    @property
    def names(self) -> list[str]:
        """Whose devices they are."""
        return [f"device-{number}" for number in range(self.count)]

    def entry(self) -> dict[str, object]:
        """Return what channels.yaml says of the app."""
        link = {"broker": self.broker.url, "password_env": "MQTT_PASSWORD", "messages_a_minute": 1_000_000}
        return {"enabled": True, **link}

    async def write(self, crowd: Crowd, customer: str) -> None:
        """Write, one message after the other; the app says a thing again until it is accepted."""
        diary = Diary(crowd.diaries, customer)
        async with sample(self.broker, customer) as client:
            looking = asyncio.create_task(self._look(client, customer))
            try:
                while True:
                    async with crowd.say(diary, "app", customer) as mark:
                        name = client.say(f"Please look: {mark}")
                        while name in client.unsent:
                            await asyncio.sleep(AGAIN_S)
            finally:
                await end_all([looking])

    async def _look(self, client: AppClient, customer: str) -> None:
        diary = Diary(self.diaries, f"screen-{customer}")
        while True:
            item = await client.screen.get()
            for mark in MARK.findall(item.text)[:1] if item.kind == "out" else ():
                diary.write("delivered", line=customer, mark=mark, key="")
