"""Message → durable → assigned to an agent here, beside message → done for a job that does nothing in task queues.

On one Redis, in one run, in turn: arq, taskiq and Celery as a Python team would take them, each with its own packages
in a folder of its own, and this product, as one node on its own file and as one node on PostgreSQL and that Redis.
Ours is posted over HTTP, checked, made durable, looked up, decided by rules and given to an agent, whose desk hears of
it; theirs is one call that hands over a number, and a function that has nothing to do. So theirs is the lower bound of
what a team would have before it wrote its first rule. A worker is one process (Celery: its two).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Protocol

import aiohttp
import yaml

from bench.cluster import Costs, Servers
from bench.load import EDGE, Wire, pace, percentile, saturate
from bench.loops import run_fast
from bench.queue_peers import Peer
from bench.robots import Crew, RobotAgent, Work
from bench.subject import PASSWORD, House, Subject
from tests.servers.postgresql import PostgresqlServer
from tests.servers.redis import RedisServer

PAGE = "/channels/form/contact"
PACKAGES = {
    "arq": ("arq==0.28.0",),
    "taskiq": ("taskiq==0.13.0", "taskiq-redis==1.2.4"),
    "celery": ("celery[redis]==5.7.0",),
}
# What each row is called, the queue it runs, and how the Redis keeps what it was given.
PEERS = (
    ("arq", "arq", "always"),
    ("arq, looks every 10 ms", "arq-quick", "always"),
    ("taskiq, stream", "taskiq", "always"),
    ("celery, acks late", "celery", "always"),
    ("arq, 10 ms, may lose 1 s", "arq-quick", "everysec"),
    ("taskiq, may lose 1 s", "taskiq", "everysec"),
    ("celery, may lose 1 s", "celery", "everysec"),
)
OURS = "Patchbay, its own file"
OURS_CLUSTER = "Patchbay, PostgreSQL + Redis"
WIDTH, AGENTS, CAPACITY = 48, 8, 1_000
ROUNDS, ITEMS_WARM, ITEMS, ITEMS_PACED = 3, 100, 600, 200
# One rate for all, below the slowest row's half on this machine: a latency at another rate would be another question.
PACED_PER_SECOND = 40.0
DONE_S_MAX, LOOK_S = 60.0, 0.005


@dataclass(slots=True)
class Figures:
    """What the rounds of one side came to."""

    per_second: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    taken_ms: list[float] = field(default_factory=list)


class Side(Protocol):
    """One row: it takes items and says when each was due and done, in seconds of the monotonic clock."""

    def spent_ms(self) -> float:
        """Return the processor time of all that serves it, so far."""

    async def full(self, count: int) -> list[tuple[float, float]]:
        """Do so many as fast as can be."""

    async def paced(self, count: int, per_second: float) -> list[tuple[float, float]]:
        """Do so many at a rate."""


class Desk(RobotAgent):
    """A desk that accepts by itself and is only watched: `given` is called with the words of each new work."""

    given: Callable[[str], None] = staticmethod(lambda words: None)

    async def _one_socket(self, ready: asyncio.Event) -> None:
        assert self._session is not None, "start comes first"
        async with self._session.ws_connect(f"{self.base}/ws", origin=self.base) as socket:
            await socket.send_json({"type": "hello", "last_seq": 0})
            async for message in socket:
                frame: dict[str, Any] = message.json() if message.type is aiohttp.WSMsgType.TEXT else {}
                if frame.get("type") == "welcome":
                    await self._look_at_desk()
                    ready.set()
                    frame = await self.get("/desk")
                # A desk whose line broke for a moment finds offers that ring, where it was away when they were made.
                self._take_offers(frame.get("offers") or [])
                for summary in frame.get("work") or ():
                    self.given(summary["last"]["text"])


class AutoHouse(House):
    """`patchbay serve` where every desk accepts by itself and an agent can carry a whole run."""

    def _settle(self, relay_port: int) -> None:
        super()._settle(relay_port)
        self._change("queues", {"queues": {"general": {"auto_answer": True}}})
        self._change("site", {"limits": {"capacity": CAPACITY}})
        self._change("channels", {"channels": {"form": {"load": 1}, "email": {"load": 1}}})
        # What a confirmation by mail costs is another question.
        channels = self._config / "channels.yaml"
        content = yaml.safe_load(channels.read_text())
        del content["channels"]["form"]["confirm"]
        channels.write_text(yaml.safe_dump(content, allow_unicode=True))

    def _wait_ready(self) -> None:
        try:
            super()._wait_ready()
        except TimeoutError:
            self.subject.stop()
            print((self.data.parent / "serve.log").read_text(), file=sys.stderr)
            raise


class Ours:
    """The product as a side. Assigned is when an agent's desk has heard of it, over its socket."""

    def __init__(self, house: House, costs: Costs) -> None:
        self._house = house
        self._costs = costs
        self._crew = Crew()
        self._count = 0
        self._tokens: list[str] = []
        self._due: dict[str, float] = {}
        self._given: dict[str, float] = {}

    async def open(self) -> None:
        """Let the agents take their places."""
        for number in range(AGENTS):
            await asyncio.to_thread(self._house.add_agent, f"agent{number}")
            desk = Desk(self._house.base, f"agent{number}", PASSWORD, Work(habit="keep"))
            desk.given = self._heard
            self._crew.robots.append(desk)
        await self._crew.start()

    async def close(self) -> None:
        """Close the desks."""
        await self._crew.stop()

    def spent_ms(self) -> float:
        return self._house.subject.cpu_ms() + self._costs.cpu_ms()

    async def full(self, count: int) -> list[tuple[float, float]]:
        await self._fetch_tokens(count)
        wires = [Wire(self._house.port) for _ in range(WIDTH)]
        await saturate(wires, count, self._post)
        for wire in wires:
            wire.close()
        return await self._all_given(count)

    async def paced(self, count: int, per_second: float) -> list[tuple[float, float]]:
        await self._fetch_tokens(count)
        await pace(self._house.port, count, self._post, per_second=per_second)
        return await self._all_given(count)

    def _heard(self, words: str) -> None:
        self._given.setdefault(words, time.monotonic())

    async def _post(self, wire: Wire, _number: int, due: float) -> None:
        self._count += 1
        words = f"item {self._count}"
        self._due[words] = due
        body = {"token": self._tokens.pop(), "email": f"c{self._count}@example.org", "message": words}
        status, _ = await wire.ask("POST", PAGE, json.dumps(body).encode())
        assert status == 201, status

    async def _all_given(self, count: int) -> list[tuple[float, float]]:
        end = time.monotonic() + DONE_S_MAX
        while left := self._due.keys() - self._given.keys():
            assert time.monotonic() < end, f"{len(left)} of {count} were given to nobody by {self._house.base}"
            await asyncio.sleep(LOOK_S)
        times = [(due, self._given[words]) for words, due in self._due.items()]
        self._due.clear()
        return times

    async def _fetch_tokens(self, count: int) -> None:
        """The page was opened before; what is measured begins with the post."""
        wire = Wire(self._house.port)
        for _ in range(count):
            _, body = await wire.ask("GET", f"{PAGE}/token")
            self._tokens.append(json.loads(body)["token"])
        wire.close()


