"""What bad input has broken, each by name: it stays mended."""

from __future__ import annotations

import asyncio
import io
import socket
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from aiohttp import web

from channels import form
from channels.chat import frames
from channels.email import smtp_in
from channels.form import posts
from dashboard import requests as asked
from dashboard.errors import ApiError
from router.node.frontdoor import front_door
from router.telemetry import Telemetry
from tests.badinput.parsers import CORPUS
from tests.badinput.wire import Answer, Line
from tests.channels.door import MemoryDoor
from tests.channels.site import serving

MULTIPART = sorted(path.name for path in (CORPUS / "post").glob("multipart_*"))
PART = b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nA'
ENDED_S_MAX = 60.0
SIZE_BYTES_MAX = 100_000


def contact() -> form.Forms:
    return form.build(form.Settings(), MemoryDoor(), {})


@pytest.mark.parametrize("name", MULTIPART)
async def test_parts_that_no_browser_sends_are_refused_by_name(name: str) -> None:
    label, _, body = (CORPUS / "post" / name).read_bytes().partition(b"\n")
    async with serving(contact(), "form") as client:
        posted = await client.post("/channels/form/contact", data=body, headers={"Content-Type": label.decode()})
        assert posted.status in {400, 422}


async def test_a_body_in_parts_that_never_ends_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posts, "PARTS_S_MAX", 0.1)
    async with serving(contact(), "form") as client:
        assert client.port is not None
        reader, writer = await asyncio.open_connection(client.host, client.port)
        head = b"POST /channels/form/contact HTTP/1.1\r\nHost: x\r\nContent-Length: 999\r\n"
        writer.write(head + b"Content-Type: multipart/form-data; boundary=b\r\n\r\n" + PART)
        async with asyncio.timeout(ENDED_S_MAX):
            assert (await reader.readline()).startswith(b"HTTP/1.1 408")
        writer.close()


@pytest.mark.parametrize("opens", ["²", "٣", "1e9", "-1", "9" * 30, "%00", ""])
async def test_a_time_that_is_no_number_is_not_told(opens: str) -> None:
    async with serving(contact(), "form") as client:
        page = await client.get("/channels/form/contact/thanks", params={"ref": "ABCD1234", "opens": opens})
        assert page.status == 200
        assert "ABCD1234" in await page.text()


async def _read_through_the_front_door(*headers: bytes, body: bytes = b"") -> Answer:
    """Ask a page that says how it has understood what came."""
    app = web.Application()

    async def read(request: web.Request) -> web.Response:
        return web.Response(text=f"{request.content_type} {request.charset} {len(await request.post())}")

    async def upgrade(request: web.Request) -> web.StreamResponse:
        line = web.WebSocketResponse()
        await line.prepare(request)
        return line

    app.router.add_post("/", read)
    app.router.add_get("/", upgrade)
    listener = socket.create_server(("127.0.0.1", 0))
    method = b"GET" if any(header.startswith(b"Upgrade") for header in headers) else b"POST"
    lines = [method + b" / HTTP/1.1", b"Host: x", *headers, b"Content-Length: %d" % len(body), b"", b""]
    async with front_door(app, listener, Telemetry(io.StringIO())):
        with Line(listener.getsockname()[1]) as line:
            return await line.ask(b"\r\n".join(lines) + body)


@pytest.mark.parametrize("kind", [b"application/json" + b"(" * 4_000, b"a/b; " + b"c=d; " * 1_500, b"text/plain (x)"])
async def test_a_type_of_content_that_nobody_sends_is_an_unknown_one(kind: bytes) -> None:
    answer = await _read_through_the_front_door(b"Content-Type: " + kind)
    assert (answer.status, answer.body) == (200, b"application/octet-stream None 0")


@pytest.mark.parametrize("name", [b"Upgrade", b"Connection", b"Sec-WebSocket-Version", b"Sec-WebSocket-Key"])
async def test_a_handshake_of_bytes_that_are_no_text_is_refused(name: bytes) -> None:
    asked_for = {
        b"Upgrade": b"websocket",
        b"Connection": b"Upgrade",
        b"Sec-WebSocket-Version": b"13",
        b"Sec-WebSocket-Key": b"MDEyMzQ1Njc4OWFiY2RlZg==",
    }
    headers = [b"%s: %s" % each for each in (asked_for | {name: b"\xe5\xae"}).items()]
    assert (await _read_through_the_front_door(*headers)).status == 400


async def test_a_usual_type_of_content_stays_as_it_is() -> None:
    kind = b"Content-Type: application/x-www-form-urlencoded; charset=UTF-8"
    assert (await _read_through_the_front_door(kind, body=b"a=b")).body == kind[14:47] + b" UTF-8 1"


