"""The baseline of the whole: an aiohttp server that reads a posted JSON object and answers 201. It keeps nothing.

Run as `python -m bench.bare`: it prints its port and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import socket

from aiohttp import web

from bench.loops import run_fast


async def serve() -> None:
    """Serve one route until the process is ended."""

    async def post(request: web.Request) -> web.Response:
        posted = await request.json()
        return web.json_response({"reference": posted["token"], "state": "kept"}, status=201)

    app = web.Application()
    app.router.add_post("/channels/form/contact", post)
    listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    print(listener.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    run_fast(serve())
