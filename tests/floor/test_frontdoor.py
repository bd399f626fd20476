"""The edge of the HTTP server: who is slow is let go, and bytes that are no request are neither quoted nor logged."""

from __future__ import annotations

import asyncio
import io
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from router.node import frontdoor, switchboard
from router.node.frontdoor import front_door
from router.telemetry import Telemetry
from tests.channels.scripted import Exchange, ScriptedModule
from tests.floor.nodehouse import NodeHouse

SECRET = "ada.secret@example.org"
ENDED_S_MAX = 10.0


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
