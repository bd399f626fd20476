"""The whole machine: a form is posted, answered, offered, and a robot agent accepts, answers by mail and closes.

Baseline: a bare aiohttp JSON handler in its own process under the same load generator, in the same run. All of it
shares this machine's processors, generator and robots included; so processor time per item is the figure to compare.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.load import Item, Wire, pace, percentile, saturate
from bench.loops import run_fast
from bench.profiled import PROFILE
from bench.robots import Crew, RobotAgent
from bench.subject import PASSWORD, House, Subject

PAGE = "/channels/form/contact"
AGENTS = 4
WIRES = 48
ROUNDS = 3
# Items in one round: seconds of full load on a slow machine, and the whole stays under a minute and a half.
ITEMS, ITEMS_PACED, ITEMS_WARM = 600, 400, 100
# The baseline's rounds are longer in items, so that they last seconds as ours do: /proc counts in steps of 10 ms.
ITEMS_BARE, ITEMS_BARE_WARM = 30_000, 3_000
TOLD_S_MAX = 60
_BUCKET = re.compile(r'^patchbay_floor_commit_seconds_bucket\{le="([^"]+)"\} (\S+)$', re.MULTILINE)


@dataclass(slots=True)
class Figures:
    """What the rounds of one server came to. Latencies in ms, at half of the maximum."""

    per_second: list[float] = field(default_factory=list)
    cpu_ms: list[float] = field(default_factory=list)
    busy: list[float] = field(default_factory=list)
    answered_ms: list[float] = field(default_factory=list)
    offered_ms: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Desk:
    """Where an item's way is followed: from the post to the offer to the agent's answer."""

    closed: dict[str, asyncio.Event] = field(default_factory=dict)
    offered_at: dict[str, float] = field(default_factory=dict)
    mark_of: dict[str, str] = field(default_factory=dict)

    def heard(self, _agent: int, offer: dict[str, Any]) -> None:
        """An offer has reached a desk."""
        mark = offer["first_words"]
        self.offered_at[mark] = time.monotonic()
        self.mark_of[offer["ref"]] = mark

    def answered(self, client_id: str) -> None:
        """An agent's closing reply has been acknowledged. The id is <login>-<reference>-<offer>."""
        event = self.closed.get(self.mark_of.get(client_id.split("-", 1)[1].rpartition("-")[0], ""))
        if event is not None:
            event.set()


class Bare:
    """The baseline, under the same load."""

    def __init__(self) -> None:
        self.subject = Subject(["-m", "bench.bare"])
        self._port = self.subject.read_port()
        self.figures = Figures()

    async def full(self, count: int) -> None:
        """One round at saturation."""
        await _saturated(self.subject, self._port, count, item=self._item, figures=self.figures, settled=_at_once)

    async def paced(self, count: int, *, per_second: float) -> None:
        """One round at a rate."""
        self.figures.answered_ms.clear()
        await pace(self._port, count, self._item, per_second=per_second)

    async def _item(self, wire: Wire, number: int, due: float) -> None:
        body = {"token": f"t{number}", "email": f"c{number}@example.org", "message": f"item {number}"}
        status, said = await wire.ask("POST", PAGE, json.dumps(body).encode())
        assert status == 201, status
        assert json.loads(said)["reference"] == f"t{number}", "the answer is another's"
        self.figures.answered_ms.append((time.monotonic() - due) * 1_000)

    def clear(self) -> None:
        """Forget the rounds so far: they were to warm up."""
        self.figures = Figures()


async def _saturated(
    subject: Subject, port: int, count: int, *, item: Item, figures: Figures, settled: Callable[[], Awaitable[None]]
) -> None:
    """One round; its processor time counts until what it left behind is done too (mails that are still to go)."""
    wires = [Wire(port) for _ in range(WIRES)]
    cpu_ms, began = subject.cpu_ms(), time.monotonic()
    made = await saturate(wires, count, item)
    await settled()
    spent_ms, lasted_s = subject.cpu_ms() - cpu_ms, time.monotonic() - began
    figures.per_second.append(made.per_second)
    figures.cpu_ms.append(spent_ms / count)
    figures.busy.append(spent_ms / lasted_s / 1_000)
    for wire in wires:
        wire.close()


async def _at_once() -> None:
    """The baseline leaves nothing behind."""


