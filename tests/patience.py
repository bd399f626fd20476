"""How long tests wait for what comes about by itself, and how they wait. No test lives here.

The bound is for a machine five times slower than ours that others use too: it is reached only by what never comes.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

PATIENCE_S = 60.0
PATIENCE_MS = int(PATIENCE_S * 1_000)
LOOK_S = 0.01
CANCEL_AGAIN_S = 0.5


async def until(
    holds: Callable[[], object | Awaitable[object]], what: object = "", said: Callable[[], str] = lambda: ""
) -> None:
    """Look again and again until something holds; `said` tells more where it never does."""
    end = time.monotonic() + PATIENCE_S
    while True:
        found = holds()
        if inspect.isawaitable(found):
            found = await found
        if found:
            return
        assert time.monotonic() < end, f"did not come true within {PATIENCE_S:.0f} s: {what}\n{said()}"
        await asyncio.sleep(LOOK_S)


async def end_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended. What checks the product imports nothing of it, so this is its own.

    Said again until it is heard: a wait that ends at the same moment swallows a cancellation.
    """
    ending = set(tasks)
    left = {task for task in ending if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*ending, return_exceptions=True)
