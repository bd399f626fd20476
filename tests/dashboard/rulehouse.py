"""The office with files on disk behind it: the shipped configuration, watched, in a folder of the test's own."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Self

from channels.discovery import discover
from router.node.configwatch import ConfigWatch
from router.node.rulebook import Rulebook
from router.node.switchboard import schemas_of
from router.telemetry import Telemetry
from router.views.keeper import Keeper
from router.views.rulings import RULINGS_VIEW
from tests.dashboard.office import CAPABILITIES, SITE, Office

SHIPPED = Path(__file__).parent.parent.parent / "config"
MODULES = discover()


class RuleHouse:
    """An office whose configuration comes from files."""

    def __init__(self, office: Office, folder: Path) -> None:
        self.office, self.folder = office, folder
        self.watch = ConfigWatch(
            office.floor,
            office.store,
            office.clock,  # type: ignore[arg-type]
            directory=folder,
            home="home",
            schemas=schemas_of(MODULES),
            telemetry=Telemetry(),
        )
        self.rulebook = Rulebook(
            self.watch,
            office.floor,
            office.store,
            office.clock,  # type: ignore[arg-type]
            capabilities=CAPABILITIES,
        )
        self._keeper = Keeper(RULINGS_VIEW, SITE, office.store)
        self._begun = False

    @classmethod
    async def open(cls, office: Office, folder: Path) -> Self:
        shutil.copytree(SHIPPED, folder)
        house = cls(office, folder)
        await house.watch.turn()
        await office.stop_serving()
        await office.serve(rulebook=house.rulebook)
        await house.follow()
        return house

    def change(self, name: str, old: str, new: str) -> None:
        path = self.folder / name
        text = path.read_text()
        assert old in text, old
        path.write_text(text.replace(old, new))

    async def look(self) -> None:
        """What the watch does each second, and the view four times in it."""
        await self.watch.turn()
        await self.follow()

    async def follow(self) -> None:
        if not self._begun:
            await self._keeper.begin()
            self._begun = True
        await self._keeper.catch_up()

    async def bundles(self) -> list[tuple[str, int]]:
        return await self.office.store.journal.bundles(SITE)


def rule(page: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [each for each in page["rules"] if each["name"] == name]
    return dict(found)
