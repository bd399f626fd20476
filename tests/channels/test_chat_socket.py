"""Chat over real sockets: hello, sending once, resume without gaps, tabs, limits, leaving, restarts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType

from channels import chat
from channels.chat import conversation
from channels.contract import LineClosed, LineItem, LineRef, Receipt
from tests.channels.door import MemoryBook, MemoryDoor
from tests.channels.site import Client, serving

SHOP = "https://shop.example"
SETTINGS: dict[str, Any] = {"sites": {"main": (SHOP,)}, "queue": "general"}


def build(door: MemoryDoor, **changes: Any) -> chat.Chat:
    return chat.build(chat.Settings(**{**SETTINGS, **changes}), door, {})


@asynccontextmanager
async def house(door: MemoryDoor | None = None, **changes: Any) -> AsyncIterator[tuple[Client, MemoryDoor, chat.Chat]]:
    door = door or MemoryDoor()
    ours = build(door, **changes)
    async with serving(ours, "chat") as client:
        yield client, door, ours


async def token_of(client: Client, **body: Any) -> str:
    async with client.post("/channels/chat/session", json=body) as response:
        assert response.status == 200, await response.text()
        return str((await response.json())["token"])


class Tab:
    """One browser tab: what it has heard, by what the page would do."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self.heard: list[dict[str, Any]] = []

    async def says(self, **frame: Any) -> None:
        await self.socket.send_json(frame)

    async def hears(self, kind: str, /, **values: Any) -> dict[str, Any]:
        """Return the next frame of a kind with these values."""
        async with asyncio.timeout(5):
            while True:
                frame: dict[str, Any] = await self.socket.receive_json()
                self.heard.append(frame)
                if frame["type"] == kind and all(frame.get(name) == value for name, value in values.items()):
                    return frame

    async def closes(self) -> int | None:
        """Return the code with which the server closes."""
        async with asyncio.timeout(5):
            while True:
                message = await self.socket.receive()
                if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR}:
                    return self.socket.close_code

    @property
    def texts(self) -> list[str]:
        return [frame["text"] for frame in self.heard if frame["type"] == "msg"]


@asynccontextmanager
async def tab(client: Client, token: str, *, last_seq: int = 0, **headers: str) -> AsyncIterator[Tab]:
    async with client.ws_connect("/channels/chat/socket", headers=headers) as socket:
        opened = Tab(socket)
        await opened.says(type="hello", token=token, last_seq=last_seq)
        await opened.hears("welcome")
        yield opened


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


def line_of(door: MemoryDoor) -> LineRef:
    return door.messages[0].line


async def said(client: Client, door: MemoryDoor, token: str, text: str = "Hello") -> LineRef:
    """Let a visitor say something, return their line."""
    async with tab(client, token) as one:
        await one.says(type="send", client_msg_id=text.encode().hex()[:60].rjust(8, "0"), text=text)
        await one.hears("accepted")
    return line_of(door)


# --- sending ------------------------------------------------------------------------------------------------


async def test_what_is_sent_is_kept_accepted_and_comes_back_with_its_number() -> None:
    async with house() as (client, door, _):
        token = await token_of(client, name="Ann", email="ann@example.org", language="en")
        async with tab(client, token) as one:
            await one.says(type="send", client_msg_id="abcdefgh", text=" Hello\r\nthere ")
            accepted = await one.hears("accepted", client_msg_id="abcdefgh")
        (message,) = door.messages
    assert accepted["reference"] == "PB-00001"
    assert (message.text, message.name, message.language) == ("Hello\nthere", "Ann", "en")
    assert [(i.kind, i.value, i.verified) for i in message.identities] == [("email", "ann@example.org", "")]
    assert one.texts in ([], ["Hello\nthere"])


async def test_the_same_id_twice_is_one_message_also_over_two_sockets() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        async with tab(client, token) as one, tab(client, token) as two:
            for each in (one, one, two):
                await each.says(type="send", client_msg_id="abcdefgh", text="Hello")
                await each.hears("accepted")
    assert [message.text for message in door.messages] == ["Hello"]


async def test_a_closed_letterbox_is_said_and_the_same_id_goes_through_later() -> None:
    async with house(MemoryDoor(closed=True)) as (client, door, _), tab(client, await token_of(client)) as one:
        await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
        assert (await one.hears("error"))["code"] == "later"
        door.closed = False
        await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
        await one.hears("accepted")
    assert len(door.messages) == 1


async def test_a_decision_that_takes_long_does_not_hold_the_acceptance_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(conversation, "DECISION_WAIT_MS", 50)
    async with house(MemoryDoor(deciding=False)) as (client, _, _), tab(client, await token_of(client)) as one:
        await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
        assert (await one.hears("accepted"))["reference"] == ""


