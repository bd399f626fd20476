"""The outer world of mail: a real SMTP server that takes what we send, and a customer's program. No test lives here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import SMTP
from email.utils import make_msgid

import aiosmtplib
from aiosmtpd import smtp
from aiosmtpd.smtp import Envelope, Session

from tests.ports import free_port

ARRIVAL_S_MAX = 60
# Python folds ids that are longer than a line into encoded words, which no mail program does.
MAIL_POLICY = SMTP.clone(max_line_length=998)


@dataclass
class Relay:
    """A relay that keeps what it was given, in order."""

    port: int = field(default_factory=free_port)
    mails: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)

    async def handle_DATA(self, server: smtp.SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.original_content or b""
        parsed = BytesParser(policy=MAIL_POLICY).parsebytes(content)
        assert isinstance(parsed, EmailMessage), "the policy makes these"
        self.mails.append(parsed)
        self.senders.append(envelope.mail_from or "")
        return "250 OK"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Relay]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: smtp.SMTP(self, loop=loop, hostname="relay.test"), "127.0.0.1", self.port
        )
        try:
            yield self
        finally:
            server.close()

    async def mail_to(self, address: str, *, saying: str) -> EmailMessage:
        """Wait for a mail to somebody that says something."""
        async with asyncio.timeout(ARRIVAL_S_MAX):
            while True:
                for mail in self.mails:
                    if address in str(mail["To"]) and saying in words_of(mail):
                        return mail
                await asyncio.sleep(0.05)

    def count(self, address: str, *, saying: str) -> int:
        return sum(address in str(mail["To"]) and saying in words_of(mail) for mail in self.mails)


def words_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None, "every mail of ours has a plain part"
    return str(body.get_content())


def letter(sender: str, subject: str, text: str, *, answers: EmailMessage | None = None) -> EmailMessage:
    """Write a mail to us as a mail program does; an answer names what it answers."""
    mail = EmailMessage(policy=MAIL_POLICY)
    mail["From"] = sender
    mail["To"] = "support@example.com"
    mail["Subject"] = subject
    mail["Message-ID"] = make_msgid(domain="customer.example")
    if answers is not None:
        mail["In-Reply-To"] = str(answers["Message-ID"])
        mail["References"] = " ".join(filter(None, [str(answers["References"] or ""), str(answers["Message-ID"])]))
    mail.set_content(text)
    return mail


async def deliver(mail: EmailMessage, port: int) -> None:
    """Hand a mail to our listener, as the mail server in front of it does."""
    sender = mail["From"].addresses[0].addr_spec
    await aiosmtplib.send(
        bytes(mail),
        sender=sender,
        recipients=["support@example.com"],
        hostname="127.0.0.1",
        port=port,
        start_tls=False,
    )
