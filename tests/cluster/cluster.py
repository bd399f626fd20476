"""A whole cluster with everybody around it: databases, links, nodes, providers, customers, agents. Breaks nothing."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import yaml

from tests.cluster.checker import Case, faults
from tests.cluster.customers import Crowd, chat_customer, form_customer, mail_customer
from tests.cluster.desks import Desk, Habits
from tests.cluster.devices import PASSWORD, Devices
from tests.cluster.diary import REST, Diary, read_diaries
from tests.cluster.disks import SmallDisk
from tests.cluster.evidence import Kept, read_postgresql, read_sqlite, under_way_postgresql, under_way_sqlite
from tests.cluster.front import Front
from tests.cluster.network import FaultyLink
from tests.cluster.node import ROOT, Node
from tests.cluster.people import add_people
from tests.cluster.providers import NUMBER, Followers, Phones, Relay, Subscribers
from tests.patience import end_all
from tests.ports import free_port

SETTLE_S_MAX, LOOK_S = 90.0, 0.1
# A letter that is not decided by then was left behind by a fault.
STALE_MS = 5_000
FOR_EVER_MS = 1 << 60
MANY = 1_000_000
# What a node keeps for itself is small: its name, its log, a snapshot under way.
NODE_MIB = 64
FIELDS = {"email": {"type": "email", "required": True}, "message": {"type": "textarea", "required": True}}
HOOK = Path(__file__).parent / "hook.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much of everything."""

    nodes: int = 3
    agents: int = 4
    chats: int = 4
    forms: int = 1
    mails: int = 1
    phones: int = 1
    followers: int = 1
    subscribers: int = 1
    devices: int = 1
    pace_s: float = 0.5


