"""Hypothesis profiles for all tests, `quick` for every run, `prove` for `make prove`; which files begin; the browser.

A test takes its profile when its module is read, so it is loaded before any of them. No deadline: a machine that is
busy with something else is no fault of ours.
"""

from __future__ import annotations

import gc
import os
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from tests.order import longest_first

if TYPE_CHECKING:
    from playwright.async_api import Browser

SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)

settings.register_profile("quick", max_examples=30, deadline=None, suppress_health_check=SLOW_IS_FINE)
settings.register_profile("prove", max_examples=5_000, deadline=None, suppress_health_check=SLOW_IS_FINE)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_collection() -> None:
    """What is read stays until the end: the collector would look at all of it again with every file."""
    gc.disable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files."""
    items[:] = longest_first(items)


def pytest_collection_finish() -> None:
    """Thousands of tests stay until the end: the collector need not look at them again and again."""
    gc.freeze()
    gc.enable()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The one browser of a worker; every test has contexts of its own in it."""
    # Most files drive no browser: they need not read its library.
    from tests.browser import a_browser

    async with a_browser() as browser:
        yield browser
