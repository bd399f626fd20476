"""Who holds a lead must renew it in time: in the loop, or in a thread of its own beside it. Decides nothing."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

from router.clock import Clock, StoreClock
from router.store.port import Leases, Store, StoreError
from router.telemetry import Telemetry, error_code


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a lead lasts, how often it is renewed, and how often a free one is looked for.

    Renewed four times and more within its life, so that a slow disk or one lost renewal does not cost the lead.
    """

    lease_ms: int
    renew_ms: int
    look_ms: int


# One machine has nobody to take over from; the lease only names who leads.
ALONE = Terms(lease_ms=10_000, renew_ms=2_000, look_ms=2_000)
# A dead leader is replaced within three seconds: two until its lease ends, one to notice and to read on.
AMONG = Terms(lease_ms=2_000, renew_ms=400, look_ms=200)
# A clock measured over a longer way says too little.
MEASURE_MS_MAX = 200
# The first measure opens the connection and may be slow by that; nothing is said before there is one.
FIRST_MEASURES_MAX = 5
# DESIGN section 5: a leader whose clock and the store's part by more gives up the lead.
PARTED_MS_MAX = 500
# A loop that has not moved for so long does not lead, whatever its lease says.
STUCK_S = 15.0
STORE_AGAIN_S = 0.2
THREAD_S_MAX = 5.0
CLOSED = "the thread of renewals has ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A lead that is held. `lost` is called once, in the node's loop, when it is not any more."""

    site: str
    name: str
    owner: str
    epoch: int
    lost: Callable[[], None]


class Renewal(Protocol):
    """Renews what is held until it is ended or lost."""

    def begin(self, held: Held) -> Callable[[], None]:
        """Renew from now on; returns what ends it."""


async def renew(held: Held, leases: Leases, terms: Terms, now_ms: Callable[[], int]) -> None:
    """Renew until the lease is somebody else's. A store that is away fences nobody: its commits fail as well."""
    while True:
        await asyncio.sleep(terms.renew_ms / 1_000)
        try:
            epoch = await leases.acquire(held.site, held.name, held.owner, now_ms=now_ms(), ttl_ms=terms.lease_ms)
        except StoreError:
            continue
        if epoch != held.epoch:
            return


class LoopRenewal:
    """Renews in the node's own loop: one machine, where a loop that stands still delays nobody else."""

    def __init__(self, leases: Leases, clock: Clock, telemetry: Telemetry, terms: Terms = ALONE) -> None:
        self._leases = leases
        self._clock = clock
        self._count = telemetry
        self._terms = terms

    def begin(self, held: Held) -> Callable[[], None]:
        """See Renewal."""
        task = asyncio.create_task(renew(held, self._leases, self._terms, self._clock.now_ms))
        task.add_done_callback(lambda ended: self._ended(ended, held))

        def end() -> None:
            task.cancel()

        return end

    def _ended(self, task: asyncio.Task[None], held: Held) -> None:
        """Nobody leads without renewing: a renewal that broke, by our own bug, ends the leadership and says so."""
        if task.cancelled():
            return
        error = task.exception()
        if error is not None:
            self._count.error("task_failed", task="renewal", error=error_code(error))
        held.lost()


class Pacemaker:
    """A thread with a connection of its own: renews leads and measures the store's clock while the loop is busy."""

    def __init__(
        self, open_store: Callable[[], Awaitable[Store]], clock: StoreClock, telemetry: Telemetry, terms: Terms = AMONG
    ) -> None:
        self._open = open_store
        self._clock = clock
        self._count = telemetry
        self._terms = terms
        self._held: set[Held] = set()
        self._moved_at = time.monotonic()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pacemaker", daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._ours: asyncio.AbstractEventLoop
        self._main: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; when this returns the clock is anchored. Raises StoreError when the store cannot be reached."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        await asyncio.to_thread(self._ready.wait)
        await asyncio.wrap_future(self._there(self._first_measure()))

    async def stop(self) -> None:
        """End the thread and its connection."""
        self._ours.call_soon_threadsafe(self._end)
        await asyncio.to_thread(self._thread.join, THREAD_S_MAX)

    def beat(self) -> None:
        """Say that the node's loop moves."""
        self._moved_at = time.monotonic()

    def begin(self, held: Held) -> Callable[[], None]:
        """See Renewal."""
        self._held.add(held)
        future = self._there(self._renew(held))

        def end() -> None:
            self._held.discard(held)
            future.cancel()

        return end

    # --- in the thread ------------------------------------------------------------------------------------------

    def _there(self, work: Coroutine[Any, Any, None]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._ours)

    def _run(self) -> None:
        with asyncio.Runner() as runner:
            self._ours = runner.get_loop()
            runner.run(self._live())

    async def _live(self) -> None:
        self._main = asyncio.current_task()
        self._opened: asyncio.Future[Store] = asyncio.get_running_loop().create_future()
        self._ready.set()
        try:
            self._opened.set_result(await self._opening())
            await self._measure_for_ever()
        except asyncio.CancelledError:
            return
        finally:
            if self._opened.done() and not self._opened.cancelled():
                await self._opened.result().close()

    async def _opening(self) -> Store:
        while True:
            try:
                return await self._open()
            except StoreError:
                await asyncio.sleep(STORE_AGAIN_S)

    def _end(self) -> None:
        if self._main is not None:
            self._main.cancel()

    async def _first_measure(self) -> None:
        store = await self._opened
        for _ in range(FIRST_MEASURES_MAX):
            if await self._measure(store) is not None:
                return
        # The way is long: late by half of it is better than what this machine's wall clock may say.
        await self._measure(store, within_ms=None)

    async def _measure_for_ever(self) -> None:
        store = await self._opened
        while True:
            await asyncio.sleep(self._terms.renew_ms / 1_000)
            try:
                off_ms = await self._measure(store)
            except StoreError:
                continue
            except Exception as error:
                self._count.error("task_failed", task="measure", error=error_code(error))
                continue
            if abs(off_ms or 0) > PARTED_MS_MAX:
                self._give_up("clock", off_ms or 0)
            elif time.monotonic() - self._moved_at > STUCK_S:
                self._give_up("stuck", int(STUCK_S * 1_000))

    async def _measure(self, store: Store, *, within_ms: int | None = MEASURE_MS_MAX) -> int | None:
        """Anchor the clock; return by how much it was off, None when the way was too long to say."""
        asked_ns = self._clock.steady_ns()
        store_ms = await store.clock()
        answered_ns = self._clock.steady_ns()
        if within_ms is not None and (answered_ns - asked_ns) // 1_000_000 > within_ms:
            return None
        return self._clock.anchor(store_ms, asked_ns=asked_ns, answered_ns=answered_ns)

    async def _renew(self, held: Held) -> None:
        store = await self._opened
        try:
            await renew(held, store.leases, self._terms, self._clock.now_ms)
        except Exception as error:
            # Nobody leads without renewing, by our own bug neither.
            self._count.error("task_failed", task="renewal", error=error_code(error))
        self._lose(held)

    def _give_up(self, reason: str, ms: int) -> None:
        if self._held:
            self._count.warning("lead_given_up", reason=reason, ms=ms)
        for held in tuple(self._held):
            self._lose(held)

    def _lose(self, held: Held) -> None:
        self._held.discard(held)
        self._loop.call_soon_threadsafe(held.lost)
