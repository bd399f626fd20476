"""A floor whose history is sealed recovers to the same state, and `verify` reads all of it; so does the command."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from click.testing import CliRunner

from router.cli import main
from router.core.snapshot import encode_state
from router.site.key import load_site_key
from router.store.hashing import keyed_hasher
from router.store.sqlite import open_sqlite
from router.verify import verify
from tests.floor.house import CAPABILITIES, SITE, HandClock, House, wrote

FILE = "patchbay.db"


async def test_a_floor_is_recovered_and_verified_from_sealed_months(tmp_path: Path) -> None:
    house = await House.open(tmp_path, HandClock())
    await house.lead()
    await house.configure()
    house.start("intake")
    await house.agent()
    for number in range(30):
        house.clock.now += 86_400_000
        [accepted] = await house.door("push").accept([wrote("hello", key=f"k{number}")])
        assert await house.door("push").decided(accepted.letter, wait_ms=5_000) is not None
    await house.stop()
    before, rows = encode_state(house.floor.state), (await house.store.journal.end(SITE))[0]
    assert await house.store.journal.seal(SITE, before_ms=house.clock.now) > 25
    again = House(tmp_path, house.store, house.clock)
    await again.floor.recover()
    assert encode_state(again.floor.state) == before
    calls = {name for name, can in CAPABILITIES.items() if can.delivery == "call"}
    walk = partial(verify, tmp_path / FILE, SITE, call_channels=calls, push_channels=set(CAPABILITIES) - calls)
    report = await asyncio.to_thread(walk)
    assert f"{rows} events" in report.lines()[0]
    assert "position_gap" not in {finding.name for finding in report.findings}
    await house.store._writer.execute("DELETE FROM sealed", ())
    await house.store.close()
    missing = await asyncio.to_thread(walk)
    assert "position_gap" in {finding.name for finding in missing.findings}


def test_the_command_seals_whole_months_and_says_how_much(tmp_path: Path) -> None:
    async def empty() -> None:
        key = load_site_key(tmp_path, {})
        await (await open_sqlite(tmp_path / FILE, hasher=keyed_hasher(key.derive("store")))).close()

    asyncio.run(empty())
    told = CliRunner().invoke(main, ["seal", "--data", str(tmp_path), "--before", "2026-08"])
    assert (told.exit_code, told.output) == (0, "0 rows of the journal before 2026-08 are sealed.\n")
    refused = CliRunner().invoke(main, ["seal", "--data", str(tmp_path), "--before", "August"])
    assert refused.exit_code == 1
    assert "write it like 2026-08" in refused.output