class Whole:
    """The product with its robots, and the items that go through it."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._desk = Desk()
        self._tokens: list[str] = []
        self._count = 0
        self.figures = Figures()
        self.crew = Crew()

    async def open(self) -> None:
        """Let the robots take their places."""
        for number in range(AGENTS):
            await asyncio.to_thread(self._house.add_agent, f"robot{number}")
            robot = RobotAgent(self._house.base, f"robot{number}", PASSWORD)
            robot.heard, robot.answered_as = self._desk.heard, self._desk.answered
            self.crew.robots.append(robot)
        await self.crew.start()

    async def full(self, count: int) -> None:
        """One round at saturation."""
        await self._fetch_tokens(count)
        await _saturated(
            self._house.subject,
            self._house.port,
            count,
            item=self._item,
            figures=self.figures,
            settled=self._house.drained,
        )

    async def paced(self, count: int, *, per_second: float) -> None:
        """One round at a rate."""
        await self._fetch_tokens(count)
        self.figures.answered_ms.clear()
        self.figures.offered_ms.clear()
        await pace(self._house.port, count, self._item, per_second=per_second)

    def clear(self) -> None:
        """Forget the rounds so far: they were to warm up."""
        self.figures = Figures()

    async def _fetch_tokens(self, count: int) -> None:
        """The page was opened before; what is measured begins with the post."""
        wire = Wire(self._house.port)
        for _ in range(count):
            _, body = await wire.ask("GET", f"{PAGE}/token")
            self._tokens.append(json.loads(body)["token"])
        wire.close()

    async def _item(self, wire: Wire, _number: int, due: float) -> None:
        self._count += 1
        mark = f"item {self._count}"
        self._desk.closed[mark] = asyncio.Event()
        body = {"token": self._tokens.pop(), "email": f"c{self._count}@example.org", "message": mark}
        status, _ = await wire.ask("POST", PAGE, json.dumps(body).encode())
        assert status == 201, status
        self.figures.answered_ms.append((time.monotonic() - due) * 1_000)
        async with asyncio.timeout(TOLD_S_MAX):
            await self._desk.closed[mark].wait()
        self.figures.offered_ms.append((self._desk.offered_at[mark] - due) * 1_000)


def commits(text: str) -> dict[float, float]:
    """Return how many commits took at most so long, by the server's own metric."""
    return {float(bound): float(count) for bound, count in _BUCKET.findall(text)}


def commit_p99_ms(before: dict[float, float], after: dict[float, float]) -> float:
    """Return the bound below which 99 of 100 commits lie: of a histogram, so it is a bucket's upper bound."""
    made = {bound: after[bound] - before.get(bound, 0) for bound in sorted(after)}
    total = made[max(made)]
    return next(bound for bound, count in made.items() if count >= total * 0.99) * 1_000


async def measure(folder: Path, command: tuple[str, ...]) -> list[str]:
    """Measure both in turn, so that what else this machine does falls on both; return the table."""
    relay, bare = Subject(["-m", "bench.sink"]), Bare()
    house = House(folder, relay.read_port(), command=command)
    whole = Whole(house)
    try:
        await whole.open()
        await whole.full(ITEMS_WARM)
        await bare.full(ITEMS_BARE_WARM)
        whole.clear()
        bare.clear()
        before = commits(house.metrics())
        for _ in range(ROUNDS):
            await bare.full(ITEMS_BARE)
            await whole.full(ITEMS)
        rate = median(whole.figures.per_second) / 2
        await bare.paced(ITEMS_PACED, per_second=rate)
        await whole.paced(ITEMS_PACED, per_second=rate)
        return table(bare.figures, whole.figures, commit_p99_ms(before, commits(house.metrics())))
    finally:
        await whole.crew.stop()
        for subject in (house.subject, bare.subject, relay):
            subject.stop()


def table(bare: Figures, whole: Figures, commit_ms: float) -> list[str]:
    """Return the lines that are printed."""
    rows: list[tuple[str, Callable[[Figures], float]]] = [
        ("items/s at saturation", lambda f: median(f.per_second)),
        ("CPU ms of the server per item", lambda f: median(f.cpu_ms)),
        ("processors the server kept busy", lambda f: median(f.busy)),
        ("post to 201, p50 ms", lambda f: percentile(f.answered_ms, 0.5)),
        ("post to 201, p99 ms", lambda f: percentile(f.answered_ms, 0.99)),
    ]
    rate = median(whole.per_second) / 2
    lines = [
        f"whole: medians of {ROUNDS} rounds in turn, load average {os.getloadavg()[0]:.1f}",
        f"latencies of both at {rate:.0f} items/s, half of our maximum",
        f"{'':<36}{'bare aiohttp':>14}{'Patchbay':>12}{'ratio':>10}",
    ]
    for name, read in rows:
        low, high = read(bare), read(whole)
        lines.append(f"{name:<36}{low:>14.3f}{high:>12.3f}{high / low:>10.4g}")
    for share in (0.5, 0.99):
        offered = f"post to offer at a desk, p{share * 100:.0f} ms"
        lines.append(f"{offered:<36}{'':>14}{percentile(whole.offered_ms, share):>12.3f}")
    lines.append(f"{'a commit of the floor, p99 ms ≤':<36}{'':>14}{commit_ms:>12.3f}")
    spread = ", ".join(f"{low:.0f} and {high:.0f}" for low, high in zip(bare.per_second, whole.per_second, strict=True))
    lines.append(f"items/s of each pair of rounds: {spread}")
    return lines


async def _measure(command: tuple[str, ...]) -> None:
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as folder:
        print("\n".join(await measure(Path(folder), command)))
        profile = Path(folder) / PROFILE
        if profile.exists():
            print(profile.read_text())


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.whole", description=__doc__)
    parser.add_argument("--profile", action="store_true", help="run the server under cProfile and print its top costs")
    chosen = parser.parse_args(arguments)
    run_fast(_measure(("-m", "bench.profiled") if chosen.profile else ("-m", "router")))


if __name__ == "__main__":
    main()