async def test_the_library_does_not_quote_odd_parts_on_the_error_output() -> None:
    """It keeps each such text for ever, too."""
    body = b'--b\r\nContent-Disposition: form-data; name="a"; (file)name="zq7xv\r\n\r\nx\r\n--b--\r\n'
    with warnings.catch_warnings(record=True) as quoted:
        warnings.simplefilter("always")
        answer = await _read_through_the_front_door(b"Content-Type: multipart/form-data; boundary=b", body=body)
    assert answer.status
    assert not [str(each.message) for each in quoted]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (asked.AcceptRequest, {"offer": 1, "command_id": "a\n"}),
        (asked.NoteRequest, {"text": "a", "client_id": "a\n"}),
        (asked.ClosureRequest, {"until_ms": 1, "reason": "storm\n"}),
    ],
)
def test_an_id_or_a_code_does_not_end_in_a_line_end(kind: type[asked.Request], body: dict[str, object]) -> None:
    """What is journalled is what the document promises."""
    with pytest.raises(ApiError) as refused:
        asked.read(kind, msgspec.json.encode(body))
    assert refused.value.field in body
    trimmed = {name: value.strip() if isinstance(value, str) else value for name, value in body.items()}
    assert asked.read(kind, msgspec.json.encode(trimmed))


def test_an_id_of_a_chat_does_not_end_in_a_line_end() -> None:
    with pytest.raises(msgspec.ValidationError):
        frames.read(r'{"type":"send","client_msg_id":"01234567\n","text":"a"}')


async def _kept(data: bytes, sender: str) -> bool:
    del data, sender
    return True


async def _broken(data: bytes, sender: str) -> bool:
    raise LookupError(f"{data!r} {sender}")


@asynccontextmanager
async def _listening(take: smtp_in.Take = _kept) -> AsyncIterator[Line]:
    """Listen for mail, and open a connection."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    mailbox = smtp_in.Mailbox(take, lambda address: True)
    task = asyncio.create_task(smtp_in.listen(mailbox, host="127.0.0.1", port=port, size_bytes_max=SIZE_BYTES_MAX))
    try:
        with Line(port) as line:
            await _answered(line)
            yield line
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _answered(line: Line) -> None:
    """Connect as soon as somebody listens."""
    for _ in range(500):
        try:
            await line.send(b"")
        except OSError:
            await asyncio.sleep(0.01)
        else:
            return
    raise AssertionError("the listener does not listen")


async def _heard(line: Line, words: bytes) -> bytes:
    said = b""
    async with asyncio.timeout(ENDED_S_MAX):
        while words not in said:
            piece = await line.read_exactly(1)
            assert piece, said
            said += piece
    return said


@pytest.mark.parametrize("command", ["MAIL FROM:<a@", "MAIL FROM:<", "MAIL FROM:<a@b> SIZE=1²"])
async def test_a_command_on_which_the_library_breaks_is_refused_for_good(command: str) -> None:
    """Asked to come again, its sender would say the same for days."""
    async with _listening() as line:
        await line.send(b"EHLO a\r\n" + command.encode() + b"\r\nNOOP\r\n")
        said = await _heard(line, b"250 OK")
    assert b"\r\n501 " in said
    assert b"\r\n451 " not in said


async def test_a_mail_on_which_we_break_is_asked_for_again_on_another_connection() -> None:
    async with _listening(_broken) as line:
        await line.send(BEGUN + b"Subject: a\r\n\r\na\r\n.\r\nNOOP\r\n")
        said = await line.say_all(b"", ENDED_S_MAX)
    assert said.endswith(smtp_in.BROKEN.encode() + b"\r\n")
    assert b"LookupError" not in said


BEGUN = b"EHLO a\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<support@example.com>\r\nDATA\r\n"


@pytest.mark.parametrize(("held_bytes_max", "answer"), [(smtp_in.HELD_BYTES_MAX, b"552 "), (150_000, b"421 ")])
async def test_a_mail_without_a_line_end_is_not_heard_for_ever(
    held_bytes_max: int, answer: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library keeps what it has of a line, also after it has decided to refuse it."""
    monkeypatch.setattr(smtp_in, "HELD_BYTES_MAX", held_bytes_max)
    async with _listening() as line:
        await line.send(BEGUN)
        await _heard(line, b"354 ")
        await line.send(b"a" * (SIZE_BYTES_MAX * smtp_in.HEARD_PER_SIZE_MAX + 1))
        await _heard(line, b"\r\n" + answer)


async def test_room_is_free_again_when_a_mail_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp_in, "HELD_BYTES_MAX", 3_000)
    async with _listening() as line:
        for _ in range(5):
            await line.send(BEGUN + b"Subject: a\r\n\r\n" + b"a\r\n" * 600 + b".\r\n")
            await _heard(line, b"250 2.0.0 Kept")
