"""The demo: a living floor within a minute, a clean stop, and nobody left behind when it is killed."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.playing import Agent, SandboxHouse, at_work, until

ALIVE_S = 60.0


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[SandboxHouse]:
    made = SandboxHouse(tmp_path, flags=("--sandbox", "--demo-day"))
    async with made.serving():
        yield made


def of_this_house(house: SandboxHouse) -> list[int]:
    """Return the processes that were started for a house, by what they know of it."""
    assert house.process is not None
    found = []
    for folder in Path("/proc").iterdir():
        try:
            environment = (folder / "environ").read_bytes() if folder.name.isdigit() else b""
        except OSError:
            continue
        if f"DATA={house.data}".encode() in environment.split(b"\0"):
            found.append(int(folder.name))
    return found


async def figures(ana: Agent) -> dict[str, int]:
    queues: list[dict[str, Any]] = await ana.call("GET", "/queues")
    return {name: sum(queue[name] for queue in queues) for name in ("active", "waiting", "staffed")}


async def test_a_floor_lives_within_a_minute_and_stops_cleanly(house: SandboxHouse) -> None:
    house.add_person("looks-on", role="supervisor")
    end = time.monotonic() + ALIVE_S
    async with at_work(house, "looks-on") as supervisor:
        await supervisor.call("POST", "/presence", {"presence": "break"})
        seen = {"active": 0, "staffed": 0}
        while seen["active"] < 4:
            assert time.monotonic() < end, f"not alive within {ALIVE_S:.0f} s: {seen} {house.last_words()}"
            seen = await figures(supervisor)
        names = {agent["name"] for agent in await supervisor.call("GET", "/agents")}
        assert "Mai Suwan" in names
    assert house.stop() == 0
    await until(lambda: not of_this_house(house), "nobody is left")
    ran = house.command("verify")
    assert ran.returncode == 0, ran.stdout


async def test_when_it_is_killed_its_people_and_its_broker_go_too(house: SandboxHouse) -> None:
    await until(lambda: len(of_this_house(house)) > 2, "they are all there")
    house.kill()
    await until(lambda: not of_this_house(house), "nobody is left")
