"""The committed state of one floor on one node: moved along the journal, never decided on. No commands here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from router.bus.port import Bus, Committed
from router.core.answers import Made
from router.core.events import ConfigApplied
from router.core.evolve import replay
from router.core.state import State
from router.floor.recovery import Bundles, keep_running, recover_state, replayed
from router.store.port import Journal, StoreError


class Replica:
    """Whoever moves it holds `moving`: the leader for as long as it leads, else who follows the leader, for a step."""

    def __init__(self, journal: Journal, site: str, bus: Bus) -> None:
        self._journal = journal
        self._site = site
        self._bus = bus
        self._expected: dict[str, asyncio.Future[Made]] = {}
        self._watched: dict[asyncio.Future[None], int] = {}
        self.state = State()
        self.bundles: Bundles = {}
        self.moving = asyncio.Lock()
        self.damaged = False

    @property
    def position(self) -> int:
        """The journal position of the committed state."""
        return self.state.position

    # --- moving it --------------------------------------------------------------------------------------------

    async def recover(self, passed_by: Callable[[int], object] | None = None) -> None:
        """Make it from the store: the latest snapshot, then the journal after it.

        Whoever follows begins anew: what lies between was told to nobody.
        """
        self.state = await recover_state(self._journal, self._site, self.bundles, passed_by=passed_by)
        self.damaged = False
        self._bus.close()
        self._tell_watchers()

    def lacks(self, committed: Committed) -> bool:
        """Whether a batch names a bundle that has to be read first, which `catch_up` does."""
        return any(
            type(event) is ConfigApplied and event.hash not in self.bundles
            for entry in committed.entries
            for event in entry.events
        )

    def apply(self, committed: Committed) -> None:
        """Apply the batch that comes next. If that fails, by our bug, it is half written and must be made anew."""
        assert committed.first == self.position + 1, "a batch continues the journal"
        self.damaged = True
        for entry in committed.entries:
            replay(self.state, entry, self.bundles)
        self.damaged = False
        self._applied(committed)

    async def catch_up(self) -> None:
        """Read on to the journal's end. What breaks off in the middle of a row is made anew the next time."""
        if self.damaged:
            await self.recover()
        reached = self.position
        try:
            async for row, entries in replayed(self._journal, self._site, self.state, self.bundles):
                reached = self.position
                self._applied(Committed(row.first, row.at, tuple(entries)))
        except StoreError:
            self.damaged = self.position != reached
            raise
        except Exception:
            self.damaged = True
            raise

    def _applied(self, committed: Committed) -> None:
        self._bus.publish(committed)
        self._tell_watchers()
        if self._expected:
            self._tell_expecting(committed)

    def keep_running(self) -> None:
        """Let go of the bundles that no state runs any more."""
        keep_running(self.bundles, self.state)

    # --- waiting for it ---------------------------------------------------------------------------------------

    def expect(self, command: str) -> asyncio.Future[Made]:
        """Return what is done when the decision on a command has come by. Give it back with `forget`."""
        return self._expected.setdefault(command, asyncio.get_running_loop().create_future())

    def forget(self, command: str) -> None:
        """Wait for a decision no longer."""
        self._expected.pop(command, None)

    async def reached(self, position: int, *, within_ms: int) -> bool:
        """Wait until the committed state is at a position; False when it did not come there in time."""
        if self.position >= position:
            return True
        watch: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._watched[watch] = position
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(within_ms / 1_000):
                    await watch
        finally:
            self._watched.pop(watch, None)
        return self.position >= position

    def _tell_watchers(self) -> None:
        if self._watched:
            for watch, position in tuple(self._watched.items()):
                if position <= self.position and not watch.done():
                    watch.set_result(None)

    def _tell_expecting(self, committed: Committed) -> None:
        last = committed.first - 1
        for entry in committed.entries:
            last += len(entry.events)
            expected = self._expected.pop(entry.command, None)
            if expected is not None and not expected.done():
                expected.set_result(Made(last, entry))
