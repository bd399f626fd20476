"""The socket `/ws`: who may open it, what is said on it, and how it ends. What it is told comes from the hub."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress

import msgspec
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from dashboard.board.watching import Watching
from dashboard.errors import ApiError
from dashboard.frames import AnySaid, Hello, Look, Ping, Pong, Types, Watch, encode, read_said
from dashboard.hub import Hub
from dashboard.parts import Parts
from dashboard.sessions import Caller, check_origin
from dashboard.sockets import FORBIDDEN, SESSION_OVER, SLOW, DeskSocket
from router.store.port import StoreError

HEARTBEAT_S = 15.0
HELLO_S_MAX = 5.0
# A look and a typing sign are a hundred bytes.
SAID_BYTES_MAX = 16 * 1024
# Tabs of one person; more are a loop in somebody's script.
SOCKETS_PER_PERSON_MAX = 20
MALFORMED = int(WSCloseCode.POLICY_VIOLATION)


class Live:
    """The handler of `/ws`."""

    def __init__(self, parts: Parts, hub: Hub, watching: Watching) -> None:
        self._parts, self._out, self._hub, self._watching = parts, parts.out, hub, watching

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        web_socket = web.WebSocketResponse(
            heartbeat=HEARTBEAT_S, max_msg_size=SAID_BYTES_MAX, compress=False, timeout=2.0
        )
        await web_socket.prepare(request)
        caller, code = await self._admitted(request)
        if caller is None:
            await web_socket.close(code=code)
            return web_socket
        hello = await _hello(web_socket)
        if hello is None:
            await web_socket.close(code=FORBIDDEN, message=b"hello first")
            return web_socket
        await self._serve(web_socket, DeskSocket(web_socket, caller, secrets.token_hex(8)), hello)
        return web_socket

    async def _admitted(self, request: web.Request) -> tuple[Caller | None, int]:
        """Return who may come in, or the code with which the door closes: a page cannot read a refused handshake."""
        try:
            check_origin(request, self._out.public_url)
        except ApiError:
            return None, FORBIDDEN
        try:
            caller = await self._parts.sessions.caller(request)
        except StoreError:
            return None, SLOW
        if caller is None:
            return None, SESSION_OVER
        return (caller, 0) if self._hub.count(caller.account.id) < SOCKETS_PER_PERSON_MAX else (None, SLOW)

    async def _serve(self, web_socket: web.WebSocketResponse, socket: DeskSocket, hello: Hello) -> None:
        sender = asyncio.create_task(socket.send())
        try:
            await self._hub.enter(socket, hello.last_seq)
            async for message in web_socket:
                if not await self._hear(socket, message):
                    break
        finally:
            self._watching.leave(socket)
            self._hub.leave(socket)
            if socket.closing:
                await sender
            sender.cancel()
            with suppress(asyncio.CancelledError):
                await sender

    async def _hear(self, socket: DeskSocket, message: WSMessage) -> bool:
        said = _read(message)
        if said is None or not socket.said.take(0, self._out.now_ms()):
            socket.close(MALFORMED, b"malformed or too much")
            return False
        # A reference that is gone or hidden: the screen finds out by the API, a socket has no answer to it.
        with suppress(ApiError):
            await self._answer(socket, said)
        return True

    async def _answer(self, socket: DeskSocket, said: AnySaid) -> None:
        if isinstance(said, Ping):
            socket.give([encode(Pong(seq=self._hub.position, now_ms=self._out.now_ms()))])
        elif isinstance(said, Types):
            await self._types(socket, said)
        elif isinstance(said, Look):
            await self._looks(socket, said)
        elif isinstance(said, Watch):
            self._watching.watch(socket, said.queue)

    async def _types(self, socket: DeskSocket, said: Types) -> None:
        """Only the owner's typing is passed on, and only where the customer may see it."""
        row = await self._parts.places.row(socket.caller.account, said.ref)
        conv = self._out.floor.state.convs.get(row.conv)
        if conv is not None and conv.owner == socket.agent:
            self._out.signs.tell(conv.line, said.on)

    async def _looks(self, socket: DeskSocket, said: Look) -> None:
        self._hub.look(socket, 0)
        if said.ref:
            row = await self._parts.places.row(socket.caller.account, said.ref)
            self._hub.look(socket, row.conv)
            await self._hub.show(socket, row.conv)


async def _hello(web_socket: web.WebSocketResponse) -> Hello | None:
    try:
        message = await web_socket.receive(timeout=HELLO_S_MAX)
    except TimeoutError:
        return None
    said = _read(message)
    return said if isinstance(said, Hello) else None


def _read(message: WSMessage) -> AnySaid | None:
    if message.type is not WSMsgType.TEXT:
        return None
    try:
        return read_said(message.data)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None
