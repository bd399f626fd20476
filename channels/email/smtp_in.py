"""The SMTP listener: takes mail for our own address, answers 250 only when the letterbox has it on disk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

ACCEPTED = "250 2.0.0 Kept"
LATER = "451 4.3.0 The letterbox is closed, try again later"
NOT_OURS = "550 5.1.1 No such mailbox here"
BROKEN = "451 4.3.0 Something went wrong here, try again later"
UNREADABLE = "501 5.5.2 This command cannot be read"
TOO_MANY = "451 4.3.2 Too many mails at once, try again later"
TOO_MANY_RECIPIENTS = "452 4.5.3 Too many recipients"
BUSY = b"421 4.3.2 Too many connections, try again later\r\n"
# Our own addresses are few; more recipients than these are an attempt at something else (RFC 5321 wants 100).
RECIPIENTS_MAX = 100
TOO_MUCH = b"552 5.3.4 Too much mail data\r\n"
NO_ROOM = b"421 4.3.1 Too much mail at once, try again later\r\n"
# A mail that is too large is heard to its end, so that its sender reads the refusal; not one that has no end.
HEARD_PER_SIZE_MAX = 2
# Mails under way in all sessions together: ten of the largest, and no more memory than a small machine has.
HELD_BYTES_MAX = 256 * 1024 * 1024
# Open sessions at once: each may hold a mail that is being sent.
SESSIONS_MAX = 100
# Mails being read at once: each may hold the size limit in memory several times over.
AT_ONCE_MAX = 8
# The library's clock runs on while a mail is sent: 25 MiB within it need 0.7 Mbit/s.
IDLE_S = 300
# RFC 5321 allows 1,000 bytes a line; programs that write a page of HTML in one line are many.
LINE_BYTES_MAX = 256 * 1024
# Its log lines hold addresses and what clients have sent, some of them as warnings.
LIBRARY_LOG = "mail.log"

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
        if len(envelope.rcpt_tos) >= RECIPIENTS_MAX:
            return TOO_MANY_RECIPIENTS
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
        # The library writes the empty sender of reports and automatic mail as it stands on the wire.
        sender = (envelope.mail_from or "").removeprefix("<").removesuffix(">")
        async with self._room:
            return ACCEPTED if await self._take(data, sender) else LATER

    async def handle_exception(self, error: Exception) -> str:
        """Refuse a command on which the library's parser has broken. It would quote the error."""
        del error
        return UNREADABLE


async def listen(mailbox: Mailbox, *, host: str, port: int, size_bytes_max: int) -> None:
    """Serve until cancelled, then hang up. Raises OSError when the port cannot be had."""
    logging.getLogger(LIBRARY_LOG).setLevel(logging.CRITICAL + 1)
    loop = asyncio.get_running_loop()
    sessions: set[asyncio.BaseTransport] = set()
    held = _Held()

    def protocol() -> _Session:
        return _Session(
            mailbox,
            sessions,
            held,
            data_size_limit=size_bytes_max,
            enable_SMTPUTF8=True,
            hostname="patchbay",
            ident="Patchbay",
            timeout=IDLE_S,
            loop=loop,
        )

    server = await loop.create_server(protocol, host=host, port=port)
    try:
        async with server:
            await server.serve_forever()
    finally:
        for transport in tuple(sessions):
            transport.close()


class _Held:
    """The bytes of mails under way in all sessions."""

    def __init__(self) -> None:
        self.bytes = 0


class _Session(SMTP):
    """One connection; `sessions` are all that are open. The library keeps a line without an end for ever: we do not."""

    line_length_limit = LINE_BYTES_MAX

    def __init__(
        self,
        mailbox: Mailbox,
        sessions: set[asyncio.BaseTransport],
        held: _Held,
        *,
        data_size_limit: int,
        **options: Any,
    ) -> None:
        super().__init__(mailbox, data_size_limit=data_size_limit, **options)
        self._sessions = sessions
        self._held = held
        self._heard_bytes, self._heard_bytes_max = 0, HEARD_PER_SIZE_MAX * data_size_limit
        self._here: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a session, or say at once that there are too many."""
        if len(self._sessions) >= SESSIONS_MAX and isinstance(transport, asyncio.Transport):
            transport.write(BUSY)
            transport.close()
        elif isinstance(transport, asyncio.Transport):
            self._here = transport
            self._sessions.add(transport)
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hear on while there is room for it."""
        self._heard_bytes += len(data)
        self._held.bytes += len(data)
        if self._heard_bytes > self._heard_bytes_max:
            self._refuse(TOO_MUCH)
        elif self._held.bytes > HELD_BYTES_MAX:
            self._refuse(NO_ROOM)
        else:
            super().data_received(data)

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the name is the library's
        """Take a mail; when it is kept or refused, its room is free.

        What breaks here is ours, and the sender must come again: on another connection, for nobody knows how much of
        the mail is still to come, and none of it may be taken for commands.
        """
        self._forget()
        try:
            await super().smtp_DATA(arg)
        except ConnectionError:
            raise
        except Exception:
            self._refuse(BROKEN.encode() + b"\r\n")
        finally:
            self._forget()

    def _refuse(self, answer: bytes) -> None:
        self._forget()
        if self._here is not None and not self._here.is_closing():
            self._here.write(answer)
            self._here.close()

    def _forget(self) -> None:
        self._held.bytes -= self._heard_bytes
        self._heard_bytes = 0

    def connection_lost(self, error: Exception | None) -> None:
        """Make room for the next one."""
        self._forget()
        if self._here is not None:
            self._sessions.discard(self._here)
        super().connection_lost(error)
