"""What the server under `bench.channels` notes of itself: what an answer costs it, and when a call was offered.

Processor time of the whole process between reading a request and answering it is what an answer waits for on a machine
that is free; the clock on the wall also counts everybody else's work.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Made
from router.floor.floor import Floor

AGENTS, CAPACITY = 400, 100
BEHIND_MAX = 100_000
CALLED, CHANNEL = "/channels/phone/voice", "phone"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Watch:
    """Notes of one server. Calls come in order and are offered in order, so the n-th offer is the n-th call's."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._answers_ms: list[float] = []
        self._called: deque[float] = deque()
        self._offered_ms: list[float] = []
        self._watching: asyncio.Task[None] | None = None

    def add_to(self, app: web.Application) -> None:
        app.middlewares.append(self._noting())
        app.router.add_post("/bench/staff", self._staff)
        app.router.add_get("/bench/taken", self._taken)

    def _noting(self) -> Middleware:
        @web.middleware
        async def note(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not request.path.startswith("/channels/"):
                return await handler(request)
            began = time.process_time()
            if request.path == CALLED:
                self._called.append(time.monotonic())
            answer = await handler(request)
            self._answers_ms.append((time.process_time() - began) * 1_000)
            return answer

        return note

    async def _staff(self, request: web.Request) -> web.Response:
        """Let agents come who may take calls alone; what has waited until now is not theirs to count."""
        del request
        for agent in range(1, AGENTS + 1):
            await self._made(
                cmd.SignIn(id=f"in{agent}", agent=agent, abilities=((f"channel:{CHANNEL}", 1),), capacity=CAPACITY)
            )
            await self._made(cmd.AttachDesk(id=f"desk{agent}", agent=agent, node="bench", desk=f"d{agent}"))
        self._called.clear()
        self._watching = asyncio.create_task(self._watch())
        return web.json_response({})

    async def _watch(self) -> None:
        async for committed in self._floor.follow(BEHIND_MAX):
            now = time.monotonic()
            for event in (event for entry in committed.entries for event in entry.events):
                if isinstance(event, ev.Offered) and self._called:
                    self._offered_ms.append((now - self._called.popleft()) * 1_000)

    async def _made(self, command: cmd.Command) -> None:
        answer = await self._floor.submit(command)
        assert isinstance(answer, Made), answer

    async def _taken(self, request: web.Request) -> web.Response:
        """Return what was noted since it was last asked for."""
        del request
        told = {"answers_ms": self._answers_ms, "offered_ms": self._offered_ms}
        self._answers_ms, self._offered_ms = [], []
        return web.json_response(told)
