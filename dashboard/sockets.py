"""One desk's socket: a bounded pile of encoded frames and the task that sends them in turn. No floor and no state."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from aiohttp import WSCloseCode, web

from dashboard.sessions import Caller
from router.intake.rates import Buckets

# A desk that has not taken so much is stuck or on a dead line; it resumes when it is back.
PILE_FRAMES_MAX = 256
PILE_BYTES_MAX = 4 * 1024 * 1024
# One frame must leave within this, or the line is dead.
SEND_S_MAX = 20.0
# What a person's screen says: a look per click, a sign per second of typing, a ping in fifteen seconds.
SAID_PER_WINDOW, SAID_WINDOW_MS = 60, 10_000

SESSION_OVER, FORBIDDEN = 4401, 4403
SLOW, RESTART = int(WSCloseCode.TRY_AGAIN_LATER), int(WSCloseCode.SERVICE_RESTART)
# A close that the other side does not answer is not waited for longer.
CLOSE_S_MAX = 2.0


class DeskSocket:
    """A socket of a signed-in person. `desk` names it to the floor; `looking` is the conversation on its screen."""

    def __init__(self, web_socket: web.WebSocketResponse, caller: Caller, desk: str) -> None:
        self.caller, self.desk = caller, desk
        self.looking = 0
        self.attaching = False
        self.said = Buckets(SAID_PER_WINDOW, SAID_WINDOW_MS, keys_max=1)
        self._ws = web_socket
        self._pile: deque[str] = deque()
        self._pile_bytes = 0
        self._news = asyncio.Event()
        self._closing = 0
        self._reason = b""

    @property
    def agent(self) -> int:
        return self.caller.account.id

    @property
    def closing(self) -> bool:
        return self._closing != 0

    def give(self, frames: Sequence[str]) -> None:
        """Pile up frames; a socket that lets them grow over the bound is closed, and resumes."""
        for frame in frames:
            self._pile.append(frame)
            self._pile_bytes += len(frame)
        if len(self._pile) > PILE_FRAMES_MAX or self._pile_bytes > PILE_BYTES_MAX:
            self.close(SLOW, b"too slow")
        self._news.set()

    def close(self, code: int, reason: bytes) -> None:
        """Close with a code; what is piled up is not sent any more. The first code stands."""
        if not self._closing:
            self._closing, self._reason = code, reason
        self._news.set()

    async def send(self) -> None:
        """Send what is piled up, in turn, until the socket is closed."""
        while not self.closing and not self._ws.closed:
            if self._pile:
                frame = self._pile.popleft()
                self._pile_bytes -= len(frame)
                if not await self._sent(frame):
                    return
            else:
                self._news.clear()
                await self._news.wait()
        await self._close_now()

    async def _sent(self, frame: str) -> bool:
        try:
            async with asyncio.timeout(SEND_S_MAX):
                await self._ws.send_str(frame)
        except TimeoutError:
            self.close(SLOW, b"too slow")
            await self._close_now()
            return False
        except (ConnectionError, RuntimeError):
            return False
        return True

    async def _close_now(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_S_MAX):
                await self._ws.close(code=self._closing or int(WSCloseCode.OK), message=self._reason)
        except (TimeoutError, ConnectionError, RuntimeError):
            self._closing = self._closing or SLOW
