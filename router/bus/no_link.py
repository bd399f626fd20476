"""No link at all: nodes that share a database and nothing else. Everything goes through the store, slower."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from router.bus.link import Answerer, LinkDown


class NoLink:
    """The port's Link, never up."""

    def __init__(self) -> None:
        self._closed = asyncio.Event()

    @property
    def up(self) -> bool:
        """See the port."""
        return False

    def tell(self, site: str, frame: bytes, *, last: int) -> None:
        """See the port: the others read it in the journal."""

    def hint(self, site: str, hint: bytes) -> None:
        """See the port: it is lost."""

    async def heard(self, site: str) -> AsyncIterator[bytes]:
        """See the port: nothing, until the link is closed."""
        nothing: tuple[bytes, ...] = ()
        await self._closed.wait()
        for frame in nothing:
            yield frame

    def hints(self, site: str) -> AsyncIterator[bytes]:
        """See the port: nothing, until the link is closed."""
        return self.heard(site)

    async def ask(self, site: str, question: bytes, *, within_ms: int) -> bytes:
        """See the port."""
        raise LinkDown("there is no link")

    async def answer(self, site: str, answerer: Answerer) -> None:
        """See the port: nobody asks, until the link is closed."""
        await self._closed.wait()

    async def close(self) -> None:
        """See the port."""
        self._closed.set()
