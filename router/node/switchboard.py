"""The channels of one floor on this node: built from settings, mounted, listened to, swapped. Knows none by name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import hdrs, web

from channels.contract import Capabilities, Channel, ChannelModule, Handler, LetterboxClosed, Route, Settings
from router.floor.inbox import FloorAway
from router.intake.door import FloorDoor
from router.node.lead import PRESENCE_MS
from router.node.tasks import Tasks
from router.store.port import StoreError
from router.telemetry import Telemetry, error_code

MOUNT = "/channels"
# The largest body a webhook may have arrives within this over any line.
BODY_S_MAX = 20.0
# A body of this size comes with its head in one segment or two, and needs neither a clock nor a copy of the request.
BODY_BYTES_AT_ONCE = 64 * 1024
# A link that ended by itself is opened again; one that fails at once, more and more slowly (see `Tasks`).
LISTEN_AGAIN_S = 1.0
LEASE_AGAIN_S = 2.0
# What a provider is told that comes while the store is away or the node stops.
AFTER_S = "5"


@dataclass(slots=True)
class Plugged:
    """One channel as it runs now."""

    channel: Channel
    settings: Settings
    door: FloorDoor
    handlers: dict[tuple[str, str], Route]


class Abilities(Mapping[str, Capabilities]):
    """What each channel can do, by the name of its entry. An entry that is gone may still be answered on its lines:
    what is said there waits in the outbox and is shown, until the entry is back."""

    def __init__(self, modules: Mapping[str, ChannelModule]) -> None:
        self._known = {name: module.CAPABILITIES for name, module in modules.items()}
        self._gone = Capabilities(delivery="call", live=False, load=25)

    def learn(self, name: str, can: Capabilities) -> None:
        """Learn of an entry that another's channel serves."""
        self._known[name] = can

    def __getitem__(self, name: str) -> Capabilities:
        if not name:
            raise KeyError(name)
        return self._known.get(name, self._gone)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardParts:
    """What the switchboard receives from the node. `capabilities` it tells of entries that others' channels serve."""

    modules: Mapping[str, ChannelModule]
    capabilities: Abilities
    door: Callable[[str], FloorDoor]
    environment: Mapping[str, str]
    tasks: Tasks
    telemetry: Telemetry
    acquire: Callable[[str], Awaitable[int]]
    release: Callable[[str], Awaitable[None]]


def schemas_of(modules: Mapping[str, ChannelModule]) -> dict[str, tuple[type[Settings], Capabilities]]:
    """Return what the settings of each channel are checked against."""
    return {name: (vars(module)["Settings"], module.CAPABILITIES) for name, module in modules.items()}


