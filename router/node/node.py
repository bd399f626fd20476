"""One process: the table of floors by site, and what they share. Decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from router.memory import settle_memory
from router.node.balance import Balance
from router.node.parts import NodeParts
from router.node.served import Served
from router.node.tasks import Tasks

LAG_LOOK_MS = 500


class Node:
    """The floors this process serves, by site."""

    def __init__(self, sites: Sequence[str], parts: NodeParts) -> None:
        self._parts = parts
        self._tasks = Tasks(parts.telemetry)
        self._balance = (
            Balance(parts.link, parts.name, leading=self._leading, sites=sites)
            if parts.link and len(sites) > 1
            else None
        )
        if self._balance is not None:
            parts = replace(parts, hesitate_ms=self._balance.hesitation_ms)
        self.floors: dict[str, Served] = {site: Served(site, parts) for site in sites}

    async def recover(self) -> None:
        """Recover every floor, one after the other."""
        for served in self.floors.values():
            await served.recover()
        settle_memory()

    def start(self) -> None:
        """Serve."""
        for served in self.floors.values():
            served.start()
        self._tasks.start("lag", self._lag)
        if self._balance is not None:
            balance = self._balance
            self._tasks.start("balance", lambda: balance.run(lambda site: self.floors[site].lead.give_away()))
            self._tasks.start("balance:listen", balance.listen)
        self._parts.telemetry.info("node_started", node=self._parts.name, release=self._parts.release)

    def _leading(self) -> list[str]:
        return [site for site, served in self.floors.items() if served.floor.leading]

    async def say_goodbye(self) -> None:
        """Accept nothing more and tell every socket to come again elsewhere, before anybody waits for them to close."""
        for served in self.floors.values():
            served.board.shut()
        await asyncio.gather(*(served.board.hush() for served in self.floors.values()))

    async def stop(self) -> None:
        """Stop gracefully and close the store."""
        self._parts.telemetry.info("node_stopping", node=self._parts.name)
        for served in self.floors.values():
            await served.stop()
        await self._tasks.stop()
        await self._parts.store.close()
        self._parts.telemetry.info("node_stopped", node=self._parts.name)

    async def _lag(self) -> None:
        """Measure how late the loop is: nothing in it may take longer than 10 ms."""
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(LAG_LOOK_MS / 1_000)
            self._parts.beat()
            self._parts.telemetry.gauge("loop_lag_ms", max(0.0, (loop.time() - before) * 1_000 - LAG_LOOK_MS))


__all__ = ["Node", "NodeParts", "Served"]
