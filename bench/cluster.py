"""Messages a second and inbound to offer with 1, 2 and 3 nodes, against one node on its own file and the servers' own.

Everything shares this machine's processors: nodes, PostgreSQL, Redis, generator and robots. So more nodes bring here
nothing but what they cost; processor time per message is the figure to plan with.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import asyncpg
from redis.asyncio import Redis

from bench.load import percentile
from bench.loops import run_fast
from bench.subject import TICKS, House, Subject
from bench.whole import Figures, Whole
from tests.servers.postgresql import PostgresqlServer
from tests.servers.redis import RedisServer

NODES = (1, 2, 3)
ROUNDS, ITEMS = 3, 300
# Enough callers that the servers' own ceilings are reached and not those of a round trip.
WRITERS, ROWS = 16, 2_000
ROW_BYTES = 400
Found = tuple[Figures, float]
COLUMNS = {
    "msg/s": 8,
    "of 1 file": 11,
    "of commits": 12,
    "of XADDs": 10,
    "CPU ms": 9,
    "servers": 9,
    "offer p50": 11,
    "p99 ms": 9,
}


@dataclass(frozen=True, slots=True)
class Costs:
    """Processor time of some processes and all their children, read from outside."""

    pids: tuple[int, ...]

    def cpu_ms(self) -> float:
        """Return it, of those that live and those that were waited for."""
        return sum(_cpu_ms(pid) for pid in self._family())

    def _family(self) -> set[int]:
        found = set(self.pids)
        for pid in self.pids:
            children = Path(f"/proc/{pid}/task/{pid}/children")
            found |= {int(child) for child in children.read_text().split()} if children.exists() else set()
        return found


def _cpu_ms(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(fields[place]) for place in (11, 12, 13, 14)) * 1_000 / TICKS


class Houses(House):
    """Several nodes that look like one to the benchmark: wires and robots spread over them in turn."""

    def __init__(self, nodes: Sequence[House], costs: Costs) -> None:
        self._nodes = nodes
        self._turn: Iterator[House] = itertools.cycle(nodes)
        self.subject: _Together = _Together([node.subject for node in nodes], costs)

    @property
    def port(self) -> int:  # type: ignore[override]
        return next(self._turn).port

    @property
    def base(self) -> str:
        return next(self._turn).base

    def add_agent(self, login: str) -> None:
        """Add an account, by any node."""
        self._nodes[0].add_agent(login)

    def metrics(self) -> str:
        """Return the figures of all nodes."""
        return "\n".join(node.metrics() for node in self._nodes)


class _Together(Subject):
    """The processes of all nodes and of the servers behind them."""

    def __init__(self, subjects: Sequence[Subject], costs: Costs) -> None:
        self._subjects, self._costs = subjects, costs
        self._begun_ms = (self.cpu_ms(), costs.cpu_ms())

    def begin(self) -> None:
        """Count from here on."""
        self._begun_ms = (self.cpu_ms(), self._costs.cpu_ms())

    def servers_share(self) -> float:
        """Return which share of the processor time PostgreSQL and Redis took."""
        all_ms, servers_ms = self.cpu_ms() - self._begun_ms[0], self._costs.cpu_ms() - self._begun_ms[1]
        return servers_ms / all_ms if all_ms else 0.0

    def cpu_ms(self) -> float:
        """Return the processor time of all of them."""
        return sum(subject.cpu_ms() for subject in self._subjects) + self._costs.cpu_ms()

    def stop(self) -> None:
        """End all nodes."""
        for subject in self._subjects:
            subject.stop()


@contextmanager
def embedded(folder: Path, relay_port: int) -> Iterator[Houses]:
    """One node on its own file, nothing else."""
    node = House(folder, relay_port)
    try:
        yield Houses([node], Costs(()))
    finally:
        node.subject.stop()


@contextmanager
def clustered(folder: Path, relay_port: int, count: int, *, servers: Servers, url: str) -> Iterator[Houses]:
    """So many nodes on one database and one Redis."""
    shared = {**servers.environment(url), "FILES": str(folder / "files")}
    with ExitStack() as stack:
        nodes = []
        for number in range(count):
            nodes.append(House(_made(folder / f"node{number}"), relay_port, environment=shared))
            stack.callback(nodes[-1].subject.stop)
        yield Houses(nodes, servers.costs)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


@dataclass(slots=True)
class Servers:
    """The PostgreSQL and the Redis of a run, as durable as in the field."""

    store: PostgresqlServer
    bus: RedisServer
    key: str = field(default_factory=lambda: secrets.token_hex(32))

    def environment(self, url: str) -> Mapping[str, str]:
        """Return how nodes find them."""
        return {"STORE": url, "BUS": self.bus.url, "PATCHBAY_SITE_KEY": self.key}

    @property
    def costs(self) -> Costs:
        assert self.store.process is not None, "started before"
        assert self.bus._process is not None, "started before"
        return Costs((self.store.process.pid, self.bus._process.pid))


async def commits_per_second(store: PostgresqlServer) -> float:
    """Return how many transactions of one row PostgreSQL makes durable, from several connections at once."""
    url = await store.database()
    callers = [await asyncpg.connect(url) for _ in range(WRITERS)]
    await callers[0].execute("CREATE TABLE row(id bigserial PRIMARY KEY, body bytea NOT NULL)")

    async def write(caller: asyncpg.Connection) -> None:
        for _ in range(ROWS // WRITERS):
            await caller.execute("INSERT INTO row(body) VALUES ($1)", bytes(ROW_BYTES))

    began = time.monotonic()
    await asyncio.gather(*(write(caller) for caller in callers))
    lasted_s = time.monotonic() - began
    for caller in callers:
        await caller.close()
    return ROWS / lasted_s


async def adds_per_second(bus: RedisServer) -> float:
    """Return how many entries Redis adds to a stream, from several connections at once, each waiting for its answer."""
    callers = [Redis.from_url(bus.url) for _ in range(WRITERS)]

    async def add(caller: Redis) -> None:
        for _ in range(ROWS // WRITERS):
            await caller.xadd("ceiling", {"body": bytes(ROW_BYTES)}, maxlen=1_000, approximate=True)

    await asyncio.gather(*(caller.ping() for caller in callers))
    began = time.monotonic()
    await asyncio.gather(*(add(caller) for caller in callers))
    lasted_s = time.monotonic() - began
    for caller in callers:
        await caller.aclose()
    return ROWS / lasted_s


async def measured(houses: Houses, items: int) -> Found:
    """Run some rounds at full load, and one at half of it for the latencies. The share is the servers' of the cost."""
    whole = Whole(houses)
    await whole.open()
    try:
        await whole.full(items // 4)
        whole.clear()
        houses.subject.begin()
        for _ in range(ROUNDS):
            await whole.full(items)
        share = houses.subject.servers_share()
        rate = median(whole.figures.per_second) / 2
        await whole.paced(items, per_second=rate)
        return whole.figures, share
    finally:
        await whole.crew.stop()


def table(found: Mapping[str, Found], commits: float, adds: float) -> list[str]:
    """Return the lines that are printed."""
    first, _ = next(iter(found.values()))
    lines = [
        f"cluster: medians of {ROUNDS} rounds, load average {os.getloadavg()[0]:.1f}",
        f"by {WRITERS} callers: PostgreSQL {commits:.0f} commits of one row a second, Redis {adds:.0f} XADD a second",
        f"{'':<22}" + "".join(f"{name:>{width}}" for name, width in COLUMNS.items()),
    ]
    for name, (figures, share) in found.items():
        rate = median(figures.per_second)
        lines.append(
            f"{name:<22}{rate:>8.1f}{rate / median(first.per_second):>11.2f}{rate / commits:>12.4f}{rate / adds:>10.4f}"
            f"{median(figures.cpu_ms):>9.2f}{share:>9.2f}{percentile(figures.offered_ms, 0.5):>11.1f}"
            f"{percentile(figures.offered_ms, 0.99):>9.1f}"
        )
    return lines


async def measure(folder: Path, counts: Sequence[int], items: int) -> None:
    """Measure all, one after the other, and print each when it is known."""
    servers = Servers(
        await asyncio.to_thread(PostgresqlServer().start), await asyncio.to_thread(RedisServer(folder / "redis").start)
    )
    relay = Subject(["-m", "bench.sink"])
    relay_port = relay.read_port()
    found: dict[str, Found] = {}
    try:
        commits, adds = await commits_per_second(servers.store), await adds_per_second(servers.bus)
        with embedded(_made(folder / "embedded"), relay_port) as houses:
            found["1 node, its own file"] = await measured(houses, items)
            print("\n".join(table(found, commits, adds)), flush=True)
        for count in counts:
            url = await servers.store.database()
            with clustered(_made(folder / f"of{count}"), relay_port, count, servers=servers, url=url) as houses:
                found[f"{count} of a cluster"] = await measured(houses, items)
            print(table(found, commits, adds)[-1], flush=True)
    finally:
        relay.stop()
        servers.bus.stop()
        servers.store.close()


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="*", default=list(NODES), help="how many nodes to measure, in turn")
    parser.add_argument("--items", type=int, default=ITEMS, help="messages in a round")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as folder:
        run_fast(measure(Path(folder), chosen.nodes, chosen.items))


if __name__ == "__main__":
    main()
