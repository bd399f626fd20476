"""The socket itself: who may open it, what is said first, how much, and what a ping hears."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from dashboard import live, sockets
from tests.dashboard.office import NOW_MS, Desk, Office

HELLO = {"type": "hello", "last_seq": 0}


async def opened(desk: Desk, **headers: str) -> aiohttp.ClientWebSocketResponse:
    return await desk.http.ws_connect(desk.base + "/ws", headers=headers)


async def close_code(ws: aiohttp.ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(60):
        while (await ws.receive()).type is aiohttp.WSMsgType.TEXT:
            continue
    return ws.close_code


# --- who may open it -------------------------------------------------------------------------------


async def test_a_stranger_is_shut_out_with_4401(office: Office) -> None:
    assert await close_code(await opened(office.visitor())) == 4401


async def test_a_page_of_another_site_is_shut_out_with_4403(office: Office) -> None:
    ana = await office.desk("ana")
    assert await close_code(await opened(ana, Origin="https://evil.example")) == 4403
    assert await close_code(await opened(ana, **{"Sec-Fetch-Site": "cross-site"})) == 4403


async def test_who_does_not_say_hello_is_shut_out(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = await office.desk("ana")
    monkeypatch.setattr(live, "HELLO_S_MAX", 0.05)
    assert await close_code(await opened(ana)) == 4403


@pytest.mark.parametrize("said", ['{"type":"ping"}', "{", '{"type":"hello","last_seq":-1}', "[]", '{"type":"hi"}'])
async def test_the_first_word_must_be_hello(office: Office, said: str) -> None:
    ws = await opened(await office.desk("ana"))
    await ws.send_str(said)
    assert await close_code(ws) == 4403


@pytest.mark.parametrize("said", ["{", '{"type":"fly"}', '{"type":"look","ref":7}', '{"type":"typing","ref":"x"}'])
async def test_a_malformed_frame_ends_the_socket(office: Office, said: str) -> None:
    socket = await (await office.desk("ana")).socket()
    await socket.ws.send_str(said)
    assert await socket.closed() == live.MALFORMED


async def test_who_says_too_much_is_shut_out(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    for _ in range(sockets.SAID_PER_WINDOW + 1):
        await socket.say(type="ping")
    assert await socket.closed() == live.MALFORMED


async def test_one_person_holds_a_bounded_number_of_sockets(office: Office) -> None:
    ana = await office.desk("ana")
    for _ in range(live.SOCKETS_PER_PERSON_MAX):
        await ana.socket()
    assert await close_code(await opened(ana)) == sockets.SLOW


async def test_a_ping_is_answered_with_the_servers_time(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    await socket.say(type="ping")
    pong = await socket.next("pong")
    assert (pong["now_ms"], pong["seq"]) == (NOW_MS, office.floor.position)


async def test_a_pong_says_how_far_desks_have_been_told(office: Office) -> None:
    socket = await (await office.desk("ana")).socket()
    conv = await office.arrives("hello")
    position, seq = office.floor.position, 0
    for _ in range(1_000):
        await socket.say(type="ping")
        seq = (await socket.next("pong"))["seq"]
        if seq == position:
            break
        await asyncio.sleep(0.02)
    assert seq == position
    assert conv in office.floor.state.convs
