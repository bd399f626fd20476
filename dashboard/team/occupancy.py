"""How busy people were since the business day began, from the view of occupancy. No route lives here."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from dashboard.surroundings import Surroundings
from router.views.occupancy import OCCUPANCY, TABLE, Occupied, Spent, spent_before, spent_until
from router.views.tallies import QUARTER_MS

# What somebody had spent when the day began is looked up once a day; of so many at a time, the others a moment later.
LOOKED_UP_MAX = 50


class Occupancies:
    """The day's figures of one floor. Of each agent what they had spent when the day began is kept."""

    def __init__(self, out: Surroundings) -> None:
        self._out = out
        self._from_ms = 0
        self._before: dict[int, Spent] = {}

    async def today(self, agents: Collection[int], *, from_ms: int, now_ms: int) -> dict[int, Spent]:
        """Return what these agents have spent since the day began; who has not been there is left out."""
        views, site, spec = self._out.store.views, self._out.floor.site, OCCUPANCY.spec
        place = await views.begin(site, spec)
        if from_ms != self._from_ms or not place.position:
            self._from_ms, self._before = from_ms, {}
        found = cast("dict[int, Occupied]", await views.latest(site, spec, TABLE, subjects=agents))
        await self._look_up([agent for agent, row in found.items() if row.quarter >= from_ms // QUARTER_MS])
        spent = {}
        for agent, row in found.items():
            stays = row.quarter < from_ms // QUARTER_MS
            before = spent_until(row, from_ms) if stays else self._before.get(agent)
            if before is not None:
                spent[agent] = spent_until(row, now_ms).less(before)
        return {agent: each for agent, each in spent.items() if any(each)}

    async def _look_up(self, agents: Collection[int]) -> None:
        views, site, spec = self._out.store.views, self._out.floor.site, OCCUPANCY.spec
        for agent in [agent for agent in agents if agent not in self._before][:LOOKED_UP_MAX]:
            after = (agent, self._from_ms // QUARTER_MS - 1)
            for row in cast("list[Occupied]", await views.rows(site, spec, TABLE, after=after, limit=1)):
                self._before[agent] = spent_before(row, self._from_ms)
