"""Ending tasks so that they have ended. Nothing is started here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

CANCEL_AGAIN_S = 0.5


async def end_all(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended; what they raised is no news any more.

    It is said again until it is heard: before Python 3.12 `asyncio.wait_for` swallows a cancellation that comes at the
    moment in which what it waits for is done (https://github.com/python/cpython/issues/86296).
    """
    ending = set(tasks)
    left = {task for task in ending if not task.done()}
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=CANCEL_AGAIN_S)
    await asyncio.gather(*ending, return_exceptions=True)
