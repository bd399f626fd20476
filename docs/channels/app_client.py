"""A sample client of the app channel: what an app has to do so that no message is lost and none is shown twice.

    pip install "aiomqtt>=2.5.1,<3"
    python app_client.py --customer cust-1 --token "$TOKEN" --host support.example.com --path /channels/app/mqtt --tls

What you type is sent; what an agent answers is printed. The contract is in app.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import random
import sys
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

SESSION_S = 7 * 86_400
# A message is repeated under the same name until it is accepted.
REPEAT_S = 10.0
AGAIN_S, AGAIN_S_MAX = 0.5, 30.0
# What the broker does not confirm in this time is not confirmed any more.
PATIENCE_S = 4.0
SEEN_MAX = 1_000


@dataclass
class Shown:
    """One thing for the screen."""

    seq: int
    kind: str
    text: str
    message: int = 0
    author: str = ""
    # Each with name, media_type, size_bytes and url, which is got with the token as `Authorization: Bearer`.
    files: tuple[dict[str, Any], ...] = ()


@dataclass
class AppClient:
    """One device of one customer. Keep `since` and `unsent` on the device; everything else may be forgotten.

    `token` is asked for at each connection, because tokens are short-lived. `path`: over WebSocket through the gate;
    empty: straight to the broker.
    """

    customer: str
    token: Callable[[], str]
    host: str
    port: int
    device: str = "phone"
    path: str = ""
    tls: bool = False
    topics: str = "cc/v1/app"
    repeat_s: float = REPEAT_S
    since: int = 0
    unsent: OrderedDict[str, str] = field(default_factory=OrderedDict)
    screen: asyncio.Queue[Shown] = field(default_factory=asyncio.Queue)
    refused: dict[str, str] = field(default_factory=dict)
    status: str = ""
    agent_types: bool = False
    connected: bool = False
    _seen: OrderedDict[int, None] = field(default_factory=OrderedDict)
    _resumed: bool = False
    _wish: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, text: str) -> str:
        """Say something; it leaves now or when there is a connection. Returns its name."""
        name = uuid.uuid4().hex
        self.unsent[name] = text
        self._wish.set()
        return name

    async def run(self) -> None:
        """Hold the connection until cancelled. It waits longer after each failure, and never for the same time."""
        wait_s = AGAIN_S
        while True:
            try:
                async with self._client() as client:
                    wait_s = AGAIN_S
                    await self._talk(client)
            except aiomqtt.MqttError:
                self.connected = False
            await asyncio.sleep(wait_s * random.uniform(0.5, 1))  # noqa: S311 - jitter, no secret
            wait_s = min(2 * wait_s, AGAIN_S_MAX)

    def _client(self) -> aiomqtt.Client:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_S
        return aiomqtt.Client(
            self.host,
            self.port,
            identifier=f"{self.customer}:{self.device}",
            username=self.customer,
            password=self.token(),
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=False,
            properties=properties,
            keepalive=30,
            timeout=PATIENCE_S,
            will=aiomqtt.Will(self._topic("state"), self._state(online=False), qos=1, retain=True),
            transport="websockets" if self.path else "tcp",
            websocket_path=self.path or None,
            tls_params=aiomqtt.TLSParameters() if self.tls else None,
        )

    async def _talk(self, client: aiomqtt.Client) -> None:
        self._resumed = False
        await client.subscribe(self._topic("out"), qos=1)
        await client.publish(self._topic("state"), self._state(online=True), qos=1, retain=True)
        self.connected = True
        tasks = [asyncio.create_task(work) for work in (self._receive(client), self._send(client))]
        try:
            # If either ends, the connection is of no use any more: a new one is made.
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()
        finally:
            self.connected = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            with contextlib.suppress(aiomqtt.MqttError):
                await client.publish(self._topic("state"), self._state(online=False), qos=1, retain=True, timeout=1)

    async def _receive(self, client: aiomqtt.Client) -> None:
        async for message in client.messages:
            await self._take(client, json.loads(bytes(message.payload)))

    async def _send(self, client: aiomqtt.Client) -> None:
        """Ask for what was missed until it is told, and send what is not accepted until it is: a broker may forget."""
        sent: dict[str, float] = {}
        greeted_s = -math.inf
        while True:
            self._wish.clear()
            if not self._resumed and time.monotonic() - greeted_s >= self.repeat_s:
                greeted_s = time.monotonic()
                await self._publish(client, "in", type="hello", since=self.since)
            for name, text in tuple(self.unsent.items()):
                now_s = time.monotonic()
                if name in self.unsent and now_s - sent.get(name, -math.inf) >= self.repeat_s:
                    sent[name] = now_s
                    await self._publish(client, "in", type="send", client_msg_id=name, text=text)
            sent = {name: at_s for name, at_s in sent.items() if name in self.unsent}
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.repeat_s):
                    await self._wish.wait()

    # --- what comes ---------------------------------------------------------------------------------------------------

    async def _take(self, client: aiomqtt.Client, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "msg":
            await self._message(client, frame)
        elif kind == "accepted":
            self.unsent.pop(frame["client_msg_id"], None)
        elif kind == "error":
            self._error(frame)
        elif kind == "status":
            self.status = frame["state"]
        elif kind == "typing":
            self.agent_types = frame["on"]
        elif kind == "reset":
            self.since = 0
        elif kind == "resumed":
            self.since = max(self.since, frame["seq"])
            self._resumed = not frame["more"]
            if frame["more"]:
                await self._publish(client, "in", type="hello", since=frame["seq"])

    async def _message(self, client: aiomqtt.Client, frame: dict[str, Any]) -> None:
        """Show each number once. The mark moves with answers, and not before what was missed has come."""
        seq, ours = frame["seq"], frame["kind"] in {"out", "notice"}
        if ours and self._resumed:
            self.since = max(self.since, seq)
        if frame["id"] and frame["kind"] == "out":
            await self._publish(client, "ack", message=frame["id"], status="read")
        if seq in self._seen:
            return
        self._seen[seq] = None
        if len(self._seen) > SEEN_MAX:
            self._seen.popitem(last=False)
        self.unsent.pop(frame["client_msg_id"], None)
        files = tuple(frame.get("files", ()))
        self.screen.put_nowait(Shown(seq, frame["kind"], frame["text"], frame["id"], frame["author"], files))

    def _error(self, frame: dict[str, Any]) -> None:
        """What was refused for good is not repeated; `slow_down` is only a matter of time."""
        name = frame.get("client_msg_id", "")
        if frame["code"] != "slow_down" and self.unsent.pop(name, None) is not None:
            self.refused[name] = frame["code"]

    # --- what goes ----------------------------------------------------------------------------------------------------

    async def typing(self, client: aiomqtt.Client, *, on: bool) -> None:
        """Tell the agent that the customer writes."""
        await self._publish(client, "in", type="typing", on=on)

    async def _publish(self, client: aiomqtt.Client, end: str, **frame: object) -> None:
        await client.publish(self._topic(end), json.dumps(frame, ensure_ascii=False).encode(), qos=1)

    def _state(self, *, online: bool) -> bytes:
        return json.dumps({"online": online, "device": self.device}).encode()

    def _topic(self, end: str) -> str:
        return f"{self.topics}/{self.customer}/{end}"


async def _main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    for name in ("customer", "token", "host"):
        ask.add_argument(f"--{name}", required=True)
    ask.add_argument("--port", type=int, default=443)
    ask.add_argument("--path", default="")
    ask.add_argument("--tls", action="store_true")
    said = ask.parse_args()
    client = AppClient(said.customer, lambda: str(said.token), said.host, said.port, path=said.path, tls=said.tls)
    running = asyncio.create_task(client.run())
    printing = asyncio.create_task(_print(client))
    while line := await asyncio.to_thread(sys.stdin.readline):
        client.say(line.strip())
    running.cancel()
    printing.cancel()
    await asyncio.gather(running, printing, return_exceptions=True)


async def _print(client: AppClient) -> None:
    while True:
        shown = await client.screen.get()
        sys.stdout.write(f"{shown.author or shown.kind}: {shown.text}\n")


if __name__ == "__main__":
    asyncio.run(_main())