@dataclass(slots=True, eq=False)
class Cluster:
    """Nodes behind links. Without databases of its own it is one node on its own file."""

    folder: Path
    size: Size
    seed: int
    databases: Any = None
    public: str = field(default_factory=lambda: f"http://127.0.0.1:{free_port()}")
    nodes: list[Node] = field(default_factory=list)
    fronts: list[FaultyLink] = field(default_factory=list)
    mail_links: list[FaultyLink] = field(default_factory=list)
    store_links: list[FaultyLink] = field(default_factory=list)
    bus_links: list[FaultyLink] = field(default_factory=list)
    desks: list[Desk] = field(default_factory=list)
    customers: list[asyncio.Task[None]] = field(default_factory=list)
    chance: Random = field(init=False)
    crowd: Crowd = field(init=False)
    relay: Relay = field(init=False)
    phones: Phones = field(init=False)
    followers: Followers = field(init=False)
    subscribers: Subscribers = field(init=False)
    devices: Devices = field(init=False)
    diary: Diary = field(init=False)
    node_disk: SmallDisk = field(init=False)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)

    # --- building -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start everything but the load."""
        self.chance = Random(self.seed)
        self.diaries.mkdir()
        self.diary = Diary(self.diaries, "faults")
        self.node_disk = SmallDisk(self.folder / "node0", NODE_MIB)
        self.node_disk.mount()
        self._stack.callback(self.node_disk.unmount)
        await self._link()
        front = Front([f"http://127.0.0.1:{link.port}" for link in self.fronts], Random(self.seed))
        mail_ports = [link.port for link in self.mail_links]
        self.crowd = Crowd(front, mail_ports, self.diaries, Random(self.seed), pace_s=self.size.pace_s)
        self.relay, self.followers = Relay(self.diaries), Followers(self.diaries)
        self.phones = Phones(self.diaries, self.public, front)
        self.subscribers = Subscribers(self.diaries)
        self.devices = Devices(self.folder / "broker", self.diaries, self.size.devices)
        await self.devices.broker.start()
        self._stack.callback(self.devices.broker.stop)
        platforms = (self.followers.platform.server, self.subscribers.platform.server)
        for server in (self.relay, self.phones.twilio, *platforms):
            await server.start()
            self._stack.push_async_callback(server.stop)
        for node in self.nodes:
            write_config(node.config, channels_of(self))
            self._stack.callback(node.kill)
        # All at once, on an empty database: each is ready to be the first.
        for node in self.nodes:
            node.begin()
        await asyncio.gather(*(node.wait_ready() for node in self.nodes))

    async def _link(self) -> None:
        """Put a link before every node and between every node and the databases."""
        key, mail_port = secrets.token_hex(32), free_port()
        for number in range(self.size.nodes):
            environment = {"PATCHBAY_SITE_KEY": key, "PUBLIC_URL": self.public, **SECRETS}
            if self.databases is not None:
                store, bus = await self._opened(self.databases.store_port), await self._opened(self.databases.bus_port)
                self.store_links.append(store)
                self.bus_links.append(bus)
                environment |= self.databases.environment(store.port, bus.port)
                environment["FILES"] = str(self.folder / "files")
            node = Node(f"node{number}", self.folder / f"node{number}", environment)
            self.nodes.append(node)
            self.fronts.append(await self._opened(node.port))
            self.mail_links.append(await self._opened(mail_port))

    async def _opened(self, port: int) -> FaultyLink:
        link = FaultyLink(port)
        await link.start()
        self._stack.push_async_callback(link.stop)
        return link

    async def staff(self, habits: Habits | None = None) -> None:
        """Let agents sign in and open their desks."""
        logins = [f"agent{number}" for number in range(self.size.agents)]
        await add_people(self.where, logins)
        for number, login in enumerate(logins):
            front = Front(self.crowd.front.bases, Random(self.seed + number))
            chance = Random(self.seed * 100 + number)
            self.desks.append(Desk(front, login, self.public, self.diaries, chance, habits or Habits()))
        await asyncio.gather(*(desk.start() for desk in self.desks))

    def load(self) -> None:
        """Let customers come by all channels."""
        crowd, size = self.crowd, self.size
        works = [chat_customer(crowd, f"chat{n}") for n in range(size.chats)]
        works += [form_customer(crowd, f"form{n}") for n in range(size.forms)]
        works += [mail_customer(crowd, f"mail{n}") for n in range(size.mails)]
        works += [self.phones.write(crowd, f"phone{n}", f"+420777{n:06}") for n in range(size.phones)]
        works += [self.followers.write(crowd, f"follower{n}", f"U{n}") for n in range(size.followers)]
        works += [self.subscribers.write(crowd, f"subscriber{n}", f"oUser-{n}") for n in range(size.subscribers)]
        works += [self.devices.write(crowd, name) for name in self.devices.names]
        self.customers = [asyncio.create_task(work) for work in works]
        crowd.writing.set()

    async def stop(self) -> None:
        """End everything."""
        self.crowd.writing.clear()
        await end_all(self.customers)
        await asyncio.gather(*(desk.stop() for desk in self.desks))
        await self._stack.aclose()

    # --- looking ------------------------------------------------------------------------------------------------------

    @property
    def where(self) -> str | Path:
        """Where the store is, past all links."""
        return self.nodes[0].data / "patchbay.db" if self.databases is None else str(self.databases.url)

    @property
    def diaries(self) -> Path:
        return self.folder / "diaries"

    async def kept(self) -> Kept:
        """Return what the database holds."""
        if self.databases is not None:
            return await read_postgresql(self.databases.url)
        return await asyncio.to_thread(read_sqlite, self.nodes[0].data / "patchbay.db")

    async def waiting(self) -> int:
        """Return how many letters have waited for a while."""
        return (await self._under_way(time.time_ns() // 1_000_000 - STALE_MS))[0]

    async def _under_way(self, before_ms: int) -> list[int]:
        if self.databases is not None:
            return await under_way_postgresql(self.databases.url, before_ms)
        return await asyncio.to_thread(under_way_sqlite, self.nodes[0].data / "patchbay.db", before_ms)

    async def rest(self) -> None:
        """Let everybody hear their answer, every letter its decision, every reply its way out."""
        self.crowd.writing.clear()
        self.diary.write(REST)
        await until(lambda: not self.crowd.unheard, "every customer has heard yes")
        await until(self._settled, "nothing is left lying")

    async def _settled(self) -> bool:
        """Whether nothing is under way: looked for twice, since an answer may bring the next thing."""
        for _ in range(2):
            letters, effects, conversations = await self._under_way(FOR_EVER_MS)
            if letters or effects or (conversations and self.desks) or any(desk.in_hand for desk in self.desks):
                return False
            await asyncio.sleep(LOOK_S)
        return True

    async def judged(self) -> list[str]:
        """Return every broken promise; call it after the rest."""
        self.followers.note()
        kept = await self.kept()
        case = Case(await asyncio.to_thread(read_diaries, self.diaries), kept)
        found = faults(case)
        if found:
            # The databases end with the test; what is needed to understand a fault is kept beside the diaries.
            (self.folder / "kept.txt").write_text("\n".join([*found, *map(str, kept.journal)]))
        return found

    async def verified(self) -> list[str]:
        """Return what `patchbay verify` finds in the same database by code of its own."""
        ran = await self.nodes[0].run("verify")
        return [] if ran.returncode == 0 else [f"verify: {line}" for line in (ran.stdout + ran.stderr).splitlines()]


SECRETS = {
    "TWILIO_AUTH_TOKEN": "auth-token-of-the-fake",
    "WX_SECRET": "the-app-secret-of-tests",
    "WX_TOKEN": "the-token-of-tests",
    "WX_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    **PASSWORD,
    "LINE_CHANNEL_SECRET": "line-channel-secret",
    "LINE_CHANNEL_ACCESS_TOKEN": "line-access-token-of-tests",
}


async def until(true: Callable[[], bool | Awaitable[bool]], what: str, s_max: float = SETTLE_S_MAX) -> float:
    """Wait for a condition; return how long that took."""
    began = time.monotonic()
    while True:
        found = true()
        if found if isinstance(found, bool) else await found:
            return time.monotonic() - began
        assert time.monotonic() - began < s_max, f"not within {s_max} s: {what}"
        await asyncio.sleep(LOOK_S)


def channels_of(cluster: Cluster) -> dict[str, Any]:
    """Return the entries of all channels that need no account, pointed at our providers."""
    hook: dict[str, Any] = yaml.safe_load(
        HOOK.read_text().replace("https://api.line.me", cluster.followers.platform.url)
    )
    return {
        "form": {
            "forms": {"contact": {"fields": FIELDS, "fill_ms_min": 0}},
            "per_address_an_hour": MANY,
            "per_ip_an_hour": MANY,
        },
        "chat": {"messages_a_minute": MANY, "sessions_a_minute_and_ip": MANY, "sockets_per_ip": MANY},
        # All nodes have the same configuration, as they should: on one machine one of them has the port of mail.
        "email": {
            "in_port": cluster.mail_links[0].target_port,
            "out_host": "127.0.0.1",
            "out_port": cluster.relay.port,
            "out_tls": "none",
        },
        "sms": {
            "enabled": True,
            "account_sid": cluster.phones.twilio.sid,
            "auth_token_env": "TWILIO_AUTH_TOKEN",
            "api_url": cluster.phones.twilio.url,
            "numbers": [NUMBER],
        },
        "wechat": {
            "enabled": True,
            "app_id": cluster.subscribers.platform.app_id,
            "app_secret_env": "WX_SECRET",
            "token_env": "WX_TOKEN",
            "aes_key_env": "WX_KEY",
            "api_url": cluster.subscribers.platform.url,
        },
        "app": cluster.devices.entry(),
        **hook,
    }


def write_config(folder: Path, channels: dict[str, Any]) -> None:
    """Write the shipped configuration with these channels, always open, with wrap-up and room for everybody."""
    shutil.copytree(ROOT / "config", folder)
    (folder / "checks.yaml").unlink()
    changes: dict[str, dict[str, Any]] = {
        "channels": {"channels": channels},
        "hours": {"hours": {"office": "always"}},
        "site": {"limits": {"capacity": 200}},
        "queues": {"queues": {"general": {"wrap_up": "20s"}}},
    }
    for name, change in changes.items():
        path = folder / f"{name}.yaml"
        content = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump(merged(content, change), allow_unicode=True, sort_keys=False))


def merged(old: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Return a mapping changed at every depth."""
    made = dict(old)
    for key, value in change.items():
        both = isinstance(value, dict) and isinstance(made.get(key), dict)
        made[key] = merged(made[key], value) if both else value
    return made


@asynccontextmanager
async def cluster(folder: Path, size: Size, seed: int, databases: Any = None) -> AsyncIterator[Cluster]:
    """A cluster with its agents at their desks, not yet under load."""
    made = Cluster(folder, size, seed, databases)
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(made.stop)
        await made.start()
        await made.staff()
        yield made
