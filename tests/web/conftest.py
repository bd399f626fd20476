"""Desks for the tests of the web app; a server of its own for each of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio
from playwright.async_api import Browser

from tests.web.fake_server import FakeServer
from tests.web.seat import Seat

Sit = Callable[..., Awaitable[Seat]]


@pytest_asyncio.fixture(loop_scope="session")
async def server() -> AsyncIterator[FakeServer]:
    async with FakeServer().running() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def sit(chromium: Browser, server: FakeServer) -> AsyncIterator[Sit]:
    """Open desks; when the test is over none of them may have complained."""
    seats: list[Seat] = []

    async def take(*, signed_in: bool = True, shift: bool = True, **options: object) -> Seat:
        if shift and server.floor.agent is None:
            server.floor.begin_shift()
        begin = Seat.at if signed_in else Seat.before
        seats.append(await begin(server, chromium, **options))
        return seats[-1]

    yield take
    said = [fault for seat in seats for fault in seat.faults.said]
    for seat in seats:
        await seat.context.close()
    assert not said, said
