"""Follows one floor's committed events for one view: from the view's own place, a few batches a second."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from router.bus.port import Follower
from router.core.events import Entry
from router.floor.floor import Floor
from router.store.port import Store, StoreError
from router.telemetry import Telemetry, error_code
from router.views.keeper import EVENTS_MAX, Keeper, numbered
from router.views.view import View

# Commits that may pile up while a batch is written. Beyond it they are read from the journal again.
BATCHES_BEHIND_MAX = 1_000
# A view that is up to date rests so long: four writes a second, however many commits there are.
REST_S = 0.25
# A store that could not take a batch is asked again, at first soon, then twice a minute.
AGAIN_S, AGAIN_S_MAX = 0.5, 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """How old a view is: `behind` committed events are not in it yet; `at` is the time of the last one that is."""

    view: str
    position: int
    at: int
    behind: int


class ViewFollower:
    """One view of one floor. Never part of a decision's commit; what it cannot write now it reads again later."""

    def __init__(self, view: View, floor: Floor, store: Store, *, telemetry: Telemetry) -> None:
        self.name = view.spec.name
        self._keeper = Keeper(view, floor.site, store)
        self._floor = floor
        self._count = telemetry

    @property
    def age(self) -> Age:
        """How far the view has come."""
        place = self._keeper.place
        behind = max(0, self._floor.position - place.position)
        return Age(view=self.name, position=place.position, at=place.at, behind=behind)

    async def run(self) -> None:
        """Follow until cancelled. Whatever goes wrong, it begins again at the place that the store knows."""
        again_s = AGAIN_S
        while True:
            follower = self._floor.follow(BATCHES_BEHIND_MAX)
            try:
                await self._keeper.begin()
                await self._keeper.catch_up()
                again_s = AGAIN_S
                await self._follow(follower)
            except StoreError as error:
                self._count.warning("view_waits", site=self._floor.site, view=self.name, error=error_code(error))
                await asyncio.sleep(again_s)
                again_s = min(2 * again_s, AGAIN_S_MAX)
            finally:
                follower.close()
            await asyncio.sleep(REST_S)

    async def _follow(self, follower: Follower) -> None:
        """Apply what is committed until the follower ends or something was missed: then the journal has it."""
        pile: list[tuple[int, Entry]] = []
        reached = self._keeper.place.position
        async for committed in follower:
            if committed.last <= reached:
                continue
            if committed.first != reached + 1:
                return
            pile += numbered(committed.first, committed.entries)
            reached = committed.last
            current = reached >= self._floor.position
            if current or reached - self._keeper.place.position >= EVENTS_MAX:
                await self._keeper.apply(pile)
                pile = []
                await asyncio.sleep(REST_S if current else 0)
