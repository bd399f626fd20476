"""The edge of the HTTP server: who is slow is let go, and bytes that are no request are neither quoted nor logged."""

from __future__ import annotations

import asyncio
import io
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from channels.contract import LetterboxClosed
from router.floor.inbox import Unavailable
from router.node import frontdoor, switchboard
from router.node.frontdoor import front_door
from router.store.port import StoreUnavailable
from router.telemetry import Telemetry
from tests.channels.scripted import Exchange, ScriptedChannel, ScriptedModule
from tests.floor.nodehouse import NodeHouse

SECRET = "ada.secret@example.org"
ENDED_S_MAX = 60.0
ENTRY = "  scripted: {enabled: true}\n"


class Door:
    """A served application, and what it logs."""

    def __init__(self) -> None:
        self.log = io.StringIO()
        self.telemetry = Telemetry(self.log)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.app = web.Application()
        self.app.router.add_get("/", self._hello)
        self.app.router.add_get("/broken", self._broken)

    async def _hello(self, _request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def _broken(self, _request: web.Request) -> web.Response:
        raise ValueError(SECRET)

    async def said(self, sent: bytes) -> bytes:
        """Send bytes; return everything that comes until the server closes."""
        reader, writer = await asyncio.open_connection(*self.listener.getsockname())
        try:
            writer.write(sent)
            async with asyncio.timeout(ENDED_S_MAX):
                return await reader.read()
        finally:
            writer.close()


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    made = Door()
    async with front_door(made.app, made.listener, made.telemetry):
        yield made
    made.listener.close()


@pytest.mark.parametrize(
    "sent",
    [
        f"GET / HTTP/1.1\r\nHost: x\r\nBad Header {SECRET}: x\r\n\r\n",
        f"FOO\x01 /{SECRET} HTTP/1.1\r\nHost: x\r\n\r\n",
        f"GET /{SECRET} HTTP/9.9\r\nHost: x\r\n\r\n",
        f"GET / HTTP/1.1\r\nX: {SECRET * 1_000}\r\n\r\n",
        f"GET /broken?{SECRET} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ],
)
async def test_what_cannot_be_answered_is_neither_quoted_nor_logged(
    door: Door, sent: str, capfd: pytest.CaptureFixture[str]
) -> None:
    said = (await door.said(sent.encode())).decode()
    assert said.startswith(("HTTP/1.0 400", "HTTP/1.1 500"))
    logged = door.log.getvalue() + "".join(capfd.readouterr())
    assert '"action":"request_unread"' in door.log.getvalue() or "FOO" in sent
    for told in (said, logged):
        assert SECRET not in told
        assert "Traceback" not in told
    assert "127.0.0.1" not in logged
    assert "requests_unread_total{" in door.telemetry.render().decode()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n"])
async def test_who_never_ends_a_first_request_is_let_go(
    door: Door, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frontdoor, "HEAD_S_MAX", 0.1)
    assert await door.said(sent) == b""
    assert 'requests_unread_total{reason="slow"} 1.0' in door.telemetry.render().decode()


async def test_who_has_asked_in_time_keeps_the_connection(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frontdoor, "HEAD_S_MAX", 0.1)
    reader, writer = await asyncio.open_connection(*door.listener.getsockname())
    for _ in range(3):
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"hello")).startswith(b"HTTP/1.1 200")
        await asyncio.sleep(0.1)
    writer.close()


