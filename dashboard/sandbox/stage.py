"""What every player is given, and what a player is. No channel's own facts."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

from dashboard.sandbox.scene import Line, Scene

Wish = Mapping[str, str]
Deed = Callable[[Line, Wish], Awaitable[None]]
# What became of what a customer sent: it is with us, or the provider was told something else.
KEPT, REFUSED = "kept", "refused"


class NotNow(Exception):
    """A deed that cannot be done; the code says why."""


@dataclass
class Stage:
    """`public` is the address that providers know; `local` the one under which this node is reached from here."""

    scene: Scene
    public: str
    local: str
    session: aiohttp.ClientSession
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def reach(self, url: str) -> str:
        """Return where a public address of ours can be called."""
        return self.local + url.removeprefix(self.public) if url.startswith(self.public) else url

    def later(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something go on beside."""
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        # A player whose provider is away at a stop has nothing more to say.
        if not task.cancelled():
            task.exception()

    async def stop(self) -> None:
        for task in tuple(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


class Player(Protocol):
    """`off` says why a channel cannot be played, empty when it can. `deeds` are all that its customers can do."""

    channel: str
    off: str

    @property
    def deeds(self) -> Mapping[str, Deed]: ...

    async def open(self, wish: Wish) -> Line: ...


def needed(wish: Wish, name: str) -> str:
    """Return a field of a wish. Raises NotNow for none."""
    value = wish.get(name, "").strip()
    if not value:
        raise NotNow(f"{name}_missing")
    return value


def status_of(answered: int) -> str:
    """Return what a webhook's answer means to who sent."""
    return KEPT if answered // 100 == 2 else f"{REFUSED} {answered}"


def digits(count: int) -> str:
    """Return a random number of so many digits, none of them a leading zero."""
    return str(10 ** (count - 1) + secrets.randbelow(9 * 10 ** (count - 1)))
