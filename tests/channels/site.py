"""A channel on a real HTTP server with a door in memory. No test lives here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from channels.contract import Channel, Handler
from tests.providers.accepting import all_taken

Client = TestClient[web.Request, web.Application]


@asynccontextmanager
async def serving(channel: Channel, name: str) -> AsyncIterator[Client]:
    """Serve a channel's routes under its name, bounded as the node bounds them."""
    app = web.Application()
    for route in channel.routes():
        app.router.add_route(
            route.method, f"/channels/{name}{route.path}", _bounded(route.handler, route.body_bytes_max)
        )
    async with TestClient(TestServer(app)) as client:
        yield client
        await all_taken()


def _bounded(handler: Handler, body_bytes_max: int) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await handler(request.clone(client_max_size=body_bytes_max) if request.body_exists else request)

    return handle
