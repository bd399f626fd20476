"""Customers who write by chat, form and mail until they hear yes, at another node when theirs is away."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import aiosmtplib

from tests.cluster.diary import Diary
from tests.cluster.evidence import MARK
from tests.cluster.front import Front
from tests.patience import end_all

US = "support@example.com"
# A person waits longer; a test must see that the next node answers.
ANSWER_S_MAX = 4.0
AGAIN_S = 0.1
GONE = (aiohttp.ClientError, TimeoutError, ConnectionError, aiosmtplib.SMTPException, OSError, AssertionError)
LIMIT = aiohttp.ClientTimeout(total=ANSWER_S_MAX, sock_connect=2.0)


@dataclass(slots=True)
class Crowd:
    """What all customers share. `pace_s`: how long each rests between two messages."""

    front: Front
    mail_ports: Sequence[int]
    diaries: Path
    chance: Random
    pace_s: float = 0.5
    writing: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    unheard: set[str] = field(default_factory=set)
    acknowledged: int = 0

    @contextlib.asynccontextmanager
    async def say(self, diary: Diary, way: str, line: str = "") -> AsyncIterator[str]:
        """Give out the mark of a new message; when the block ends well, its customer has heard yes."""
        await self.writing.wait()
        mark = f"{way}-mark-{next(self.numbers)}-end"
        self.unheard.add(mark)
        diary.write("said", mark=mark, line=line or address_of(mark))
        try:
            yield mark
        finally:
            self.unheard.discard(mark)
        diary.write("acknowledged", mark=mark, line=line or address_of(mark))
        self.acknowledged += 1
        await asyncio.sleep(self.pace_s * self.chance.uniform(0.5, 1.5))


def address_of(mark: str) -> str:
    """Return the mail address of whoever said this."""
    return f"{mark}@example.org"


async def until_yes(step: Callable[[], Awaitable[bool]]) -> None:
    """Do it again until it is acknowledged."""
    while True:
        with contextlib.suppress(*GONE):
            if await step():
                return
        await asyncio.sleep(AGAIN_S)


async def form_customer(crowd: Crowd, name: str) -> None:
    """Post forms; a post without an answer is posted again, under its token, to another node."""
    diary = Diary(crowd.diaries, name)
    async with aiohttp.ClientSession(timeout=LIMIT) as session:
        while True:
            async with crowd.say(diary, "form") as mark:
                await until_yes(FormPost(crowd, session, mark).turn)


@dataclass(slots=True)
class FormPost:
    """One form that is filled in once and posted until it is taken."""

    crowd: Crowd
    session: aiohttp.ClientSession
    mark: str
    token: str = ""

    async def turn(self) -> bool:
        """Post it at some node."""
        base = self.crowd.front.pick()
        page = f"{base}/channels/form/contact"
        try:
            if not self.token:
                async with self.session.get(f"{page}/token") as given:
                    self.token = (await given.json())["token"]
            body = {"token": self.token, "email": address_of(self.mark), "message": f"Please look: {self.mark}"}
            async with self.session.post(page, json=body) as answer:
                return answer.status == 201
        except GONE:
            self.crowd.front.failed(base)
            raise


async def mail_customer(crowd: Crowd, name: str) -> None:
    """Send mails; one without a 250 is sent again, the same bytes, as every mail server does."""
    diary = Diary(crowd.diaries, name)
    while True:
        async with crowd.say(diary, "mail") as mark:
            await until_yes(partial(send_mail, crowd, letter_of(mark), address_of(mark)))


def letter_of(mark: str) -> str:
    """Return a mail."""
    mail = EmailMessage()
    mail["From"], mail["To"] = address_of(mark), US
    mail["Subject"], mail["Message-ID"] = "A question", f"<{mark}@example.org>"
    mail["Date"] = "Sun, 22 Nov 2026 04:00:00 +0000"
    mail.set_content(f"Please look: {mark}\n")
    return mail.as_string(policy=SMTP)


async def send_mail(crowd: Crowd, letter: str, sender: str) -> bool:
    """Bring a mail to some node."""
    await aiosmtplib.send(
        letter,
        sender=sender,
        recipients=[US],
        hostname="127.0.0.1",
        port=crowd.chance.choice(crowd.mail_ports),
        timeout=ANSWER_S_MAX,
    )
    return True


class Visitor:
    """One browser tab: a session, a socket that comes again wherever a node is, and messages until accepted."""

    def __init__(self, crowd: Crowd, name: str) -> None:
        self._crowd = crowd
        self._diary = Diary(crowd.diaries, name)
        self._token = ""
        self._line = ""
        self._seq = 0
        self._at = ""
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._pending: dict[str, asyncio.Event] = {}

    async def live(self) -> None:
        """Hold the socket and talk, until cancelled."""
        async with aiohttp.ClientSession(timeout=LIMIT) as session:
            await until_yes(lambda: self._open(session))
            works = [asyncio.create_task(self._hold(session)), asyncio.create_task(self._talk())]
            try:
                await asyncio.gather(*works)
            finally:
                await end_all(works)

    async def _open(self, session: aiohttp.ClientSession) -> bool:
        base = self._crowd.front.pick()
        try:
            async with session.post(f"{base}/channels/chat/session", json={"site": "main"}) as given:
                told = await given.json()
        except GONE:
            self._crowd.front.failed(base)
            raise
        self._token, self._line = told["token"], f"main:{told['visitor']}"
        return True

    async def _talk(self) -> None:
        while True:
            async with self._crowd.say(self._diary, "chat", self._line) as mark:
                self._pending[mark] = asyncio.Event()
                await self._send(mark)
                await self._pending[mark].wait()
                del self._pending[mark]

    async def _send(self, mark: str) -> None:
        if self._socket is not None and not self._socket.closed:
            with contextlib.suppress(*GONE):
                frame = {"type": "send", "client_msg_id": mark, "text": f"Please look: {mark}"}
                await self._socket.send_json(frame)

    async def _hold(self, session: aiohttp.ClientSession) -> None:
        while True:
            base = self._crowd.front.pick()
            try:
                async with session.ws_connect(f"{base}/channels/chat/socket", heartbeat=2.0) as socket:
                    await self._follow(socket, base)
            except GONE:
                self._crowd.front.failed(base)
            self._socket = None
            await asyncio.sleep(AGAIN_S)

    async def _follow(self, socket: aiohttp.ClientWebSocketResponse, base: str) -> None:
        await socket.send_json({"type": "hello", "token": self._token, "last_seq": self._seq})
        self._diary.write("came", line=self._line, seq=self._seq, node=base)
        self._socket, self._at = socket, base
        for mark in tuple(self._pending):
            await self._send(mark)
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            await self._take(socket, message.json())

    async def _take(self, socket: aiohttp.ClientWebSocketResponse, frame: dict[str, Any]) -> None:
        kind = frame["type"]
        if kind == "accepted" and frame["client_msg_id"] in self._pending:
            self._pending[frame["client_msg_id"]].set()
        elif kind == "error" and frame.get("client_msg_id") in self._pending:
            await asyncio.sleep(AGAIN_S)
            await self._send(frame["client_msg_id"])
        elif kind in {"msg", "status"} and frame.get("seq"):
            found = MARK.findall(frame.get("text", ""))
            self._diary.write(
                "shown", line=self._line, seq=frame["seq"], kind=kind, mark=found[0] if found else "", node=self._at
            )
            self._seq = max(self._seq, frame["seq"])
            if frame.get("kind") == "out":
                await socket.send_json({"type": "ack", "seq": frame["seq"], "message": frame["id"]})


async def chat_customer(crowd: Crowd, name: str) -> None:
    """Chat."""
    await Visitor(crowd, name).live()