@pytest.mark.parametrize("text", ["全角　空格", "👩‍👩‍👧 family", "می‌خواهم", "ไทย\u200bคำ", "a\tb", "price 5\u00a0€"])
async def test_every_script_and_sign_arrives_as_it_was_typed(text: str) -> None:
    async with house() as (client, door, _):
        await said(client, door, await token_of(client), text)
    assert door.messages[0].text == text


async def test_nothing_but_blanks_is_no_message() -> None:
    async with house() as (client, door, _), tab(client, await token_of(client)) as one:
        await one.says(type="send", client_msg_id="abcdefgh", text=" \n\x00 ")
        assert (await one.hears("error"))["code"] == "empty"
    assert door.messages == []


# --- resume -------------------------------------------------------------------------------------------------


async def test_resume_brings_what_was_missed_once_and_in_order() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        first = (await door.line_items(line, after=0, limit=1))[0].seq
        missed = [door.happen(line, kind="out", message=number, text=f"reply {number}") for number in range(450)]
        async with tab(client, token, last_seq=first) as one:
            await one.hears("msg", seq=missed[-1].seq)
    assert one.texts == [f"reply {number}" for number in range(450)]


async def test_what_happens_between_following_and_reading_comes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        read = door.line_items

        async def slow_read(asked: LineRef, *, after: int, limit: int) -> list[LineItem]:
            before = await read(asked, after=after, limit=limit)
            door.happen(line, kind="out", message=7, text="in between")
            monkeypatch.setattr(door, "line_items", read)
            return before

        monkeypatch.setattr(door, "line_items", slow_read)
        async with tab(client, token) as one:
            await one.hears("msg", text="in between")
            door.happen(line, kind="out", message=8, text="the end")
            await one.hears("msg", text="the end")
    assert one.texts == ["Hello", "in between", "the end"]


async def test_after_an_overrun_the_line_is_read_again_without_gaps_or_doubles() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        async with tab(client, token) as one:
            await one.hears("msg", text="Hello")
            for number in range(5):
                door.happen(line, kind="out", message=number, text=f"{number}")
                door.overrun_all()
            await one.hears("msg", text="4")
    assert one.texts == ["Hello", "0", "1", "2", "3", "4"]


async def test_a_number_of_a_lost_time_is_answered_by_a_reset_and_everything_there_is() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        door.forget_lines()
        door.happen(line, kind="out", message=1, text="restored")
        async with tab(client, token, last_seq=5_000) as one:
            await one.hears("reset")
            await one.hears("msg", text="restored")


async def test_all_tabs_get_everything() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        async with tab(client, token) as one, tab(client, token) as two:
            await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
            await two.hears("msg", text="Hello", client_msg_id="abcdefgh")
            door.happen(line_of(door), kind="out", message=9, text="Hi", author="Bára")
            for each in (one, two):
                assert (await each.hears("msg", kind="out"))["author"] == "Bára"


async def test_a_visitor_never_sees_another_line() -> None:
    async with house() as (client, door, _):
        await said(client, door, await token_of(client), "secret words")
        async with tab(client, await token_of(client)) as other:
            await other.says(type="send", client_msg_id="abcdefgh", text="mine")
            await other.hears("msg", text="mine")
    assert other.texts == ["mine"]


async def test_typing_goes_both_ways_and_states_are_told() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        async with tab(client, token) as one:
            await one.says(type="typing", on=True)
            await until(lambda: door.typed)
            door.sign(line, True)
            assert (await one.hears("typing"))["on"] is True
            door.happen(line, kind="status", state="active", author="Bára")
            assert (await one.hears("status"))["author"] == "Bára"
    assert door.typed == [(line.key, True)]


async def test_a_reply_that_was_shown_is_receipted_once_and_nothing_else_is() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        line = await said(client, door, token)
        item = door.happen(line, kind="out", message=41, text="Hi")
        async with tab(client, token) as one:
            await one.hears("msg", kind="out")
            for message in (41, 41, 99, 0):
                await one.says(type="ack", seq=item.seq, message=message)
            await one.says(type="send", client_msg_id="zzzzzzzz", text="after")
            await one.hears("accepted")
    receipts = [signal for signal in door.signals if isinstance(signal, Receipt)]
    assert [(receipt.provider, receipt.status) for receipt in receipts] == [("41", "read")]


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
        async with tab(client, token):
            pass


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
            async with asyncio.timeout(20):
                while ours._open:
                    for _ in range(50):
                        door.happen(line, kind="out", message=1, text="x" * 50_000)
                    await asyncio.sleep(0.01)
            with contextlib.suppress(RuntimeError):
                transport.resume_reading()  # type: ignore[union-attr]
        assert ours._presence.sockets == {}


