"""Leaving, staying away, restarts and ends of a chat."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from channels import chat
from channels.contract import LineClosed, LineItem
from tests.channels.door import MemoryBook, MemoryDoor
from tests.channels.tabs import Tab, house, said, tab, token_of, until

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
        async with tab(client, await token_of(client)) as silent:
            assert silent.heard[-1]["type"] == "welcome"
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


async def test_a_book_that_is_away_ends_no_chat_and_is_written_when_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    book = MemoryBook()
    async with house(MemoryDoor(book=book)) as (client, _, ours), linked(ours, monkeypatch):
        token = await token_of(client)
        async with tab(client, token) as one:
            book.away = True
            await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
            await one.hears("accepted")
            await asyncio.sleep(0.05)
            assert book.pages == {}
            book.away = False
            await until(lambda: any(page != "[]" for page in book.pages.values()))
            await one.says(type="send", client_msg_id="abcdefgi", text="Still there?")
            await one.hears("accepted")


async def test_a_book_that_is_away_at_the_start_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    book = MemoryBook()
    async with house(MemoryDoor(book=book)) as (client, door, ours), linked(ours, monkeypatch):
        await said(client, door, await token_of(client))
        await until(lambda: book.pages)
    book.away = True
    async with house(MemoryDoor(book=book)) as (client, _, ours), linked(ours, monkeypatch):
        token = await token_of(client)
        async with tab(client, token):
            assert not ours._presence.away
            book.away = False
            await until(lambda: ours._presence.away)


async def test_chats_come_back_with_their_link(monkeypatch: pytest.MonkeyPatch) -> None:
    async with house() as (client, _, ours):
        token = await token_of(client)
        async with linked(ours, monkeypatch):
            await until(lambda: not ours._ending)
        async with linked(ours, monkeypatch), tab(client, token) as one:
            await one.says(type="send", client_msg_id="abcdefgh", text="Hello")
            await one.hears("accepted")


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
