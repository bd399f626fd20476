"""The doors of a running Patchbay and what is pushed through each: a table of senders. The tally judges."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from channels.email.smtp_in import BROKEN
from tests.badinput.api import ORIGINS, Asker, Known, in_address
from tests.badinput.mutate import PIECES, Soil, made
from tests.badinput.parsers import JSON_WORDS, MAIL_WORDS, mails, saved
from tests.badinput.tally import MARK, Tally
from tests.badinput.wire import BINARY, CLOSE, PING, Line, frame, handshake, heard

# Half a request gets no answer: the server waits for the rest. A whole one is answered at once.
HALF_S_MAX = 0.3
MAIL_S_MAX = 10.0
# Of the sessions that bring one whole mail; all others bring commands.
MAILS_PART = 0.2
# Ends a mail that is under way, and is one more wrong command where none is.
GOODBYE = b"\r\n.\r\nQUIT\r\n"
FRAMES_MAX = 12
# Half a frame gets no answer: the server waits for the rest, until its heartbeat has none.
GOODBYE_S_MAX = 2.0
# The close code of a server that does not know what happened to it.
BROKE = 1011
# New tokens now and then, so that old ones are tried, too.
TOKEN_EVERY = 50
# What may be said of any request before it is known which one it is.
UNDOCUMENTED = {0, 400, 405, 408, 413, 415, 417}
HTTP_WORDS = (
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 1\r\n",
    b"\r\n\r\n",
    b"HTTP/1.1",
    b"%2e%2e/",
    b"chunked",
)
SMTP_WORDS = (b"MAIL FROM:<", b"RCPT TO:<support@example.com>\r\n", b"DATA\r\n", b".\r\n", b"RSET\r\n", b"EHLO a\r\n")
PATHS = (
    *("/", "/ui/x/app.js", "/ui/", "/widget.js", "/channels/form/form.css", "/channels/chat/frame", "/sandbox", "/ws"),
    *(
        "/channels/form/contact",
        "/channels/form/contact/token",
        "/channels/form/contact/thanks",
        "/healthz",
        "/metrics",
    ),
    *(
        "/channels/chat/demo",
        "/channels/email/x",
        "/channels/zq7xv/y",
        "/readyz",
        "/favicon.ico",
        "/api/v1/openapi.json",
    ),
)
STEPS = (
    "..",
    "%2e%2e",
    "..%2f",
    "%252e%252e",
    "..\\",
    "....//",
    "%c0%ae",
    "\udcff",
    "%00",
    "%ff",
    ";",
    "etc/passwd",
    ".git",
)
MALFORMED_FRAMES: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: frame(data, masked=False),
    lambda data: frame(data, head=0xC0),
    lambda data: frame(data, head=0xF0),
    lambda data: frame(data, opcode=0),
    lambda data: frame(data, opcode=3),
    lambda data: frame(data, opcode=15),
    lambda data: frame(data, opcode=BINARY),
    lambda data: frame(data, claims=len(data) + 5),
    lambda data: frame(data, claims=2**63),
    lambda data: frame(data, claims=2**63 - 1),
    lambda data: frame(data, head=0) + frame(data),
    lambda data: frame(data, head=0) + frame(data, opcode=0, head=0) + frame(data, opcode=0),
    lambda data: frame(b"\xff\xfe" + data),
    lambda data: frame(data + b"\xf0\x9f"),
    lambda data: frame(data[:200], opcode=PING),
    lambda data: frame(data, opcode=PING),
    lambda data: frame(b"\x03", opcode=CLOSE),
    lambda data: frame(b"\x00\x00" + data[:90], opcode=CLOSE),
    lambda data: frame(b"\x03\xe8\xff", opcode=CLOSE),
    lambda data: frame(data, opcode=PING, head=0),
    lambda data: b"\x81",
    lambda data: b"GET / HTTP/1.1\r\n\r\n",
    lambda data: frame(b'"' + b"a" * 70_000 + b'"'),
    lambda data: frame(data) * 200,
)


@dataclass
class Doors:
    """The server under test: its ports, and what a signed-in person knows of it."""

    port: int
    mail_port: int
    document: Any
    known: Known
    form_token: str = ""
    chat_token: str = ""

    async def learn(self) -> None:
        """Ask for the tokens that a page has."""
        with Line(self.port) as line:
            given = await line.ask(_request("GET", "/channels/form/contact/token"))
            self.form_token = json.loads(given.body)["token"]
            begun = await line.ask(_post("/channels/chat/session", "application/json", b'{"name":"zq7xv"}'))
            self.chat_token = json.loads(begun.body)["token"]


def _request(method: str, path: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape")


def _post(path: str, kind: str, body: bytes, *headers: str) -> bytes:
    return _request("POST", path, f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers) + body


# --- HTTP -----------------------------------------------------------------------------------------------------


async def through_the_api(doors: Doors, tally: Tally, chance: Random) -> None:
    """Operations of the document, each wrong somewhere; what is answered is documented, and says its name."""
    asker = Asker(doors.document, doors.known, chance)
    with Line(doors.port) as line:
        while not tally.full("API"):
            operation, request = asker.request()
            answer = await line.ask(request, bodiless=request.startswith(b"HEAD "))
            tally.http("API", request, answer.status, answer.raw)
            if answer.status >= 400 and b"json" in answer.raw and not request.startswith(b"HEAD "):
                _named(tally, request, answer.body)
            expected = operation is None or answer.status in UNDOCUMENTED or str(answer.status) in operation.statuses
            if not expected:
                tally.fault("API", f"answers {answer.status}, which is not documented", request)


def _named(tally: Tally, request: bytes, body: bytes) -> None:
    try:
        error = json.loads(body)["error"]
        named = bool(error["code"] and error["message"])
    except (ValueError, KeyError, TypeError):
        named = False
    if not named:
        tally.fault("API", f"refuses without a name: {body[:200]!r}", request)


async def through_the_form(doors: Doors, tally: Tally, chance: Random) -> None:
    """Posts of every kind, their bodies and their labels changed."""
    soil = Soil(saved("post"), JSON_WORDS)
    path = "/channels/form/contact"
    with Line(doors.port) as line:
        while not tally.full("form"):
            label, _, body = made(soil, chance).partition(b"\n")
            if chance.random() < 0.6:
                label = chance.choice(soil.samples).partition(b"\n")[0]
            body = body.replace(b"@TOKEN@", doors.form_token.encode())
            kind = label[:500].replace(b"\r", b"").replace(b"\0", b"").decode("utf-8", "surrogateescape")
            query = f"?lang={in_address(chance.choice(PIECES).decode('utf-8', 'surrogateescape'))}"
            request = _post(path + query, kind, body, *_odd_headers(chance))
            answer = await line.ask(request)
            tally.http("form", request, answer.status, answer.raw)


def _odd_headers(chance: Random) -> list[str]:
    lines = []
    if chance.random() < 0.05:
        lines.append(f"Origin: {chance.choice(ORIGINS)}")
    if chance.random() < 0.05:
        lines.append(f"Content-Encoding: {chance.choice(['gzip', 'deflate', 'br', 'x'])}")
    if chance.random() < 0.05:
        lines.append(f"Accept-Language: {MARK};q=\udcff,,;;")
    if chance.random() < 0.05:
        lines.append(f"Referer: {chance.choice(ORIGINS)}")
    if chance.random() < 0.05:
        lines.append(f"X-Forwarded-For: {MARK}, 1.2.3.4,")
    return lines


async def through_the_chat_session(doors: Doors, tally: Tally, chance: Random) -> None:
    """Beginnings of chats, with names, tokens and origins of all kinds."""
    soil = Soil(saved("session"), (*JSON_WORDS, doors.chat_token.encode()))
    with Line(doors.port) as line:
        while not tally.full("chat session"):
            request = _post("/channels/chat/session", "application/json", made(soil, chance), *_odd_headers(chance))
            answer = await line.ask(request)
            tally.http("chat session", request, answer.status, answer.raw)


async def through_pages(doors: Doors, tally: Tally, chance: Random) -> None:
    """Paths that lead nowhere, upwards, or to what is not asked for like that."""
    with Line(doors.port) as line:
        while not tally.full("pages"):
            steps = "/".join(chance.choice(STEPS) for _ in range(chance.randint(0, 5)))
            word = in_address(chance.choice(PIECES).decode("utf-8", "surrogateescape"))
            path = chance.choice(PATHS) + chance.choice(["", "/", "?ref=ABCD1234&opens=", "//", "?"]) + steps + word
            method = chance.choice(["GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "DELETE"])
            request = _request(method, path, *_odd_headers(chance), f"Cookie: {MARK}; pb_session=\udcff")
            answer = await line.ask(request, bodiless=method == "HEAD")
            tally.http("pages", request, answer.status, answer.raw)


async def through_bytes(doors: Doors, tally: Tally, chance: Random) -> None:
    """Bytes that are hardly requests: two lengths, bad chunks, no host, another protocol."""
    soil = Soil(saved("http"), HTTP_WORDS)
    line = Line(doors.port)
    while not tally.full("raw HTTP"):
        data = made(soil, chance) if chance.random() < 0.9 else chance.choice(soil.samples)
        said = await line.say_all(data, HALF_S_MAX)
        status = int(said[9:12]) if said.startswith(b"HTTP/1.") and said[9:12].isdigit() else 0
        tally.http("raw HTTP", data, status, said)


# --- sockets ----------------------------------------------------------------------------------------------------


async def through_the_chat_socket(doors: Doors, tally: Tally, chance: Random) -> None:
    """Hello with a good, an old or a broken token; then frames that no page sends."""
    soil = Soil(saved("chat"), JSON_WORDS)
    while not tally.full("chat socket"):
        token = doors.chat_token if chance.random() < 0.8 else _mangled(doors.chat_token, chance)
        hello = {"type": "hello", "token": token, "last_seq": chance.choice([0, 0, 0, 1, 7, 2**53, 12345])}
        await _one_socket(doors, tally, chance, ("chat socket", "/channels/chat/socket", json.dumps(hello), soil))


async def through_the_desk_socket(doors: Doors, tally: Tally, chance: Random) -> None:
    """A desk's socket, with and without a session; then frames that no screen sends."""
    soil = Soil(saved("desk"), (*JSON_WORDS, *(ref.encode() for ref in doors.known.values["ref"])))
    while not tally.full("desk socket"):
        hello = {"type": "hello", "last_seq": chance.choice([0, 1, 5, 2**53, 2**63, 2**64, 10**30])}
        await _one_socket(doors, tally, chance, ("desk socket", "/ws", json.dumps(hello), soil))


