"""Chats whose visitors move between nodes: nobody is closed who went on elsewhere, and nobody is forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from channels import chat
from channels.chat import elsewhere
from channels.contract import LineClosed
from tests.channels.door import MemoryBook, MemoryDoor
from tests.channels.tabs import house, said, tab, token_of, until
from tests.channels.test_chat_leaving import linked

AWAY_MS = 121_000


@dataclass
class Twin:
    """One of several nodes with one book and one secret."""

    client: Any
    door: MemoryDoor
    chat: chat.Chat

    @property
    def left(self) -> list[str]:
        return [signal.why for signal in self.door.signals if isinstance(signal, LineClosed)]


@asynccontextmanager
async def node(home: str, book: MemoryBook, monkeypatch: pytest.MonkeyPatch, at_ms: int = 0) -> AsyncIterator[Twin]:
    door = MemoryDoor(book=book, home=home)
    door.at_ms += at_ms
    async with house(door) as (client, _, ours), linked(ours, monkeypatch):
        yield Twin(client, door, ours)


@pytest.fixture
async def twins(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Twin, Twin]]:
    # Two minutes pass at once here, in which both have said that they live.
    monkeypatch.setattr(elsewhere, "GONE_AFTER_MS", 10**9)
    book = MemoryBook()
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(node("a", book, monkeypatch))
        second = await stack.enter_async_context(node("b", book, monkeypatch))
        yield first, second


async def talks(twin: Twin, token: str) -> None:
    await said(twin.client, twin.door, token)
    await until(lambda: twin.chat._presence.away and not twin.chat._presence.changed)


def knows(twin: Twin, other: Twin) -> None:
    """What is open on the floor is open for every node."""
    twin.door.open_lines |= {(message.line.channel, message.line.key) for message in other.door.messages}


def later(*twins: Twin, ms: int = AWAY_MS) -> None:
    for twin in twins:
        twin.door.at_ms += ms


async def test_who_went_on_at_another_node_is_not_closed_by_the_one_they_left(twins: tuple[Twin, Twin]) -> None:
    first, second = twins
    token = await token_of(first.client)
    await talks(first, token)
    knows(second, first)
    async with tab(second.client, token):
        await until(lambda: second.chat._presence.talking)
        later(first)
        await until(lambda: not first.chat._presence.away)
        assert first.left == []


async def test_who_went_on_at_another_node_and_leaves_is_closed_there(twins: tuple[Twin, Twin]) -> None:
    first, second = twins
    token = await token_of(first.client)
    await talks(first, token)
    knows(second, first)
    async with tab(second.client, token):
        await until(lambda: second.chat._presence.talking)
    await until(lambda: second.chat._presence.away)
    later(first, second)
    await until(lambda: second.left)
    await until(lambda: not first.chat._presence.away)
    assert (first.left, second.left) == ([], ["away"])


async def test_who_stays_away_is_closed_by_the_node_they_left_alone(twins: tuple[Twin, Twin]) -> None:
    first, second = twins
    await talks(first, await token_of(first.client))
    later(first, second)
    await until(lambda: first.left)
    assert (first.left, second.left) == (["away"], [])


async def test_a_node_that_starts_again_closes_nobody_of_another(
    twins: tuple[Twin, Twin], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = twins
    await talks(first, await token_of(first.client))
    async with node("c", first.door.book, monkeypatch) as third:
        later(third)
        third.chat._elsewhere._said_ms = third.door.at_ms
        await until(lambda: "alive:c" in third.door.book.pages)
        assert third.left == []


async def test_the_talkers_of_a_node_that_is_gone_are_watched_over_by_another(monkeypatch: pytest.MonkeyPatch) -> None:
    book = MemoryBook()
    async with node("a", book, monkeypatch) as first:
        await talks(first, await token_of(first.client))
    async with node("b", book, monkeypatch, at_ms=elsewhere.GONE_AFTER_MS + 1) as second:
        await until(lambda: second.chat._presence.away)
        later(second, ms=1_000)
        assert second.left == []
        later(second)
        await until(lambda: second.left)
        assert second.left == ["away"]
    async with node("a", book, monkeypatch) as back:
        later(back)
        await until(lambda: "alive:a" in book.pages)
        assert back.left == []


async def test_where_visitors_came_is_kept_on_few_pages_and_for_a_day() -> None:
    book = MemoryBook()
    here = elsewhere.Elsewhere(book, "a")
    for number in range(600):
        await here.gone(number * elsewhere.CAME_KEPT_MS // 300)
        await here.came(f"main:{number % 4:02x}{number:06x}")
    pages = [key for key in book.pages if key.startswith("at:")]
    assert len(pages) == 4
    kept = sum(len(elsewhere._came(book.pages[page])) for page in pages)
    assert 290 <= kept <= 305, "who came in the last day, of two"
    there = elsewhere.Elsewhere(book, "b")
    assert await there.is_elsewhere("main:03000257")
    assert not await here.is_elsewhere("main:03000257")
    assert not await there.is_elsewhere("main:00000000")


async def test_nodes_that_begin_at_the_same_moment_are_all_among_the_homes() -> None:
    class Slow(MemoryBook):
        """Everybody reads before anybody writes."""

        async def read(self, key: str) -> str | None:
            found = await super().read(key)
            await asyncio.sleep(0)
            return found

    book = Slow()
    nodes = [elsewhere.Elsewhere(book, f"n{number}") for number in range(5)]
    await asyncio.gather(*(each.gone(elsewhere.ALIVE_EVERY_MS) for each in nodes))
    assert await nodes[0]._homes() == [f"n{number}" for number in range(5)]
    await asyncio.gather(nodes[0].forget("n4"), nodes[1].forget("n3"))
    assert await nodes[0]._homes() == ["n0", "n1", "n2"]
