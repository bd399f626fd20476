"""The world's mail: a server that takes what we send to anybody, and a way to deliver what anybody sends to us."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import aiosmtplib
from aiosmtpd.smtp import SMTP

MAIL_BYTES_MAX = 30 * 1024 * 1024
DELIVER_S = 10.0


class Post:
    """`on_mail` is told of each mail and whom it is for. Everything stays on this machine."""

    def __init__(self) -> None:
        self.port = 0
        self.on_mail: Callable[[str, EmailMessage], None] = lambda _to, _mail: None
        self._server: asyncio.Server | None = None
        self._sessions: set[SMTP] = set()

    async def start(self) -> None:
        """Take mail on a free port."""
        loop = asyncio.get_running_loop()

        def protocol() -> SMTP:
            session = SMTP(self, loop=loop, hostname="mail.invalid", data_size_limit=MAIL_BYTES_MAX)
            self._sessions = {each for each in self._sessions if each.transport is not None} | {session}
            return session

        self._server = await loop.create_server(protocol, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        if self._server is None:
            return
        self._server.close()
        for session in self._sessions:
            if session.transport is not None:
                session.transport.close()
        await self._server.wait_closed()

    async def handle_DATA(self, _server: SMTP, _session: Any, envelope: Any) -> str:  # noqa: N802 - the library's name.
        mail = message_from_bytes(envelope.content, policy=policy.default)
        for recipient in envelope.rcpt_tos:
            self.on_mail(str(recipient).lower(), mail)
        return "250 2.0.0 taken"

    async def deliver(self, mail: EmailMessage, port: int) -> None:
        """Bring a mail to our listener. Raises SMTPException or OSError."""
        await aiosmtplib.send(mail, hostname="127.0.0.1", port=port, timeout=DELIVER_S, start_tls=False)


def text_of(mail: EmailMessage) -> str:
    """Return the words of a mail, without what is quoted below."""
    body = mail.get_body(("plain",))
    return "" if body is None else str(body.get_content()).strip()
