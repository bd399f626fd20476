"""One task that writes for the whole link: what has piled up at its sources goes out as one pipeline after another."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from router.bus.redis.keeping import Health, Keeper
from router.bus.redis.wire import Command, Reply, Wire, WireLost

PART = "sender"


class Source(Protocol):
    """Something that has commands to send. Each `commands` is followed by one `done` or one `lost`."""

    def commands(self) -> list[Command]:
        """Return what goes out now, a bounded amount; the rest next time."""

    def done(self, replies: Sequence[Reply]) -> None:
        """Take the replies, one for each command."""

    def lost(self) -> None:
        """The connection broke: whether the commands arrived is unknown."""


class Sender:
    """The writing connection. While one pipeline is on its way the next one piles up: that is the batching."""

    def __init__(self, keeper: Keeper, health: Health) -> None:
        self._keeper = keeper
        self._health = health
        self._sources: tuple[Source, ...] = ()
        self._news = asyncio.Event()

    def attach(self, *sources: Source) -> None:
        """Name the sources, in the order in which they are served."""
        self._sources = sources

    def wake(self) -> None:
        """Say that a source has something to send."""
        self._news.set()

    async def run(self) -> None:
        """Send until cancelled."""
        await self._keeper.keep(PART, self._session)

    async def _session(self, wire: Wire) -> None:
        await wire.one("PING")
        self._health.works(PART)
        self._news.set()
        while True:
            await self._news.wait()
            self._news.clear()
            while await self._turn(wire):
                continue

    async def _turn(self, wire: Wire) -> bool:
        taken = [(source, commands) for source in self._sources if (commands := source.commands())]
        if not taken:
            return False
        try:
            replies = await wire.run([command for _, commands in taken for command in commands])
        except BaseException as error:
            for source, _ in taken:
                source.lost()
            if isinstance(error, WireLost):
                self._health.fails(PART, error)
            raise
        at = 0
        for source, commands in taken:
            source.done(replies[at : at + len(commands)])
            at += len(commands)
        return True
