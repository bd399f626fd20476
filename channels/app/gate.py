"""The gate to the broker: a WebSocket whose first packet must hold a token of the customer it names. Then bytes pass.

A stock broker knows no tokens. So it has a listener that only this gate reaches, and believes the name the gate lets
through; its rights do the rest. Nothing is kept here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from channels.app import connect, tokens
from channels.app.link import Broker, tls_context
from channels.contract import Door
from channels.origins import client_ip
from router.intake.rates import Buckets

PROTOCOL = "mqtt"
# The first packet follows the handshake at once; a slow telephone line takes seconds.
HELLO_S = 10.0
CONNECT_S = 5.0
HEARTBEAT_S = 25.0
CHUNK_BYTES = 16 * 1024
# The broker bounds packets; this bounds what one frame makes us hold.
FRAME_BYTES_MAX = 128 * 1024
# Two connections each: a node's file descriptors are some ten thousands.
SOCKETS_MAX = 10_000
DEVICES_MAX = 8
# A telephone company shows thousands of customers under one address; a script that knocks is slowed down all the same.
KNOCKS_A_MINUTE = 600
MINUTE_MS = 60_000
GOODBYE_S = 2.0


class Refused(Exception):
    """This connection is not let through. The reason is one of `connect.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Gate:
    """All connections of apps on this node."""

    def __init__(self, door: Door, broker: Broker, keys: tokens.Keys, *, us: str, proxies: tuple[str, ...]) -> None:
        self._door = door
        self._broker = broker
        self._keys = keys
        self._us = us
        self._proxies = proxies
        self._knocks = Buckets(KNOCKS_A_MINUTE, MINUTE_MS)
        self._devices: Counter[str] = Counter()
        self._sockets = 0
        self._ending = asyncio.Event()

    def close(self) -> None:
        """Hang up on everybody; they come again."""
        self._ending.set()

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """Serve one device until either side ends it, or its token is over."""
        if self._ending.is_set() or self._sockets >= SOCKETS_MAX:
            return web.Response(status=503, headers={"Retry-After": "5"})
        if not self._knocks.take(client_ip(request, self._proxies), self._door.now_ms()):
            return web.Response(status=429, headers={"Retry-After": "60"})
        socket = web.WebSocketResponse(
            protocols=(PROTOCOL,), heartbeat=HEARTBEAT_S, max_msg_size=FRAME_BYTES_MAX, compress=False
        )
        self._sockets += 1
        try:
            await socket.prepare(request)
            if socket.ws_protocol == PROTOCOL:
                await self._serve(socket)
            await _close(socket, WSCloseCode.OK)
        except ConnectionError:
            return socket
        finally:
            self._sockets -= 1
        return socket

    async def _serve(self, socket: web.WebSocketResponse) -> None:
        try:
            hello, token = await self._hello(socket)
            reader, writer = await self._through()
        except Refused as refused:
            await socket.send_bytes(connect.refusal(refused.reason))
            return
        self._devices[token.customer] += 1
        try:
            writer.write(hello.forwarded + hello.rest)
            await self._pass(socket, reader, writer, until_ms=token.until_ms)
        finally:
            self._devices[token.customer] -= 1
            if not self._devices[token.customer]:
                del self._devices[token.customer]
            writer.close()

    async def _hello(self, socket: web.WebSocketResponse) -> tuple[connect.Connect, tokens.Token]:
        """Read who it is. The name, the identifier and the token must say the same."""
        try:
            async with asyncio.timeout(HELLO_S):
                hello = await _first_packet(socket)
        except TimeoutError:
            raise Refused("malformed") from None
        except connect.Malformed as fault:
            raise Refused(fault.reason) from None
        token = tokens.prove(self._keys, hello.password, self._door.now_ms())
        # Our own name at the broker is no customer's: under it another could throw us out.
        if token is None or token.customer != hello.user or token.customer == self._us:
            raise Refused("credentials")
        # Whose identifier another could use would lose their session to them.
        if not hello.client.startswith(f"{token.customer}:"):
            raise Refused("identifier")
        if self._devices[token.customer] >= DEVICES_MAX:
            raise Refused("too_many")
        return hello, token

    async def _through(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = tls_context(self._broker) if self._broker.tls else None
        try:
            async with asyncio.timeout(CONNECT_S):
                return await asyncio.open_connection(self._broker.host, self._broker.port, ssl=context)
        except (OSError, TimeoutError):
            raise Refused("unavailable") from None

    async def _pass(
        self,
        socket: web.WebSocketResponse,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        until_ms: int,
    ) -> None:
        left_s = max(0.0, (until_ms - self._door.now_ms()) / 1_000)
        works: tuple[Coroutine[Any, Any, Any], ...] = (_up(socket, writer), _down(reader, socket), self._ending.wait())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.wait(tasks, timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        code = WSCloseCode.SERVICE_RESTART if self._ending.is_set() else WSCloseCode.OK
        await _close(socket, WSCloseCode.POLICY_VIOLATION if self._door.now_ms() >= until_ms else code)


async def _first_packet(socket: web.WebSocketResponse) -> connect.Connect:
    data = b""
    while True:
        message = await socket.receive()
        if message.type is not WSMsgType.BINARY:
            raise connect.Malformed
        data += message.data
        hello = connect.read(data)
        if hello is not None:
            return hello
        if len(data) > connect.PACKET_BYTES_MAX:
            raise connect.Malformed


async def _up(socket: web.WebSocketResponse, writer: asyncio.StreamWriter) -> None:
    async for message in socket:
        if message.type is not WSMsgType.BINARY:
            return
        writer.write(message.data)
        await writer.drain()


async def _down(reader: asyncio.StreamReader, socket: web.WebSocketResponse) -> None:
    while data := await reader.read(CHUNK_BYTES):
        await socket.send_bytes(data)


async def _close(socket: web.WebSocketResponse, code: int) -> None:
    with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
        async with asyncio.timeout(GOODBYE_S):
            await socket.close(code=code)
