"""One connection to an IMAP server: sign-in, commands, literals, IDLE. It knows no mail, no cursor, no second try."""

from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import msgspec

from channels.email.imap_wire import Answer, Unreadable, is_plain, literal_bytes, quoted, read_answer

CONNECT_S, COMMAND_S = 15.0, 60.0
# A mail of the size limit within it needs 1 Mbit/s.
BODY_S = 240.0
# A search in a folder of 400,000 mails is one line.
LINE_BYTES_MAX = 4 * 1024 * 1024
_GOODBYE_S = 2.0


class Broken(Exception):
    """The connection is of no use any more; the reason is a short code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refused(Exception):
    """The server said no to one command. `code` is its response code, empty where it gave none."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Where the mailbox is. `tls` is tls (993), starttls (143) or none (a server on this machine)."""

    host: str
    port: int
    tls: str = "tls"
    ca_file: str = ""
    literal_bytes_max: int = 32 * 1024 * 1024


class Link:
    """A connection. `news` is set by what the server says of new mail, in whichever answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, literal_bytes_max: int) -> None:
        self._reader, self._writer = reader, writer
        self._literal_bytes_max = literal_bytes_max
        self._plain_writer: asyncio.StreamWriter | None = None
        self._number = 0
        self._begun: list[bytes] = []
        self.capabilities: frozenset[str] = frozenset()
        self.news = False

    # --- commands -----------------------------------------------------------------------------------------------

    async def ask(self, *words: bytes | str, within_s: float = COMMAND_S) -> list[Answer]:
        """Say a command and return what the server answered before its last line. Raises Refused or Broken.

        A word of bytes stands as it is; a text is quoted, or sent as a literal where it cannot be.
        """
        async with self._in_time(within_s):
            tag = await self._say(words)
            return await self._heard(tag)

    async def idle(self, wait_s: float) -> None:
        """Wait until the server has news, so long at the most."""
        async with self._in_time(wait_s + COMMAND_S):
            tag = await self._say([b"IDLE"])
            while (await self._hear()).tag != "+":
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    while not self.news:
                        await self._hear()
            self._writer.write(b"DONE\r\n")
            await self._heard(tag)

    async def authenticate(self, mechanism: str, initial: bytes, *, on_failure: bytes = b"") -> None:
        """Sign in by SASL. `on_failure` answers what a server says before it refuses."""
        secret = base64.b64encode(initial) + b"\r\n"
        async with self._in_time(COMMAND_S):
            tag = self._tag()
            self._writer.write(b"%s AUTHENTICATE %s\r\n" % (tag.encode(), mechanism.encode()))
            while (answer := await self._hear()).tag != "+":
                _end_of(answer, tag)
            self._writer.write(secret)
            while (answer := await self._hear()).tag != tag:
                if answer.tag == "+":
                    self._writer.write(on_failure + b"\r\n")
            _end_of(answer, tag)

    async def learn(self) -> None:
        """Ask what the server can do."""
        told = [answer for answer in await self.ask(b"CAPABILITY") if answer.kind == "CAPABILITY"]
        words = [value for answer in told for value in answer.values if isinstance(value, bytes)]
        self.capabilities = frozenset(word.decode("ascii", "replace").upper() for word in words)

    async def greeted(self) -> None:
        """Hear the greeting."""
        async with self._in_time(CONNECT_S):
            if (await self._hear()).kind not in {"OK", "PREAUTH"}:
                raise Broken("server_refuses")

    async def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Go on in TLS. What came before it is forgotten, for somebody else may have said it."""
        await self.ask(b"STARTTLS")
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
        protocol = asyncio.StreamReaderProtocol(reader)
        async with self._in_time(CONNECT_S):
            transport = await loop.start_tls(self._writer.transport, protocol, context, server_hostname=host)
        if transport is None:
            raise Broken("tls_refused")
        protocol.connection_made(transport)
        self._plain_writer = self._writer
        self._reader, self._writer = reader, asyncio.StreamWriter(transport, protocol, reader, loop)

    async def leave(self) -> None:
        """Say goodbye and hang up."""
        with suppress(Broken, Refused, OSError, TimeoutError):
            await self.ask(b"LOGOUT", within_s=_GOODBYE_S)

    def close(self) -> None:
        """Hang up."""
        self._writer.transport.abort()

    # --- lines --------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _in_time(self, within_s: float) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(within_s):
                yield
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError, Unreadable, UnicodeError) as fault:
            raise Broken(_reason(fault)) from None

    def _tag(self) -> str:
        self._number += 1
        return f"P{self._number}"

    async def _say(self, words: list[bytes] | tuple[bytes | str, ...]) -> str:
        tag = self._tag()
        self._writer.write(tag.encode())
        for word in words:
            self._writer.write(b" ")
            if isinstance(word, bytes):
                self._writer.write(word)
            elif is_plain(word):
                self._writer.write(quoted(word))
            else:
                await self._say_literal(word.encode())
        self._writer.write(b"\r\n")
        await self._writer.drain()
        return tag

    async def _say_literal(self, data: bytes) -> None:
        self._writer.write(b"{%d}\r\n" % len(data))
        while (answer := await self._hear()).tag != "+":
            if answer.tag != "*":
                raise Refused(answer.code)
        self._writer.write(data)

    async def _heard(self, tag: str) -> list[Answer]:
        answers: list[Answer] = []
        while (answer := await self._hear()).tag != tag:
            answers.append(answer)
        _end_of(answer, tag)
        return answers

    async def _hear(self) -> Answer:
        """Return the next answer with its literals. Who stops waiting in the middle of one leaves it for the next."""
        while not self._begun or _awaits_more(self._begun):
            size = literal_bytes(self._begun[-1]) if len(self._begun) % 2 else None
            if size is None:
                self._begun.append((await self._reader.readuntil(b"\r\n"))[:-2])
            elif sum(map(len, self._begun)) + size > self._literal_bytes_max:
                raise Broken("answer_too_large")
            else:
                self._begun.append(await self._reader.readexactly(size))
        answer = read_answer(self._begun)
        self._begun = []
        self.news = self.news or answer.kind == "EXISTS"
        if answer.kind == "BYE" and answer.tag == "*":
            raise Broken("server_hung_up")
        return answer


