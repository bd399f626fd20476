"""The browser of all tests: which one, and how it is started. No page and no test lives here.

Chromium's headless shell draws what Chromium draws, without windows, for little more than half the processor time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from playwright.async_api import Browser, async_playwright, expect

EXECUTABLE = "/usr/bin/chromium-headless-shell"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Where nothing is drawn by a card a process for it is only one more to start and to talk to.
    "--in-process-gpu",
    # A page of a test is gone before optimized code would have paid for itself.
    "--js-flags=--no-opt --no-maglev --no-sparkplug",
]
# Playwright's own five seconds are short where others have the processors, or where a reply may still be taken back.
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """One browser, closed at the end."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=EXECUTABLE, args=FLAGS)
        yield browser
        await browser.close()
