"""Messages through the router: posted, kept, decided, offered, accepted, answered, closed, told to the provider.

The robots that accept, answer and close live in the server's process, and the channel's provider says yes at once:
what is measured is the router's own way, with every flush to disk, and not HTTP desks or mail (`bench.whole` has
those). Baseline: a bare aiohttp handler that reads the same JSON and keeps nothing, in its own process, its rounds
between ours, under the same load generator.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from bench.hook import SIGNATURE, signature
from bench.load import Wire, pace, percentile, saturate
from bench.loops import run_fast
from bench.messages_server import STAY
from bench.subject import Subject
from bench.whole import commit_p99_ms, commits

WIRES = 64
ROUNDS = 3
MESSAGES, MESSAGES_WARM, MESSAGES_PACED = 4_000, 1_000, 2_000
MESSAGES_BARE = 30_000
OPEN_ITEMS = 20_000
DONE_S_MAX = 60
LOOK_S = 0.02
IN = "/channels/hook/in"
BARE = "/channels/form/contact"


class Server:
    """The product with its robots, and messages that go through it."""

    def __init__(self, folder: Path, command: list[str]) -> None:
        self.subject = Subject([*command, str(folder)])
        self.port = self.subject.read_port()
        self._wire = Wire(self.port)
        self._sent = 0
        self._served = 0

    async def full(self, count: int) -> tuple[float, float]:
        """Post as fast as can be until every answer has left; return (messages/s, processor ms a message)."""
        wires = [Wire(self.port) for _ in range(WIRES)]
        cpu_ms, began = self.subject.cpu_ms(), time.monotonic()
        await saturate(wires, count, self._post)
        self._served += count
        await self._all_done()
        lasted_s, spent_ms = time.monotonic() - began, self.subject.cpu_ms() - cpu_ms
        for wire in wires:
            wire.close()
        return count / lasted_s, spent_ms / count

    async def paced(self, count: int, *, per_second: float) -> list[float]:
        """Post at a rate; return how long each took from its post to its offer, in ms."""
        await self._ask("/bench")
        await pace(self.port, count, self._post_due, per_second=per_second)
        self._served += count
        return await self._all_done()

    async def fill(self, count: int) -> None:
        """Make conversations that wait for somebody who never comes."""
        wires = [Wire(self.port) for _ in range(WIRES)]
        await saturate(wires, count, self._post_to_stay)
        for wire in wires:
            wire.close()
        async with asyncio.timeout(DONE_S_MAX):
            while await self.open_items() < count:  # noqa: ASYNC110 - another process counts
                await asyncio.sleep(LOOK_S)

    async def open_items(self) -> int:
        """Return how many conversations the core holds."""
        text = (await self._ask("/metrics")).decode()
        told = (line for line in text.splitlines() if line.startswith("patchbay_floor_conversations{"))
        return int(float(next(told, "nothing 0").split()[1]))

    async def commits(self) -> dict[float, float]:
        """Return the histogram of the floor's commits."""
        return commits((await self._ask("/metrics")).decode())

    async def _all_done(self) -> list[float]:
        """Wait until every answer has left; return how long each took from its post to its offer, in ms."""
        offered_ms: list[float] = []
        async with asyncio.timeout(DONE_S_MAX):
            while True:
                figures: dict[str, Any] = json.loads(await self._ask("/bench"))
                offered_ms += figures["offered_ms"]
                if min(figures["closed"], figures["told"]) >= self._served:
                    return offered_ms
                await asyncio.sleep(LOOK_S)

    async def _ask(self, path: str) -> bytes:
        status, body = await self._wire.ask("GET", path)
        assert status == 200, status
        return body

    async def _post(self, wire: Wire, _number: int, due: float, *, text: str = "item", told: bool = False) -> None:
        self._sent += 1
        # Everybody is new: one who writes again before the answer would join the conversation that is open.
        posted = {"id": f"m{self._sent}", "sender": f"c{self._sent}", "text": text}
        body = json.dumps({**posted, "due": due} if told else posted).encode()
        status, _ = await wire.ask("POST", IN, body, {SIGNATURE: signature(body)})
        assert status == 200, status

    async def _post_due(self, wire: Wire, number: int, due: float) -> None:
        await self._post(wire, number, due, told=True)

    async def _post_to_stay(self, wire: Wire, number: int, due: float) -> None:
        await self._post(wire, number, due, text=STAY)


