"""Bytes that no browser sends: refused by name, never a fault of ours, and slow ones are let go."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import urlsplit

import msgspec
import pytest

from dashboard import serve
from dashboard.sessions import COOKIE
from tests.dashboard.office import SITE, Desk, Office

BYTES = "\udcff\udcfe"
ENDED_S_MAX = 60.0


async def _raw(desk: Desk, head: str, body: bytes = b"") -> bytes:
    """Send a request byte by byte as it stands; return what comes back."""
    at = urlsplit(desk.base)
    assert at.hostname
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    cookies = {each.key: each.value for each in desk.http.cookie_jar}
    lines = [head, "Host: x", f"Content-Length: {len(body)}", "Connection: close"]
    if "Cookie:" not in head:
        lines.append(f"Cookie: {COOKIE}={cookies.get(COOKIE, '')}")
    if "X-CSRF" not in head:
        lines.append(f"X-CSRF: {desk.csrf}")
    try:
        writer.write("\r\n".join([*lines, "", ""]).encode(errors="surrogateescape") + body)
        async with asyncio.timeout(ENDED_S_MAX):
            return await reader.read()
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("head", "status", "code"),
    [
        (f"GET /api/v1/me HTTP/1.1\r\nCookie: {COOKIE}={BYTES}", 401, "signed_out"),
        (f"POST /api/v1/shift HTTP/1.1\r\nX-CSRF: {BYTES}", 403, "csrf"),
        ("POST /api/v1/shift HTTP/1.1\r\nOrigin: http://[", 403, "foreign_origin"),
        (f"POST /api/v1/shift HTTP/1.1\r\nOrigin: http://{BYTES}", 403, "foreign_origin"),
        ("POST /api/v1/shift HTTP/1.1\r\nContent-Encoding: gzip", 400, "bad_request"),
    ],
)
async def test_bytes_that_are_no_text_are_refused_by_name(office: Office, head: str, status: int, code: str) -> None:
    ana = await office.desk("ana")
    said = await _raw(ana, head, b"" if head.startswith("GET") else b"no gzip at all")
    assert said.startswith(f"HTTP/1.1 {status} ".encode()), said
    assert f'"code":"{code}"'.encode() in said
    assert office.logged == []


async def test_a_body_that_never_ends_is_let_go(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "BODY_S_MAX", 0.1)
    at = urlsplit((await office.desk("ana")).base)
    assert at.hostname
    reader, writer = await asyncio.open_connection(at.hostname, at.port)
    head = "POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n"
    writer.write(head.encode() + b"{")
    async with asyncio.timeout(ENDED_S_MAX):
        assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()


async def test_an_account_closed_from_outside_loses_its_socket_and_its_shift_at_once(office: Office) -> None:
    """Its work does not wait for the grace of a lost desk: who is shut out will not come back."""
    ana = await office.desk("ana")
    assert ana.account is not None
    socket = await ana.socket()
    assert (await ana.post("/shift", {})).status == 200
    await office.store.accounts.change(SITE, msgspec.structs.replace(ana.account, disabled=True))
    await office.store.accounts.close_sessions_of(SITE, ana.account.id)
    async with asyncio.timeout(ENDED_S_MAX):
        while not socket.ws.closed:
            await socket.ws.receive()
        while ana.account.id in office.floor.state.agents:
            await asyncio.sleep(0.01)
    assert socket.ws.close_code == 4401


@pytest.mark.parametrize("character", ["a", "\0", "\u0300", "\U0001d54f", "\u202e"])
async def test_the_longest_text_of_any_character_arrives_as_it_was_written(office: Office, character: str) -> None:
    """Escaped as JSON, some characters take twelve bytes each; the promise counts characters."""
    ana = await office.desk("ana")
    ref = office.ref(await office.arrives("hello"))
    text = character * 100_000
    body = json.dumps({"text": text, "client_id": "n1"}).encode()
    head = f"POST /api/v1/conversations/{ref}/note HTTP/1.1\r\nContent-Type: application/json"
    assert (await _raw(ana, head, body)).startswith(b"HTTP/1.1 200 ")
    story = await ana.get(f"/conversations/{ref}/story")
    assert [item["text"] for item in story.body["items"] if item.get("client") == "n1"] == [text]
