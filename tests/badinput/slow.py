"""Connections that begin and never go on: heads, bodies, parts and frames. Each must be let go by the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from tests.badinput.doors import Doors
from tests.badinput.tally import Tally
from tests.badinput.wire import GONE, TEXT, Line, frame, handshake

# The longest patience of the server is that for a body (20 s); a keep-alive is no half input.
LET_GO_S_MAX = 30.0
DRIP_S = 1.0
HOST = b" HTTP/1.1\r\nHost: x\r\n"
LENGTH = b"Content-Length: 1000\r\n"
MULTIPART = b"Content-Type: multipart/form-data; boundary=b\r\n"
JSON = b"Content-Type: application/json\r\n"
# What is said at once, and what is dripped after it.
STARTS: dict[str, tuple[bytes, bytes]] = {
    "a head that never ends": (b"GET /" + HOST, b"X-A: a\r\n"),
    "a word of a head": (b"GE", b"E"),
    "a JSON body": (b"POST /channels/form/contact" + HOST + JSON + LENGTH + b"\r\n{", b" "),
    "a form body in parts": (b"POST /channels/form/contact" + HOST + MULTIPART + LENGTH + b"\r\n--b\r\n", b"X"),
    "a form body in endless chunks": (
        b"POST /channels/form/contact" + HOST + MULTIPART + b"Transfer-Encoding: chunked\r\n\r\n5\r\n--b\r\n\r\n",
        b"1\r\nX\r\n",
    ),
    "the beginning of a chat": (b"POST /channels/chat/session" + HOST + JSON + LENGTH + b"\r\n{", b" "),
    "a sign-in": (b"POST /api/v1/session" + HOST + JSON + LENGTH + b"\r\n{", b" "),
    "a body that nobody asked for": (b"GET /healthz" + HOST + LENGTH + b"\r\n", b" "),
    "a body for no page": (b"POST /nowhere" + HOST + LENGTH + b"\r\n", b" "),
}
HALF_FRAME = frame(b'{"type":', claims=100, opcode=TEXT)


async def hold(doors: Doors, tally: Tally) -> None:
    """Hold one of each, dripping, until the server lets go; a fault for each that it does not."""
    works: list[Awaitable[None]] = [
        _held(doors, tally, name, lambda line, said=said: line.send(said), drip)
        for name, (said, drip) in STARTS.items()
    ]
    for path in ("/ws", "/channels/chat/socket"):
        cookie = f"Cookie: pb_session={doors.known.cookie}\r\n"
        works += [
            _held(doors, tally, f"{path} without a hello", _socket(path, cookie, b""), b""),
            _held(doors, tally, f"half a frame at {path}", _socket(path, cookie, HALF_FRAME), b" "),
        ]
    await asyncio.gather(*works)


def _socket(path: str, cookie: str, said: bytes) -> Callable[[Line], Awaitable[None]]:
    async def begin(line: Line) -> None:
        await line.ask(handshake(path, headers=cookie), bodiless=True)
        await line.send(said)

    return begin


async def _held(doors: Doors, tally: Tally, name: str, begin: Callable[[Line], Awaitable[None]], drip: bytes) -> None:
    began = time.monotonic()
    with Line(doors.port) as line:
        await begin(line)
        heard = asyncio.create_task(_until_let_go(line))
        while not heard.done() and time.monotonic() - began < LET_GO_S_MAX:
            await asyncio.wait({heard}, timeout=DRIP_S)
            if not heard.done():
                await line.send(drip)
        tally.note("slow", "let go" if heard.done() else "held")
        if not heard.done():
            heard.cancel()
            tally.fault("slow", f"is held by {name} for {LET_GO_S_MAX} s", drip)
        await asyncio.gather(heard, return_exceptions=True)


async def _until_let_go(line: Line) -> None:
    try:
        while await line.read_exactly(1):
            continue
    except GONE:
        return
