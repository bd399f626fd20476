"""The composition root of `patchbay serve`: the store, the node, the channels and the dashboard, put together."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING

from channels.discovery import discover
from dashboard.passwords import hash_password
from router.clustering import Meeting, is_shared, meeting
from router.node.frontdoor import BACKLOG, front_door
from router.node.node import Node, NodeParts, Served
from router.pages import build_web
from router.release import release
from router.site.accounts import FIRST_FILE, first_people, keep_first
from router.site.datalock import home_of, locked
from router.site.key import KEY_FILE, KEY_VARIABLE, SiteKey, SiteKeyError, load_site_key
from router.site.kind import check_kind_of_data
from router.site.places import MAIN, Place, read_places
from router.store.port import Store
from router.telemetry import Telemetry

if TYPE_CHECKING:
    from router.sandboxing import Sandbox

SITE = MAIN
NODE_NAME_BYTES = 4
# Where the store remembers which key its hashes were made with: a print of it, of which nothing can be derived.
KEY_BOOK = "site-key"
# The pages that `serve` prints, by the channel that has them.
PAGES: tuple[tuple[str, str, str], ...] = (
    ("chat", "Chat demo", "/channels/chat/demo"),
    ("form", "Demo form", "/channels/form/contact"),
)
SETTLE_MS_MAX, SETTLE_LOOK_MS = 10_000, 20
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
    sandbox: bool = False
    sandbox_reachable: bool = False
    demo_day: bool = False
    sites: Path | None = None


async def serve(options: ServeOptions, say: Say) -> None:
    """Serve until told to stop; then stop gracefully."""
    if options.demo_day and not options.sandbox:
        raise CannotServe("--demo-day plays customers and agents: it needs --sandbox.")
    if options.sandbox and options.sites:
        raise CannotServe("--sandbox plays one site's customers: leave out --sites.")
    if options.environment.get("AIOHTTP_NO_EXTENSIONS"):
        raise CannotServe("AIOHTTP_NO_EXTENSIONS is set: its slow parser has known holes. Unset it.")
    listener = bind(options.host, options.port)
    port = int(listener.getsockname()[1])
    try:
        with stop_signals() as told, locked(options.data, port):
            if not options.sandbox:
                await _serve(options, listener, public_url_of(options, port), say=say, told=told)
                return
            from router.sandboxing import sandboxed  # noqa: PLC0415 - a production server never loads it.

            async with sandboxed(options, port) as (ours, sandbox):
                await _serve(ours, listener, public_url_of(ours, port), say=say, told=told, sandbox=sandbox)
    finally:
        listener.close()


async def _serve(
    options: ServeOptions,
    listener: socket.socket,
    public_url: str,
    *,
    say: Say,
    told: asyncio.Event,
    sandbox: Sandbox | None = None,
) -> None:
    telemetry = Telemetry()
    name = f"{home_of(options.data)}-{secrets.token_hex(NODE_NAME_BYTES)}"
    shared = is_shared(options.environment)
    key = load_site_key(options.data, options.environment)
    alone = {SITE: Place(config=options.config, public_url=public_url)}
    places = read_places(options.sites) if options.sites else alone
    async with meeting(options.data, key, options.environment, node=name, telemetry=telemetry) as met:
        await check_kind_of_data(met.store, SITE, sandbox=sandbox is not None)
        await recognise(key, met.store)
        people = await _first_people(options, met.store, places)
        node = build_node(options, places, name=name, key=key, met=met, exclusive=not shared, telemetry=telemetry)
        try:
            await node.recover()
            node.start()
            app = build_web(node, met.store, places, clock=met.clock, telemetry=telemetry, played=sandbox is not None)
            if sandbox is not None:
                sandbox.add_to(app)
            async with front_door(app, listener, telemetry, say_goodbye=node.say_goodbye):
                await _until_told(node, sandbox, told, lambda: _greet(options, public_url, node, people, say))
        finally:
            await node.stop()


async def _until_told(node: Node, sandbox: Sandbox | None, told: asyncio.Event, greet: Callable[[], Say]) -> None:
    """Say what there is, then serve until told to stop; nothing more is accepted after it."""
    try:
        await settled(node, told)
        say = greet()
        if sandbox is not None:
            await sandbox.begin(node.floors[SITE].store, SITE, say)
        await told.wait()
    finally:
        if sandbox is not None:
            await sandbox.hush()
        for served in node.floors.values():
            served.board.shut()


def _greet(options: ServeOptions, public_url: str, node: Node, people: list[tuple[str, str]], say: Say) -> Say:
    for line in greeting(public_url, next(iter(node.floors.values())), people, options.data):
        say(line)
    return say


async def _first_people(options: ServeOptions, store: Store, places: Mapping[str, Place]) -> list[tuple[str, str]]:
    """Make the first accounts of each site that has none; of several sites they are named with their site."""
    people: list[tuple[str, str]] = []
    for site in places:
        made = await first_people(store.accounts, site, demo=options.demo_people, hashed=hash_password)
        people += made if len(places) == 1 else [(f"{site}/{login}", password) for login, password in made]
    if people and options.demo_people:
        keep_first(options.data, people)
    return people


async def settled(node: Node, told: asyncio.Event) -> None:
    """Wait until every floor is ready, or it is clear that it needs a human, so that the greeting tells the truth."""
    for _ in range(SETTLE_MS_MAX // SETTLE_LOOK_MS):
        if told.is_set() or all(served.ready or served.config.problems for served in node.floors.values()):
            return
        await asyncio.sleep(SETTLE_LOOK_MS / 1_000)


async def recognise(key: SiteKey, store: Store) -> None:
    """Refuse data that was made with another key: with the wrong one no customer, thread or repeat would be known."""
    print_now = key.derive("print").hex()
    print_then = await store.notebook.read(SITE, KEY_BOOK, KEY_BOOK)
    if print_then is None:
        await store.notebook.note(SITE, KEY_BOOK, KEY_BOOK, print_now)
    elif print_then != print_now:
        raise SiteKeyError(
            f"This data was made with another site key. Bring back the {KEY_FILE} or {KEY_VARIABLE} that belongs to it."
        )


def build_node(
    options: ServeOptions,
    places: Mapping[str, Place],
    *,
    name: str,
    key: SiteKey,
    met: Meeting,
    exclusive: bool,
    telemetry: Telemetry,
) -> Node:
    """Put a node together on the data of one machine, or on what it shares with others."""
    child = [sys.executable, "-m", "router", "snapshot", "--data", str(options.data.resolve())]
    parts = NodeParts(
        name=name,
        home=home_of(options.data),
        release=release(),
        data=options.data,
        config=options.config,
        store=met.store,
        clock=met.clock,
        key=key,
        telemetry=telemetry,
        modules=discover(),
        environment=options.environment,
        public_url=next(iter(places.values())).public_url,
        places=places,
        snapshot_command=child,
        random=SystemRandom(),
        exclusive=exclusive,
        jumps=met.clock.jumps,
        link=met.link,
        renewal=met.renewal,
        files=met.files,
        beat=met.beat,
    )
    return Node(list(places), parts)


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


@contextmanager
def stop_signals() -> Iterator[asyncio.Event]:
    """Set an event at SIGTERM or SIGINT, from before recovery until all is written: a second one spoils no stop."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    try:
        yield told
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
