"""One chat socket from hello to close: what the visitor sends goes to the door, what is committed comes back."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from channels.chat import frames
from channels.chat.identity import ADDRESS, PROOF
from channels.chat.sessions import Visitor
from channels.contract import (
    RATING_PROMPT,
    Attachment,
    CopyAsked,
    Door,
    Identity,
    KeyPressed,
    LetterboxClosed,
    LineItem,
    LineRef,
    MessageIn,
    Receipt,
    Standing,
)
from channels.typed import typed

CHANNEL = "chat"
HELLO_S = 5.0
DECISION_WAIT_MS = 1_000
RESUME_ITEMS = 200
# What one socket may be behind before its line is held back; a line that is held back resumes from the archive.
QUEUE_MAX = 256
# A browser that takes nothing for so long is let go, and resumes when it is back.
SLOW_S = 20.0
# Good-bye must not wait for who does not listen.
GOODBYE_S = 2.0
# Who waits is told so often where they stand, if it has changed: no faster than anybody's place does.
STANDING_EVERY_S = 10.0
# Decisions awaited at once for one socket; more means a script, and it waits.
AWAITED_MAX = 16
# Replies shown on this socket that may still be acknowledged.
SHOWN_MAX = 500
# A page of ours sends none; a script that sends these is not worth listening to.
BAD_FRAMES_MAX = 10
BAD_TOKEN, FORBIDDEN = 4401, 4403


def line_of(visitor: Visitor) -> LineRef:
    """Return the line of a visitor."""
    return LineRef(channel=CHANNEL, key=f"{visitor.site}:{visitor.id}")


def said_by(visitor: Visitor, client: str, *, text: str = "", files: tuple[Attachment, ...] = ()) -> MessageIn:
    """Return what a visitor said, under the page's own id: a repeat is the same message."""
    return MessageIn(
        line=line_of(visitor),
        dedupe=f"{visitor.site}:{visitor.id}:{client}",
        text=text,
        name=visitor.name,
        language=visitor.language,
        identities=_identities(visitor),
        declared=dict(visitor.declared),
        attachments=files,
        extra={"client": client},
    )