# --- leaving and restarts -----------------------------------------------------------------------------------


@asynccontextmanager
async def linked(ours: chat.Chat, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setattr(chat, "WATCH_S", 0.01)
    link = asyncio.create_task(ours.listen())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        link.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await link


def left(door: MemoryDoor) -> list[str]:
    return [signal.why for signal in door.signals if isinstance(signal, LineClosed)]


async def test_leaving_is_written_down_before_it_is_confirmed() -> None:
    async with house() as (client, door, _):
        token = await token_of(client)
        async with tab(client, token) as one:
            await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
            await one.hears("accepted")
            door.closed = True
            await one.says(type="leave")
            assert (await one.hears("error"))["code"] == "later"
            assert left(door) == []
            door.closed = False
            await one.says(type="leave")
            await one.hears("left")
    assert left(door) == ["left"]


async def test_who_stays_away_has_left_and_who_comes_back_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(away_after_s=120) as (client, door, ours), linked(ours, monkeypatch):
        token = await token_of(client)
        await said(client, door, token)
        await until(lambda: ours._presence.away)
        door.at_ms += 119_000
        async with tab(client, token):
            door.at_ms += 10_000
            await asyncio.sleep(0.05)
            assert left(door) == []
        await until(lambda: ours._presence.away)
        door.at_ms += 121_000
        await until(lambda: left(door))
    assert left(door) == ["away"]


async def test_who_never_said_a_word_does_not_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(away_after_s=1) as (client, door, ours), linked(ours, monkeypatch):
        async with tab(client, await token_of(client)):
            pass
        door.at_ms += 10_000
        await asyncio.sleep(0.05)
    assert door.signals == []


async def test_leaving_waits_for_the_letterbox(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house(away_after_s=1) as (client, door, ours), linked(ours, monkeypatch):
        await said(client, door, await token_of(client))
        await until(lambda: ours._presence.away)
        door.closed = True
        door.at_ms += 2_000
        await asyncio.sleep(0.05)
        assert left(door) == []
        door.closed = False
        await until(lambda: left(door))
    assert left(door) == ["away"]


async def test_a_restart_closes_what_nobody_comes_back_to_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    book = MemoryBook()
    async with house(MemoryDoor(book=book)) as (client, door, ours), linked(ours, monkeypatch):
        gone, back = await token_of(client), await token_of(client)
        lines = [await said(client, door, gone, "one"), await said(client, door, back, "two")]
        lines = [message.line for message in door.messages]
        await until(lambda: not ours._presence.changed and ours._presence.talking)
    after = MemoryDoor(book=book)
    async with house(after) as (client, door, ours), linked(ours, monkeypatch):
        await until(lambda: len(ours._presence.away) == 2)
        async with tab(client, back):
            after.at_ms += 121_000
            await until(lambda: left(after))
            await asyncio.sleep(0.05)
    closed = [signal.line for signal in after.signals if isinstance(signal, LineClosed)]
    assert closed == [lines[0]]


async def test_who_has_left_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    book = MemoryBook()
    async with house(MemoryDoor(book=book)) as (client, _, ours), linked(ours, monkeypatch):
        token = await token_of(client)
        async with tab(client, token) as one:
            await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
            await one.hears("accepted")
            await until(lambda: any(page != "[]" for page in book.pages.values()))
            await one.says(type="leave")
            await one.hears("left")
            await until(lambda: all(page == "[]" for page in book.pages.values()))


async def test_when_the_channel_ends_browsers_are_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as (client, _, ours):
        async with linked(ours, monkeypatch):
            token = await token_of(client)
            opened = tab(client, token)
            one = await opened.__aenter__()
        assert await one.closes() == 1012
        async with client.ws_connect("/channels/chat/socket") as socket:
            two = Tab(socket)
            await two.says(type="hello", token=token)
            assert await two.closes() == 1012
        await opened.__aexit__(None, None, None)


async def test_when_the_line_ends_browsers_are_told_to_come_again() -> None:
    async with house() as (client, door, _), tab(client, await token_of(client)) as one:
        await until(lambda: any(door._follows.values()))
        door.end_all()
        assert await one.closes() == 1012


async def test_a_fault_of_ours_closes_the_socket_and_the_browser_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as (client, door, _):
        token = await token_of(client)

        async def broken(*_: object, **__: object) -> list[LineItem]:
            raise RuntimeError("the archive is away")

        monkeypatch.setattr(door, "line_items", broken)
        async with tab(client, token) as one:
            assert await one.closes() == 1011
