"""A real server under bad input through every door at once: no fault, no trace, nothing personal logged, no growth."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

from tests.badinput.doors import push
from tests.badinput.scene import Scene, scene
from tests.badinput.slow import hold
from tests.badinput.tally import MARK, Tally

# A thousand reach every operation and every kind of change; `make prove` has a million.
INPUTS = int(os.environ.get("PATCHBAY_INPUTS", "1000"))
SEED = os.environ.get("PATCHBAY_SEED", "5")
# The first part of a round fills caches, pools and the interpreter's arenas; from then on memory must stay.
WARM_PART = 5
SAMPLE_S = 1.0
# A conversation, a chat token, a letter are work and not waste: so many bytes an input may leave behind on average.
GROWTH_BYTES_MAX = 48 * 1024 * 1024


async def test_no_input_through_any_door_breaks_anything(tmp_path: Path) -> None:
    """Meanwhile somebody holds connections that never go on; they are let go."""
    async with scene(tmp_path) as at:
        began, slow = time.monotonic(), Tally(0)
        async with asyncio.TaskGroup() as meanwhile:
            meanwhile.create_task(hold(at.doors, slow))
            warm = await pushed(at, INPUTS // WARM_PART, f"{SEED} warm")
            begin = at.measure()
            tally = await pushed(at, INPUTS - INPUTS // WARM_PART, SEED)
            end = at.measure()
        await at.good_customer()
        print(f"\n{warm.sent + tally.sent:,} inputs in {time.monotonic() - began:,.0f} s")
        print(slow.table())
        print(f"memory {begin:,} to {end:,}, at most {max(at.rss):,}; {len(at.log()):,} log lines; busy {tally.busy}")
        assert not slow.faults, "\n".join(slow.faults)
        assert end - begin < GROWTH_BYTES_MAX
        assert not tally.busy, "nothing here is so much that it must be refused for now"
        assert at.house.stop() == 0
    assert not [line for line in at.log() if MARK in line.lower()], "what people wrote stays out of the log"
    assert not [line for line in at.log() if "Traceback" in line or "request_failed" in line]


async def pushed(at: Scene, inputs: int, seed: str) -> Tally:
    """Push through all doors; the memory is looked at meanwhile."""
    tally = Tally(inputs)
    watching = asyncio.create_task(watch(at))
    try:
        await push(at.doors, tally, seed)
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        print(f"\n{tally.table()}\nmemory {at.rss[:: max(1, len(at.rss) // 20)]}, {len(at.log()):,} log lines")
        keep(tally)
    assert not tally.faults, "\n".join(tally.faults)
    assert at.house.running, at.house.last_words()
    return tally


def keep(tally: Tally) -> None:
    """Keep what broke something where the person who runs this asks for it."""
    folder = os.environ.get("PATCHBAY_KEEP")
    for number, (door, sent) in enumerate(tally.broken if folder else ()):
        (Path(str(folder)) / f"{door.replace(' ', '_')}-{number}.bin").write_bytes(sent)


async def watch(at: Scene) -> None:
    while True:
        at.measure()
        await asyncio.sleep(SAMPLE_S)
