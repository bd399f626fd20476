"""One chat socket from hello to close: what the visitor sends goes to the door, what is committed comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from channels.chat import frames
from channels.chat.sessions import Visitor
from channels.contract import Door, Identity, LetterboxClosed, LineItem, LineRef, MessageIn, Receipt

CHANNEL = "chat"
HELLO_S = 5.0
DECISION_WAIT_MS = 1_000
RESUME_ITEMS = 200
# What one socket may be behind before it is closed and resumes from the archive.
QUEUE_MAX = 256
# Decisions awaited at once for one socket; more means a script, and it waits.
AWAITED_MAX = 16
BAD_TOKEN, FORBIDDEN = 4401, 4403


def line_of(visitor: Visitor) -> LineRef:
    """Return the line of a visitor."""
    return LineRef(channel=CHANNEL, key=f"{visitor.site}:{visitor.id}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a socket asks of the channel around it."""

    may_send: Callable[[Visitor], bool]
    said: Callable[[Visitor], None]
    left: Callable[[Visitor], None]


class Conversation:
    """One socket of one visitor. Several of them may be open; all get everything."""

    def __init__(self, socket: web.WebSocketResponse, door: Door, visitor: Visitor, hooks: Hooks) -> None:
        self._socket = socket
        self._door = door
        self._visitor = visitor
        self._line = line_of(visitor)
        self._hooks = hooks
        self._out: asyncio.Queue[str] = asyncio.Queue(QUEUE_MAX)
        self._awaited: set[asyncio.Task[None]] = set()

    async def run(self, last_seq: int) -> None:
        """Serve until either side ends it."""
        tasks = [
            asyncio.create_task(self._write()),
            asyncio.create_task(self._follow(last_seq)),
            asyncio.create_task(self._read()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (*tasks, *self._awaited):
                task.cancel()
            await asyncio.gather(*tasks, *self._awaited, return_exceptions=True)
            with contextlib.suppress(ConnectionError, RuntimeError):
                await self._socket.close()

    def _say(self, frame: str) -> None:
        """Queue a frame; a socket that does not keep up is closed and resumes."""
        try:
            self._out.put_nowait(frame)
        except asyncio.QueueFull:
            raise ConnectionResetError("too slow") from None

    async def _write(self) -> None:
        while True:
            await self._socket.send_str(await self._out.get())

    # --- from the line ------------------------------------------------------------------------------------------

    async def _follow(self, last_seq: int) -> None:
        """Follow first and read then, so that nothing falls between; after an overrun do it again."""
        seq = last_seq
        while not self._socket.closed:
            follow = self._door.follow(self._line)
            try:
                seq = await self._resume(seq)
                async for item in follow:
                    seq = await self._pass_on(item, seq)
                if not follow.overrun:
                    await self._socket.close(code=WSCloseCode.SERVICE_RESTART)
                    return
            finally:
                follow.close()

    async def _resume(self, seq: int) -> int:
        while True:
            items = await self._door.line_items(self._line, after=seq, limit=RESUME_ITEMS)
            for item in items:
                seq = await self._pass_on(item, seq)
            if len(items) < RESUME_ITEMS:
                return seq

    async def _pass_on(self, item: LineItem, seq: int) -> int:
        if item.seq == 0:
            self._say(frames.of_item(item))
            return seq
        if item.seq <= seq:
            return seq
        await self._out.put(frames.of_item(item))
        return item.seq

    # --- from the visitor -----------------------------------------------------------------------------------------

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                return
            try:
                frame = frames.read(message.data)
            except (msgspec.MsgspecError, UnicodeError):
                self._say(frames.write("error", code="bad_frame"))
                continue
            await self._take(frame)

    async def _take(self, frame: frames.AnyFrame) -> None:
        if isinstance(frame, frames.Send):
            await self._send(frame)
        elif isinstance(frame, frames.Typing):
            self._door.typing(self._line, frame.on)
        elif isinstance(frame, frames.Ack) and frame.message:
            await self._shown(frame.message)
        elif isinstance(frame, frames.Leave):
            self._hooks.left(self._visitor)
            self._say(frames.write("left"))

    async def _send(self, frame: frames.Send) -> None:
        """Answer `accepted` only when it is on disk. A repeat of the same id is the same message."""
        if not self._hooks.may_send(self._visitor):
            self._say(frames.write("error", code="slow_down", client_msg_id=frame.client_msg_id))
            return
        try:
            (accepted,) = await self._door.accept([self._signal(frame)])
        except LetterboxClosed:
            self._say(frames.write("error", code="later", client_msg_id=frame.client_msg_id))
            return
        self._hooks.said(self._visitor)
        if len(self._awaited) >= AWAITED_MAX:
            await asyncio.wait(self._awaited, return_when=asyncio.FIRST_COMPLETED)
        task = asyncio.create_task(self._confirm(frame.client_msg_id, accepted.letter))
        self._awaited.add(task)
        task.add_done_callback(self._awaited.discard)

    async def _confirm(self, client_msg_id: str, letter: int) -> None:
        """The item with its number comes by the line; this says that it is kept, and under which name."""
        decided = await self._door.decided(letter, wait_ms=DECISION_WAIT_MS)
        reference = decided.reference if decided else ""
        await self._out.put(frames.write("accepted", client_msg_id=client_msg_id, reference=reference, letter=letter))

    def _signal(self, frame: frames.Send) -> MessageIn:
        visitor = self._visitor
        identities = (Identity(kind="email", value=visitor.email),) if visitor.email else ()
        return MessageIn(
            line=self._line,
            dedupe=f"{visitor.site}:{visitor.id}:{frame.client_msg_id}",
            text="".join(char for char in frame.text if char in "\n\t" or char.isprintable()).strip() or "?",
            name=visitor.name,
            language=visitor.language,
            identities=identities,
            declared=dict(visitor.declared),
            extra={"client": frame.client_msg_id},
        )

    async def _shown(self, message: int) -> None:
        """A reply was shown: a receipt. Should the letterbox be closed, a later acknowledgement says it again."""
        receipt = Receipt(
            line=self._line,
            dedupe=f"read:{self._visitor.id}:{message}",
            provider=str(message),
            status="read",
        )
        with contextlib.suppress(LetterboxClosed):
            await self._door.accept([receipt])
