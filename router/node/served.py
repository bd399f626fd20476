"""One floor with everything that a node runs for it: built here, started, stopped. Decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from channels.contract import Capabilities, Settings
from router.bus.in_process import InProcessBus
from router.care.sweeping import Sweeper
from router.floor.asking import RELAY_KEPT_MS
from router.floor.floor import Floor, FloorParts
from router.intake.door import DoorParts, FloorDoor
from router.intake.letters import Intake, IntakeParts
from router.intake.lookup import LookUp
from router.intake.senders import Watch
from router.intake.settling import Settling
from router.node.configwatch import ConfigWatch
from router.node.figures import Figures
from router.node.hints import Hints
from router.node.lead import Lead, Others
from router.node.parts import NodeParts
from router.node.renewal import AMONG
from router.node.rulebook import Rulebook
from router.node.snapshots import Snapshotter
from router.node.switchboard import Abilities, BoardParts, Switchboard, schemas_of
from router.node.tasks import AGAIN_MS_MAX, Tasks, while_leading
from router.node.wakes import Wakes
from router.outbox.changes import Changes
from router.outbox.fetching import Fetching
from router.outbox.hub import HubParts, LineHub
from router.outbox.outgoing import Composer
from router.outbox.signs import Signs
from router.outbox.worker import OutboxParts, OutboxWorker
from router.site.files import FolderFiles
from router.site.references import References
from router.store.port import StoreError
from router.telemetry import error_code
from router.views.estimate import Estimates
from router.views.follower import Age, ViewFollower
from router.views.known import VIEWS

# A graceful stop waits so long for letters that are on their way; what is left stays in the letterbox.
STOP_MS_MAX = 5_000
STOP_LOOK_MS = 10
# Without these nobody decides, or nobody knows who lives: after our own bug they begin again soon, however often.
PROMPT = frozenset({"lead", "presence", "follow", "intake", "sweep"})
PROMPT_MS = 1_000
# First a while after the lead was taken, when nobody needs the store more; then once a day.
PRUNE_FIRST_S, PRUNE_S = 600.0, 24 * 3_600.0


class Served:
    """One floor on this node."""

    def __init__(self, site: str, parts: NodeParts) -> None:
        self.site = site
        self.store = parts.store
        self._parts = parts
        self._tasks = Tasks(parts.telemetry)
        self._settling = Settling()
        self._changes: set[asyncio.Task[None]] = set()
        self._hints = Hints(parts.link, site) if parts.link is not None else None
        self.signs = Signs(self._hints.sign) if self._hints is not None else Signs()
        self.changes = Changes(self._hints.changed) if self._hints is not None else Changes()
        self.references = References(parts.key.derive("references", site))
        self.rate_key = parts.key.derive("ratings", site)
        self.files = FolderFiles((parts.files or parts.data / "files") / site, parts.key.derive("files", site))
        self._capabilities = Abilities(parts.modules)
        self.floor = self._build_floor()
        self.estimates = Estimates(lambda: self.floor.state)
        self.intake = self._build_intake()
        self.hub = self._build_hub()
        self.lead = self._build_lead()
        self.config = self._build_config()
        self.board = self._build_board()
        self.outbox = self._build_outbox()
        self.snapshots = self._build_snapshots()
        self._wakes = Wakes(self.floor, parts.store.archive, parts.clock, telemetry=parts.telemetry)
        self._views = self._build_views()
        self._figures = Figures(site, parts, self.floor, views=lambda: self.views)
        self.config.on_applied = self._changed
        self.rulebook = Rulebook(self.config, self.floor, parts.store, parts.clock, capabilities=self._capabilities)

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
        if not self.floor.leading and not (self._parts.link is not None and self.lead.led):
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
            **self._works_among_nodes(),
            "hub": self.hub.run,
            "intake": self.intake.run,
            "sweep": self.intake.sweep_for_ever,
            "outbox": self.outbox.run,
            "wakes": while_leading(self.floor, self._wakes.run),
            "config": self.config.run,
            "snapshots": self.snapshots.run,
            "gauges": self._figures.run,
            "trouble": self._figures.tell_trouble,
            "estimates": self._estimate,
            "prune": while_leading(self.floor, self._prune),
            "care": while_leading(self.floor, self._sweep),
            **{f"view:{follower.name}": while_leading(self.floor, follower.run) for follower in self._views},
        }
        for name, work in works.items():
            self._tasks.start(name, work, again_ms_max=PROMPT_MS if name in PROMPT else AGAIN_MS_MAX)
        self.board.listen()

    def _works_among_nodes(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what runs only where there are other nodes."""
        if self._hints is None:
            return {}
        hints = self._hints
        return {
            "follow": self.floor.keep_up,
            "hints": lambda: hints.run(self.signs, self.changes, lead_freed=self.lead.look),
        }

    async def stop(self) -> None:
        """Accept nothing more, decide what is on its way, then let go. What is accepted is on the disk."""
        # As long as calls may be under way it says that it lives, or somebody else would make them again.
        self.board.shut()
        await self._tasks.stop("config", "wakes", "sweep", "snapshots", "gauges", "prune", "care")
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
        await self.intake.let_go()
        await self.lead.end_presence()

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

    async def _sweep(self) -> None:
        parts = self._parts
        sweeper = Sweeper(self.site, parts.store, self.files, parts.clock.now_ms, bundle=lambda: self.floor.bundle)
        await sweeper.run_daily(parts.telemetry)

    async def _prune(self) -> None:
        """Once a day the letterbox forgets what no provider sends again. What fails is done the day after."""
        await asyncio.sleep(PRUNE_FIRST_S)
        while True:
            try:
                now_ms = self._parts.clock.now_ms()
                await self._parts.store.prune(self.site, now_ms=now_ms)
                await self._parts.store.relay.sweep(self.site, before_ms=now_ms - RELAY_KEPT_MS)
            except StoreError as error:
                self._parts.telemetry.info("look_up_failed", site=self.site, error=error_code(error))
            await asyncio.sleep(PRUNE_S)

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
                jumped_ms=parts.jumps(),
                link=parts.link,
            )
        )

    def _build_lead(self) -> Lead:
        parts = self._parts
        return Lead(
            self.floor,
            parts.store.leases,
            parts.clock,
            node=parts.name,
            telemetry=parts.telemetry,
            renewal=parts.renewal,
            others=Others(lost=self._take_back)
            if self._hints is None
            else Others(
                several=True,
                terms=AMONG,
                freed=self._hints.lead_freed,
                lost=self._take_back,
                hesitate_ms=parts.hesitate_ms,
            ),
        )

    async def _take_back(self, node: str) -> None:
        """What a lost node was performing is looked at again at once, instead of when its claims run out."""
        await self._parts.store.outbox.free_claims(self.site, now_ms=self._parts.clock.now_ms(), worker=node)

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
                    care=parts.store.care,
                    customers=parts.store.customers,
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
            directory=parts.place(self.site).config,
            home=parts.home,
            schemas=schemas_of(parts.modules),
            telemetry=parts.telemetry,
            among_nodes=parts.link is not None,
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
            command=[*parts.snapshot_command, "--site", self.site],
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
                public_url=parts.place(self.site).public_url,
                wait=self.estimates.remaining,
                home=parts.home if parts.link is not None else "",
                capabilities=self._capabilities,
            ),
        )
