"""A whole floor on the real store, with the parts around it that a node would build."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from router.verify import verify
from tests.floor.house import House
from tests.patience import until


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
    """Wait for a condition."""
    return until
