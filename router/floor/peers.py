"""One floor among several nodes: it follows and asks whoever leads, and tells and answers the others while it leads."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from router.bus.link import Link
from router.clock import Clock
from router.core.answers import Answered
from router.floor.asking import Answering, Asking
from router.floor.following import Following
from router.floor.replica import Replica
from router.floor.wire import Asked, encode_frame
from router.store.port import Commit, Store
from router.telemetry import Telemetry, error_code

# After a break in the answering.
AGAIN_S = 0.25


class Peers:
    """What a floor does for and with the other nodes. `decide` decides here, or raises FloorAway."""

    def __init__(
        self,
        replica: Replica,
        link: Link,
        site: str,
        *,
        store: Store,
        clock: Clock,
        decide: Callable[[Asked], Awaitable[Answered]],
        leading: Callable[[], bool],
        telemetry: Telemetry,
    ) -> None:
        self._link = link
        self._count = telemetry
        self._site = site
        self._following = Following(replica, link, site, leading=leading, telemetry=telemetry)
        self._asking = Asking(replica, link, site, relay=store.relay, nudge=self._following.nudge, now_ms=clock.now_ms)
        self._answering = Answering(
            link,
            site,
            decide,
            journal=store.journal,
            relay=store.relay,
            now_ms=clock.now_ms,
            telemetry=telemetry,
        )

    async def keep_up(self) -> None:
        """Follow who leads, until cancelled."""
        await self._following.run()

    async def ask(self, asked: Asked, *, here: Callable[[], bool]) -> Answered | None:
        """Return the leader's answer; None when the lead has come here meanwhile. Raises FloorAway."""
        return await self._asking.ask(asked, here=here)

    def tell(self, commit: Commit) -> None:
        """Tell the others what has been committed."""
        last = commit.first + commit.count - 1
        self._link.tell(self._site, encode_frame(commit.first, commit.at, commit.entries), last=last)

    async def _answer_for_ever(self) -> None:
        """A leader that answers nobody would lead for itself alone: what breaks here is said and begun again."""
        while True:
            try:
                await self._answering.run()
            except Exception as error:
                self._count.error("task_failed", task="answering", error=error_code(error))
                if (task := asyncio.current_task()) is not None and task.cancelling():
                    return
            await asyncio.sleep(AGAIN_S)

    @asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        """Answer the others meanwhile."""
        task = asyncio.create_task(self._answer_for_ever())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
