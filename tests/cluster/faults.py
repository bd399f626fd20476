"""Everything that may happen to a cluster, by name: each begins, lasts a while and is healed. It judges nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import aiohttp

from tests.cluster.cluster import Cluster
from tests.cluster.databases import Databases
from tests.cluster.disks import NOT_ALLOWED
from tests.cluster.network import FaultyLink
from tests.cluster.node import Node

# Longer than a lead lasts, so that a held leader wakes to find another one.
HOLD_S = (2.5, 5.0)
BRIEF_S = (0.3, 3.0)
SLOW_S = (0.02, 0.3)
SKEWS_S = (-120.0, -3.0, -0.4, 0.4, 3.0, 120.0)
LEADING = 'patchbay_floor_leading{site="main"} 1.0'
LOOK_S = 0.05
LOOK_LIMIT = aiohttp.ClientTimeout(total=2)
LINK_FAULTS = ("cut", "reset", "stall", "deafen", "half_open", "slow")


@dataclass(frozen=True, slots=True)
class Struck:
    """What was done: its name for the diary, and the node or link it fell on."""

    name: str
    target: str


@dataclass(slots=True)
class Hand:
    """Does one fault after the other to a cluster."""

    cluster: Cluster
    databases: Databases
    chance: Random

    # --- choosing -----------------------------------------------------------------------------------------------------

    async def leader(self) -> Node | None:
        """Return the node that says that it leads."""
        for node in self.cluster.nodes:
            if node.serving and await leads(node):
                return node
        return None

    async def _leader_or_any(self) -> Node:
        return await self.leader() or self.chance.choice([node for node in self.cluster.nodes if node.serving])

    async def _follower(self) -> Node:
        leader = await self.leader()
        return self.chance.choice([node for node in self.cluster.nodes if node is not leader])

    async def _for(self, span_s: tuple[float, float]) -> None:
        await asyncio.sleep(self.chance.uniform(*span_s))

    # --- nodes --------------------------------------------------------------------------------------------------------

    async def kill_leader(self) -> str:
        """kill -9, and a start some time later."""
        return await self._kill(await self._leader_or_any())

    async def kill_follower(self) -> str:
        return await self._kill(await self._follower())

    async def kill_two(self) -> str:
        """Only one is left."""
        first, second = await self._leader_or_any(), await self._follower()
        names = await asyncio.gather(*(self._kill(node) for node in {id(n): n for n in (first, second)}.values()))
        return " ".join(names)

    async def kill_all(self) -> str:
        """Nobody is left."""
        return " ".join(await asyncio.gather(*(self._kill(node) for node in self.cluster.nodes)))

    async def _kill(self, node: Node) -> str:
        node.kill()
        await self._for(BRIEF_S)
        node.begin()
        return node.name

    async def hold_leader(self) -> str:
        """SIGSTOP past its lease, and let it wake."""
        return await self._hold(await self._leader_or_any())

    async def hold_follower(self) -> str:
        return await self._hold(await self._follower())

    async def _hold(self, node: Node) -> str:
        node.pause()
        await self._for(HOLD_S)
        node.resume()
        return node.name

    async def stop_leader(self) -> str:
        """SIGTERM, as at an upgrade."""
        node = await self._leader_or_any()
        seconds = await node.stop()
        node.begin()
        return f"{node.name} in {seconds:.2f} s"

    async def skew_clock(self) -> str:
        """Set a node's clock wrong, and right again."""
        node = self.chance.choice(self.cluster.nodes)
        return await self._skew(node)

    async def skew_leader(self) -> str:
        return await self._skew(await self._leader_or_any())

    async def _skew(self, node: Node) -> str:
        skew_s = self.chance.choice(SKEWS_S)
        node.set_clock(skew_s)
        await self._for(HOLD_S)
        node.set_clock(0)
        return f"{node.name} by {skew_s} s"

    # --- Redis and PostgreSQL -----------------------------------------------------------------------------------------

    async def kill_redis(self) -> str:
        """kill -9, and a start some time later, empty."""
        await asyncio.to_thread(self.databases.redis.kill)
        await self._for(BRIEF_S)
        await asyncio.to_thread(self.databases.redis.start)
        return "redis"

    async def hold_redis(self) -> str:
        self.databases.redis.pause()
        await self._for(HOLD_S)
        self.databases.redis.wake()
        return "redis"

    async def flush_redis(self) -> str:
        await asyncio.to_thread(self.databases.redis.flush)
        return "redis"

    async def restart_postgresql(self) -> str:
        await asyncio.to_thread(self.databases.postgresql.restart)
        return "postgresql"

    async def kill_postgresql(self) -> str:
        """kill -9 of the server and all its processes; it recovers from its log."""
        await asyncio.to_thread(self.databases.postgresql.kill)
        await self._for(BRIEF_S)
        await asyncio.to_thread(self.databases.postgresql.start)
        return "postgresql"

    async def fill_disk_of_postgresql(self) -> str:
        """It can write nothing more; where it gives up it is started again when there is room, as an operator does."""
        disk, server = self.databases.disk, self.databases.postgresql
        if not disk.mounted:
            return NOT_ALLOWED
        await asyncio.to_thread(disk.fill)
        await self._for(BRIEF_S)
        disk.free()
        await asyncio.sleep(LOOK_S)
        if server.process is not None and server.process.poll() is not None:
            await asyncio.to_thread(server.start)
        return "postgresql"

    async def fill_disk_of_a_node(self) -> str:
        """Nothing can be written where a node keeps what is its own."""
        if not self.cluster.node_disk.mounted:
            return NOT_ALLOWED
        await asyncio.to_thread(self.cluster.node_disk.fill)
        await self._for(HOLD_S)
        self.cluster.node_disk.free()
        return self.cluster.nodes[0].name

    # --- the app's broker ---------------------------------------------------------------------------------------------

    async def kill_broker(self) -> str:
        """kill -9 of Mosquitto, and a start some time later."""
        broker = self.cluster.devices.broker
        await asyncio.to_thread(broker.kill)
        await self._for(BRIEF_S)
        await broker.start()
        return "mosquitto"

    # --- links --------------------------------------------------------------------------------------------------------

    async def break_store_link(self) -> str:
        return await self._break("store", self.cluster.store_links)

    async def break_bus_link(self) -> str:
        return await self._break("bus", self.cluster.bus_links)

    async def break_front_link(self) -> str:
        return await self._break("front", self.cluster.fronts)

    async def break_mail_link(self) -> str:
        return await self._break("mail", self.cluster.mail_links)

    async def break_leaders_store_link(self) -> str:
        """The leader alone loses the database."""
        links = dict(zip((node.name for node in self.cluster.nodes), self.cluster.store_links, strict=True))
        return await self._break("store of the leader", [links[(await self._leader_or_any()).name]])

    async def cut_all_bus_links(self) -> str:
        """Nobody reaches Redis."""
        for link in self.cluster.bus_links:
            link.cut()
        await self._for(HOLD_S)
        for link in self.cluster.bus_links:
            link.heal()
        return "bus"

    async def isolate_a_node(self) -> str:
        """A node sees neither database nor Redis; its clients still see it."""
        number = self.chance.randrange(len(self.cluster.nodes))
        links = (self.cluster.store_links[number], self.cluster.bus_links[number])
        for link in links:
            link.stall()
        await self._for(HOLD_S)
        for link in links:
            link.heal()
        return self.cluster.nodes[number].name

    async def _break(self, what: str, links: list[FaultyLink]) -> str:
        link, how = self.chance.choice(links), self.chance.choice(LINK_FAULTS)
        if how == "slow":
            link.delay(self.chance.uniform(*SLOW_S))
        else:
            getattr(link, how)()
        await self._for(HOLD_S if how == "stall" else BRIEF_S)
        link.heal()
        return f"{what} {how}"