class Bare:
    """The baseline, under the same load."""

    def __init__(self) -> None:
        self.subject = Subject(["-m", "bench.bare"])
        self._port = self.subject.read_port()

    async def full(self, count: int) -> tuple[float, float]:
        """Post as fast as can be; return (messages/s, processor ms a message)."""
        wires = [Wire(self._port) for _ in range(WIRES)]
        cpu_ms, began = self.subject.cpu_ms(), time.monotonic()
        await saturate(wires, count, _post_bare)
        lasted_s, spent_ms = time.monotonic() - began, self.subject.cpu_ms() - cpu_ms
        for wire in wires:
            wire.close()
        return count / lasted_s, spent_ms / count


async def _post_bare(wire: Wire, number: int, _due: float) -> None:
    body = json.dumps({"token": f"m{number}", "sender": f"c{number}", "text": "item"}).encode()
    status, _ = await wire.ask("POST", BARE, body, {SIGNATURE: signature(body)})
    assert status == 201, status


async def measure(folder: Path, command: list[str]) -> list[str]:
    """Measure both in turn, then ours again in a full house; return the table."""
    bare, ours = Bare(), Server(folder, command)
    try:
        await ours.full(MESSAGES_WARM)
        await bare.full(MESSAGES_BARE // 10)
        before = await ours.commits()
        pairs = [(await bare.full(MESSAGES_BARE), await ours.full(MESSAGES)) for _ in range(ROUNDS)]
        rate = median(made for _, (made, _) in pairs) / 2
        before_paced = await ours.commits()
        offered_ms = await ours.paced(MESSAGES_PACED, per_second=rate)
        after_paced = await ours.commits()
        await ours.fill(OPEN_ITEMS)
        full_house = [await ours.full(MESSAGES) for _ in range(ROUNDS)]
    finally:
        bare.subject.stop()
        ours.subject.stop()
    lines = _table(pairs, full_house)
    latency = f"post to offer at {rate:.0f} messages/s, half of our maximum: p50 {percentile(offered_ms, 0.5):.1f} ms"
    lines.append(f"{latency}, p99 {percentile(offered_ms, 0.99):.1f} ms")
    paced, full = commit_p99_ms(before_paced, after_paced), commit_p99_ms(before, before_paced)
    lines.append(f"a commit of the floor, p99 at most: {paced:.1f} ms at that rate, {full:.1f} ms at saturation")
    return lines


def _table(pairs: list[tuple[Any, Any]], full_house: list[tuple[float, float]]) -> list[str]:
    rows = (
        ("bare aiohttp", median(b[0] for b, _ in pairs), median(b[1] for b, _ in pairs)),
        ("Patchbay, nothing open", median(o[0] for _, o in pairs), median(o[1] for _, o in pairs)),
        (f"Patchbay, {OPEN_ITEMS} open", median(o[0] for o in full_house), median(o[1] for o in full_house)),
    )
    _, base_rate, base_cpu_ms = rows[0]
    lines = [
        f"messages: medians of {ROUNDS} rounds in turn, load average {os.getloadavg()[0]:.1f}",
        f"{'':<28}{'messages/s':>12}{'ratio':>8}{'CPU ms':>10}{'ratio':>8}",
    ]
    for name, rate, cpu_ms in rows:
        lines.append(f"{name:<28}{rate:>12.0f}{rate / base_rate:>8.3f}{cpu_ms:>10.3f}{cpu_ms / base_cpu_ms:>8.1f}")
    spread = ", ".join(f"{b[0]:.0f} and {o[0]:.0f}" for b, o in pairs)
    return [*lines, f"messages/s of each pair of rounds: {spread}"]


async def _measure() -> None:
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as folder:
        print("\n".join(await measure(Path(folder), ["-m", "bench.messages_server"])))


def main(arguments: list[str] | None = None) -> None:
    argparse.ArgumentParser(prog="python -m bench.messages", description=__doc__).parse_args(arguments)
    run_fast(_measure())


if __name__ == "__main__":
    main()
