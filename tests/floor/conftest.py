"""A whole floor on the real store, with the parts around it that a node would build."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from router.verify import verify
from tests.floor.house import House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """One floor that leads, with its configuration applied. Afterwards its journal keeps every promise."""
    made = await House.open(tmp_path)
    await made.lead()
    await made.configure()
    yield made
    await made.close()
    report = verify(tmp_path / "patchbay.db", "main", call_channels=["call", "finding", "rings"])
    assert report.ok, report.lines()


@pytest.fixture
def eventually() -> Callable[[Callable[[], Awaitable[bool] | bool]], Awaitable[None]]:
    """Wait for a condition, at most ten seconds."""

    async def wait(condition: Callable[[], Awaitable[bool] | bool]) -> None:
        for _ in range(1_000):
            held = condition()
            if not isinstance(held, bool):
                held = await held
            if held:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the condition did not come true within ten seconds")

    return wait
