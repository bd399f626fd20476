"""Tasks of a node that must not end: started, watched, started again after our own bug, stopped together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from router.telemetry import Telemetry, error_code

# A task that fails at once must not turn the processor hot; a minute is what an operator notices.
AGAIN_MS, AGAIN_MS_MAX = 250, 60_000
CANCEL_AGAIN_S = 0.5


class Tasks:
    """A node's long-running work."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._count = telemetry
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Run something until `stop`; when it fails it is said and started again."""
        self._tasks[name] = asyncio.create_task(self._forever(name, work), name=name)

    async def stop(self, *names: str) -> None:
        """Cancel some tasks, or all, and wait until they have ended."""
        chosen = [self._tasks.pop(name) for name in names or tuple(self._tasks) if name in self._tasks]
        left = set(chosen)
        while left:
            # Said again until it is heard: in this Python a wait that ends at the same moment swallows a cancellation.
            for task in left:
                task.cancel()
            _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)

    async def _forever(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        wait_ms = AGAIN_MS
        while True:
            try:
                await work()
            except Exception as error:
                self._count.error("task_failed", task=name, error=error_code(error))
                await asyncio.sleep(wait_ms / 1_000)
                wait_ms = min(2 * wait_ms, AGAIN_MS_MAX)
            else:
                return
