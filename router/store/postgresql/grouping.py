"""Group commit: whoever asks while a statement is under way goes into the next one, all together. Knows no table."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from router.store.port import StoreError, StoreUnavailable
from router.store.postgresql.errors import is_trouble

TOGETHER_MAX = 256
"""More in one statement makes the first wait for the last and gains nothing: a flush is shared enough."""

WAITING_MAX = 10_000
"""About a second of work. Beyond it callers are told to come back; intake has the letterbox's own answer."""

Argument = TypeVar("Argument")
Result = TypeVar("Result")


class Group(Generic[Argument, Result]):
    """Work that takes the arguments of everybody who asks for it, in order, one statement at a time.

    A caller that is cancelled leaves its argument behind: it is done with the others, as if nobody had gone.
    """

    def __init__(self, work: Callable[[list[Argument]], Awaitable[Sequence[Result]]]) -> None:
        self._work = work
        self._waiting: deque[tuple[Argument, asyncio.Future[Result]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def do(self, argument: Argument) -> Result:
        """Do one piece of work in the next statement; return when it is durable."""
        if len(self._waiting) >= WAITING_MAX:
            raise StoreUnavailable("too many writes are waiting")
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((argument, future))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        return await future

    async def finish(self) -> None:
        """Wait until nothing is under way."""
        while self._task is not None:
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), TOGETHER_MAX))]
                await self._do(batch)
        finally:
            self._task = None

    async def _do(self, batch: list[tuple[Argument, asyncio.Future[Result]]]) -> None:
        """Do a batch; when it fails by what somebody gave, do it one by one, so that only the culprit fails."""
        try:
            results = await self._work([argument for argument, _ in batch])
        except Exception as error:
            if len(batch) == 1 or not _may_be_one_culprit(error):
                _fail(batch, error)
                return
        else:
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)
            return
        for one in batch:
            await self._do([one])


def _may_be_one_culprit(error: Exception) -> bool:
    """A refusal by the server wrote nothing; of an unknown outcome a part must not be done again."""
    return isinstance(error, StoreError) and not is_trouble(error)


def _fail(batch: list[tuple[Argument, asyncio.Future[Result]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
