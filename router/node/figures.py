"""What a node says of one floor in figures: depths, ages, alarms, and whether the store can be written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from router.floor.floor import Floor
from router.node.parts import NodeParts
from router.store.port import StoreError
from router.views.alarms import ALARMS, Alarm, alarms
from router.views.follower import Age

GAUGE_MS = 2_000
TROUBLE_LOOK_S = 0.5


class Figures:
    """The gauges of one floor."""

    def __init__(self, site: str, parts: NodeParts, floor: Floor, *, views: Callable[[], Sequence[Age]]) -> None:
        self.site = site
        self.floor = floor
        self._parts = parts
        self._views = views
        self._alarmed: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Tell every two seconds, until cancelled."""
        while True:
            try:
                await self._tell()
            except StoreError:
                self._parts.telemetry.gauge("floor_leading", int(self.floor.leading), self.site)
            await asyncio.sleep(GAUGE_MS / 1_000)

    async def tell_trouble(self) -> None:
        """Say once when the store cannot be written and once when it can again; presence tries it all the time."""
        said = ""
        while True:
            trouble = self._parts.store.trouble
            if trouble != said:
                said = trouble
                if trouble:
                    self._parts.telemetry.error("store_troubled", site=self.site, reason=trouble)
                else:
                    self._parts.telemetry.info("store_mended", site=self.site)
            await asyncio.sleep(TROUBLE_LOOK_S)

    async def _tell(self) -> None:
        count, store, now_ms = self._parts.telemetry, self._parts.store, self._parts.clock.now_ms()
        count.gauge("floor_leading", int(self.floor.leading), self.site)
        count.gauge("floor_position", self.floor.position, self.site)
        count.gauge("floor_conversations", len(self.floor.state.convs), self.site)
        count.gauge("floor_agents", len(self.floor.state.agents), self.site)
        for lane, depth in self.floor.depths.items():
            count.gauge("floor_inbox", depth, self.site, lane)
        waiting, oldest_ms, quarantined = await store.letterbox.depth(self.site)
        letters = waiting, oldest_ms
        count.gauge("letterbox_waiting", waiting, self.site)
        count.gauge("letterbox_oldest_ms", now_ms - oldest_ms if oldest_ms else 0, self.site)
        count.gauge("letterbox_quarantined", quarantined, self.site)
        waiting, oldest_ms, dead = await store.outbox.depth(self.site)
        count.gauge("outbox_waiting", waiting, self.site)
        count.gauge("outbox_oldest_ms", now_ms - oldest_ms if oldest_ms else 0, self.site)
        count.gauge("outbox_dead", dead, self.site)
        self._alarm(alarms(self.floor.state, now_ms, letters=letters, effects=(waiting, oldest_ms)))
        for age in self._views() if self.floor.leading else ():
            count.gauge("view_behind", age.behind, self.site, age.view)
            count.gauge("view_applied_ms", age.at, self.site, age.view)

    def _alarm(self, found: list[Alarm]) -> None:
        """Count what stands, and say once when it begins and when it ends."""
        standing = {(each.name, each.subject) for each in found}
        for name in ALARMS:
            self._parts.telemetry.gauge("alarms", sum(each.name == name for each in found), self.site, name)
        if self.floor.leading:
            for name, subject in sorted(standing - self._alarmed):
                self._parts.telemetry.warning("alarm_raised", site=self.site, reason=name, queue=subject)
            for name, subject in sorted(self._alarmed - standing):
                self._parts.telemetry.info("alarm_ended", site=self.site, reason=name, queue=subject)
        self._alarmed = standing
