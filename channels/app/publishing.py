"""What leaves for the app: one connection, opened when something leaves and closed when nothing does. No payloads."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence

from channels.app.link import Broker, Link, Lost, Refused, close, connect
from channels.contract import TryLater

# Between two answers of a busy floor lie seconds; a connection that is not used costs the broker a place.
KEPT_S = 60.0
# Who has said good-bye in vain is not heard of again.
GOODBYE_S = 3.0


class Publisher:
    """This node's way out. Several may speak for one site: what is said carries its number."""

    def __init__(self, broker: Broker, prefix: str) -> None:
        self._broker = broker
        self._prefix = prefix
        self._link: Link | None = None
        self._opening = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def say(self, topic: str, *payloads: bytes, expires_s: int) -> None:
        """Publish in order. Raises TryLater or Undeliverable; then some of it may have left."""
        link = await self._opened()
        try:
            await _all_said(link, topic, payloads, expires_s=expires_s)
        finally:
            self._rest()

    async def close(self) -> None:
        """Hang up."""
        if self._idle is not None:
            self._idle.cancel()
        self._hang_up()
        if self._closing:
            await asyncio.wait(self._closing, timeout=GOODBYE_S)

    async def _opened(self) -> Link:
        async with self._opening:
            if self._link is not None and self._link.is_open:
                return self._link
            self._hang_up()
            try:
                self._link = await connect(self._broker, f"{self._broker.user}:out:{secrets.token_hex(8)}", session_s=0)
            except Refused:
                raise TryLater("broker_refused_us") from None
            except Lost:
                raise TryLater("broker_unreachable") from None
            return self._link

    def _rest(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(KEPT_S, self._hang_up)

    def _hang_up(self) -> None:
        link, self._link = self._link, None
        if link is not None:
            task = asyncio.create_task(close(link))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


async def _all_said(link: Link, topic: str, payloads: Sequence[bytes], *, expires_s: int) -> None:
    """Tasks begin in the order in which they are made, and each speaks before it first waits."""
    if len(payloads) == 1:
        await link.say(topic, payloads[0], expires_s=expires_s)
        return
    said = await asyncio.gather(
        *(link.say(topic, payload, expires_s=expires_s) for payload in payloads), return_exceptions=True
    )
    for fault in said:
        if isinstance(fault, BaseException):
            raise fault
