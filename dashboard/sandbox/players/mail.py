"""Plays customers who write by e-mail: SMTP to our listener, a mail server that takes what we answer, threads."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formataddr, formatdate, make_msgid

import aiosmtplib

from dashboard.sandbox.providers.mail import Post, text_of
from dashboard.sandbox.scene import Line
from dashboard.sandbox.stage import KEPT, REFUSED, Deed, NotNow, Stage, Wish, digits, needed

CHANNEL = "email"
DOMAIN = "customers.example"
# Lines of other channels whose customers are answered by e-mail.
ANSWERED_BY_MAIL = ("form",)
REFERENCES_MAX = 20
TRIES_MAX, AGAIN_S = 4, 1.0


@dataclass
class Thread:
    """What a mail program remembers of a thread."""

    subject: str
    to: str
    ids: list[str] = field(default_factory=list)


class MailPlayer:
    """Every line is one address with one thread."""

    channel, off = CHANNEL, ""

    def __init__(self, stage: Stage, post: Post, *, address: str, port: int) -> None:
        self._stage, self._post = stage, post
        self._address, self._port = address, port
        post.on_mail = self._comes

    @property
    def deeds(self) -> Mapping[str, Deed]:
        return {"say": self.write}

    async def open(self, wish: Wish) -> Line:
        """Somebody opens their mail program, with a subject in mind."""
        name = needed(wish, "name")
        line = self._stage.scene.open(CHANNEL, name, address_for(name), deeds=tuple(self.deeds))
        line.kept = Thread(wish.get("subject", "").strip() or "Question", self._address)
        return line

    async def write(self, line: Line, wish: Wish) -> None:
        """Write the first mail of a thread, or answer its last."""
        text, thread = needed(wish, "text"), line.kept
        if not isinstance(thread, Thread):
            raise NotNow("no_thread")
        item = self._stage.scene.add(line, "customer", text, status="sending")
        mail = mail_of(line, thread, text)
        try:
            await self._deliver(mail)
        except aiosmtplib.SMTPResponseException as fault:
            self._stage.scene.mark(line, item, f"{REFUSED} {fault.code}")
        except (aiosmtplib.SMTPException, OSError):
            self._stage.scene.mark(line, item, REFUSED)
        else:
            self._stage.scene.mark(line, item, KEPT)

    async def _deliver(self, mail: EmailMessage) -> None:
        """Bring it; where nobody listens just now it is tried again, as every mail server does."""
        for _ in range(TRIES_MAX - 1):
            with contextlib.suppress(OSError):
                return await self._post.deliver(mail, self._port)
            await asyncio.sleep(AGAIN_S)
        return await self._post.deliver(mail, self._port)

    def _comes(self, to: str, mail: EmailMessage) -> None:
        for channel in (CHANNEL, *ANSWERED_BY_MAIL):
            line = self._stage.scene.at(channel, to)
            if line is not None:
                self._read(line, mail)

    def _read(self, line: Line, mail: EmailMessage) -> None:
        """Show a mail, and answer in its thread from now on."""
        if not isinstance(line.kept, Thread):
            line.kept = Thread(str(mail["Subject"] or ""), self._address)
        line.kept.ids = [*line.kept.ids, str(mail["Message-ID"] or "").strip()][-REFERENCES_MAX:]
        automatic = "auto" in str(mail["Auto-Submitted"] or "no")
        self._stage.scene.add(
            line,
            "company",
            text_of(mail),
            author=str(mail["From"] or ""),
            status="automatic" if automatic else "",
        )
        self._stage.scene.set(line, line.state, tuple(self.deeds))


def mail_of(line: Line, thread: Thread, text: str) -> EmailMessage:
    """Return a mail as a mail program writes it; the thread grows by it."""
    mail = EmailMessage()
    mail["From"] = formataddr((line.name, line.address))
    mail["To"] = thread.to
    answers = bool(thread.ids)
    subject = re.sub(r"(?i)^(re:\s*)+", "", thread.subject)
    mail["Subject"] = f"Re: {subject}" if answers else subject
    mail["Date"] = formatdate(localtime=False)
    mail["Message-ID"] = make_msgid(domain=DOMAIN)
    if answers:
        mail["In-Reply-To"] = thread.ids[-1]
        mail["References"] = " ".join(thread.ids)
    mail.set_content(text)
    thread.ids = [*thread.ids, str(mail["Message-ID"])][-REFERENCES_MAX:]
    return mail


def address_for(name: str) -> str:
    """Return a new address for somebody."""
    plain = re.sub(r"[^a-z]+", ".", name.lower().encode("ascii", "ignore").decode()).strip(".")
    return f"{plain or 'customer'}.{digits(5)}@{DOMAIN}"
