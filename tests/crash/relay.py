"""A real SMTP relay that takes every mail and enters it into the ledger. Knows nothing of the product."""

from __future__ import annotations

import asyncio
import re
import time
from email import message_from_bytes
from email.message import Message

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.crash.ledger import Ledger

MARK = re.compile(r"\b[a-z]+-mark-[0-9A-Za-z-]+-end\b")


def read_mail(content: bytes) -> tuple[str, str]:
    """Return a mail's Message-ID and its plain text.

    Read without the policy that understands every header by its grammar: relays of a crowd take hundreds of mails, and
    two thirds of what these tests cost would be that.
    """
    mail: Message = message_from_bytes(content)
    text = next((part for part in mail.walk() if part.get_content_type() == "text/plain"), None)
    payload = text.get_payload(decode=True) if text is not None else b""
    assert isinstance(payload, bytes), "a text has no parts"
    charset = text.get_content_charset("utf-8") if text is not None else "utf-8"
    return "".join(str(mail["Message-ID"]).split()), payload.decode(charset)


class Caller:
    """One connection. What comes on it is of the life in which it was made.

    A mail may lie in the socket's buffer when its sender is killed, and be taken only after that.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._life = ledger, ledger.life

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Enter the mail, then say yes."""
        del server, session
        assert isinstance(envelope.content, bytes)
        message_id, text = read_mail(envelope.content)
        self._ledger.keep_mail(message_id, set(MARK.findall(text)), life=self._life, at_s=time.monotonic())
        return "250 2.0.0 taken"


class Relay:
    """One listener on a free port; it outlives the server."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: SMTP(Caller(self._ledger), loop=loop), host="127.0.0.1", port=0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Listen no more."""
        assert self._server is not None, "start comes first"
        self._server.close()
        await self._server.wait_closed()