def _mangled(token: str, chance: Random) -> str:
    return made(Soil([token.encode()]), chance).decode("utf-8", "replace")[:9_000]


async def _one_socket(doors: Doors, tally: Tally, chance: Random, door: tuple[str, str, str, Soil]) -> None:
    name, path, hello, soil = door
    origin = f"Origin: {chance.choice(ORIGINS)}\r\n" if chance.random() < 0.05 else ""
    cookie = f"Cookie: pb_session={doors.known.cookie}\r\n" if chance.random() < 0.9 else ""
    with Line(doors.port) as line:
        opened = await line.ask(handshake(path, headers=origin + cookie), bodiless=True)
        if opened.status != 101:
            tally.http(name, b"handshake", opened.status, opened.raw)
            return
        first = frame(hello.encode()) if chance.random() < 0.9 else _frame(soil, chance)
        sent = [first, *(_frame(soil, chance) for _ in range(chance.randint(1, FRAMES_MAX)))]
        for data in sent:
            await line.send(data)
        tally.note(name, await _end(line, tally, name), inputs=len(sent))


def _frame(soil: Soil, chance: Random) -> bytes:
    data = made(soil, chance)[:40_000]
    if chance.random() < 0.75:
        return frame(data)
    return chance.choice(MALFORMED_FRAMES)(data)


