"""Plays customers of the mobile app: MQTT 5 through the gate, as docs/channels/app.md asks of an app."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import aiomqtt
import jwt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from dashboard.sandbox.providers.broker import PREFIX
from dashboard.sandbox.scene import Item, Line
from dashboard.sandbox.stage import KEPT, REFUSED, Deed, Stage, Wish, digits, needed

CHANNEL, GATE = "app", "/channels/app/mqtt"
TOKEN_S = 12 * 3_600
# What is not accepted is said again under the same name, so often; a connection that is lost is made again.
REPEAT_S, AGAIN_S, PATIENCE_S = 10.0, 1.0, 4.0


@dataclass
class Device:
    """What an app keeps: its mark, what it has shown, what is not accepted yet."""

    since: int = 0
    resumed: bool = False
    seen: set[int] = field(default_factory=set)
    pending: dict[str, tuple[str, Item]] = field(default_factory=dict)
    wish: asyncio.Event = field(default_factory=asyncio.Event)


class AppPlayer:
    """Every line is one customer who is signed in to the app, on one device."""

    channel = CHANNEL

    def __init__(self, stage: Stage, token_key: str, *, off: str = "") -> None:
        self._stage, self._key, self.off = stage, token_key, off

    @property
    def deeds(self) -> Mapping[str, Deed]:
        return {"say": self._say}

    async def open(self, wish: Wish) -> Line:
        """Somebody opens the app."""
        line = self._stage.scene.open(CHANNEL, needed(wish, "name"), f"customer-{digits(6)}", deeds=("say",))
        line.kept = Device()
        self._stage.scene.set(line, "connecting")
        self._stage.later(self._hold(line, line.kept, wish.get("language", "")))
        return line

    async def _say(self, line: Line, wish: Wish) -> None:
        text, device = needed(wish, "text"), line.kept
        item = self._stage.scene.add(line, "customer", text, status="sending")
        device.pending[secrets.token_hex(12)] = (text, item)
        device.wish.set()

    async def _hold(self, line: Line, device: Device, language: str) -> None:
        """Hold the connection for as long as the line is on the page."""
        while self._stage.scene.line(line.id) is line:
            with contextlib.suppress(aiomqtt.MqttError):
                async with self._client(line) as client:
                    await self._talk(client, line, device, language=language)
            self._stage.scene.set(line, "connecting")
            await asyncio.sleep(AGAIN_S)

    def _client(self, line: Line) -> aiomqtt.Client:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = TOKEN_S
        place = urlsplit(self._stage.local)
        return aiomqtt.Client(
            place.hostname or "127.0.0.1",
            place.port or 80,
            identifier=f"{line.address}:sandbox",
            username=line.address,
            password=jwt.encode({"sub": line.address, "exp": int(time.time()) + TOKEN_S}, self._key, "HS256"),
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
            timeout=PATIENCE_S,
            will=aiomqtt.Will(_topic(line, "state"), _state(online=False), qos=1, retain=True),
            transport="websockets",
            websocket_path=GATE,
        )

    async def _talk(self, client: aiomqtt.Client, line: Line, device: Device, *, language: str) -> None:
        device.resumed = False
        await client.subscribe(_topic(line, "out"), qos=1)
        await client.publish(_topic(line, "state"), _state(online=True), qos=1, retain=True)
        self._stage.scene.set(line, "open")
        works = [self._receive(client, line, device), self._send(client, line, device, language=language)]
        tasks = [asyncio.create_task(work) for work in works]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _send(self, client: aiomqtt.Client, line: Line, device: Device, *, language: str) -> None:
        """Ask for what was missed until it is told, and send what is not accepted until it is."""
        sent: dict[str, float] = {}
        greeted_s = -math.inf
        while True:
            device.wish.clear()
            now_s = time.monotonic()
            if not device.resumed and now_s - greeted_s >= REPEAT_S:
                greeted_s = now_s
                await _publish(client, line, "in", type="hello", since=device.since)
            for name, (text, _) in tuple(device.pending.items()):
                if now_s - sent.get(name, -math.inf) >= REPEAT_S:
                    sent[name] = now_s
                    said = {"type": "send", "client_msg_id": name, "text": text, "name": line.name}
                    await _publish(client, line, "in", **said, **({"language": language} if language else {}))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(REPEAT_S):
                    await device.wish.wait()

    async def _receive(self, client: aiomqtt.Client, line: Line, device: Device) -> None:
        async for message in client.messages:
            await self._take(client, line, device, frame=json.loads(bytes(message.payload)))

    async def _take(self, client: aiomqtt.Client, line: Line, device: Device, *, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "msg":
            await self._shown(client, line, device, frame=frame)
        elif kind == "accepted":
            self._settled(line, device, frame, KEPT)
        elif kind == "error" and frame["code"] != "slow_down":
            self._settled(line, device, frame, f"{REFUSED} {frame['code']}")
        elif kind == "status":
            self._stage.scene.set(line, frame["state"])
        elif kind == "reset":
            device.since = 0
        elif kind == "resumed":
            device.since = max(device.since, frame["seq"])
            device.resumed = not frame["more"]
            if frame["more"]:
                await _publish(client, line, "in", type="hello", since=frame["seq"])

    async def _shown(self, client: aiomqtt.Client, line: Line, device: Device, *, frame: dict[str, Any]) -> None:
        """Show each number once, and say that it was read."""
        if frame["kind"] == "in":
            self._settled(line, device, frame, KEPT)
            return
        if device.resumed:
            device.since = max(device.since, frame["seq"])
        if frame["id"] and frame["kind"] == "out":
            await _publish(client, line, "ack", message=frame["id"], status="read")
        if frame["seq"] not in device.seen:
            device.seen.add(frame["seq"])
            side = "company" if frame["kind"] == "out" else "sign"
            self._stage.scene.add(line, side, frame["text"], author=frame["author"])

    def _settled(self, line: Line, device: Device, frame: dict[str, Any], status: str) -> None:
        _, item = device.pending.pop(frame.get("client_msg_id", ""), ("", None))
        if item is not None:
            self._stage.scene.mark(line, item, status)


def _topic(line: Line, end: str) -> str:
    return f"{PREFIX}/{line.address}/{end}"


def _state(*, online: bool) -> bytes:
    return json.dumps({"online": online, "device": "sandbox"}).encode()


async def _publish(client: aiomqtt.Client, line: Line, end: str, **frame: object) -> None:
    await client.publish(_topic(line, end), json.dumps(frame, ensure_ascii=False).encode(), qos=1)