def _identities(visitor: Visitor) -> tuple[Identity, ...]:
    """What the company's own page has proved, and what the visitor has typed."""
    shown = tuple(Identity(kind=kind, value=value, verified=PROOF) for kind, value in visitor.proved)
    typed = visitor.email and ("email", visitor.email) not in visitor.proved
    return (*shown, Identity(kind="email", value=visitor.email)) if typed else shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Hooks:
    """What a socket asks of the channel around it. `left` returns whether it is written down; `cut` hangs up.

    `link` is the address of a message's n-th file, for this visitor only.
    """

    may_send: Callable[[Visitor], bool]
    may_speak: Callable[[Visitor], bool]
    may_copy: Callable[[Visitor], bool]
    said: Callable[[Visitor], None]
    left: Callable[[Visitor], Awaitable[bool]]
    cut: Callable[[], None]
    link: Callable[[Visitor, int, int], str]


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
        self._shown: OrderedDict[int, None] = OrderedDict()
        self._bad_frames = 0
        self._code: int = WSCloseCode.OK
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End it: the node or this channel's settings change, and the browser shall come again."""
        self._stopping.set()

    async def run(self, last_seq: int) -> None:
        """Serve until either side ends it."""
        works = (self._write(), self._follow(last_seq), self._read(), self._wait_stopped(), self._tell_standing())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self._code = WSCloseCode.SERVICE_RESTART
            raise
        finally:
            ended = [task for task in tasks if task.done()]
            for task in (*tasks, *self._awaited):
                task.cancel()
            await asyncio.gather(*tasks, *self._awaited, return_exceptions=True)
            await self._good_bye(ended)

    async def _good_bye(self, ended: list[asyncio.Task[None]]) -> None:
        """Close with the reason; a socket that does not even take that is cut."""
        if any(task.exception() is not None and not isinstance(task.exception(), OSError) for task in ended):
            self._code = WSCloseCode.INTERNAL_ERROR
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._socket.close(code=self._code)
        except (TimeoutError, ConnectionError, RuntimeError):
            self._hooks.cut()

    async def _wait_stopped(self) -> None:
        await self._stopping.wait()
        self._code = WSCloseCode.SERVICE_RESTART

    async def _write(self) -> None:
        while True:
            frame = await self._out.get()
            try:
                async with asyncio.timeout(SLOW_S):
                    await self._socket.send_str(frame)
            except TimeoutError:
                self._code = WSCloseCode.TRY_AGAIN_LATER
                return

    async def _tell_standing(self) -> None:
        """Say the place in line and how long it will be, where that is known, as often as it changes."""
        told = Standing()
        while True:
            standing = await self._door.standing(self._line)
            if (standing.place, standing.minutes) != (told.place, told.minutes):
                told = standing
                await self._out.put(frames.of_standing(standing))
            await asyncio.sleep(STANDING_EVERY_S)

    # --- from the line ------------------------------------------------------------------------------------------

    async def _follow(self, last_seq: int) -> None:
        """Follow first and read then, so that nothing falls between; after an overrun do it again."""
        seq = last_seq
        while True:
            follow = self._door.follow(self._line)
            try:
                if seq and not await self._knows(seq):
                    await self._out.put(frames.write("reset"))
                    seq = 0
                seq = await self._resume(seq)
                await self._out.put(frames.write("resumed"))
                async for item in follow:
                    seq = await self._pass_on(item, seq)
                if not follow.overrun:
                    self._code = WSCloseCode.SERVICE_RESTART
                    return
            finally:
                follow.close()

    async def _knows(self, seq: int) -> bool:
        """Return whether a number is of this line; after a restore from back-up it may be of a time that was lost."""
        items = await self._door.line_items(self._line, after=seq - 1, limit=1)
        return bool(items) and items[0].seq == seq

    async def _resume(self, seq: int) -> int:
        while True:
            items = await self._door.line_items(self._line, after=seq, limit=RESUME_ITEMS)
            for item in items:
                seq = await self._pass_on(item, seq)
            if len(items) < RESUME_ITEMS:
                return seq

    async def _pass_on(self, item: LineItem, seq: int) -> int:
        if item.seq and item.seq <= seq:
            return seq
        if item.kind == "out":
            self._shown[item.message] = None
            if len(self._shown) > SHOWN_MAX:
                self._shown.popitem(last=False)
        await self._out.put(frames.of_item(item, self._link))
        return item.seq or seq

    def _link(self, message: int, number: int) -> str:
        return self._hooks.link(self._visitor, message, number)

    # --- from the visitor -----------------------------------------------------------------------------------------

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT or not self._hooks.may_speak(self._visitor):
                self._code = WSCloseCode.POLICY_VIOLATION
                return
            try:
                frame = frames.read(message.data)
            except (msgspec.MsgspecError, UnicodeError):
                self._bad_frames += 1
                if self._bad_frames > BAD_FRAMES_MAX:
                    self._code = WSCloseCode.POLICY_VIOLATION
                    return
                await self._out.put(frames.write("error", code="bad_frame"))
                continue
            await self._take(frame)

    async def _take(self, frame: frames.AnyFrame) -> None:
        if isinstance(frame, frames.Send):
            await self._send(frame)
        elif isinstance(frame, frames.Typing):
            self._door.typing(self._line, frame.on)
        elif isinstance(frame, frames.Ack):
            await self._acknowledged(frame.message)
        elif isinstance(frame, frames.Leave):
            kept = await self._hooks.left(self._visitor)
            await self._out.put(frames.write("left") if kept else frames.write("error", code="later"))
        elif isinstance(frame, frames.Rate):
            await self._rate(frame)
        elif isinstance(frame, frames.Remark):
            await self._remark(frame)
        elif isinstance(frame, frames.Copy):
            await self._copy(frame)

    async def _send(self, frame: frames.Send) -> None:
        """Answer `accepted` only when it is on disk. A repeat of the same id is the same message."""
        signal = self._signal(frame)
        if not signal.text:
            await self._refuse(frame, "empty")
        elif not self._hooks.may_send(self._visitor):
            await self._refuse(frame, "slow_down")
        else:
            try:
                (accepted,) = await self._door.accept([signal])
            except LetterboxClosed:
                await self._refuse(frame, "later")
                return
            self._hooks.said(self._visitor)
            if len(self._awaited) >= AWAITED_MAX:
                await asyncio.wait(self._awaited, return_when=asyncio.FIRST_COMPLETED)
            task = asyncio.create_task(self._confirm(frame.client_msg_id, accepted.letter))
            self._awaited.add(task)
            task.add_done_callback(self._awaited.discard)

    async def _refuse(self, frame: frames.Send, code: str) -> None:
        await self._out.put(frames.write("error", code=code, client_msg_id=frame.client_msg_id))

    async def _confirm(self, client_msg_id: str, letter: int) -> None:
        """The item with its number comes by the line; this says that it is kept, and under which name."""
        decided = await self._door.decided(letter, wait_ms=DECISION_WAIT_MS)
        reference = decided.reference if decided else ""
        await self._out.put(frames.write("accepted", client_msg_id=client_msg_id, reference=reference, letter=letter))

    def _signal(self, frame: frames.Send) -> MessageIn:
        return said_by(self._visitor, frame.client_msg_id, text=typed(frame.text, lines=True))

    async def _rate(self, frame: frames.Rate) -> None:
        """Say how it was. The same word about the same end is one; another is a second thought."""
        word = KeyPressed(
            line=self._line,
            dedupe=f"rated:{self._visitor.id}:{frame.item}:{frame.score}",
            keys=str(frame.score),
            prompt=RATING_PROMPT,
            item=frame.item,
        )
        try:
            await self._door.accept([word])
        except LetterboxClosed:
            await self._out.put(frames.write("error", code="later"))
        else:
            await self._out.put(frames.write("rated", item=frame.item, score=frame.score))

    async def _remark(self, frame: frames.Remark) -> None:
        """Words beside the rating; new ones take the place of the old."""
        words = typed(frame.text, lines=True)
        if not words:
            return
        if not self._hooks.may_send(self._visitor):
            await self._out.put(frames.write("error", code="slow_down"))
            return
        try:
            kept = await self._door.remark(self._line, item=frame.item, words=words)
        except LetterboxClosed:
            kept = False
        await self._out.put(frames.write("remarked", item=frame.item) if kept else frames.write("error", code="later"))

    async def _copy(self, frame: frames.Copy) -> None:
        """Ask for a copy of what was said. The same wish is one; somebody who has mistyped the address has others."""
        to = frame.to.strip().lower()
        if not self._door.sends_copies() or not ADDRESS.fullmatch(to):
            await self._out.put(frames.write("error", code="email"))
            return
        if not self._hooks.may_copy(self._visitor):
            await self._out.put(frames.write("error", code="slow_down"))
            return
        wish = CopyAsked(line=self._line, dedupe=f"copy:{self._visitor.id}:{frame.item}:{to}", to=to, item=frame.item)
        try:
            await self._door.accept([wish])
        except LetterboxClosed:
            await self._out.put(frames.write("error", code="later"))
        else:
            await self._out.put(frames.write("copied", item=frame.item))

    async def _acknowledged(self, message: int) -> None:
        """A reply that was shown here was read: a receipt, once. While the letterbox is closed it may be said again."""
        if message not in self._shown:
            return
        receipt = Receipt(
            line=self._line,
            dedupe=f"read:{self._visitor.id}:{message}",
            provider=str(message),
            status="read",
        )
        with contextlib.suppress(LetterboxClosed):
            await self._door.accept([receipt])
            self._shown.pop(message, None)
