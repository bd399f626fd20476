"""Customers who write by form, chat and mail, again and again until they hear yes. They know only the protocols."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP

import aiohttp
import aiosmtplib

from tests.crash.ledger import Ledger

US = "support@example.com"
AGAIN_S = 0.05
# Shorter than a round, so that an answer lost in a crash is asked for again by the next life.
ANSWER_S_MAX = 5.0
# Some sectors of a disk, so that a file can be torn.
FILE_WORDS = 200
GONE = (aiohttp.ClientError, TimeoutError, ConnectionError, aiosmtplib.SMTPException, OSError)


@dataclass(slots=True)
class Crowd:
    """What all customers share: where the server is, the ledger, and whether to go on writing."""

    base: str
    mail_port: int
    ledger: Ledger
    writing: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    unheard: set[str] = field(default_factory=set)
    # Between two messages of one customer.
    pause_s: float = 0.0

    @contextlib.asynccontextmanager
    async def say(self, way: str):  # type: ignore[no-untyped-def]
        """Give out the mark of a new message; with the block it has been heard."""
        await asyncio.sleep(self.pause_s)
        await self.writing.wait()
        mark = f"{way}-mark-{next(self.numbers)}-end"
        self.unheard.add(mark)
        yield mark
        self.ledger.keep(mark, way)
        self.unheard.discard(mark)


async def form_customer(crowd: Crowd) -> None:
    """Post forms, one after the other; a post without an answer is posted again under its token."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S_MAX)) as session:
        while True:
            async with crowd.say("form") as mark:
                await _until_yes(_post_form, session, crowd, mark)


async def _until_yes(step, *arguments) -> None:  # type: ignore[no-untyped-def]
    kept: dict[str, str] = {}
    while True:
        with contextlib.suppress(*GONE):
            if await step(*arguments, kept):
                return
        await asyncio.sleep(AGAIN_S)


async def _post_form(session: aiohttp.ClientSession, crowd: Crowd, mark: str, kept: dict[str, str]) -> bool:
    page = f"{crowd.base}/channels/form/contact"
    if "token" not in kept:
        async with session.get(f"{page}/token") as given:
            kept["token"] = (await given.json())["token"]
    body = {"token": kept["token"], "email": f"{mark}@example.org", "message": f"Please look: {mark}"}
    async with session.post(page, json=body) as answer:
        return answer.status == 201


async def mail_customer(crowd: Crowd) -> None:
    """Send mails; one without a 250 is sent again, as every mail server does."""
    while True:
        async with crowd.say("mail") as mark:
            await _until_yes(_send_mail, crowd, mark)


async def _send_mail(crowd: Crowd, mark: str, kept: dict[str, str]) -> bool:
    # The same bytes each time, as a mail server sends them.
    mail = kept.get("mail") or _written(crowd, mark)
    kept["mail"] = mail
    await aiosmtplib.send(
        mail,
        sender=f"{mark}@example.org",
        recipients=[US],
        hostname="127.0.0.1",
        port=crowd.mail_port,
        timeout=ANSWER_S_MAX,
    )
    return True


def _written(crowd: Crowd, mark: str) -> str:
    mail = EmailMessage()
    mail["From"], mail["To"] = f"{mark}@example.org", US
    mail["Subject"], mail["Message-ID"] = "A question", f"<{mark}@example.org>"
    mail["Date"] = "Sun, 22 Nov 2026 04:00:00 +0000"
    mail.set_content(f"Please look: {mark}\n")
    content = crowd.ledger.files.setdefault(mark, f"{mark} ".encode() * FILE_WORDS)
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename="note.bin")
    return mail.as_string(policy=SMTP)


async def chat_customer(crowd: Crowd) -> None:
    """Chat; after a broken line come back with the number last seen and say again what was not confirmed."""
    chat = Chat(crowd)
    async with aiohttp.ClientSession() as session:
        while True:
            async with crowd.say("chat") as mark:
                await _until_yes(chat.say, session, mark)


class Chat:
    """One visitor."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._token = ""
        self._seq = 0
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self.shown: set[int] = set()

    async def say(self, session: aiohttp.ClientSession, mark: str, kept: dict[str, str]) -> bool:
        """Send one message and wait until the server says that it is kept."""
        del kept
        try:
            async with asyncio.timeout(ANSWER_S_MAX):
                if self._socket is None:
                    await self._connect(session)
                assert self._socket is not None, "just connected"
                frame = {"type": "send", "client_msg_id": mark, "text": f"Please look: {mark}"}
                await self._socket.send_json(frame)
                return await self._heard(mark)
        except BaseException:
            if self._socket is not None:
                await self._socket.close()
            self._socket = None
            raise

    async def _connect(self, session: aiohttp.ClientSession) -> None:
        if not self._token:
            async with session.post(f"{self._crowd.base}/channels/chat/session", json={"site": "main"}) as given:
                self._token = (await given.json())["token"]
        self._socket = await session.ws_connect(f"{self._crowd.base}/channels/chat/socket")
        await self._socket.send_json({"type": "hello", "token": self._token, "last_seq": self._seq})

    async def _heard(self, mark: str) -> bool:
        assert self._socket is not None, "connected before"
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            frame = message.json()
            self._show(frame)
            if frame["type"] == "accepted" and frame["client_msg_id"] == mark:
                return True
            if frame["type"] == "error" and frame.get("client_msg_id") == mark:
                return False
        raise ConnectionResetError("the line broke")

    def _show(self, frame: dict[str, object]) -> None:
        """Every item comes once and in order, or the ledger hears of it."""
        seq = frame.get("seq")
        if frame["type"] in {"msg", "status"} and isinstance(seq, int):
            if seq in self.shown or (self.shown and seq < max(self.shown)):
                self._crowd.ledger.faults.append(f"a chat was shown item {seq} again or out of order")
            self.shown.add(seq)
            self._seq = max(self._seq, seq)
