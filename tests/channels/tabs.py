"""Browser tabs of a chat on a real server, as tests speak through them. No test lives here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType

from channels import chat
from channels.contract import LineRef
from tests.channels.door import MemoryDoor
from tests.channels.site import Client, serving

SHOP = "https://shop.example"
SETTINGS: dict[str, Any] = {"sites": {"main": (SHOP,)}, "queue": "general"}


def build(door: MemoryDoor, **changes: Any) -> chat.Chat:
    return chat.build(chat.Settings(**{**SETTINGS, **changes}), door, {})


@asynccontextmanager
async def house(door: MemoryDoor | None = None, **changes: Any) -> AsyncIterator[tuple[Client, MemoryDoor, chat.Chat]]:
    door = door or MemoryDoor()
    ours = build(door, **changes)
    async with serving(ours, "chat") as client:
        yield client, door, ours


async def token_of(client: Client, **body: Any) -> str:
    async with client.post("/channels/chat/session", json=body) as response:
        assert response.status == 200, await response.text()
        return str((await response.json())["token"])


class Tab:
    """One browser tab: what it has heard, by what the page would do."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []

    async def says(self, **frame: Any) -> None:
        await self.socket.send_json(frame)

    async def hears(self, kind: str, /, **values: Any) -> dict[str, Any]:
        """Return the next frame of a kind with these values."""
        async with asyncio.timeout(60):
            while True:
                frame: dict[str, Any] = await self.socket.receive_json()
                self.heard.append(frame)
                if frame["type"] == kind and all(frame.get(name) == value for name, value in values.items()):
                    return frame

    async def closes(self) -> int | None:
        """Return the code with which the server closes."""
        async with asyncio.timeout(60):
            while True:
                message = await self.socket.receive()
                if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR}:
                    return self.socket.close_code

    @property
    def texts(self) -> list[str]:
        return [frame["text"] for frame in self.heard if frame["type"] == "msg"]


@asynccontextmanager
async def tab(client: Client, token: str, *, last_seq: int = 0, **headers: str) -> AsyncIterator[Tab]:
    async with client.ws_connect("/channels/chat/socket", headers=headers) as socket:
        opened = Tab(socket)
        await opened.says(type="hello", token=token, last_seq=last_seq)
        await opened.hears("welcome")
        yield opened


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.01)


def line_of(door: MemoryDoor) -> LineRef:
    return door.messages[0].line


async def said(client: Client, door: MemoryDoor, token: str, text: str = "Hello") -> LineRef:
    """Let a visitor say something, return their line."""
    async with tab(client, token) as one:
        await one.says(type="send", client_msg_id=text.encode().hex()[:60].rjust(8, "0"), text=text)
        await one.hears("accepted")
    return line_of(door)
