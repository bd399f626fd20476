"""The composition root of `patchbay serve`: the store, the node, the channels and the dashboard, put together."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from random import SystemRandom

from aiohttp import web

from channels.discovery import discover
from dashboard.app import build_app
from dashboard.passwords import hash_password
from dashboard.surroundings import Surroundings
from router.clock import Clock, SystemClock
from router.datalock import STORE_FILE, home_of, locked
from router.node import Node, NodeParts, Served
from router.people import FIRST_FILE, first_people, keep_first
from router.sitekey import SiteKey, load_site_key
from router.store.port import Store
from router.store.sqlite import keyed_hasher, open_sqlite
from router.telemetry import Telemetry

SITE = "main"
NODE_NAME_BYTES = 4
# The pages that `serve` prints, by the channel that has them.
PAGES: tuple[tuple[str, str, str], ...] = (
    ("chat", "Chat demo", "/channels/chat/demo"),
    ("form", "Demo form", "/channels/form/contact"),
)
# The launcher of the chat widget has a short address of its own, whichever channel serves it.
WIDGET = "/widget.js"
# Open sockets are told to come back, and get so long to say good-bye.
GOODBYE_S = 3.0
BACKLOG = 1_024
SETTLE_MS_MAX, SETTLE_LOOK_MS = 10_000, 20
PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"
Say = Callable[[str], None]


class CannotServe(Exception):
    """The server cannot start; the sentence says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeOptions:
    """What the command line says."""

    data: Path
    config: Path
    host: str
    port: int
    public_url: str
    demo_people: bool
    environment: Mapping[str, str]


async def serve(options: ServeOptions, say: Say) -> None:
    """Serve until told to stop; then stop gracefully."""
    if options.environment.get("AIOHTTP_NO_EXTENSIONS"):
        raise CannotServe("AIOHTTP_NO_EXTENSIONS is set: its slow parser has known holes. Unset it.")
    listener = bind(options.host, options.port)
    port = int(listener.getsockname()[1])
    try:
        with locked(options.data, port):
            await _serve(options, listener, public_url_of(options, port), say=say)
    finally:
        listener.close()


async def _serve(options: ServeOptions, listener: socket.socket, public_url: str, *, say: Say) -> None:
    clock, telemetry = SystemClock(), Telemetry()
    key = load_site_key(options.data, options.environment)
    store = await open_store(options.data, key)
    node = build_node(options, public_url, key=key, store=store, clock=clock, telemetry=telemetry)
    people = await first_people(store.accounts, SITE, demo=options.demo_people, hashed=hash_password)
    if people and options.demo_people:
        keep_first(options.data, people)
    try:
        await node.recover()
        node.start()
        app = build_web(node, store, public_url, clock=clock, telemetry=telemetry)
        await answer(
            app, node, listener, said=lambda: greeting(public_url, node.floors[SITE], people, options.data), say=say
        )
    finally:
        await node.stop()


