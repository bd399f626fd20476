"""The faulty link does to a connection what its faults say. No product is under test here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.cluster.network import FaultyLink

SOON_S = 0.2
BOUND_S = 5.0


class Echo:
    """Says back what it hears."""

    def __init__(self) -> None:
        self.talks: set[asyncio.Task[None]] = set()
        self.heard: list[bytes] = []

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.talks.add(asyncio.ensure_future(self.talk(reader, writer)))

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while word := await reader.read(100):
                self.heard.append(word)
                writer.write(word)
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def link(echo: Echo) -> AsyncIterator[FaultyLink]:
    server = await asyncio.start_server(echo.take, "127.0.0.1", 0)
    made = FaultyLink(server.sockets[0].getsockname()[1])
    await made.start()
    yield made
    await made.stop()
    server.close()
    await asyncio.wait_for(asyncio.gather(server.wait_closed(), *echo.talks), BOUND_S)


Connected = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Connected]]


@pytest.fixture
async def connect(link: FaultyLink) -> AsyncIterator[Connect]:
    writers: list[asyncio.StreamWriter] = []

    async def made() -> Connected:
        reader, writer = await asyncio.wait_for(asyncio.open_connection("127.0.0.1", link.port), BOUND_S)
        writers.append(writer)
        return reader, writer

    yield made
    for writer in writers:
        writer.transport.abort()


async def said(reader: asyncio.StreamReader, seconds: float = BOUND_S) -> bytes:
    return await asyncio.wait_for(reader.read(100), seconds)


async def test_a_sound_link_carries_both_ways_and_an_end(link: FaultyLink, connect: Connect) -> None:
    reader, writer = await connect()
    writer.write(b"hello")
    assert await said(reader) == b"hello"
    writer.write_eof()
    assert await said(reader) == b""


async def test_a_cut_link_resets_who_is_there_and_refuses_who_comes(link: FaultyLink, connect: Connect) -> None:
    reader, writer = await connect()
    writer.write(b"a")
    assert await said(reader) == b"a"
    link.cut()
    assert await said_or_reset(reader) == b""
    again, _ = await connect()
    assert await said_or_reset(again) == b""
    link.heal()
    third, writer = await connect()
    writer.write(b"b")
    assert await said(third) == b"b"


async def said_or_reset(reader: asyncio.StreamReader) -> bytes:
    try:
        return await said(reader)
    except ConnectionError:
        return b""


async def test_a_stalled_link_loses_nothing(link: FaultyLink, connect: Connect) -> None:
    reader, writer = await connect()
    link.stall()
    writer.write(b"late")
    with pytest.raises(TimeoutError):
        await said(reader, SOON_S)
    link.heal()
    assert await said(reader) == b"late"


async def test_a_slow_link_takes_its_time_both_ways(link: FaultyLink, connect: Connect) -> None:
    reader, writer = await connect()
    link.delay(0.1)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    writer.write(b"slow")
    assert await said(reader) == b"slow"
    assert loop.time() - begun >= 0.2


async def test_a_deaf_link_brings_the_question_and_loses_the_answer(
    link: FaultyLink, echo: Echo, connect: Connect
) -> None:
    reader, writer = await connect()
    link.deafen()
    writer.write(b"do it")
    with pytest.raises(TimeoutError):
        await said(reader, SOON_S)
    assert echo.heard[-1] == b"do it"
    link.heal()
    assert await said_or_reset(reader) == b"", "what has lost bytes goes on no more"


async def test_a_half_open_line_is_dead_for_ever_and_a_new_one_is_served(link: FaultyLink, connect: Connect) -> None:
    reader, writer = await connect()
    writer.write(b"a")
    assert await said(reader) == b"a"
    link.half_open()
    link.heal()
    writer.write(b"b")
    with pytest.raises(TimeoutError):
        await said(reader, SOON_S)
    second, other = await connect()
    other.write(b"c")
    assert await said(second) == b"c"


async def test_a_target_that_is_down_is_a_refusal(link: FaultyLink, connect: Connect) -> None:
    link.target_port = 1
    reader, _ = await connect()
    assert await said_or_reset(reader) == b""