class Theirs:
    """A task queue as a side. Its sender's time counts: in the field that is the web server's work."""

    def __init__(self, peer: Peer, bus: RedisServer, *, fsync: str) -> None:
        self._peer, self._bus, self._fsync = peer, bus, fsync
        pids = (peer.worker.pid, peer.sender.pid)
        self._costs = Costs((*pids, _pid(bus)))

    def spent_ms(self) -> float:
        return self._costs.cpu_ms()

    async def full(self, count: int) -> list[tuple[float, float]]:
        return await self._do(count, 0.0)

    async def paced(self, count: int, per_second: float) -> list[tuple[float, float]]:
        return await self._do(count, per_second)

    async def _do(self, count: int, rate: float) -> list[tuple[float, float]]:
        keep(self._bus, self._fsync)
        self._peer.say(count, WIDTH, rate)
        await asyncio.to_thread(self._peer.hear, "sent")
        async with asyncio.timeout(DONE_S_MAX):
            while self._peer.done() < count:  # noqa: ASYNC110 - other processes write
                await asyncio.sleep(LOOK_S)
        return self._peer.take_times()


def keep(bus: RedisServer, fsync: str) -> None:
    """Let Redis write what it is given to its file: before it answers, or once a second."""
    said = bus.say(f"CONFIG SET appendfsync {fsync}")
    assert said.startswith("+OK"), said


def _pid(bus: RedisServer) -> int:
    assert bus._process is not None, "started before"
    return bus._process.pid


def rate_of(times: list[tuple[float, float]]) -> float:
    """Return how many were done a second in the middle of the round."""
    ends = sorted(done for _, done in times)
    edge = int(len(ends) * EDGE)
    return (len(ends) - 2 * edge - 1) / max(ends[-1 - edge] - ends[edge], 1e-6)


async def measured(sides: Mapping[str, Side], rounds: int) -> dict[str, Figures]:
    """Measure all in turn, some rounds, so that what else this machine does falls on all; say each as it comes."""
    found = {name: Figures() for name in sides}
    for side in sides.values():
        await side.full(ITEMS_WARM)
    for _ in range(rounds):
        for name, side in sides.items():
            before_ms = side.spent_ms()
            found[name].per_second.append(rate_of(await side.full(ITEMS)))
            found[name].cpu_ms.append((side.spent_ms() - before_ms) / ITEMS)
            print(f"{name:<30}{found[name].per_second[-1]:>8.0f}{found[name].cpu_ms[-1]:>9.2f}", flush=True)
    for name, side in sides.items():
        times = await side.paced(ITEMS_PACED, PACED_PER_SECOND)
        found[name].taken_ms = [(done - due) * 1_000 for due, done in times]
    return found