async def answer(
    app: web.Application, node: Node, listener: socket.socket, *, said: Callable[[], list[str]], say: Say
) -> None:
    """Answer requests until told to stop; then refuse what is new and say good-bye to open sockets."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GOODBYE_S)
    try:
        await runner.setup()
        await web.SockSite(runner, listener, backlog=BACKLOG).start()
        await settled(node)
        for line in said():
            say(line)
        await told_to_stop()
    finally:
        for served in node.floors.values():
            served.board.shut()
        await runner.cleanup()


async def settled(node: Node) -> None:
    """Wait until every floor is ready, or it is clear that it needs a human, so that the greeting tells the truth."""
    for _ in range(SETTLE_MS_MAX // SETTLE_LOOK_MS):
        if all(served.ready or served.config.problems for served in node.floors.values()):
            return
        await asyncio.sleep(SETTLE_LOOK_MS / 1_000)


def build_node(
    options: ServeOptions, public_url: str, *, key: SiteKey, store: Store, clock: Clock, telemetry: Telemetry
) -> Node:
    """Put a node together on the data of one machine."""
    child = [sys.executable, "-m", "router", "snapshot", "--data", str(options.data.resolve())]
    parts = NodeParts(
        name=f"{home_of(options.data)}-{secrets.token_hex(NODE_NAME_BYTES)}",
        home=home_of(options.data),
        release=release(),
        data=options.data,
        config=options.config,
        store=store,
        clock=clock,
        key=key,
        telemetry=telemetry,
        modules=discover(),
        environment=options.environment,
        public_url=public_url,
        snapshot_command=child,
        random=SystemRandom(),
    )
    return Node([SITE], parts)


def build_web(node: Node, store: Store, public_url: str, *, clock: Clock, telemetry: Telemetry) -> web.Application:
    """Put the dashboard, the channels' pages and the operators' pages on one address."""
    served = node.floors[SITE]
    app = build_app(
        Surroundings(
            floor=served.floor,
            store=store,
            node=served.lead.node,
            now_ms=clock.now_ms,
            public_url=public_url,
            reference=served.references.reference,
            version=release(),
            settings_problems=served.problems,
            log_error=telemetry.error,
            signs=served.signs,
            nudge_outbox=served.outbox.nudge,
        )
    )
    app.add_routes(served.board.routes())
    widget = served.board.handler_of(WIDGET)
    if widget is not None:
        app.router.add_get(WIDGET, widget)
    add_operators_pages(app, node, telemetry)
    return app


def add_operators_pages(app: web.Application, node: Node, telemetry: Telemetry) -> None:
    """Add what probes and Prometheus ask for."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"alive": True})

    async def readyz(_request: web.Request) -> web.Response:
        floors = {site: served.ready for site, served in node.floors.items()}
        ready = all(floors.values())
        return web.Response(
            status=200 if ready else 503,
            text=json.dumps({"ready": ready, "floors": floors}),
            content_type="application/json",
        )

    async def metrics(_request: web.Request) -> web.Response:
        text = await asyncio.to_thread(telemetry.render)
        return web.Response(body=text, headers={"Content-Type": PROMETHEUS})

    app.router.add_get("/healthz", healthz)
    app.router.add_get("/readyz", readyz)
    app.router.add_get("/metrics", metrics)


async def open_store(data: Path, key: SiteKey) -> Store:
    """Open the embedded store of a data directory."""
    return await open_sqlite(data / STORE_FILE, hasher=keyed_hasher(key.derive("store")))


def bind(host: str, port: int) -> socket.socket:
    """Take the port for this process alone: two servers sharing one would each get half of the requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=False)
    except OSError as fault:
        raise CannotServe(
            f"Port {port} on {host} cannot be used ({os.strerror(fault.errno or 0)}). Stop what uses it, or set PORT."
        ) from None


def public_url_of(options: ServeOptions, port: int) -> str:
    """Return the address under which the world sees us."""
    if options.public_url:
        return options.public_url.rstrip("/")
    shown = "127.0.0.1" if options.host in {"0.0.0.0", "::"} else options.host  # noqa: S104 - shown, not bound.
    return f"http://[{shown}]:{port}" if ":" in shown else f"http://{shown}:{port}"


def greeting(url: str, served: Served, people: list[tuple[str, str]], data: Path) -> list[str]:
    """Return what a person reads who has just started Patchbay."""
    plugged = set(served.board.pages())
    lines = ["", f"Patchbay {release()} is running.", "", f"  {'Dashboard':<12}{url}/"]
    lines += [f"  {label:<12}{url}{path}" for channel, label, path in PAGES if channel in plugged]
    lines += ["", *served.problems()]
    if people:
        lines += ["First sign-in (shown once):", *(f"  {login:<12}{password}" for login, password in people)]
    elif (data / FIRST_FILE).exists():
        lines.append(f"The first sign-ins are in {data / FIRST_FILE}; delete it when you know them.")
    else:
        lines.append("Sign in with your account; `patchbay user password <login>` sets a new password.")
    return [*lines, "", "Stop with Ctrl-C.", ""]


async def told_to_stop() -> None:
    """Return at the first SIGTERM or SIGINT."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    try:
        await told.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def release() -> str:
    """Return the release of this installation."""
    try:
        return version("patchbay")
    except PackageNotFoundError:
        return "development"