async def _end(line: Line, tally: Tally, name: str) -> str:
    """Say good-bye and read to the end; return how it ended."""
    await line.send(frame(b"\x03\xe8", opcode=CLOSE))
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(GOODBYE_S_MAX):
            while True:
                opcode, data = await heard(line)
                if opcode == CLOSE and int.from_bytes(data[:2]) == BROKE:
                    tally.fault(name, "broke", data)
                if opcode in {CLOSE, -1}:
                    return str(int.from_bytes(data[:2])) if opcode == CLOSE else "closed"
                tally.look_for_traces(name, b"", data)
    return "silent"


# --- mail -------------------------------------------------------------------------------------------------------


async def through_smtp(doors: Doors, tally: Tally, chance: Random) -> None:
    """Commands in any order and of any bytes; now and then a mail as its data."""
    soil, letters = Soil(saved("smtp"), SMTP_WORDS), Soil([*mails(), *saved("email")], MAIL_WORDS)
    line = Line(doors.mail_port)
    while not tally.full("SMTP"):
        data = made(soil, chance)
        if chance.random() < MAILS_PART:
            data = _with_mail(made(letters, chance))
        said = await line.say_all(data + GOODBYE, MAIL_S_MAX)
        answers = [each for each in said.split(b"\r\n") if each[:3].isdigit() and each[3:4] == b" "]
        commands = max(1, len(answers) - 1)
        tally.note("SMTP", answers[-1][:3].decode() if answers else "closed", inputs=commands)
        if BROKEN.encode() in said:
            tally.fault("SMTP", "broke", data)
        tally.look_for_traces("SMTP", data, said)


def _with_mail(mail: bytes) -> bytes:
    lines = mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..")
    head = b"EHLO a\r\nMAIL FROM:<zq7xv@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n"
    return head + lines + b"\r\n.\r\n"


Sender = Callable[[Doors, Tally, Random], Awaitable[None]]
# How many of each work at the same time: the dear ones fewer.
SENDERS: tuple[tuple[Sender, int], ...] = (
    (through_the_api, 6),
    (through_the_form, 2),
    (through_the_chat_session, 1),
    (through_pages, 1),
    (through_bytes, 12),
    (through_the_chat_socket, 2),
    (through_the_desk_socket, 2),
    (through_smtp, 2),
)


async def push(doors: Doors, tally: Tally, seed: str) -> None:
    """Push through all doors at once until the tally is full."""
    works = [
        sender(doors, tally, Random(f"{seed} {sender.__name__} {number}"))
        for sender, count in SENDERS
        for number in range(count)
    ]
    learning = asyncio.create_task(_relearn(doors))
    try:
        async with asyncio.TaskGroup() as group:
            for work in works:
                group.create_task(work)
    finally:
        learning.cancel()
        await asyncio.gather(learning, return_exceptions=True)


async def _relearn(doors: Doors) -> None:
    """A page's tokens grow old; what was a good one is then an old one."""
    while True:
        with contextlib.suppress(KeyError, ValueError):
            await doors.learn()
        await asyncio.sleep(TOKEN_EVERY)