async def test_a_webhook_whose_body_never_ends_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switchboard, "BODY_S_MAX", 0.1)
    module = ScriptedModule(Exchange())
    house = NodeHouse(tmp_path, {"scripted": module}, "  scripted: {enabled: true}\n")
    await house.start()
    try:
        await house.ready()
        reader, writer = await asyncio.open_connection(house.client.host, house.client.port)
        writer.write(b"POST /channels/scripted/ring HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
        async with asyncio.timeout(ENDED_S_MAX):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()
    finally:
        await house.stop()


async def test_who_is_still_there_is_told_to_come_again_before_anybody_waits_for_them() -> None:
    """A socket that hangs on a channel ends when the channel says so: a stop that first waits for it waits in vain."""
    door, told, here = Door(), asyncio.Event(), asyncio.Event()

    async def stay(_request: web.Request) -> web.Response:
        here.set()
        await told.wait()
        return web.Response(text="come again")

    async def say_goodbye() -> None:
        told.set()

    door.app.router.add_get("/stay", stay)
    async with front_door(door.app, door.listener, door.telemetry, say_goodbye=say_goodbye):
        asked = asyncio.create_task(door.said(b"GET /stay HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
        await here.wait()
        began = time.monotonic()
    assert time.monotonic() - began < frontdoor.GOODBYE_S
    assert b"come again" in await asked
    door.listener.close()


class Chatty(ScriptedChannel):
    """Holds a link for ever, and says when it ended."""

    begun = ended = 0

    async def listen(self) -> None:
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            self.ended += 1


async def test_a_node_that_says_goodbye_ends_its_links_and_still_performs(tmp_path: Path) -> None:
    exchange = Exchange()

    class Module(ScriptedModule):
        def build(self, settings: Any, door: Any, _environment: Any) -> Chatty:
            return Chatty(door, exchange)

    house = NodeHouse(tmp_path, {"scripted": Module(exchange), "none": ScriptedModule(exchange)}, ENTRY)
    await house.start()
    await house.ready()
    channel = house.served.board.channels["scripted"]
    assert isinstance(channel, Chatty)
    await house.until(lambda: "listen:scripted" in house.served._tasks._tasks, "listening")
    await house.node.say_goodbye()
    assert channel.ended == 1
    assert house.served.board.channels == {"scripted": channel}
    assert house.served.floor.leading
    await house.stop()


async def test_a_link_that_lost_its_lease_is_held_again_when_the_lease_is_ours_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that is away for a moment ends the link on its only node, and nobody else would take it up."""
    monkeypatch.setattr(switchboard, "LEASE_AGAIN_S", 0.02)
    exchange = Exchange()

    class Module(ScriptedModule):
        def build(self, settings: Any, door: Any, _environment: Any) -> Chatty:
            return Chatty(door, exchange)

    house = NodeHouse(tmp_path, {"scripted": Module(exchange)}, ENTRY)
    await house.start()
    await house.ready()
    channel = house.served.board.channels["scripted"]
    assert isinstance(channel, Chatty)
    await house.until(lambda: channel.begun == 1, "listening")
    leases = house.served.lead._leases
    acquire = leases.acquire

    async def away(*_names: object, **_times: object) -> int:
        raise StoreUnavailable("away")

    for times in (1, 2):
        monkeypatch.setattr(leases, "acquire", away)
        await house.until(lambda times=times: channel.ended == times, "let go")
        assert channel.begun == times
        monkeypatch.setattr(leases, "acquire", acquire)
        await house.until(lambda times=times: channel.begun == times + 1, "held again")
    await house.stop()


async def test_goodbye_of_a_node_without_channels_ends_nothing_else(tmp_path: Path) -> None:
    house = NodeHouse(tmp_path, {"scripted": ScriptedModule(Exchange())}, "  scripted: {enabled: false}\n")
    await house.start()
    await house.ready()
    await house.node.say_goodbye()
    assert house.served.floor.leading
    assert "lead" in house.served._tasks._tasks
    await house.stop()


@pytest.mark.parametrize("fault", [LetterboxClosed("full"), StoreUnavailable("away"), Unavailable("nobody leads")])
async def test_a_page_of_a_channel_that_meets_an_outage_says_come_again_and_logs_no_bug(
    tmp_path: Path, fault: Exception
) -> None:
    house = NodeHouse(tmp_path, {"scripted": ScriptedModule(Exchange())}, ENTRY)
    await house.start()

    async def fails(_request: web.Request) -> web.Response:
        raise fault

    handlers = house.served.board._plugged["scripted"].handlers
    handlers["POST", "/ring"] = replace(handlers["POST", "/ring"], handler=fails)
    async with house.client.post("/channels/scripted/ring", json={}) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert "request_failed" not in house.log.getvalue()
    await house.stop()
