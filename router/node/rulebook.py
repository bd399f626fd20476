"""What screens and commands ask about the configuration of a floor: its health, its versions, what it would do."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from channels.contract import Capabilities
from router.clock import Clock
from router.core.bundle import HOUR_MS, Bundle
from router.floor.floor import Floor
from router.intake.trying import Outcome, Question, Trying
from router.node.configwatch import ConfigWatch, Health
from router.settings.weeks import Week, weeks
from router.store.port import Store

# Weeks that were looked at lately: to draw one, all files are read anew.
WEEKS_MAX = 32


class Rulebook:
    """The running configuration, as it can be asked and changed by people."""

    def __init__(
        self, config: ConfigWatch, floor: Floor, store: Store, clock: Clock, *, capabilities: Mapping[str, Capabilities]
    ) -> None:
        self._config, self._clock = config, clock
        self._weeks: OrderedDict[tuple[str, int], tuple[Week, ...]] = OrderedDict()
        self._reading = asyncio.Lock()
        self._floor = floor
        self._trying = Trying(floor, store.archive, capabilities, now_ms=clock.now_ms, loaded_at=self._loaded_at)

    @property
    def health(self) -> Health:
        """What the last look at the files found."""
        return self._config.health

    async def check_again(self) -> Health:
        """Read the files now. Raises FloorAway, StoreError."""
        return await self._config.check_again()

    async def roll_back(self, name: str, *, by: int, why: str, command_id: str) -> None:
        """Put an earlier version back. Raises NoSuchVersion, SettingsError, FloorAway, StoreError."""
        await self._config.roll_back(name, by=by, why=why, command_id=command_id)

    async def on_disk(self) -> Mapping[str, str]:
        """Return the files on disk by name. Raises SettingsError where one cannot be read."""
        return await self._config.directory()

    async def ask(self, question: Question) -> Outcome | None:
        """Return what would become of a message; None before the first configuration. Raises NobodyKnown."""
        return await self._trying.ask(question)

    async def weeks(self, running: Bundle, at: int) -> tuple[Week, ...]:
        """Return every calendar's week in which a time lies. Raises SettingsError for files of another release."""
        key = (self._floor.state.bundle_hash, at // HOUR_MS)
        async with self._reading:
            if key not in self._weeks:
                loaded = await self._config.loaded_at(running, at)
                self._weeks[key] = await asyncio.to_thread(weeks, loaded.hours, at, running.zone)
            while len(self._weeks) > WEEKS_MAX:
                self._weeks.popitem(last=False)
        return self._weeks[key]

    async def _loaded_at(self, running: Bundle, at: int) -> Bundle:
        return (await self._config.loaded_at(running, at)).bundle
