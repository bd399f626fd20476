"""What the link over Redis costs: questions and their answers between two processes, and batches told.

Baselines in the same run, on the same server: the package's own client with PING (one round trip that does nothing),
with XADD one at a time, and with XADD in pipelines of a hundred. And two ways home for an answer: a channel, as the
link has it, and a stream read with XREAD, as it might have had it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bench.link_leader import FIGURES, SITE
from bench.load import percentile
from bench.loops import run_fast
from bench.subject import Subject
from router.bus.redis import RedisLink
from router.telemetry import Telemetry
from tests.servers.redis import RedisServer, running_redis

ROUNDS = 3
QUESTION, FRAME = bytes(300), bytes(2_000)
ONE_BY_ONE, AT_ONCE, TELLS = 1_500, 20_000, 20_000
WIDTHS = (1, 64, 1_000)
PIPELINE = 100
PATIENCE_MS = 20_000
# Less than may wait in memory: what is told faster than it can be sent is dropped, and would never be heard.
TOLD_AT_ONCE = 1_000


@dataclass(slots=True, frozen=True)
class Figures:
    """One round: per second, quantiles of the round trip, processor time of each side per item."""

    per_second: float
    p50_ms: float
    p99_ms: float
    ours_us: float
    theirs_us: float = 0.0


async def timed(count: int, width: int, once: Callable[[], Awaitable[object]]) -> Figures:
    """Do something `count` times, `width` at once."""
    taken_ms: list[float] = []
    numbers = iter(range(count))

    async def work() -> None:
        for _ in numbers:
            began = time.perf_counter()
            await once()
            taken_ms.append((time.perf_counter() - began) * 1_000)

    began, spent = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(width)))
    lasted, spent = time.perf_counter() - began, time.process_time() - spent
    return Figures(count / lasted, percentile(taken_ms, 0.5), percentile(taken_ms, 0.99), spent / count * 1e6)


class Bench:
    """The server, the leader's process, our link, and the package's own client."""

    def __init__(self, server: RedisServer) -> None:
        self._url = server.url
        self._leader = Subject(["-m", "bench.link_leader", server.url])
        self._link = RedisLink(server.url, node="asker", telemetry=Telemetry())
        self._bare = Redis.from_url(server.url, protocol=2, retry=Retry(NoBackoff(), 0))
        self._told = 0

    async def ready(self) -> None:
        """Wait for both sides."""
        await asyncio.to_thread(self._leader.read_port)
        while not self._link.up:  # noqa: ASYNC110 - asked a few times, at the start
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        """End both sides."""
        await self._link.close()
        await self._bare.aclose()
        self._leader.stop()

    async def asks(self, width: int) -> Figures:
        """Ask, `width` questions on their way at any time."""
        _, before = await self._leaders()
        count = ONE_BY_ONE if width == 1 else AT_ONCE
        made = await timed(count, width, lambda: self._link.ask(SITE, QUESTION, within_ms=PATIENCE_MS))
        _, after = await self._leaders()
        return Figures(made.per_second, made.p50_ms, made.p99_ms, made.ours_us, (after - before) / count * 1e6)

    async def tells(self) -> Figures:
        """Tell until the other side has heard all; the rate is theirs, and a quantile would say nothing."""
        heard, spent_there = await self._leaders()
        began, spent = time.perf_counter(), time.process_time()
        for _ in range(0, TELLS, TOLD_AT_ONCE):
            for _ in range(TOLD_AT_ONCE):
                self._told += 1
                self._link.tell(SITE, FRAME, last=self._told)
            await self._heard(heard := heard + TOLD_AT_ONCE)
        lasted, spent = time.perf_counter() - began, time.process_time() - spent
        spent_there = (await self._leaders())[1] - spent_there
        return Figures(TELLS / lasted, 0.0, 0.0, spent / TELLS * 1e6, spent_there / TELLS * 1e6)

    async def ping(self) -> Figures:
        """The bare round trip."""
        return await timed(ONE_BY_ONE, 1, self._bare.ping)

    async def xadd(self) -> Figures:
        """An append at a time, with nobody who reads it."""
        return await timed(ONE_BY_ONE, 1, lambda: self._bare.xadd("bare", {"f": FRAME}, maxlen=4_096))

    async def xadd_pipelined(self) -> Figures:
        """Appends by the hundred; figures are per append."""

        async def hundred() -> None:
            pipeline = self._bare.pipeline(transaction=False)
            for _ in range(PIPELINE):
                pipeline.xadd("bare", {"f": FRAME}, maxlen=4_096)
            await pipeline.execute()

        made = await timed(TELLS // PIPELINE, 1, hundred)
        return Figures(made.per_second * PIPELINE, made.p50_ms, made.p99_ms, made.ours_us / PIPELINE)

    async def home_by_channel(self) -> Figures:
        """An answer published and heard, one at a time."""
        async with self._bare.pubsub(ignore_subscribe_messages=True) as ear:
            await ear.subscribe("home")
            await ear.get_message(timeout=1.0)

            async def once() -> None:
                await self._bare.publish("home", QUESTION)
                while await ear.get_message(timeout=1.0) is None:
                    continue

            return await timed(ONE_BY_ONE, 1, once)

    async def home_by_stream(self) -> Figures:
        """An answer appended and read, one at a time."""
        last = b"0-0"

        async def once() -> None:
            nonlocal last
            reading = self._bare.xread({"home-stream": last}, count=64, block=1_000)
            appending = self._bare.xadd("home-stream", {"a": QUESTION}, maxlen=1_000)
            read: Any = (await asyncio.gather(reading, appending))[0]
            last = read[0][1][-1][0]

        return await timed(ONE_BY_ONE, 1, once)

    async def _heard(self, count: int) -> None:
        async with asyncio.timeout(60):
            while (await self._leaders())[0] < count:  # noqa: ASYNC110 - another process counts
                await asyncio.sleep(0.002)

    async def _leaders(self) -> tuple[int, float]:
        heard, spent = (await self._link.ask(SITE, FIGURES, within_ms=PATIENCE_MS)).split()
        return int(heard), float(spent)


def middle(rounds: list[Figures]) -> Figures:
    """Return the median of each figure."""
    return Figures(
        *(median(getattr(each, name) for each in rounds) for name in ("per_second", "p50_ms", "p99_ms")),
        *(median(getattr(each, name) for each in rounds) for name in ("ours_us", "theirs_us")),
    )


async def measure(server: RedisServer) -> list[str]:
    """Measure all in turn, some rounds, and return the table."""
    bench = Bench(server)
    await bench.ready()
    works: dict[str, Callable[[], Awaitable[Figures]]] = {
        "PING, package's client": bench.ping,
        "XADD 2 kB, package's client": bench.xadd,
        f"XADD 2 kB, pipelines of {PIPELINE}": bench.xadd_pipelined,
        **{f"ask 300 B, {width} at once": partial(bench.asks, width) for width in WIDTHS},
        "tell 2 kB until heard": bench.tells,
        "an answer home by channel": bench.home_by_channel,
        "an answer home by stream": bench.home_by_stream,
    }
    made: dict[str, list[Figures]] = {name: [] for name in works}
    try:
        await bench.asks(64)
        for _ in range(ROUNDS):
            for name, work in works.items():
                made[name].append(await work())
    finally:
        await bench.close()
    return _table({name: middle(rounds) for name, rounds in made.items()})


def _table(rows: dict[str, Figures]) -> list[str]:
    ping, piped = rows["PING, package's client"], rows[f"XADD 2 kB, pipelines of {PIPELINE}"]
    lines = [
        f"link: medians of {ROUNDS} rounds in turn, load average {os.getloadavg()[0]:.1f}",
        f"{'':<30}{'/s':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU us':>9}{'leader us':>11}{'CPU:PING':>12}{'/s:piped':>12}",
    ]
    for name, row in rows.items():
        ratios = f"{(row.ours_us + row.theirs_us) / ping.ours_us:>12.2f}{row.per_second / piped.per_second:>12.3f}"
        figures = f"{row.per_second:>9.0f}{row.p50_ms:>9.2f}{row.p99_ms:>9.2f}{row.ours_us:>9.0f}{row.theirs_us:>11.0f}"
        lines.append(f"{name:<30}{figures}{ratios}")
    return lines


async def _measure() -> None:
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as folder, running_redis(Path(folder)) as server:
        print("\n".join(await measure(server)))


def main(arguments: list[str] | None = None) -> None:
    argparse.ArgumentParser(prog="python -m bench.link", description=__doc__).parse_args(arguments)
    run_fast(_measure())


if __name__ == "__main__":
    main()
