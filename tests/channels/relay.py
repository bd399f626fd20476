"""A real SMTP relay as counterpart: it takes mail, or answers as it is told. And small raw talk to a listener."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP


@dataclass
class Taken:
    """One mail the relay has taken."""

    sender: str
    recipients: list[str]
    data: bytes

    @property
    def mail(self) -> EmailMessage:
        return cast(EmailMessage, message_from_bytes(self.data, policy=policy.default))


@dataclass
class Relay:
    """`answers` maps MAIL, RCPT or DATA to what is said instead of yes; `hang_up` leaves after the mail was taken.

    `said_hello` counts connections; `drop_all` hangs up on everybody who is connected.
    """

    answers: dict[str, str] = field(default_factory=dict)
    hang_up: bool = False
    said_hello: int = 0
    sessions: list[SMTP] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    port: int = 0

    async def handle_EHLO(
        self, _server: SMTP, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.said_hello += 1
        return responses

    def drop_all(self) -> None:
        """Hang up on everybody."""
        for session in self.sessions:
            if session.transport is not None:
                session.transport.abort()

    async def handle_MAIL(self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        envelope.mail_from = address
        return self.answers.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server: SMTP, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if "RCPT" not in self.answers:
            envelope.rcpt_tos.append(address)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Any) -> str:
        if "DATA" in self.answers:
            return self.answers["DATA"]
        self.taken.append(Taken(envelope.mail_from.strip("<>"), list(envelope.rcpt_tos), envelope.content))
        if self.hang_up:
            server.transport.abort()
        return "250 2.0.0 OK"


@asynccontextmanager
async def serving(relay: Relay) -> AsyncIterator[Relay]:
    """Serve a relay on a free port."""
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        relay.sessions.append(SMTP(relay, loop=loop, hostname="relay.test"))
        return relay.sessions[-1]

    server = await loop.create_server(protocol, "127.0.0.1", 0)
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()
        relay.drop_all()
        await server.wait_closed()
        await asyncio.sleep(0)


@dataclass
class Talk:
    """A client that says whatever it likes."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def heard(self) -> str:
        """Return the last line of one answer."""
        while True:
            line = (await asyncio.wait_for(self.reader.readline(), 60)).decode()
            if line[3:4] != "-":
                return line.strip()

    async def says(self, *lines: str | bytes) -> str:
        """Say lines at once, return the answer to the last one."""
        for line in lines:
            self.writer.write((line.encode() if isinstance(line, str) else line) + b"\r\n")
            heard = await self.heard()
        return heard

    async def sends(self, data: bytes, *, sender: str = "ann@example.org", to: str = "support@example.com") -> str:
        """Send a whole mail, return what is said to it."""
        heard = await self.says("EHLO test", f"MAIL FROM:<{sender}>", f"RCPT TO:<{to}>", "DATA")
        assert heard.startswith("354"), heard
        self.writer.write(data + b"\r\n.\r\n")
        return await self.heard()

    async def close(self) -> None:
        self.writer.close()
        await asyncio.gather(self.writer.wait_closed(), return_exceptions=True)


@asynccontextmanager
async def talking(port: int) -> AsyncIterator[Talk]:
    """Open a connection to a listener that may still be starting."""
    for _ in range(1_500):
        try:
            talk = Talk(*await asyncio.open_connection("127.0.0.1", port))
            break
        except OSError:
            await asyncio.sleep(0.02)
    try:
        yield talk
    finally:
        await talk.close()