def table(found: Mapping[str, Figures]) -> list[str]:
    """Return the lines that are printed in the end."""
    ours = found[OURS]
    load = f"load average {os.getloadavg()[0]:.1f}; latencies at {PACED_PER_SECOND:.0f} a second"
    lines = [
        f"queues: medians of {len(ours.per_second)} rounds in turn, {load}",
        f"{'':<30}{'/s':>8}{'to ours':>9}{'CPU ms':>9}{'to ours':>9}{'p50 ms':>9}{'p99 ms':>9}",
    ]
    for name, figures in found.items():
        rate, cpu_ms = median(figures.per_second), median(figures.cpu_ms)
        lines.append(
            f"{name:<30}{rate:>8.0f}{rate / median(ours.per_second):>9.2f}{cpu_ms:>9.2f}"
            f"{cpu_ms / median(ours.cpu_ms):>9.2f}"
            f"{percentile(figures.taken_ms, 0.5):>9.1f}{percentile(figures.taken_ms, 0.99):>9.1f}"
        )
    return lines


def installed(name: str, folder: Path) -> Path:
    """Return the interpreter of a queue, with its packages in a folder of its own: they ask for different clients."""
    home = folder / name
    python = home / "bin" / "python"
    marker = home / ("-".join(PACKAGES[name]).replace("/", "-"))
    if not marker.exists():
        print(f"installing {', '.join(PACKAGES[name])}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *PACKAGES[name]], check=True)
        marker.touch()
    return python


@contextmanager
def sides(folder: Path, chosen: list[str], *, peers: Path, cluster: tuple[Servers, str] | None) -> Iterator[Any]:
    """Run everything that is measured, all at once and idle but for the one whose turn it is."""
    with ExitStack() as stack:
        bus = cluster[0].bus if cluster else RedisServer(_made(folder / "redis"), appendonly="yes").start()
        if not cluster:
            stack.callback(bus.stop)
        relay = Subject(["-m", "bench.sink"])
        stack.callback(relay.stop)
        relay_port = relay.read_port()
        found: dict[str, Side] = {}
        alone = AutoHouse(_made(folder / "alone"), relay_port)
        stack.callback(alone.subject.stop)
        found[OURS] = Ours(alone, Costs(()))
        if cluster is not None:
            servers, url = cluster
            shared = {**servers.environment(url), "FILES": str(folder / "files")}
            one = AutoHouse(_made(folder / "one"), relay_port, environment=shared)
            stack.callback(one.subject.stop)
            found[OURS_CLUSTER] = Ours(one, servers.costs)
        for row, queue, fsync in PEERS:
            name = queue.partition("-")[0]
            if name in chosen:
                place = _made(folder / f"{queue}-{fsync}")
                # Each row has a database of the Redis to itself, so that no worker takes another's jobs.
                url = f"{bus.url.rpartition('/')[0]}/{len(found) + 1}"
                peer = Peer(queue, installed(name, peers), url=url, folder=place)
                stack.callback(peer.stop)
                found[row] = Theirs(peer, bus, fsync=fsync)
        yield found


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


async def measure(folder: Path, chosen: argparse.Namespace) -> list[str]:
    """Start all, measure, end all."""
    cluster: tuple[Servers, str] | None = None
    with ExitStack() as stack:
        if chosen.cluster:
            store = await asyncio.to_thread(PostgresqlServer().start)
            stack.callback(store.close)
            bus = RedisServer(_made(folder / "redis"), appendonly="yes")
            stack.callback(bus.stop)
            cluster = Servers(store, await asyncio.to_thread(bus.start)), await store.database()
        with sides(folder, chosen.queues, peers=chosen.packages, cluster=cluster) as found:
            ours = [side for side in found.values() if isinstance(side, Ours)]
            try:
                for side in ours:
                    await side.open()
                return table(await measured(found, chosen.rounds))
            finally:
                for side in ours:
                    await side.close()


async def _print(folder: Path, chosen: argparse.Namespace) -> None:
    print("\n".join(await measure(folder, chosen)))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.queues", description=__doc__)
    parser.add_argument("--queues", nargs="*", default=list(PACKAGES), choices=list(PACKAGES))
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--no-cluster", dest="cluster", action="store_false", help="only one node on its own file")
    default = Path(sys.prefix) / "queues"
    parser.add_argument("--packages", type=Path, default=default, help="where the queues' own packages are kept")
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as folder:
        run_fast(_print(Path(folder), parser.parse_args(arguments)))


if __name__ == "__main__":
    main()
