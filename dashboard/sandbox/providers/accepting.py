"""Connections that the loop has taken and not yet given to anybody. No server lives here."""

from __future__ import annotations

import asyncio

TAKES = "_accept_connection2"
# A look at the sockets, the taking, and the telling of the protocol: each is a turn of the loop.
TURNS = 3


async def all_taken() -> None:
    """Let a server learn of every connection that waits at its door; call it before the server is stopped.

    One that is taken while the server stops is closed by nobody: aiohttp closes those it has been told of.
    """
    for _ in range(TURNS):
        await asyncio.sleep(0)
    while any(_takes(task) for task in asyncio.all_tasks()):  # noqa: ASYNC110 - the takings are another's tasks.
        await asyncio.sleep(0)
    for _ in range(TURNS):
        await asyncio.sleep(0)


def _takes(task: asyncio.Task[object]) -> bool:
    return getattr(task.get_coro(), "__name__", "") == TAKES
