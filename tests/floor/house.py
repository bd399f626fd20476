"""The house the floor's tests live in: a real store in a folder, a floor, intake, outbox and doors around it."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from random import Random
from typing import Any

from channels.contract import Capabilities, Channel, LineRef, MessageIn
from router.bus.in_process import InProcessBus
from router.core import bundle as b
from router.core import commands as cmd
from router.core.answers import Made
from router.floor.floor import Floor, FloorParts
from router.intake.door import DoorParts, FloorDoor
from router.intake.letters import Intake, IntakeParts
from router.intake.lookup import LookUp
from router.intake.senders import Watch
from router.intake.settling import Settling
from router.outbox.fetching import Fetching
from router.outbox.hub import HubParts, LineHub
from router.outbox.outgoing import Composer
from router.outbox.signs import Signs
from router.outbox.worker import OutboxParts, OutboxWorker
from router.site.files import FolderFiles
from router.site.key import SiteKey
from router.site.references import References
from router.store.sqlite import SqliteStore, keyed_hasher, open_sqlite
from router.telemetry import Telemetry

SITE = "main"
KEY = SiteKey(bytes(range(32)))
FOREVER = 4_000_000_000_000
PUSH = Capabilities(delivery="push", live=True, load=25)
CALL = Capabilities(delivery="call", live=False, load=10, can_find=False)
FINDING = Capabilities(delivery="call", live=False, load=10, can_find=True, writes_to="email")
RINGS = Capabilities(
    delivery="call",
    live=True,
    load=100,
    opens_on="line",
    effects=("Connect", "Hold", "Move", "HangUp", "Play"),
    can_find=True,
)
CAPABILITIES = {"push": PUSH, "call": CALL, "finding": FINDING, "rings": RINGS}


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self, now_ms: int = 1_760_000_000_000) -> None:
        self.now = now_ms

    def now_ms(self) -> int:
        return self.now


def bundle(**changes: Any) -> b.Bundle:
    """A small configuration: one queue that is always open, one that never is."""
    fields: dict[str, Any] = {
        "site": SITE,
        "zone": "Europe/Prague",
        "languages": ("en", "th"),
        "queues": {
            "general": b.Queue(name="general", hours="always", label={"en": "General"}),
            "night": b.Queue(name="night", hours="never", off_hours=b.OffHours(notices={"call": "closed"})),
        },
        "rules": (
            b.Rule(name="to night", queue="night", when='"night" in topics'),
            b.Rule(name="rest", queue="general"),
        ),
        "topics": (b.Topic(name="night", when='message.text.contains("night")'),),
        "calendars": {"always": (0, FOREVER), "never": ()},
        "skills": {},
        "presences": {"available": b.Presence(name="available", accepts=True)},
        "channels": {name: b.ChannelSpec(load=can.load, live=can.live) for name, can in CAPABILITIES.items()},
        "dispositions": ("done",),
        "texts": {
            "closed": {"en": "We are closed, {queue}. {opens} Your number is {reference}."},
            "off-hours": {"en": "We are closed."},
            "chat-copy": {"en": "Our talk {reference}\n\nYou asked for it."},
        },
    }
    return b.Bundle(**{**fields, **changes})


class House:
    """One floor and what a node builds around it."""

    def __init__(
        self, folder: Path, store: Any, clock: HandClock, *, channels: dict[str, Channel] | None = None
    ) -> None:
        self.folder, self.store, self.clock = folder, store, clock
        self.files = FolderFiles(folder / "files", KEY.derive("files"))
        self.log = io.StringIO()
        self.telemetry = Telemetry(self.log)
        self.references = References(KEY.derive("references"))
        self.floor = Floor(
            FloorParts(
                site=SITE,
                node="n1",
                release="test",
                store=store,
                clock=clock,
                bus=InProcessBus(),
                telemetry=self.telemetry,
                capabilities=CAPABILITIES,
                reference=self.references.reference,
            )
        )
        self.signs = Signs()
        self.settling = Settling()
        self.channels: dict[str, Channel] = channels if channels is not None else {}
        self.intake_parts = IntakeParts(
            floor=self.floor,
            letterbox=store.letterbox,
            clock=clock,
            look_up=LookUp(self.floor, store.archive, CAPABILITIES, watch=Watch(SITE, store.senders)),
            settling=self.settling,
            telemetry=self.telemetry,
        )
        self.intake = Intake(self.intake_parts)
        self.hub = LineHub(
            HubParts(
                floor=self.floor,
                store=store,
                signs=self.signs,
                reference=self.references.reference,
                telemetry=self.telemetry,
            )
        )
        self.outbox = OutboxWorker(
            OutboxParts(
                floor=self.floor,
                store=store,
                clock=clock,
                channels=self.channels,
                composer=Composer(self.floor, store, KEY, self.files),
                fetching=Fetching(SITE, store, self.files, clock),
                random=Random(7),
                telemetry=self.telemetry,
                worker="n1",
            )
        )
        self.tasks: list[asyncio.Task[None]] = []
        self.running: asyncio.Task[None] | None = None

    @classmethod
    async def open(cls, folder: Path, clock: HandClock | None = None, **more: Any) -> House:
        store = await open_store(folder)
        return cls(folder, store, clock or HandClock(), **more)

    def door(self, channel: str) -> FloorDoor:
        return FloorDoor(
            channel,
            DoorParts(
                floor=self.floor,
                store=self.store,
                clock=self.clock,
                intake=self.intake,
                settling=self.settling,
                hub=self.hub,
                signs=self.signs,
                key=KEY,
                files=self.files,
                telemetry=self.telemetry,
                public_url="https://desk.example/",
                capabilities=CAPABILITIES,
            ),
        )

    async def lead(self, owner: str = "n1") -> None:
        """Recover and lead; returns when the first decision is made."""
        await self.floor.recover()
        epoch = await self.store.leases.acquire(SITE, "lead", owner, now_ms=self.clock.now, ttl_ms=10**9)
        self.running = asyncio.create_task(self.floor.run(epoch))
        while self.floor.state.epoch != epoch or not self.floor.leading:
            assert not self.running.done(), self.running.exception()
            await asyncio.sleep(0.001)

    async def configure(self, changed: b.Bundle | None = None) -> None:
        new = changed or bundle()
        data = b.encode_bundle(new)
        await self.store.journal.keep_bundle(SITE, b.bundle_hash(data), data, self.clock.now)
        made = await self.floor.submit(
            cmd.ApplyConfig(id=f"c{b.bundle_hash(data)}", hash=b.bundle_hash(data), bundle=new)
        )
        assert isinstance(made, Made)

    def start(self, *names: str) -> None:
        """Run some of intake, sweep, hub and outbox."""
        work = {
            "intake": self.intake.run,
            "sweep": self.intake.sweep_for_ever,
            "hub": self.hub.run,
            "outbox": self.outbox.run,
        }
        self.tasks += [asyncio.create_task(work[name]()) for name in names]

    async def stop(self) -> None:
        """Stop deciding and everything around, the store stays open."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.tasks = []
        if self.running is not None:
            self.floor.stop()
            await self.running
            self.running = None

    async def close(self) -> None:
        await self.stop()
        await self.store.close()

    async def agent(self, agent: int = 1, capacity: int = 100, channels: tuple[str, ...] = tuple(CAPABILITIES)) -> None:
        """An agent who may serve everything signs in and opens a desk."""
        abilities = tuple(sorted((f"channel:{name}", 1) for name in channels))
        await self.made(cmd.SignIn(id=f"in{agent}", agent=agent, abilities=abilities, capacity=capacity))
        await self.made(cmd.AttachDesk(id=f"desk{agent}", agent=agent, node="n1", desk="d1"))

    async def made(self, command: cmd.Command) -> Made:
        answer = await self.floor.submit(command)
        assert isinstance(answer, Made), answer
        return answer

    async def accept_offer(self, conv: int, agent: int = 1) -> None:
        offer = self.floor.state.convs[conv].offer
        assert offer is not None
        await self.made(cmd.Accept(id=f"accept{offer.id}", agent=agent, conv=conv, offer=offer.id))

    async def say(self, conv: int, text: str, *, agent: int = 1, then: str = "stay", subject: str = "") -> int:
        """An agent replies; returns the message."""
        from router.store.port import Body

        body = Body(direction="out", author=f"agent:{agent}", text=text, subject=subject, created_ms=self.clock.now)
        message = (await self.store.archive.write(SITE, [body]))[0]
        await self.made(cmd.Reply(id=f"say{message}", agent=agent, conv=conv, message=message, then=then))
        return message


async def open_store(folder: Path) -> SqliteStore:
    return await open_sqlite(folder / "patchbay.db", hasher=keyed_hasher(KEY.derive("store")))


def wrote(text: str, *, channel: str = "push", key: str = "k1", dedupe: str = "", **more: Any) -> MessageIn:
    """What a customer wrote on a line."""
    line = LineRef(channel=channel, key=key, peer=f"{key}@example.org")
    return MessageIn(line=line, dedupe=dedupe or f"{key}:{text}", text=text, name="Ada", **more)