class Switchboard:
    """The table of channels. `channels` is live: the outbox reads it at each call."""

    def __init__(self, parts: BoardParts) -> None:
        self._parts = parts
        self._plugged: dict[str, Plugged] = {}
        self._mounted: set[tuple[str, str, str]] = set()
        self._open = True
        self._changing = asyncio.Lock()
        self.channels: dict[str, Channel] = {}
        self.problems: dict[str, str] = {}

    def plug_all(self, settings: Mapping[str, Settings]) -> None:
        """Build every enabled channel; one that cannot be built is said, and the others serve."""
        for name, entry in settings.items():
            module = self._parts.modules.get(entry.by or name)
            if module is not None:
                self._parts.capabilities.learn(name, module.CAPABILITIES)
            if module is not None and entry.enabled:
                self._plug(name, entry)

    async def change(self, settings: Mapping[str, Settings]) -> None:
        """Build anew what has changed, while running. Unchanged channels keep their links and sockets."""
        async with self._changing:
            await self._change(settings)

    async def _change(self, settings: Mapping[str, Settings]) -> None:
        for name in tuple(self._plugged):
            entry = settings.get(name)
            if entry is None or not entry.enabled or entry != self._plugged[name].settings:
                await self._unplug(name)
        changed = {name: entry for name, entry in settings.items() if name not in self._plugged}
        self.plug_all(changed)
        for name in changed:
            self._listen(name)

    def listen(self) -> None:
        """Open every channel's link."""
        for name in self._plugged:
            self._listen(name)

    def routes(self) -> list[web.RouteDef]:
        """Return every route of the channels that are plugged now; later ones need a restart, and say so."""
        routes = []
        for name, plugged in self._plugged.items():
            for method, path in plugged.handlers:
                self._mounted.add((name, method, path))
                routes.append(web.route(method, f"{MOUNT}/{name}{path}", self._handler(name, method, path)))
        return routes

    def handler_of(self, path: str) -> Handler | None:
        """Return the handler of the first channel that serves a GET of this path: for addresses outside `MOUNT`."""
        for name, plugged in self._plugged.items():
            if ("GET", path) in plugged.handlers:
                return self._handler(name, "GET", path)
        return None

    def pages(self) -> Iterable[str]:
        """Return the names of the channels that are plugged."""
        return tuple(self._plugged)

    def shut(self) -> None:
        """Accept nothing more: the node stops."""
        self._open = False
        for plugged in self._plugged.values():
            plugged.door.close()

    async def hush(self) -> None:
        """End every link and the sockets that hang on it; what is still to be sent may be sent."""
        if self._plugged:
            await self._parts.tasks.stop(*(f"listen:{name}" for name in self._plugged))

    async def unplug_all(self) -> None:
        """Close every link."""
        for name in tuple(self._plugged):
            await self._unplug(name)

    # --- one channel --------------------------------------------------------------------------------------------

    def _plug(self, name: str, entry: Settings) -> None:
        door = self._parts.door(name)
        try:
            channel = self._parts.modules[entry.by or name].build(entry, door, self._parts.environment)
        except ValueError as fault:
            # The sentence names what is missing, a variable perhaps, and never a secret.
            self.problems[name] = f"The channel {name} is off: {fault}"
            self._parts.telemetry.warning("channel_off", channel=name, reason="settings")
            return
        handlers = {(route.method, route.path): route for route in channel.routes()}
        self._plugged[name] = Plugged(channel, entry, door, handlers)
        self.channels[name] = channel
        # An entry may do less than its channel can, or more: which files, by its settings.
        self._parts.capabilities.learn(name, channel.capabilities)
        self.problems.pop(name, None)
        if self._mounted and any((name, *key) not in self._mounted for key in handlers):
            self.problems[name] = f"New pages of the channel {name} are served after the next restart."
        self._parts.telemetry.info("channel_started", channel=name)

    async def _unplug(self, name: str) -> None:
        plugged = self._plugged.pop(name)
        self.channels.pop(name, None)
        plugged.door.close()
        await self._parts.tasks.stop(f"listen:{name}")

    def _listen(self, name: str) -> None:
        plugged = self._plugged.get(name)
        if plugged is None:
            return
        work = self._alone if plugged.channel.capabilities.single else self._held
        self._parts.tasks.start(f"listen:{name}", lambda: work(name, plugged.channel))

    async def _held(self, name: str, channel: Channel) -> None:
        """Hold the link; what returns at once has none."""
        started = asyncio.get_running_loop().time()
        await channel.listen()
        while asyncio.get_running_loop().time() - started > LISTEN_AGAIN_S:
            self._parts.telemetry.info("channel_stopped", channel=name)
            await asyncio.sleep(LISTEN_AGAIN_S)
            started = asyncio.get_running_loop().time()
            await channel.listen()

    async def _alone(self, name: str, channel: Channel) -> None:
        """Hold a link that may exist only once in a site: whenever its lease is ours, until the link ends by itself."""
        lease, door = f"listen:{name}", self._plugged[name].door
        while True:
            while not await self._leased(lease, door):  # noqa: ASYNC110 - another node lets go
                await asyncio.sleep(LEASE_AGAIN_S)
            if await self._while_leased(lease, name, channel):
                return
            await asyncio.sleep(LEASE_AGAIN_S)

    async def _while_leased(self, lease: str, name: str, channel: Channel) -> bool:
        """Hold the link under a lease that is renewed meanwhile; return whether the link, not the lease, ended."""
        door = self._plugged[name].door
        link = asyncio.create_task(self._held(name, channel))
        try:
            while not link.done() and await self._leased(lease, door):
                await asyncio.wait({link}, timeout=LEASE_AGAIN_S)
            ended = link.done()
            if ended:
                link.result()
            return ended
        finally:
            link.cancel()
            await asyncio.gather(link, return_exceptions=True)
            door.hold(None)
            await self._parts.release(lease)

    async def _leased(self, lease: str, door: FloorDoor) -> bool:
        """Take or renew; the door knows how long that is good for, counted from before it was asked."""
        asked = time.monotonic()
        if not await self._parts.acquire(lease):
            return False
        door.hold(asked + PRESENCE_MS / 1_000)
        return True

    def _handler(self, name: str, method: str, path: str) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            plugged = self._plugged.get(name)
            route = plugged.handlers.get((method, path)) if plugged else None
            if route is None:
                raise web.HTTPNotFound
            if not self._open:
                return _later()
            if (request.content_length or 0) > route.body_bytes_max:
                raise web.HTTPRequestEntityTooLarge(route.body_bytes_max, request.content_length or 0)
            return await self._answer(name, route, request)

        return handle

    async def _answer(self, name: str, route: Route, request: web.Request) -> web.StreamResponse:
        """Let the channel answer. A body without a stated length is bounded while it is read."""
        try:
            received = await _received(request, route.body_bytes_max, within_s=route.body_s_max or BODY_S_MAX)
        except TimeoutError:
            return web.Response(status=HTTPStatus.REQUEST_TIMEOUT)
        except web.RequestPayloadError:
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        try:
            return await route.handler(received)
        except (web.HTTPException, asyncio.CancelledError):
            raise
        except (LetterboxClosed, StoreError, FloorAway):
            # An outage is said once, by its own name. Who asks here comes again, or to another node.
            return _later()
        except Exception as error:
            self._parts.telemetry.error("request_failed", channel=name, error=error_code(error))
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR, text="Something went wrong here.")


def _later() -> web.Response:
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": AFTER_S})


async def _received(request: web.Request, bytes_max: int, *, within_s: float) -> web.Request:
    """Return a request whose body is bounded in bytes, and in time: it has been read, unless it comes in parts."""
    if not request.body_exists:
        return request
    if _is_here(request):
        return request
    bounded = request.clone(client_max_size=bytes_max)
    if not request.content_type.startswith("multipart/"):
        async with asyncio.timeout(within_s):
            await bounded.read()
    return bounded


def _is_here(request: web.Request) -> bool:
    """Whether a small body came with its head: as long as was said, which has been checked, and not packed."""
    small = 0 < (request.content_length or 0) <= BODY_BYTES_AT_ONCE
    return small and request.content.is_eof() and hdrs.CONTENT_ENCODING not in request.headers
