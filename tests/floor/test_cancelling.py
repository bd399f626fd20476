"""A task that is ended has ended, also one that does not hear it the first time."""

from __future__ import annotations

import asyncio

from router.cancelling import end_all


async def deaf(times: int) -> None:
    """As one whose wait ended in the moment of its cancellation: it goes on."""
    for _ in range(times):
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            continue
    await asyncio.sleep(3_600)


async def breaks() -> None:
    raise ValueError("of its own")


async def test_whoever_does_not_hear_it_hears_it_again() -> None:
    tasks = [asyncio.create_task(deaf(times)) for times in (0, 1, 2)]
    await asyncio.sleep(0)
    await end_all(tasks)
    assert all(task.cancelled() for task in tasks)


async def test_what_had_ended_already_is_left_alone_and_what_it_raised_is_no_news() -> None:
    broken, done = asyncio.create_task(breaks()), asyncio.create_task(asyncio.sleep(0))
    await asyncio.wait([broken, done])
    await end_all([broken, done])
    assert (done.cancelled(), broken.cancelled()) == (False, False)
