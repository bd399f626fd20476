"""The SMTP listener: takes mail for our own address, answers 250 only when the letterbox has it on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiosmtpd.smtp import SMTP, Envelope, Session

ACCEPTED = "250 2.0.0 Kept"
LATER = "451 4.3.0 The letterbox is closed, try again later"
NOT_OURS = "550 5.1.1 No such mailbox here"
TOO_MANY = "451 4.3.2 Too many mails at once, try again later"
# Mails being read at once: each may hold the size limit in memory several times over.
AT_ONCE_MAX = 8
IDLE_S = 60

Take = Callable[[bytes, str], Awaitable[bool]]


class Mailbox:
    """The handler of one listener. `take` returns False when the letterbox is closed."""

    def __init__(self, take: Take, is_ours: Callable[[str], bool]) -> None:
        self._take = take
        self._is_ours = is_ours
        self._room = asyncio.Semaphore(AT_ONCE_MAX)

    async def handle_RCPT(  # noqa: N802 - the name is the library's
        self, server: SMTP, session: Session, envelope: Envelope, address: str, rcpt_options: list[str]
    ) -> str:
        """Accept our own address and its secret variants, nobody else's: this is no relay."""
        del server, session, rcpt_options
        if not self._is_ours(address.lower()):
            return NOT_OURS
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - the name is the library's
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail, then say yes."""
        del server, session
        if self._room.locked():
            return TOO_MANY
        content = envelope.content
        data = content if isinstance(content, bytes) else str(content or "").encode("utf-8", "surrogateescape")
        async with self._room:
            return ACCEPTED if await self._take(data, envelope.mail_from or "") else LATER


async def listen(mailbox: Mailbox, *, host: str, port: int, size_bytes_max: int) -> None:
    """Serve until cancelled. Raises OSError when the port cannot be had."""
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return SMTP(
            mailbox,
            data_size_limit=size_bytes_max,
            enable_SMTPUTF8=True,
            hostname="patchbay",
            ident="Patchbay",
            timeout=IDLE_S,
            loop=loop,
        )

    server = await loop.create_server(protocol, host=host, port=port)
    async with server:
        await server.serve_forever()