Fault = Callable[[Hand], Awaitable[str]]
# By what they fall on: two at once fall on different things, so that each can be begun and healed by itself.
NODES: tuple[Fault, ...] = (
    Hand.kill_leader,
    Hand.hold_leader,
    Hand.stop_leader,
    Hand.skew_leader,
    Hand.kill_follower,
    Hand.hold_follower,
    Hand.kill_two,
    Hand.kill_all,
    Hand.skew_clock,
    Hand.fill_disk_of_a_node,
)
LINKS: tuple[Fault, ...] = (
    Hand.break_leaders_store_link,
    Hand.break_store_link,
    Hand.break_bus_link,
    Hand.break_front_link,
    Hand.break_mail_link,
    Hand.cut_all_bus_links,
    Hand.isolate_a_node,
)
REDIS: tuple[Fault, ...] = (Hand.kill_redis, Hand.flush_redis, Hand.hold_redis)
POSTGRESQL: tuple[Fault, ...] = (Hand.restart_postgresql, Hand.kill_postgresql, Hand.fill_disk_of_postgresql)
BROKER: tuple[Fault, ...] = (Hand.kill_broker,)
GROUPS = (NODES, LINKS, REDIS, POSTGRESQL, BROKER)
FAULTS = tuple(fault for group in GROUPS for fault in group)


def apart(one: Fault, other: Fault) -> bool:
    """Whether two faults fall on different things."""
    return not any(one in group and other in group for group in GROUPS)


async def leads(node: Node) -> bool:
    """Whether a node says that it leads."""
    try:
        async with aiohttp.ClientSession(timeout=LOOK_LIMIT) as session, session.get(f"{node.base}/metrics") as told:
            return LEADING in await told.text()
    except (aiohttp.ClientError, TimeoutError, OSError):
        return False


def order_of(chance: Random, count: int) -> list[Fault]:
    """Return so many faults: each kind once in random order, as far as that goes, then at random."""
    first: list[Any] = list(FAULTS)
    chance.shuffle(first)
    return first[:count] + [chance.choice(FAULTS) for _ in range(count - len(first))]
