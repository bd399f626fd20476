"""The link between the nodes of a cluster over Redis: its parts put together. What each of them does is in its file."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from random import Random, SystemRandom

from router.bus.link import Answerer
from router.bus.redis.address import parse_address
from router.bus.redis.answering import Answered, Answering
from router.bus.redis.asking import Asker
from router.bus.redis.hearing import Hearer
from router.bus.redis.keeping import Health, Keeper
from router.bus.redis.listening import PART as LISTENER
from router.bus.redis.listening import Hinter, Listener
from router.bus.redis.names import PREFIX, Names
from router.bus.redis.sending import PART as SENDER
from router.bus.redis.sending import Sender
from router.bus.redis.telling import Teller
from router.telemetry import Telemetry, error_code

NAME_BYTES = 4


class RedisLink:
    """One node's link. It is made inside a running loop, connects by itself, and again whenever it must."""

    def __init__(
        self, url: str, *, node: str, telemetry: Telemetry, prefix: str = PREFIX, random: Random | None = None
    ) -> None:
        names = Names(prefix)
        # A life of a node: answers to a life before would carry the same numbers.
        name = f"{node}-{secrets.token_hex(NAME_BYTES)}"
        self._telemetry = telemetry
        self._names = names
        self._health = Health(frozenset({SENDER, LISTENER}), telemetry, node)
        self._keeper = Keeper(parse_address(url), self._health, random or SystemRandom(), node=node)
        self._sender = Sender(self._keeper, self._health)
        self._teller = Teller(names, self._sender, telemetry)
        self._asker = Asker(names, self._sender, self._health, name=name, telemetry=telemetry)
        self._answered = Answered(names, self._sender, telemetry)
        self._hinter = Hinter(names, self._sender, name=name, telemetry=telemetry)
        self._hearer = Hearer(names, self._keeper, self._health, telemetry)
        self._listener = Listener(names, self._asker, self._keeper, name=name, health=self._health, telemetry=telemetry)
        # Answers first: others wait for them. Frames last: they are the largest, and nobody waits for one.
        self._sender.attach(self._answered, self._asker, self._hinter, self._teller)
        self._closed = asyncio.Event()
        self._tasks = [asyncio.create_task(part.run()) for part in (self._sender, self._listener, self._hearer)]
        for task in self._tasks:
            task.add_done_callback(self._say_why)

    @property
    def up(self) -> bool:
        """Whether the link worked when it was last tried."""
        return self._health.up and not self._closed.is_set()

    def tell(self, site: str, frame: bytes, *, last: int) -> None:
        """Give a committed batch to every node of a site; never waits."""
        if not self._closed.is_set():
            self._teller.tell(site, frame, last)

    def heard(self, site: str) -> AsyncIterator[bytes]:
        """Yield every batch of a site; first an empty frame, as soon as nothing more can be missed unsaid."""
        return self._hearer.listen(site)

    async def ask(self, site: str, question: bytes, *, within_ms: int) -> bytes:
        """Ask whoever leads a site. Raises LinkDown, LinkFull or NoAnswer."""
        return await self._asker.ask(site, question, within_ms)

    async def answer(self, site: str, answerer: Answerer) -> None:
        """Answer the questions of all nodes until cancelled or closed."""
        answering = Answering(
            site, answerer, self._answered, names=self._names, health=self._health, telemetry=self._telemetry
        )
        keeping = asyncio.create_task(self._keeper.keep(answering.part, answering.session, reader=True))
        closing = asyncio.create_task(self._closed.wait())
        try:
            await asyncio.wait((keeping, closing), return_when=asyncio.FIRST_COMPLETED)
            if keeping.done() and not keeping.cancelled():
                keeping.result()
        finally:
            for task in (keeping, closing):
                task.cancel()
            await asyncio.gather(keeping, closing, return_exceptions=True)
            await answering.end()

    def hint(self, site: str, hint: bytes) -> None:
        """Say something to the other nodes that may be lost; never waits."""
        if self.up:
            self._hinter.hint(site, hint)

    def hints(self, site: str) -> AsyncIterator[bytes]:
        """Yield the hints of other nodes."""
        return self._listener.hints(site)

    async def close(self) -> None:
        """End everything."""
        self._closed.set()
        self._asker.close()
        self._hearer.end()
        self._listener.end()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _say_why(self, task: asyncio.Task[None]) -> None:
        """A part that ends by itself is our bug; it must not be silent."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._telemetry.error("task_failed", task="link", error=error_code(error))
