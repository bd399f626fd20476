"""The queue list under load, beside an idle page: 2,000 rows, 200 updates a second. Prints ratios, not promises.

Run it as `python -m bench.queue_list [seconds]`. Times are the browser's own: of script and drawing on the main thread.
"""

from __future__ import annotations

import asyncio
import sys
from random import Random
from typing import Any

from playwright.async_api import CDPSession, Page, async_playwright

from tests.e2e.conftest import FLAGS
from tests.web.fake_floor import now_ms
from tests.web.fake_server import FakeServer
from tests.web.fake_waiting import change, row_of

ROWS, BATCHES_PER_S, CHANGES = 2_000, 4, 50
FRAMES = """() => {
    window.gaps = []; window.longs = 0;
    let last = performance.now();
    const tick = (at) => { window.gaps.push(at - last); last = at; window.frame = requestAnimationFrame(tick); };
    requestAnimationFrame(tick);
    const long = (list) => list.getEntries().filter((each) => each.duration > 100).length;
    new PerformanceObserver((list) => { window.longs += long(list); }).observe({ type: "longtask" });
}"""


async def busy_ms(session: CDPSession) -> dict[str, float]:
    found = await session.send("Performance.getMetrics")
    return {each["name"]: each["value"] * 1_000 for each in found["metrics"] if each["name"].endswith("Duration")}


async def measured(page: Page, session: CDPSession, seconds: float, work: Any) -> dict[str, float]:
    """Let something run for so long; return frames a second, their worst twentieth, and how busy the page was."""
    await page.evaluate(FRAMES)
    before = await busy_ms(session)
    await work(seconds)
    after = await busy_ms(session)
    gaps = sorted((await page.evaluate("() => { cancelAnimationFrame(window.frame); return window.gaps; }"))[5:])
    return {
        "frames_per_s_median": 1_000 / max(gaps[len(gaps) // 2], 0.1),
        "gap_ms_p95": gaps[int(len(gaps) * 0.95)],
        "script_ms_per_s": (after["ScriptDuration"] - before["ScriptDuration"]) / seconds,
        "task_ms_per_s": (after["TaskDuration"] - before["TaskDuration"]) / seconds,
        "long_tasks": await page.evaluate("window.longs"),
    }


async def run(seconds: float) -> None:
    chance = Random(1)
    async with FakeServer().running() as server, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        server.signed_in = True
        server.floor.begin_shift()
        page = await (await browser.new_context(base_url=server.base)).new_page()
        await page.goto("/#/queues")
        await page.wait_for_selector(".queues-view .empty")
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable")
        idle = await measured(page, session, seconds, asyncio.sleep)
        server.floor.in_line(ROWS)
        await page.wait_for_selector(".spacer .tr")

        async def changes(lasting_s: float) -> None:
            for n in range(1, int(lasting_s * BATCHES_PER_S) + 1):
                rows = [changed(server, chance) for _ in range(CHANGES)]
                server.show(change(n, ROWS, rows=rows))
                await asyncio.sleep(1 / BATCHES_PER_S)

        busy = await measured(page, session, seconds, changes)
        await browser.close()
    print(f"{'':24}{'idle':>10}{'200/s':>10}{'ratio':>8}")
    for name, value in busy.items():
        ratio = f"{value / idle[name]:8.2f}" if idle[name] else f"{'':>8}"
        print(f"{name:24}{idle[name]:10.1f}{value:10.1f}{ratio}")


def changed(server: FakeServer, chance: Random) -> dict[str, Any]:
    """A change of state, or, of one in ten, of place."""
    number = chance.randrange(1, ROWS + 1)
    row = row_of(server.floor.waiting[number - 1], number)
    if chance.random() < 0.1:
        return row | {"key_ms": row["key_ms"] - 60_000, "waited_ms": row["waited_ms"] + 60_000}
    return row | {"state": "offered", "offered": ["Ines"], "until_ms": now_ms() + 20_000}


if __name__ == "__main__":
    asyncio.run(run(float(sys.argv[1]) if len(sys.argv) > 1 else 8))
