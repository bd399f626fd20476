"""A provider's server on a free port that can be told to fail, to be slow, or to hang up. No provider's own facts."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from dashboard.sandbox.providers.accepting import all_taken

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BODY_BYTES_MAX = 32 * 1024 * 1024
# A sandbox may run for days: what is older than so many requests is forgotten.
KEPT_MAX = 100_000


@dataclass(frozen=True)
class Fault:
    """What happens to one request. `after`: the deed is done before the connection breaks or the status is said."""

    status: int = 0
    body: bytes = b""
    wait_s: float = 0.0
    hang_up: bool = False
    after: bool = False


class FaultyServer:
    """Serves what a provider registers; `faults[path]` holds what shall go wrong next, one per request.

    A path may be one as it is asked for or as it was registered. `waiting` counts the requests that are kept waiting.
    """

    def __init__(self) -> None:
        self.faults: defaultdict[str, deque[Fault]] = defaultdict(deque)
        self.requests: list[tuple[str, str]] = []
        self.waiting: Counter[str] = Counter()
        self._cut = asyncio.Event()
        self._routes: list[web.RouteDef] = []
        self._runner: web.AppRunner | None = None
        self._port = 0
        self.url = ""

    def add(self, method: str, path: str, handler: Handler) -> None:
        self._routes.append(web.route(method, path, self._with_faults(handler)))

    async def start(self) -> None:
        """Serve; after a stop again under the same address."""
        app = web.Application(client_max_size=BODY_BYTES_MAX)
        app.add_routes(self._routes)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()
        host, self._port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{self._port}"

    async def stop(self) -> None:
        await all_taken()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def will(self, path: str, *faults: Fault) -> None:
        """Let the next requests to a path go wrong."""
        self.faults[path].extend(faults)

    def cut(self) -> None:
        """Let no request wait any longer: what shall happen to it happens now."""
        self._cut.set()
        self._cut = asyncio.Event()

    def asked(self, path: str) -> int:
        """Return how often a path was asked."""
        return sum(1 for _, each in self.requests if each == path)

    def _with_faults(self, handler: Handler) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            self.requests.append((request.method, request.path))
            del self.requests[:-KEPT_MAX]
            route = request.match_info.route.resource
            path = route.canonical if route is not None else request.path
            waiting = self.faults[request.path] or self.faults[path]
            if not waiting:
                return await handler(request)
            fault = waiting.popleft()
            if fault.after:
                await handler(request)
            elif fault.status or fault.hang_up:
                await request.read()
            await self._wait(path, fault.wait_s)
            if fault.hang_up and request.transport is not None:
                request.transport.abort()
            if fault.status:
                return web.Response(status=fault.status, body=fault.body)
            return await handler(request) if not fault.after else web.Response()

        return handle

    async def _wait(self, path: str, wait_s: float) -> None:
        self.waiting[path] += 1
        try:
            async with asyncio.timeout(wait_s):
                await self._cut.wait()
        except TimeoutError:
            return
        finally:
            self.waiting[path] -= 1