def _awaits_more(pieces: list[bytes]) -> bool:
    """Whether a line ends in a literal that is still to come, or a literal in a line."""
    return len(pieces) % 2 == 0 or literal_bytes(pieces[-1]) is not None


def _end_of(answer: Answer, tag: str) -> None:
    if answer.tag == tag and answer.kind == "NO":
        raise Refused(answer.code)
    if answer.tag == tag and answer.kind != "OK":
        raise Broken("command_refused")


def _reason(fault: BaseException) -> str:
    if isinstance(fault, ssl.SSLError):
        return "tls_refused"
    if isinstance(fault, TimeoutError):
        return "server_silent"
    return "answer_unreadable" if isinstance(fault, Unreadable | UnicodeError) else "link_cut"


@asynccontextmanager
async def linked(server: Server) -> AsyncIterator[Link]:
    """Connect, in TLS where it is wanted, and hang up at the end. Raises Broken."""
    link = await _connected(server)
    try:
        await link.greeted()
        await link.learn()
        if server.tls == "starttls":
            if "STARTTLS" not in link.capabilities:
                raise Broken("no_tls_offered")
            await link.secure(_context(server), server.host)
            await link.learn()
        yield link
        await link.leave()
    finally:
        link.close()


async def _connected(server: Server) -> Link:
    try:
        async with asyncio.timeout(CONNECT_S):
            context = _context(server) if server.tls == "tls" else None
            reader, writer = await asyncio.open_connection(server.host, server.port, ssl=context, limit=LINE_BYTES_MAX)
    except (OSError, TimeoutError) as fault:
        raise Broken("tls_refused" if isinstance(fault, ssl.SSLError) else "server_unreachable") from None
    return Link(reader, writer, server.literal_bytes_max)


def _context(server: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_file or None)
