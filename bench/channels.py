"""Webhooks of each channel: how many are acknowledged a second, what one costs, how long its provider waits.

Signed requests of played providers are made before and posted to a whole node that keeps, looks up and decides beside;
nobody is at a desk, so everything waits in its queue. Baseline: a handler that reads the body and says yes, in its own
process, its rounds between ours, the same requests under the same load generator.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import yaml

from bench.load import Wire, pace, percentile, saturate
from bench.loops import run_fast
from bench.messages_server import CONFIG
from bench.providers import PROVIDERS, TOKEN_HERE, Posted, Provider
from bench.subject import Subject

WIRES = 64
ROUNDS = 3
REQUESTS, REQUESTS_WARM, REQUESTS_PACED = 1_000, 200, 400
# The baseline's rounds are longer, so that they last seconds as ours do: /proc counts in steps of 10 ms.
REQUESTS_BARE = 8_000
DECIDED_S_MAX = 120
LOOK_S = 0.02
WIDTHS = (9, 8, 8, 9, 8, 7, 9, 8)
# The flood while one provider's pushes are timed, and those pushes.
FLOOD, FLOODED = "line", "wechat"
# A node has 10,000 letters in hand at most; LINE puts many events into one post.
FLOOD_FIRST, FLOOD_EVENTS, FLOOD_POSTS, FLOOD_WIRES = 1_000_000, 250, 80, 8
FLOODED_REQUESTS, FLOODED_PER_SECOND = 400, 50.0
# Calls come one after the other, each to an agent of its own.
CALLED, CALLS, CALLS_PER_SECOND = "phone", 300, 20.0
_WAITING = re.compile(r"^patchbay_letterbox_waiting(?:\{[^}]*\})? (\S+)$", re.MULTILINE)


class Server:
    """A server and its processor time."""

    def __init__(self, command: list[str], environment: dict[str, str]) -> None:
        self.subject = Subject(["-m", "bench.channels_server", *command], environment)
        self.port = self.subject.read_port()

    async def full(self, posts: Sequence[Posted]) -> float:
        """Post as fast as can be; return how many were acknowledged a second."""
        wires = [Wire(self.port) for _ in range(WIRES)]
        began = time.monotonic()
        await saturate(wires, len(posts), lambda wire, number, _due: _post(wire, posts[number]))
        lasted_s = time.monotonic() - began
        for wire in wires:
            wire.close()
        return len(posts) / lasted_s

    async def paced(self, posts: Sequence[Posted], *, per_second: float) -> list[float]:
        """Post at a rate; return how long each waited for its answer, in ms, from when it was due."""
        taken_ms: list[float] = []

        async def one(wire: Wire, number: int, due: float) -> None:
            await _post(wire, posts[number])
            taken_ms.append((time.monotonic() - due) * 1_000)

        await pace(self.port, len(posts), one, per_second=per_second)
        return taken_ms

    async def filled(self, posts: Sequence[Posted], token_at: str) -> list[Posted]:
        """Return the posts with a token in each, fetched as a page fetches it; unchanged where there is none."""
        if not token_at:
            return list(posts)
        wire, made = Wire(self.port), list[Posted]()
        for post in posts:
            _, body = await wire.ask("GET", token_at)
            made.append(replace(post, body=post.body.replace(TOKEN_HERE.encode(), json.loads(body)["token"].encode())))
        wire.close()
        return made

    async def taken(self) -> dict[str, list[float]]:
        """Return what the server has noted of itself since it was last asked."""
        wire = Wire(self.port)
        _, body = await wire.ask("GET", "/bench/taken")
        wire.close()
        found: dict[str, list[float]] = json.loads(body)
        return found

    async def waiting(self) -> int:
        """Return how many letters have no decision yet."""
        wire = Wire(self.port)
        _, body = await wire.ask("GET", "/metrics")
        wire.close()
        found = _WAITING.search(body.decode())
        return int(float(found[1])) if found else 0

    async def all_decided(self) -> None:
        async with asyncio.timeout(DECIDED_S_MAX):
            while await self.waiting():  # noqa: ASYNC110 - another process counts
                await asyncio.sleep(LOOK_S)


async def _post(wire: Wire, posted: Posted) -> None:
    status, _ = await wire.ask("POST", posted.path, posted.body, posted.headers)
    assert status in {200, 201}, (posted.path, status)


def ours_of(folder: Path, providers: dict[str, Provider]) -> Server:
    """Start a node with all channels on."""
    config = folder / "config"
    config.mkdir(parents=True)
    (config / "site.yaml").write_text(CONFIG)
    entries: dict[str, Any] = {name: {**made.entry, "enabled": True} for name, made in providers.items()}
    (config / "channels.yaml").write_text(yaml.safe_dump({"channels": entries}, allow_unicode=True, sort_keys=False))
    secrets = {name: value for made in providers.values() for name, value in made.secrets.items()}
    return Server([str(folder)], secrets)


class Numbers:
    """Makes requests of customers who have not written before."""

    def __init__(self, provider: Provider) -> None:
        self._provider, self._next = provider, 1
        self.token_at = provider.token_at

    def posts(self, count: int) -> list[Posted]:
        """Make the next requests."""
        first, self._next = self._next, self._next + count
        return [self._provider.make(number) for number in range(first, first + count)]


async def one_channel(name: str, numbers: Numbers, bare: Server, ours: Server) -> str:
    """Measure one channel against the baseline; return its row."""
    await ours.full(await ours.filled(numbers.posts(REQUESTS_WARM), numbers.token_at))
    await bare.full(numbers.posts(REQUESTS_WARM))
    pairs = []
    for _ in range(ROUNDS):
        posts = numbers.posts(REQUESTS_BARE)
        spent_ms = bare.subject.cpu_ms()
        base = await bare.full(posts), (bare.subject.cpu_ms() - spent_ms) / len(posts)
        real = await ours.filled(posts[:REQUESTS], numbers.token_at)
        spent_ms = ours.subject.cpu_ms()
        rate = await ours.full(real)
        await ours.all_decided()
        pairs.append((base, (rate, (ours.subject.cpu_ms() - spent_ms) / REQUESTS)))
    base_rate, base_ms = median(base[0] for base, _ in pairs), median(base[1] for base, _ in pairs)
    rate, spent = median(our[0] for _, our in pairs), median(our[1] for _, our in pairs)
    paced = await ours.filled(numbers.posts(REQUESTS_PACED), numbers.token_at)
    taken_ms = await ours.paced(paced, per_second=rate / 2)
    await ours.all_decided()
    ratios = f"{base_rate:>9.0f}{rate:>8.0f}{rate / base_rate:>8.3f}{base_ms:>9.3f}{spent:>8.3f}{spent / base_ms:>7.1f}"
    return f"{name:<10}{ratios}{percentile(taken_ms, 0.5):>9.1f}{percentile(taken_ms, 0.99):>8.1f}"


async def flooded(flood: Provider, timed: Numbers, ours: Server) -> str:
    """Time one provider's pushes while more letters wait than a node takes in hand; return what it came to."""
    many, first = flood.many, FLOOD_FIRST
    assert many is not None, "only who puts many into one post fills the letterbox faster than it is emptied"
    posts = [many(first + number * FLOOD_EVENTS, FLOOD_EVENTS) for number in range(FLOOD_POSTS)]
    await ours.taken()
    quiet_ms = await ours.paced(timed.posts(FLOODED_REQUESTS), per_second=FLOODED_PER_SECOND)
    quiet = (await ours.taken())["answers_ms"]
    wires = [Wire(ours.port) for _ in range(FLOOD_WIRES)]
    await saturate(wires, len(posts), lambda wire, number, _due: _post(wire, posts[number]))
    before = await ours.waiting()
    await ours.taken()
    taken_ms = await ours.paced(timed.posts(FLOODED_REQUESTS), per_second=FLOODED_PER_SECOND)
    after = await ours.waiting()
    for wire in wires:
        wire.close()
    behind = (await ours.taken())["answers_ms"]
    depth = f"{before} letters before its first push, {after} after its last"
    own = f"processor time from reading to answering: {_said(quiet)}; behind them {_said(behind)}"
    return f"{FLOODED} at {FLOODED_PER_SECOND:.0f}/s: {_said(quiet_ms)}; behind {depth}: {_said(taken_ms)}; {own}"


