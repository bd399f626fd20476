"""Who may chat, and how much: tokens, pages, sessions, floods, rubbish, and browsers that take nothing."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any

import pytest

from channels import chat
from channels.chat import conversation
from channels.chat.asking import Question
from tests.channels.door import MemoryDoor
from tests.channels.tabs import SHOP, Tab, build, house, said, tab, token_of

# --- who may ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "rubbish", "A" * 60, "ผิด"])
async def test_a_bad_token_is_closed_with_4401(token: str) -> None:
    async with house() as (client, _, _), client.ws_connect("/channels/chat/socket") as socket:
        one = Tab(socket)
        await one.says(type="hello", token=token, last_seq=0)
        assert await one.closes() == 4401


async def test_an_expired_token_is_closed_with_4401() -> None:
    async with house(session_days=1) as (client, door, _):
        token = await token_of(client)
        door.at_ms += 86_400_000
        async with client.ws_connect("/channels/chat/socket") as socket:
            one = Tab(socket)
            await one.says(type="hello", token=token)
            assert await one.closes() == 4401


@pytest.mark.parametrize(
    "first",
    ['{"type":"typing","on":true}', "[]", "\0", '{"type":"hello"}', '{"type":"hello","x":1}'],
)
async def test_a_socket_that_does_not_say_hello_first_is_closed(first: str) -> None:
    async with house() as (client, _, _), client.ws_connect("/channels/chat/socket") as socket:
        await socket.send_str(first)
        assert await Tab(socket).closes() == 4401


async def test_a_socket_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "HELLO_S", 0.1)
    async with house() as (client, _, _), client.ws_connect("/channels/chat/socket") as socket:
        assert await Tab(socket).closes() == 4401


async def test_a_foreign_page_gets_neither_session_nor_socket() -> None:
    async with house() as (client, _, _):
        evil = {"Origin": "https://evil.example"}
        for headers, status in ((evil, 403), ({"Origin": "null"}, 403), ({"Origin": SHOP}, 200), ({}, 200)):
            async with client.post("/channels/chat/session", json={}, headers=headers) as response:
                assert response.status == status
        async with client.get("/channels/chat/socket", headers=evil) as response:
            assert response.status == 403
        async with client.options("/channels/chat/session", headers=evil) as response:
            assert response.status == 403
        async with client.options("/channels/chat/session", headers={"Origin": SHOP}) as response:
            assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (204, SHOP)


async def test_a_page_of_one_site_may_not_use_the_token_of_another() -> None:
    sites = {"main": (), "shop": (SHOP,)}
    async with house(sites=sites) as (client, _, _):
        token = await token_of(client, site="main")
        async with client.ws_connect("/channels/chat/socket", headers={"Origin": SHOP}) as socket:
            one = Tab(socket)
            await one.says(type="hello", token=token)
            assert await one.closes() == 4403


async def test_our_own_pages_may_under_every_name_of_this_host() -> None:
    async with house() as (client, door, _):
        for origin in (door.public_url, f"http://127.0.0.1:{client.port}"):
            async with client.post("/channels/chat/session", json={}, headers={"Origin": origin}) as response:
                assert response.status == 200


async def test_the_frame_names_the_pages_that_may_embed_it() -> None:
    async with house(sites={"main": (), "shop": (SHOP,)}) as (client, _, _):
        policies = {}
        for site in ("main", "shop", "unknown"):
            async with client.get(f"/channels/chat/frame?site={site}") as response:
                policies[site] = response.headers["Content-Security-Policy"].partition("frame-ancestors ")[2]
    assert policies == {"main": "'self'", "shop": f"'self' {SHOP}", "unknown": "'self'"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"site": "nowhere"}, 403, "origin"),
        ({"email": "no address"}, 400, "email"),
        ({"email": "a@b.example\n"}, 400, "email"),
        ({"declared": {"vip": "yes"}}, 400, "declared"),
        ({"declared": {"about": "invented"}}, 400, "declared"),
        ({"declared": {"about": "order"}}, 200, ""),
        ({"unknown": 1}, 400, "bad_request"),
        ({"name": "x" * 101}, 400, "bad_request"),
    ],
)
async def test_a_session_takes_only_what_it_asks_for(body: dict[str, Any], status: int, code: str) -> None:
    async with (
        house(facts={"about": ("order", "invoice")}) as (client, _, _),
        client.post("/channels/chat/session", json=body) as response,
    ):
        assert response.status == status
        assert code in await response.text()


async def test_a_session_goes_on_and_adds_what_was_not_said_before() -> None:
    async with house() as (client, door, _):
        first = await token_of(client, name="Ann", language="th")
        second = await token_of(client, token=first, email="ann@example.org")
        await said(client, door, first, "one")
        await said(client, door, second, "two")
    one, two = door.messages
    assert one.line == two.line
    assert (two.name, two.language, two.identities[0].value) == ("Ann", "th", "ann@example.org")


async def test_a_language_that_is_none_is_left_out() -> None:
    async with house() as (client, door, _):
        await said(client, door, await token_of(client, language="<b>x</b>"))
    assert door.messages[0].language == ""


async def test_a_visitor_outside_hours_is_told_when_we_open() -> None:
    closed = MemoryDoor(open_now=(False, 1_900_000_000_000), texts={"closed-now": "Open again {opens}."})
    session = {"language": "en"}
    async with house(closed) as (client, _, _), client.post("/channels/chat/session", json=session) as response:
        body = await response.json()
    assert (body["open"], body["told"]) == (False, "Open again 1900000000000.")


# --- limits -------------------------------------------------------------------------------------------------


async def test_too_many_messages_wait_and_keep_their_ids() -> None:
    async with house(messages_a_minute=2) as (client, door, _), tab(client, await token_of(client)) as one:
        for number in range(3):
            await one.says(type="send", client_msg_id=f"number-{number}", text=f"{number}")
        refused = await one.hears("error")
        assert (refused["code"], refused["client_msg_id"]) == ("slow_down", "number-2")
        door.at_ms += 60_000
        await one.says(type="send", client_msg_id="number-2", text="2")
        await one.hears("accepted", client_msg_id="number-2")
    assert [message.text for message in door.messages] == ["0", "1", "2"]


async def test_too_many_sessions_of_one_address_are_refused() -> None:
    async with house(sessions_a_minute_and_ip=2) as (client, _, _):
        await token_of(client)
        await token_of(client)
        async with client.post("/channels/chat/session", json={}) as response:
            assert response.status == 429


async def test_forwarded_addresses_count_only_behind_our_own_proxy() -> None:
    for proxies, expected in (((), [200, 429]), (("127.0.0.1",), [200, 200])):
        async with house(sessions_a_minute_and_ip=1, proxies=proxies) as (client, _, _):
            statuses = []
            for number in range(2):
                headers = {"X-Forwarded-For": f"9.9.9.9, 10.0.0.{number}"}
                async with client.post("/channels/chat/session", json={}, headers=headers) as response:
                    statuses.append(response.status)
        assert statuses == expected


async def test_sockets_of_one_address_and_of_one_visitor_are_bounded_and_make_room() -> None:
    async with house(sockets_per_ip=3, sockets_per_visitor=2) as (client, _, _):
        token = await token_of(client)
        async with tab(client, token), tab(client, token):
            async with client.ws_connect("/channels/chat/socket") as socket:
                three = Tab(socket)
                await three.says(type="hello", token=token)
                assert await three.closes() == 1013
            async with tab(client, await token_of(client)), client.get("/channels/chat/socket") as response:
                assert response.status == 429
        async with tab(client, token) as after:
            assert after.heard[-1]["type"] == "welcome", "who has gone has made room"


async def test_a_frame_that_is_too_large_ends_the_socket_and_nothing_else() -> None:
    async with house() as (client, _, _):
        token = await token_of(client)
        async with tab(client, token) as one, tab(client, token) as two:
            await one.says(type="send", client_msg_id="abcdefgh", text="x" * 40_000)
            assert await one.closes() == 1009
            await two.says(type="send", client_msg_id="abcdefgi", text="Hello")
            await two.hears("accepted")


@pytest.mark.parametrize(
    "bad",
    [
        "{}",
        "not json",
        '{"type":"nothing"}',
        '{"type":"send","client_msg_id":"x","text":"short id"}',
        '{"type":"send","client_msg_id":"abcdefgh","text":""}',
        '{"type":"send","client_msg_id":"abcdefgh","text":"a","more":1}',
        '{"type":"ack","seq":-1}',
        '{"type":"send","client_msg_id":"abcdefgh","text":"\\ud800"}',
    ],
)
async def test_a_malformed_frame_is_named_and_the_next_one_works(bad: str) -> None:
    async with house() as (client, door, _), tab(client, await token_of(client)) as one:
        await one.socket.send_str(bad)
        assert (await one.hears("error"))["code"] == "bad_frame"
        await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
        await one.hears("accepted")
    assert len(door.messages) == 1


async def test_who_sends_only_rubbish_or_bytes_is_closed() -> None:
    async with house() as (client, _, _):
        token = await token_of(client)
        async with tab(client, token) as one:
            for _ in range(conversation.BAD_FRAMES_MAX + 1):
                await one.socket.send_str("{}")
            assert await one.closes() == 1008
        async with tab(client, token) as one:
            await one.socket.send_bytes(b"{}")
            assert await one.closes() == 1008


async def test_who_floods_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat, "FRAMES_PER_WINDOW", 5)
    async with house() as (client, _, _), tab(client, await token_of(client)) as one:
        for _ in range(6):
            await one.says(type="typing", on=True)
        assert await one.closes() == 1008


async def test_a_browser_that_takes_nothing_is_let_go_with_1013(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "SLOW_S", 0.2)
    monkeypatch.setattr(conversation, "GOODBYE_S", 0.2)
    async with house() as (client, door, ours):
        token = await token_of(client)
        line = await said(client, door, token)
        async with tab(client, token) as one:
            transport = one.socket._response.connection.transport  # type: ignore[union-attr]
            transport.pause_reading()  # type: ignore[union-attr]
            async with asyncio.timeout(60):
                while ours._open:
                    for _ in range(50):
                        door.happen(line, kind="out", message=1, text="x" * 50_000)
                    await asyncio.sleep(0.01)
            with contextlib.suppress(RuntimeError):
                transport.resume_reading()  # type: ignore[union-attr]
        assert ours._presence.sockets == {}


@pytest.mark.parametrize(
    ("asks", "sentence"),
    [
        ({"a b": Question(options={"x": {}})}, "chat.asks.a b: a name is"),
        ({"about": Question(options={})}, "chat.asks.about.options: give 1 to 20"),
        ({"about": Question(options={"": {}})}, "chat.asks.about.options: '' is no value"),
        ({f"q{n}": Question(options={"x": {}}) for n in range(4)}, "at most 3 questions"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_when_the_chat_is_built(
    asks: dict[str, Question], sentence: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        build(MemoryDoor(), asks=asks)
