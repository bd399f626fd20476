"""From the configuration directory to the floor: noticed, checked, kept, proposed. A bad file replaces nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from channels.contract import Capabilities, Settings
from router.clock import Clock
from router.core.bundle import DAY_MS, Bundle, bundle_hash, decode_bundle, encode_bundle
from router.core.commands import ApplyConfig
from router.floor.floor import Floor
from router.floor.inbox import FloorAway
from router.settings.files import fingerprint, print_of, read_directory
from router.settings.loading import Loaded, load, load_files
from router.settings.problems import Problem, SettingsError
from router.store.port import Store, StoreError
from router.telemetry import Telemetry, error_code

BOOK = "config"
ROLLBACK = "rollback"
LOOK_S = 1.0
# Until the first look: a floor that has just taken the lead shall not wait for its configuration.
FIRST_LOOK_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What the last look at the directory found. `content` names it by its files, first seen at `since_ms`.

    `warnings` are those of sound files; with `problems` they are not known.
    """

    content: str = ""
    since_ms: int = 0
    looked_ms: int = 0
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


class NoSuchVersion(LookupError):
    """No configuration is kept under this name."""


Schemas = Mapping[str, tuple[type[Any], Capabilities]]
Applied = Callable[[Mapping[str, Settings]], None]


class ConfigWatch:
    """One node's watch over one directory. `home` names the node across restarts."""

    def __init__(
        self,
        floor: Floor,
        store: Store,
        clock: Clock,
        *,
        directory: Path,
        home: str,
        schemas: Schemas,
        telemetry: Telemetry,
        among_nodes: bool = False,
    ) -> None:
        self._floor = floor
        self._site = floor.site
        self._store = store
        self._clock = clock
        self._directory = directory
        self._home = home
        self._schemas = schemas
        self._count = telemetry
        self._seen = ""
        self._extended_day = 0
        self._proposals = 0
        self._among_nodes = among_nodes
        self._served = ""
        self.problems: Sequence[str] = ()
        self.health = Health()
        self._looking = asyncio.Lock()
        self.on_applied: Applied = _nobody_asked

    async def channels_at_start(self) -> Mapping[str, Settings]:
        """Return the channels' settings: of the directory if it is sound, else of the bundle that runs."""
        try:
            return (await self._load(None)).channels
        except SettingsError as fault:
            self._refused(fault)
        running = self._floor.bundle
        try:
            return (await self._load(running)).channels if running is not None else {}
        except SettingsError:
            return {}

    async def run(self) -> None:
        """Look at the directory each second, and extend the running bundle each day, until cancelled."""
        while True:
            try:
                await self.turn()
            except (FloorAway, StoreError) as error:
                self._seen, self._extended_day = "", 0
                self._count.info("config_refused", site=self._site, error=error_code(error))
                await asyncio.sleep(LOOK_S)
            await asyncio.sleep(LOOK_S if self._seen else FIRST_LOOK_S)

    async def turn(self) -> None:
        """Look once. One node alone proposes while it leads; among others each proposes what changed at its place."""
        if not self._floor.leading and not self._among_nodes:
            return
        async with self._looking:
            seen = await asyncio.to_thread(fingerprint, self._directory)
            if seen != self._seen:
                await self._changed(seen)
                self._seen = seen
            self.health = replace(self.health, looked_ms=self._clock.now_ms())
        if self._floor.leading:
            await self._extend()
        if self._among_nodes:
            await self._serve_what_runs()

    async def check_again(self) -> Health:
        """Read the files now, as if they had just changed. Raises FloorAway, StoreError."""
        self._seen = ""
        await self.turn()
        return self.health

    async def roll_back(self, name: str, *, by: int, why: str, command_id: str) -> None:
        """Apply a configuration that ran before, by order of a person; its hours are expanded anew from its files.

        The directory is not touched and stays proposed: only its next change replaces what this puts back. Raises
        NoSuchVersion, SettingsError where this release cannot read those files any more, FloorAway, StoreError.
        """
        data = await self._store.journal.bundle(self._site, name)
        if data is None:
            raise NoSuchVersion(name)
        loaded = await self._load(decode_bundle(data))
        async with self._looking:
            await self._propose(loaded.bundle, ROLLBACK, by=by, why=why, command_id=command_id)
        self.on_applied(loaded.channels)

    async def loaded_at(self, running: Bundle, at: int) -> Loaded:
        """Return what a configuration says around another day, its hours expanded from its own files."""
        return await asyncio.to_thread(load_files, running.files, self._schemas, now_ms=at)

    async def directory(self) -> Mapping[str, str]:
        """Return the files on disk. Raises SettingsError where one cannot be read."""
        return await asyncio.to_thread(read_directory, self._directory)

    async def _serve_what_runs(self) -> None:
        """What another node proposed holds here too: its channels are those of the bundle that runs."""
        running, name = self._floor.bundle, self._floor.state.bundle_hash
        if running is None or name == self._served:
            return
        self._served = name
        try:
            self.on_applied((await self._load(running)).channels)
        except SettingsError as fault:
            self._refused(fault)

    async def _changed(self, seen: str) -> None:
        """Propose the directory if it differs from what this node proposed last, or if nothing runs yet."""
        proposed = await self._store.notebook.read(self._site, BOOK, self._home)
        try:
            loaded = await self._load(None)
        except SettingsError as fault:
            self._note(seen, problems=fault.problems)
            self._refused(fault)
            return
        self.problems = ()
        self._note(print_of(loaded.bundle.files), warnings=loaded.warnings)
        if proposed == seen and self._floor.bundle is not None:
            return
        await self._propose(loaded.bundle, self._home)
        await self._store.notebook.note(self._site, BOOK, self._home, seen)
        self.on_applied(loaded.channels)

    def _note(self, content: str, *, problems: Sequence[Problem] = (), warnings: Sequence[Problem] = ()) -> None:
        now_ms, before = self._clock.now_ms(), self.health
        self.health = Health(
            content=content,
            since_ms=before.since_ms if before.content == content else now_ms,
            looked_ms=now_ms,
            problems=tuple(problems),
            warnings=tuple(warnings),
        )

    async def _extend(self) -> None:
        """Calendars reach 400 days ahead: what runs is expanded anew each day, from its own files."""
        day = self._clock.now_ms() // DAY_MS
        running = self._floor.bundle
        if day == self._extended_day or running is None:
            return
        try:
            extended = (await self._load(running)).bundle
        except SettingsError as fault:
            # An older release accepted what this one does not: the running bundle goes on as it is.
            self._refused(fault)
        else:
            await self._propose(extended, "extension")
        self._extended_day = day

    async def _load(self, running: Bundle | None) -> Loaded:
        now_ms = self._clock.now_ms()
        if running is None:
            return await asyncio.to_thread(load, self._directory, self._schemas, now_ms=now_ms)
        return await asyncio.to_thread(load_files, running.files, self._schemas, now_ms=now_ms)

    async def _propose(
        self, bundle: Bundle, proposer: str, *, by: int = 0, why: str = "", command_id: str = ""
    ) -> None:
        data = encode_bundle(bundle)
        name = bundle_hash(data)
        if name == self._floor.state.bundle_hash:
            return
        await self._store.journal.keep_bundle(self._site, name, data, self._clock.now_ms())
        self._proposals += 1
        command_id = command_id or f"C{self._home}:{self._clock.now_ms()}:{self._proposals}"
        await self._floor.submit(
            ApplyConfig(id=command_id, hash=name, bundle=bundle, proposer=proposer, by=by, why=why)
        )
        self._count.count("config_applied")
        self._count.info("config_applied", site=self._site, hash=name)

    def _refused(self, fault: SettingsError) -> None:
        self.problems = tuple(str(problem) for problem in fault.problems)
        self._count.count("config_refused")
        self._count.warning("config_refused", site=self._site, problems=len(self.problems))


def _nobody_asked(_channels: Mapping[str, Settings]) -> None:
    """Until a switchboard asks to hear of new settings there is nobody to tell."""
