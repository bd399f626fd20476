"""The server under `bench.channels`: a whole node with every channel that has a webhook; or a handler that only reads.

Run as `python -m bench.channels_server FOLDER` with the channels' entries in FOLDER/config and their secrets in the
environment, or with `--bare`: it prints its port and serves until it is ended.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from pathlib import Path
from random import Random

from aiohttp import web

from bench.channels_watch import Watch
from bench.loops import run_fast
from channels.discovery import discover
from router.clock import SystemClock
from router.clustering import open_store
from router.node.frontdoor import BACKLOG, front_door
from router.node.node import Node, NodeParts
from router.pages import add_operators_pages
from router.site.key import load_site_key
from router.site.places import MAIN as SITE
from router.telemetry import Telemetry

PUBLIC_URL = "http://127.0.0.1"


async def serve(folder: Path) -> None:
    """Serve until the process is ended."""
    telemetry, key = Telemetry(), load_site_key(folder, {})
    node = Node(
        [SITE],
        NodeParts(
            name="bench",
            home="bench",
            release="bench",
            data=folder,
            config=folder / "config",
            store=await open_store(folder, key),
            clock=SystemClock(),
            key=key,
            telemetry=telemetry,
            modules=discover(),
            environment=os.environ,
            public_url=PUBLIC_URL,
            snapshot_command=[sys.executable, "-m", "router", "snapshot", "--data", str(folder)],
            random=Random(1),
        ),
    )
    await node.recover()
    node.start()
    while not node.floors[SITE].ready:  # noqa: ASYNC110 - asked a few times, at the start
        await asyncio.sleep(0.01)
    app = web.Application()
    app.add_routes(node.floors[SITE].board.routes())
    add_operators_pages(app, node, telemetry)
    Watch(node.floors[SITE].floor).add_to(app)
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    async with front_door(app, listener, telemetry):
        print(listener.getsockname()[1], flush=True)
        await asyncio.Event().wait()


async def serve_bare() -> None:
    """Read whatever is posted, keep nothing, and say yes."""

    async def post(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(text="success")

    app = web.Application()
    app.router.add_post("/{path:.*}", post)
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    print(listener.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    run_fast(serve_bare() if sys.argv[1:] == ["--bare"] else serve(Path(sys.argv[1])))
