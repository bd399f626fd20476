"""Tasks of a node that must not end: started, watched, started again after our own bug, stopped together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from router.cancelling import end_all
from router.floor.floor import Floor
from router.telemetry import Telemetry, error_code

# A task that fails at once must not turn the processor hot; a minute is what an operator notices.
AGAIN_MS, AGAIN_MS_MAX = 250, 60_000
# What has worked for so long begins anew with short pauses: an earlier fault says nothing about this one.
WELL_S = 60.0
LEAD_LOOK_S = 0.2


def while_leading(floor: Floor, work: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    """Return work that only the leader's node does: begun when it takes the lead, cancelled when it loses it."""

    async def run() -> None:
        while True:
            if floor.leading:
                await _until_lost(floor, work)
            await asyncio.sleep(LEAD_LOOK_S)

    return run


async def _until_lost(floor: Floor, work: Callable[[], Awaitable[None]]) -> None:
    task = asyncio.ensure_future(work())
    try:
        while floor.leading:
            ended, _ = await asyncio.wait({task}, timeout=LEAD_LOOK_S)
            if ended:
                task.result()
                return
    finally:
        await end_all([task])


class Tasks:
    """A node's long-running work."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._count = telemetry
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Callable[[], Awaitable[None]], *, again_ms_max: int = AGAIN_MS_MAX) -> None:
        """Run something until `stop`; when it fails it is said and started again, at the latest after so long."""
        self._tasks[name] = asyncio.create_task(self._forever(name, work, again_ms_max), name=name)

    async def stop(self, *names: str) -> None:
        """Cancel some tasks, or all, and wait until they have ended."""
        chosen = [self._tasks.pop(name) for name in names or tuple(self._tasks) if name in self._tasks]
        await end_all(chosen)

    async def _forever(self, name: str, work: Callable[[], Awaitable[None]], again_ms_max: int) -> None:
        wait_ms = AGAIN_MS
        while True:
            began = time.monotonic()
            try:
                await work()
            except Exception as error:
                self._count.error("task_failed", task=name, error=error_code(error))
                if time.monotonic() - began > WELL_S:
                    wait_ms = AGAIN_MS
                await asyncio.sleep(wait_ms / 1_000)
                wait_ms = min(2 * wait_ms, again_ms_max)
            else:
                return
