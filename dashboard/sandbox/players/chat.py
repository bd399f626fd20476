"""Plays visitors of the web chat: a session, a socket that comes again, messages sent until they are accepted."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from dashboard.sandbox.scene import Item, Line
from dashboard.sandbox.stage import KEPT, REFUSED, Deed, NotNow, Stage, Wish, needed

CHANNEL = "chat"
SESSION, SOCKET = "/channels/chat/session", "/channels/chat/socket"
AGAIN_S = 1.0
# With these the server says that coming again is of no use.
FOR_GOOD = frozenset({4401, 4403})


@dataclass
class Tab:
    """One browser tab. `pending` is what is not accepted yet, by its own name."""

    token: str
    seq: int = 0
    pending: dict[str, tuple[str, Item]] = field(default_factory=dict)
    socket: aiohttp.ClientWebSocketResponse | None = None
    holding: asyncio.Task[None] | None = None


class ChatPlayer:
    """Every line is one visitor with one tab."""

    channel, off = CHANNEL, ""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    @property
    def deeds(self) -> Mapping[str, Deed]:
        return {"say": self._say, "typing": self._typing, "leave": self._leave, "rate": self._rate}

    async def open(self, wish: Wish) -> Line:
        """Somebody opens the chat and says who they are."""
        name = needed(wish, "name")
        asked = {"site": "main", "name": name, "language": wish.get("language", "") or "en"}
        async with self._stage.session.post(self._stage.local + SESSION, json=asked) as answer:
            if answer.status != 200:
                raise NotNow(f"chat_refused_{answer.status}")
            said = await answer.json()
        line = self._stage.scene.open(CHANNEL, name, f"visitor {said['visitor'][:8]}", deeds=("say", "rate", "leave"))
        if said["told"]:
            self._stage.scene.add(line, "sign", said["told"])
        line.kept = Tab(token=said["token"])
        line.kept.holding = self._stage.later(self._hold(line, line.kept))
        return line

    async def _say(self, line: Line, wish: Wish) -> None:
        text, tab = needed(wish, "text"), line.kept
        item = self._stage.scene.add(line, "customer", text, status="sending")
        name = secrets.token_hex(8)
        tab.pending[name] = (text, item)
        await self._frame(tab, type="send", client_msg_id=name, text=text)

    async def _typing(self, line: Line, wish: Wish) -> None:
        await self._frame(line.kept, type="typing", on=wish.get("on", "") != "")

    async def _leave(self, line: Line, wish: Wish) -> None:
        del wish
        await self._frame(line.kept, type="leave")

    async def _rate(self, line: Line, wish: Wish) -> None:
        """Say from 1 to 5 how it was, and what could be better."""
        tab = line.kept
        await self._frame(tab, type="rate", item=tab.seq, score=int(needed(wish, "score")))
        if wish.get("text", ""):
            await self._frame(tab, type="remark", item=tab.seq, text=wish["text"])

    async def _frame(self, tab: Tab, **frame: object) -> None:
        """Send a frame where there is a connection; messages are sent again with the next one."""
        if tab.socket is not None and not tab.socket.closed:
            await tab.socket.send_json(frame)

    async def _hold(self, line: Line, tab: Tab) -> None:
        while line.state != "over":
            try:
                async with self._stage.session.ws_connect(self._stage.local + SOCKET) as socket:
                    await self._talk(line, tab, socket)
                    if socket.close_code in FOR_GOOD:
                        self._stage.scene.set(line, "over", ())
            except (aiohttp.ClientError, ConnectionError):
                self._stage.scene.set(line, "broken")
            tab.socket = None
            if line.state != "over":
                await asyncio.sleep(AGAIN_S)

    async def _talk(self, line: Line, tab: Tab, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.send_json({"type": "hello", "token": tab.token, "last_seq": tab.seq})
        tab.socket = socket
        for name, (text, _) in tuple(tab.pending.items()):
            await socket.send_json({"type": "send", "client_msg_id": name, "text": text})
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._take(line, tab, message.json())
            if line.state == "over":
                await socket.close()

    async def _take(self, line: Line, tab: Tab, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "accepted":
            self._settled(line, tab, frame, KEPT)
        elif kind == "error" and frame.get("client_msg_id"):
            self._settled(line, tab, frame, f"{REFUSED} {frame['code']}")
        elif kind == "left":
            self._stage.scene.set(line, "over", ())
        elif kind == "status" and frame["seq"] > tab.seq:
            tab.seq = frame["seq"]
            self._stage.scene.set(line, frame["state"])
        elif kind == "msg" and frame["seq"] > tab.seq:
            tab.seq = frame["seq"]
            await self._shown(line, tab, frame)

    async def _shown(self, line: Line, tab: Tab, frame: dict[str, Any]) -> None:
        if frame["kind"] == "in":
            return
        side = "company" if frame["kind"] == "out" else "sign"
        self._stage.scene.add(line, side, frame["text"], author=frame["author"])
        await self._frame(tab, type="ack", seq=frame["seq"], message=frame["id"])

    def _settled(self, line: Line, tab: Tab, frame: dict[str, Any], status: str) -> None:
        _, item = tab.pending.pop(frame["client_msg_id"], ("", None))
        if item is not None:
            self._stage.scene.mark(line, item, status)
