"""One floor with everything that a node runs for it: built here, started, stopped. Decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from channels.contract import Capabilities, ChannelModule, Settings
from router.bus.in_process import InProcessBus
from router.clock import Clock
from router.floor.floor import Floor, FloorParts
from router.intake.door import DoorParts, FloorDoor
from router.intake.letters import Intake, IntakeParts
from router.intake.lookup import LookUp
from router.intake.senders import Watch
from router.intake.settling import Settling
from router.node.configwatch import ConfigWatch
from router.node.lead import NODE_PREFIX, Lead
from router.node.snapshots import Snapshotter
from router.node.switchboard import Abilities, BoardParts, Switchboard, schemas_of
from router.node.tasks import Tasks
from router.node.wakes import Wakes
from router.outbox.fetching import Fetching
from router.outbox.hub import HubParts, LineHub
from router.outbox.outgoing import Composer
from router.outbox.signs import Signs
from router.outbox.worker import OutboxParts, OutboxWorker
from router.site.files import FolderFiles
from router.site.key import SiteKey
from router.site.references import References
from router.store.port import Store, StoreError
from router.telemetry import Telemetry, error_code
from router.views.alarms import ALARMS, Alarm, alarms
from router.views.estimate import Estimates
from router.views.follower import Age, ViewFollower
from router.views.known import VIEWS

# A graceful stop waits so long for letters that are on their way; what is left stays in the letterbox.
STOP_MS_MAX = 5_000
STOP_LOOK_MS = 10
GAUGE_MS = 2_000
TROUBLE_LOOK_S = 0.5
PRUNE_S = 24 * 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeParts:
    """What a node receives from the composition root.

    `name` is new at each start, `home` is the same on this data for ever. `exclusive`: nobody else can serve
    this data now, so leases of earlier lives may be ended at once,
    and the effects they were performing are looked at again.
    """

    name: str
    home: str
    release: str
    data: Path
    config: Path
    store: Store
    clock: Clock
    key: SiteKey
    telemetry: Telemetry
    modules: Mapping[str, ChannelModule]
    environment: Mapping[str, str]
    public_url: str
    snapshot_command: Sequence[str]
    random: Random
    exclusive: bool = True
    jumped_ms: Callable[[], int] = lambda: 0


class Served:
    """One floor on this node."""

    def __init__(self, site: str, parts: NodeParts) -> None:
        self.site = site
        self._parts = parts
        self._tasks = Tasks(parts.telemetry)
        self._settling = Settling()
        self._alarmed: set[tuple[str, str]] = set()
        self._changes: set[asyncio.Task[None]] = set()
        self.signs = Signs()
        self.references = References(parts.key.derive("references", site))
        self.files = FolderFiles(parts.data / "files" / site, parts.key.derive("files", site))
        self._capabilities = Abilities(parts.modules)
        self.floor = self._build_floor()
        self.estimates = Estimates(lambda: self.floor.state)
        self.intake = self._build_intake()
        self.hub = self._build_hub()
        self.lead = Lead(self.floor, parts.store.leases, parts.clock, node=parts.name, telemetry=parts.telemetry)
        self.config = self._build_config()
        self.board = self._build_board()
        self.outbox = self._build_outbox()
        self.snapshots = self._build_snapshots()
        self._wakes = Wakes(self.floor, parts.store.archive, parts.clock, telemetry=parts.telemetry)
        self._views = self._build_views()
        self.config.on_applied = self._changed

    def can(self, channel: str) -> Capabilities:
        """Return what a channel can do; of one that is gone, what waits for it."""
        return self._capabilities[channel]

    @property
    def ready(self) -> bool:
        """Whether the floor decides, knows its configuration and can write down."""
        return not self.unready

    @property
    def unready(self) -> str:
        """Why it is not ready, empty when it is: a sentence for who operates it."""
        if not self.floor.leading:
            return "nobody leads this floor here"
        if self.floor.bundle is None:
            return "no configuration has been applied"
        return self._parts.store.trouble

    def problems(self) -> Sequence[str]:
        """Return what the banner says: problems of the files, and channels that are off."""
        return (*self.config.problems, *self.board.problems.values())

    @property
    def views(self) -> Sequence[Age]:
        """Return how old each view is."""
        return [follower.age for follower in self._views]

    async def recover(self) -> None:
        """Make the floor from the store and build its channels; nothing is served yet."""
        await self.floor.recover()
        if self._parts.exclusive:
            await self._parts.store.leases.end(self.site)
            await self._parts.store.outbox.free_claims(self.site, now_ms=self._parts.clock.now_ms())
        self.board.plug_all(await self.config.channels_at_start())

    def start(self) -> None:
        """Run everything."""
        works = {
            "lead": self.lead.run,
            "presence": self.lead.keep_presence,
            "hub": self.hub.run,
            "intake": self.intake.run,
            "sweep": self.intake.sweep_for_ever,
            "outbox": self.outbox.run,
            "wakes": self._wakes.run,
            "config": self.config.run,
            "snapshots": self.snapshots.run,
            "gauges": self._gauge,
            "trouble": self._tell_trouble,
            "estimates": self._estimate,
            "prune": self._prune,
            **{f"view:{follower.name}": follower.run for follower in self._views},
        }
        for name, work in works.items():
            self._tasks.start(name, work)
        self.board.listen()

    async def stop(self) -> None:
        """Accept nothing more, decide what is on its way, then let go. What is accepted is on the disk."""
        self.board.shut()
        await self._tasks.stop("config", "wakes", "sweep", "snapshots", "presence", "gauges", "prune")
        for _ in range(STOP_MS_MAX // STOP_LOOK_MS):
            if not self.intake.busy:
                break
            await asyncio.sleep(STOP_LOOK_MS / 1_000)
        await self._tasks.stop("outbox")
        await self.outbox.drain()
        await self.board.unplug_all()
        await self.lead.stop()
        self.hub.close()
        await self._tasks.stop()
        await self.lead.release(NODE_PREFIX + self._parts.name)

    def _changed(self, settings: Mapping[str, Settings]) -> None:
        change = asyncio.create_task(self.board.change(settings))
        self._changes.add(change)
        change.add_done_callback(self._change_ended)

    def _change_ended(self, change: asyncio.Task[None]) -> None:
        self._changes.discard(change)
        fault = None if change.cancelled() else change.exception()
        if fault is not None:
            self._parts.telemetry.error("task_failed", task="channels", error=error_code(fault))

    async def _estimate(self) -> None:
        await self.estimates.run(self.floor.follow)

    # --- figures ----------------------------------------------------------------------------------------------------

    async def _gauge(self) -> None:
        while True:
            try:
                await self._gauges_now()
            except StoreError:
                self._parts.telemetry.gauge("floor_leading", int(self.floor.leading))
            await asyncio.sleep(GAUGE_MS / 1_000)

    async def _tell_trouble(self) -> None:
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

    async def _prune(self) -> None:
        """Once a day the letterbox forgets what no provider sends again. What fails is done the day after."""
        while True:
            await asyncio.sleep(PRUNE_S)
            try:
                await self._parts.store.prune(self.site, now_ms=self._parts.clock.now_ms())
            except StoreError as error:
                self._parts.telemetry.info("look_up_failed", site=self.site, error=error_code(error))

    async def _gauges_now(self) -> None:
        count, store, now_ms = self._parts.telemetry, self._parts.store, self._parts.clock.now_ms()
        count.gauge("floor_position", self.floor.position)
        count.gauge("floor_conversations", len(self.floor.state.convs))
        count.gauge("floor_agents", len(self.floor.state.agents))
        for lane, depth in self.floor.depths.items():
            count.gauge("floor_inbox", depth, lane)
        waiting, oldest_ms, quarantined = await store.letterbox.depth(self.site)
        letters = waiting, oldest_ms
        count.gauge("letterbox_waiting", waiting)
        count.gauge("letterbox_oldest_ms", now_ms - oldest_ms if oldest_ms else 0)
        count.gauge("letterbox_quarantined", quarantined)
        waiting, oldest_ms, dead = await store.outbox.depth(self.site)
        count.gauge("outbox_waiting", waiting)
        count.gauge("outbox_oldest_ms", now_ms - oldest_ms if oldest_ms else 0)
        count.gauge("outbox_dead", dead)
        self._alarm(alarms(self.floor.state, now_ms, letters=letters, effects=(waiting, oldest_ms)))
        for age in self.views:
            count.gauge("view_behind", age.behind, age.view)
            count.gauge("view_applied_ms", age.at, age.view)

    def _alarm(self, found: list[Alarm]) -> None:
        """Count what stands, and say once when it begins and when it ends."""
        standing = {(each.name, each.subject) for each in found}
        for name in ALARMS:
            self._parts.telemetry.gauge("alarms", sum(each.name == name for each in found), name)
        if self.floor.leading:
            for name, subject in sorted(standing - self._alarmed):
                self._parts.telemetry.warning("alarm_raised", site=self.site, reason=name, queue=subject)
            for name, subject in sorted(self._alarmed - standing):
                self._parts.telemetry.info("alarm_ended", site=self.site, reason=name, queue=subject)
        self._alarmed = standing

    # --- building ---------------------------------------------------------------------------------------------------

    def _build_floor(self) -> Floor:
        parts = self._parts
        return Floor(
            FloorParts(
                site=self.site,
                node=parts.name,
                release=parts.release,
                store=parts.store,
                clock=parts.clock,
                bus=InProcessBus(),
                telemetry=parts.telemetry,
                capabilities=self._capabilities,
                reference=self.references.reference,
                jumped_ms=parts.jumped_ms,
            )
        )

    def _build_intake(self) -> Intake:
        parts = self._parts
        return Intake(
            IntakeParts(
                floor=self.floor,
                letterbox=parts.store.letterbox,
                clock=parts.clock,
                look_up=LookUp(
                    self.floor,
                    parts.store.archive,
                    self._capabilities,
                    watch=Watch(self.floor.site, parts.store.senders),
                ),
                settling=self._settling,
                telemetry=parts.telemetry,
            )
        )

    def _build_hub(self) -> LineHub:
        return LineHub(
            HubParts(
                floor=self.floor,
                store=self._parts.store,
                signs=self.signs,
                reference=self.references.reference,
                telemetry=self._parts.telemetry,
            )
        )

    def _build_config(self) -> ConfigWatch:
        parts = self._parts
        return ConfigWatch(
            self.floor,
            parts.store,
            parts.clock,
            directory=parts.config,
            home=parts.home,
            schemas=schemas_of(parts.modules),
            telemetry=parts.telemetry,
        )

    def _build_board(self) -> Switchboard:
        parts = self._parts
        return Switchboard(
            BoardParts(
                modules=parts.modules,
                capabilities=self._capabilities,
                door=self._build_door,
                environment=parts.environment,
                tasks=self._tasks,
                telemetry=parts.telemetry,
                acquire=self.lead.acquire,
                release=self.lead.release,
            )
        )

    def _build_outbox(self) -> OutboxWorker:
        parts = self._parts
        return OutboxWorker(
            OutboxParts(
                floor=self.floor,
                store=parts.store,
                clock=parts.clock,
                channels=self.board.channels,
                composer=Composer(self.floor, parts.store, parts.key, self.files),
                fetching=Fetching(self.site, parts.store, self.files, parts.clock),
                random=parts.random,
                telemetry=parts.telemetry,
                worker=parts.name,
            )
        )

    def _build_snapshots(self) -> Snapshotter:
        parts = self._parts
        return Snapshotter(
            self.floor,
            parts.store.journal,
            parts.clock,
            command=parts.snapshot_command,
            folder=parts.data,
            telemetry=parts.telemetry,
        )

    def _build_views(self) -> list[ViewFollower]:
        parts = self._parts
        return [ViewFollower(view, self.floor, parts.store, telemetry=parts.telemetry) for view in VIEWS.values()]

    def _build_door(self, channel: str) -> FloorDoor:
        parts = self._parts
        return FloorDoor(
            channel,
            DoorParts(
                floor=self.floor,
                store=parts.store,
                clock=parts.clock,
                intake=self.intake,
                settling=self._settling,
                hub=self.hub,
                signs=self.signs,
                key=parts.key,
                files=self.files,
                telemetry=parts.telemetry,
                public_url=parts.public_url,
                wait=self.estimates.remaining,
            ),
        )