async def offered(timed: Numbers, ours: Server) -> str:
    """Time calls from their webhook to the answer, and to the offer at a free agent's desk."""
    wire = Wire(ours.port)
    await wire.ask("POST", "/bench/staff")
    wire.close()
    await ours.taken()
    answered_ms = await ours.paced(timed.posts(CALLS), per_second=CALLS_PER_SECOND)
    await ours.all_decided()
    noted = await ours.taken()
    own = f"processor time from reading to answering: {_said(noted['answers_ms'])}"
    rang = f"answered {_said(answered_ms)}; offered {_said(noted['offered_ms'])}"
    return f"{CALLED} at {CALLS_PER_SECOND:.0f}/s: {rang}; {own}"


def _said(taken_ms: list[float]) -> str:
    return ", ".join(f"p{share * 100:g} {percentile(taken_ms, share):.0f} ms" for share in (0.5, 0.99, 0.999))


async def measure(folder: Path) -> list[str]:
    """Measure all channels; return the table."""
    providers = {name: make() for name, make in PROVIDERS.items()}
    numbers = {name: Numbers(made) for name, made in providers.items()}
    fresh: Server | None = None
    bare, ours = Server(["--bare"], {}), ours_of(folder, providers)
    try:
        rows = [await one_channel(name, numbers[name], bare, ours) for name in providers]
        fresh = ours_of(folder / "calls", {CALLED: providers[CALLED]})
        rows.append(await offered(numbers[CALLED], fresh))
        last = await flooded(providers[FLOOD], numbers[FLOODED], ours)
    finally:
        bare.subject.stop()
        ours.subject.stop()
        if fresh is not None:
            fresh.subject.stop()
    names = ("bare/s", "ours/s", "ratio", "bare CPU", "ours", "ratio", "p50 ms", "p99")
    head = f"{'':<10}" + "".join(f"{name:>{width}}" for name, width in zip(names, WIDTHS, strict=True))
    title = f"channels: medians of {ROUNDS} rounds in turn, load average {os.getloadavg()[0]:.1f}; CPU ms a request"
    return [title, head, *rows, last]


async def _measure() -> None:
    with tempfile.TemporaryDirectory(prefix="patchbay-bench-") as folder:
        print("\n".join(await measure(Path(folder))))


def main(arguments: list[str] | None = None) -> None:
    """Run it."""
    argparse.ArgumentParser(prog="python -m bench.channels", description=__doc__).parse_args(arguments)
    run_fast(_measure())


if __name__ == "__main__":
    main()
