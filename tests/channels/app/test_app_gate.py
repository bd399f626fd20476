"""Devices that come with a token: let through to the real broker under their own name, and under no other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiomqtt
import jwt
import pytest
from aiohttp import ClientSession, WSMsgType

from channels import app
from channels.app import connect, gate
from tests.channels.app.account import ENVIRONMENT, linked, mosquitto, sample, settings_of, until
from tests.channels.app.broker import Mosquitto
from tests.channels.app.test_app_connect import packet
from tests.channels.door import MemoryDoor
from tests.channels.site import Client, serving

KEY = "of the company's backend, and ours"
PATH = "/channels/app/mqtt"


def token(customer: str = "cust-1", *, life_s: float = 600, key: str = KEY) -> str:
    return jwt.encode({"sub": customer, "exp": time.time() + life_s}, key, algorithm="HS256")


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    async with mosquitto(tmp_path) as made:
        yield made


@asynccontextmanager
async def gated(broker: Mosquitto, door: MemoryDoor, **changes: Any) -> AsyncIterator[Client]:
    """The channel with its gate on a real HTTP server."""
    ENVIRONMENT["TOKEN_KEY"] = KEY
    given = {"gate_broker": broker.gate_url, "token_key_env": "TOKEN_KEY", **changes}
    async with linked(broker, door, **given) as channel, serving(channel, "app") as client:
        yield client


def through(client: Client, **more: Any) -> dict[str, Any]:
    assert client.port is not None
    return {"port": client.port, "path": PATH, "token": token, **more}


@asynccontextmanager
async def knocking(client: Client) -> AsyncIterator[Any]:
    async with ClientSession() as session, session.ws_connect(client.make_url(PATH), protocols=("mqtt",)) as socket:
        yield socket


async def answer(client: Client, *data: bytes) -> bytes:
    """Knock with bytes, return what is said to them."""
    async with knocking(client) as socket:
        for part in data:
            await socket.send_bytes(part)
        message = await socket.receive(timeout=60)
        return bytes(message.data) if message.type is WSMsgType.BINARY else b""


async def test_an_app_with_a_token_talks_through_the_gate(broker: Mosquitto) -> None:
    door = MemoryDoor(at_ms=int(time.time() * 1_000))
    async with gated(broker, door) as client, sample(broker, **through(client)) as ann:
        ann.say("Where is my parcel?")
        await until(lambda: not ann.unsent, "accepted")
        assert [message.line.key for message in door.messages] == ["cust-1"]
        await until(lambda: ann.screen.qsize() == 1, "shown")
    assert ann.screen.get_nowait().text == "Where is my parcel?"


async def test_the_gate_believes_neither_a_name_nor_an_identifier_that_the_token_does_not_name(
    broker: Mosquitto,
) -> None:
    door = MemoryDoor(at_ms=int(time.time() * 1_000))
    good, over, forged = token().encode(), token(life_s=-3_600).encode(), token(key="x" * 40).encode()
    async with gated(broker, door) as client:
        for said, reason in (
            (packet(password=over), "credentials"),
            (packet(password=forged), "credentials"),
            (packet(password=None), "credentials"),
            (packet(password=good, user="cust-2", client="cust-2:phone"), "credentials"),
            (packet(password=good, client="cust-2:phone"), "identifier"),
            (packet(password=good, client="cust-10:phone"), "identifier"),
            (packet(password=token("patchbay").encode(), user="patchbay", client="patchbay:in:1"), "credentials"),
            (packet(password=good, version=4), "version"),
            (b"\x30\x00", "malformed"),
        ):
            assert await answer(client, said) == connect.refusal(reason), said
        assert (await answer(client, packet(password=good)))[:1] == bytes([connect.CONNACK])
    assert good.decode() not in broker.log()


async def test_a_packet_in_pieces_is_read_whole_and_what_follows_it_is_not_lost(broker: Mosquitto) -> None:
    door = MemoryDoor(at_ms=int(time.time() * 1_000))
    ping = b"\xc0\x00"
    data = packet(password=token().encode()) + ping
    async with gated(broker, door) as client, knocking(client) as socket:
        for place in range(0, len(data), 50):
            await socket.send_bytes(data[place : place + 50])
        heard = b""
        while not heard.endswith(b"\xd0\x00"):
            heard += (await socket.receive(timeout=60)).data
        assert heard[:1] == bytes([connect.CONNACK])


async def test_the_rights_of_the_broker_hold_behind_the_gate(broker: Mosquitto) -> None:
    door = MemoryDoor(at_ms=int(time.time() * 1_000))
    async with gated(broker, door) as client:
        eve = aiomqtt.Client(
            "127.0.0.1",
            client.port or 0,
            identifier="cust-1:phone",
            username="cust-1",
            password=token(),
            protocol=aiomqtt.ProtocolVersion.V5,
            transport="websockets",
            websocket_path=PATH,
        )
        async with eve:
            frame = b'{"type":"send","client_msg_id":"message-1","text":"I am another"}'
            for name in ("cust-2", "patchbay"):
                await eve.publish(f"cc/v1/app/{name}/in", frame, qos=1)
            await eve.publish("cc/v1/app/cust-1/in", frame.replace(b"another", b"myself"), qos=1)
            await until(lambda: door.messages, "kept")
    assert [message.text for message in door.messages] == ["I am myself"]


async def test_a_token_that_runs_out_ends_its_connection_and_the_app_comes_again_with_a_new_one(
    broker: Mosquitto,
) -> None:
    door = MemoryDoor(at_ms=int(time.time() * 1_000))
    lives = iter([-58.0, 600.0, 600.0])
    async with (
        gated(broker, door) as client,
        sample(broker, **through(client, token=lambda: token(life_s=next(lives)))) as ann,
    ):
        await until(lambda: ann.connected, "there")
        await until(lambda: not ann.connected, "ended")
        ann.say("still here")
        await until(lambda: not ann.unsent, "accepted")
    assert [message.text for message in door.messages] == ["still here"]


async def test_the_last_will_of_who_is_cut_off_is_published(broker: Mosquitto) -> None:
    door = MemoryDoor(at_ms=int(time.time() * 1_000))
    data = packet(password=token().encode(), will=b'{"online":false,"device":"phone"}')
    async with gated(broker, door) as client:
        assert (await answer(client, data))[:1] == bytes([connect.CONNACK])
        await until(lambda: "cc/v1/app/cust-1/state', ... (33 bytes)" in broker.log(), "last will")


async def test_a_last_will_speaks_for_nobody_else(broker: Mosquitto) -> None:
    door = MemoryDoor(at_ms=int(time.time() * 1_000))
    said = b'{"type":"send","client_msg_id":"message-1","text":"I am Bob"}'
    data = packet(password=token().encode(), will=said, will_topic="cc/v1/app/cust-2/in")
    own = packet(password=token().encode(), will=said.replace(b"Bob", b"Ann"), will_topic="cc/v1/app/cust-1/in")
    async with gated(broker, door) as client:
        for each in (data, own):
            await answer(client, each)
        await until(lambda: door.messages, "the own one")
    assert [(message.line.key, message.text) for message in door.messages] == [("cust-1", "I am Ann")]


async def test_when_the_channel_ends_its_devices_are_sent_away_and_nobody_new_is_let_in(broker: Mosquitto) -> None:
    door = MemoryDoor(at_ms=int(time.time() * 1_000))
    ENVIRONMENT["TOKEN_KEY"] = KEY
    settings = settings_of(broker, gate_broker=broker.gate_url, token_key_env="TOKEN_KEY")
    channel = app.build(settings, door, ENVIRONMENT)
    async with serving(channel, "app") as client, knocking(client) as socket:
        await socket.send_bytes(packet(password=token().encode()))
        assert (await socket.receive(timeout=60)).data[:1] == bytes([connect.CONNACK])
        await channel.close()
        assert (await socket.receive(timeout=60)).type is WSMsgType.CLOSE
        assert socket.close_code == 1012
        assert (await client.get(PATH)).status == 503


async def test_without_its_broker_the_gate_says_unavailable(broker: Mosquitto) -> None:
    door = MemoryDoor(at_ms=int(time.time() * 1_000))
    async with gated(broker, door) as client:
        broker.stop()
        assert await answer(client, packet(password=token().encode())) == connect.refusal("unavailable")


async def test_one_customer_has_so_many_devices_and_no_more(broker: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "DEVICES_MAX", 1)
    door = MemoryDoor(at_ms=int(time.time() * 1_000))
    data = packet(password=token().encode())
    async with gated(broker, door) as client:
        async with knocking(client) as socket:
            await socket.send_bytes(data)
            assert (await socket.receive(timeout=60)).data[:1] == bytes([connect.CONNACK])
            assert await answer(client, data) == connect.refusal("too_many")
        await asyncio.sleep(0)
        await until(lambda: "disconnected" in broker.log() or "closed its connection" in broker.log(), "left")


async def test_a_plain_request_or_another_protocol_is_no_connection(broker: Mosquitto) -> None:
    door = MemoryDoor(at_ms=int(time.time() * 1_000))
    async with gated(broker, door) as client, ClientSession() as session:
        assert (await client.get(PATH)).status == 400
        async with session.ws_connect(client.make_url(PATH), protocols=("chat",)) as socket:
            assert (await socket.receive(timeout=60)).type is WSMsgType.CLOSE


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"token_key_env": ""}, "token_key_env must name"),
        ({"token_algorithm": "none"}, "token_algorithm must be one of"),
        ({"token_algorithm": "RS256"}, "must be a public key"),
        ({"gate_broker": "http://127.0.0.1"}, "gate_broker must be an address"),
        ({"broker": "127.0.0.1:1883"}, "broker must be an address"),
        ({"topics": "cc/+/app"}, "topics must be the beginning"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_a_sentence(changes: dict[str, Any], sentence: str) -> None:
    given: dict[str, Any] = {"broker": "mqtt://127.0.0.1:1", "gate_broker": "mqtt://127.0.0.1:2", "token_key_env": "K"}
    with pytest.raises(ValueError, match=sentence):
        app.build(app.Settings(**{**given, **changes}), MemoryDoor(), {"K": KEY})
