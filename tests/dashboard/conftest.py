"""The office of the dashboard's tests, and who listens to its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dashboard.office import Office
from tests.dashboard.witness import Witness


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    """A floor that leads, configured, behind a dashboard that serves."""
    opened = await Office.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def witness(office: Office) -> Witness:
    return Witness((await office.visitor().get("/openapi.json")).body)
