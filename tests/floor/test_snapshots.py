"""Snapshots by a child process: whatever becomes of the child, nothing is left behind and it is tried again later."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import msgspec
import pytest

from router.core import commands as cmd
from router.core.snapshot import encode_state
from router.floor.floor import Floor
from router.floor.recovery import Unrecoverable, recover_state
from router.node.snapshots import (
    AGAIN_MS,
    AGAIN_MS_MAX,
    AGE_MS_MAX,
    EVENTS_MAX,
    NICE,
    Snapshotter,
    make_snapshot,
    read_snapshot,
    write_snapshot,
)
from router.store.port import Snapshot
from tests.floor.house import SITE, House, bundle

HALF = "import pathlib, sys; pathlib.Path(sys.argv[-1]).write_bytes(bytes(5_000));"
ENDS = {
    "killed in the middle": HALF + "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "out of memory": HALF + "import resource; resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28)); bytes(2**30)",
    "the disk full": (
        "import resource, pathlib, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (4_096, 4_096));"
        "pathlib.Path(sys.argv[-1]).write_bytes(bytes(100_000))"
    ),
    "content with half a file": HALF,
    "content with nothing": "",
    "another program's": "import pathlib, sys; pathlib.Path(sys.argv[-1]).write_text('no snapshot at all')",
}


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def snapshotter(house: House, command: list[str]) -> Snapshotter:
    return Snapshotter(
        house.floor, house.store.journal, house.clock, command=command, folder=house.folder, telemetry=house.telemetry
    )


def child(house: House) -> list[str]:
    """A child as the server has it, over the house's own store."""
    code = (
        "import asyncio, sys; from pathlib import Path; from tests.floor.house import open_store, SITE;"
        "from router.node.snapshots import make_snapshot, write_snapshot\n"
        "async def work():\n"
        f"    store = await open_store(Path({str(house.folder)!r}))\n"
        "    write_snapshot(await make_snapshot(store.journal, SITE, release='test'), Path(sys.argv[-1]))\n"
        "    await store.close()\n"
        "asyncio.run(work())"
    )
    return python(code)


async def something(house: House, number: int) -> None:
    """Something happens on the floor."""
    await house.floor.submit(cmd.SignIn(id=f"s{number}", agent=number, abilities=(), capacity=100))


def parts(house: House) -> list[Path]:
    return list(house.folder.glob("snapshot*"))


@pytest.mark.parametrize("end", ENDS)
async def test_a_child_that_dies_leaves_nothing_and_is_tried_again(house: House, end: str) -> None:
    snapshots = snapshotter(house, python(ENDS[end]))
    before = await house.store.journal.latest_snapshot(SITE)
    assert not await snapshots.make()
    assert not parts(house)
    assert await house.store.journal.latest_snapshot(SITE) == before
    assert '"action":"snapshot_failed"' in house.log.getvalue()
    await something(house, 1)
    snapshots._command = child(house)
    assert await snapshots.make()
    assert not parts(house)
    assert await house.store.journal.snapshot_position(SITE) == house.floor.position


async def test_a_child_killed_from_outside_is_as_good_as_one_that_failed(house: House) -> None:
    killing = f"import os, signal; os.kill(os.getpid(), {int(signal.SIGTERM)})"
    assert not await snapshotter(house, python(killing)).make()
    assert not parts(house)


async def test_a_child_that_cannot_be_started_is_said_and_nothing_else_happens(house: House) -> None:
    assert not await snapshotter(house, ["/no/such/program"]).make()
    assert not parts(house)


async def test_a_child_that_never_ends_is_ended(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("router.node.snapshots.CHILD_S_MAX", 0.2)
    assert not await snapshotter(house, python("import time; time.sleep(60)")).make()
    assert not parts(house)


async def test_a_child_stands_behind_the_leader(house: House) -> None:
    """Its priority is asked in the child; the leader's own stays."""
    asks = "import os, sys, time\nwhile os.getpriority(os.PRIO_PROCESS, 0) != {}: time.sleep(0.01)\nsys.exit(7)"
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert not await snapshotter(house, python(asks.format(NICE))).make()
    assert "ChildProcessError" in house.log.getvalue()
    assert os.getpriority(os.PRIO_PROCESS, 0) == own


async def test_what_fails_again_and_again_is_tried_ever_more_rarely(house: House) -> None:
    snapshots = snapshotter(house, ["/bin/false"])
    await something(house, 1)
    house.clock.now += AGE_MS_MAX
    waits = []
    for _ in range(6):
        assert snapshots.is_due()
        assert not await snapshots.make()
        began = house.clock.now
        while not snapshots.is_due():
            house.clock.now += AGAIN_MS
        waits.append(house.clock.now - began)
    assert waits == sorted(waits)
    assert waits[-1] == AGE_MS_MAX == AGAIN_MS_MAX


async def test_one_is_due_after_so_many_events_or_so_much_time(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshots = snapshotter(house, child(house))
    assert await snapshots.make()
    assert not snapshots.is_due()
    house.clock.now += AGE_MS_MAX
    assert not snapshots.is_due(), "nothing has happened since"
    await something(house, 1)
    assert snapshots.is_due()
    house.clock.now -= AGE_MS_MAX
    assert not snapshots.is_due()
    monkeypatch.setattr(Floor, "position", property(lambda floor: EVENTS_MAX * 2))
    assert snapshots.is_due()


def test_a_file_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "one"
    path.touch()
    kept = Snapshot(position=7, at=9, release="test", state=bytes(range(256)) * 10_000)
    write_snapshot(kept, path)
    assert read_snapshot(path) == kept


@pytest.mark.parametrize("length", [0, 3, 10, 60, 1_000])
def test_a_file_that_breaks_off_is_no_snapshot(tmp_path: Path, length: int) -> None:
    path = tmp_path / "one"
    path.touch()
    write_snapshot(Snapshot(position=7, at=9, release="test", state=bytes(2_000)), path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(msgspec.DecodeError):
        read_snapshot(path)


def test_an_orphan_whose_file_is_gone_writes_none(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_snapshot(Snapshot(position=7, at=9, release="test", state=b""), tmp_path / "gone")
    assert not list(tmp_path.iterdir())


# --- recovery from them --------------------------------------------------------------------------------------------


async def test_a_snapshot_that_cannot_be_read_is_passed_by_for_the_one_before(house: House) -> None:
    await something(house, 1)
    good = await make_snapshot(house.store.journal, SITE, release="test")
    await house.store.journal.keep_snapshot(SITE, good)
    await something(house, 2)
    bad = bytearray((await make_snapshot(house.store.journal, SITE, release="test")).state)
    bad[len(bad) // 2] ^= 1
    position = house.floor.position
    await house.store.journal.keep_snapshot(SITE, Snapshot(position=position, at=1, release="later", state=bytes(bad)))
    passed: list[int] = []
    recovered = await recover_state(house.store.journal, SITE, {}, passed_by=passed.append)
    assert passed == [position]
    assert encode_state(recovered) == encode_state(house.floor.state)


async def test_without_a_readable_snapshot_the_whole_journal_is_read(house: House) -> None:
    await something(house, 1)
    for position in (2, 3):
        foreign = Snapshot(position=position, at=1, release="0.0.1", state=b"of an older release")
        await house.store.journal.keep_snapshot(SITE, foreign)
    passed: list[int] = []
    recovered = await recover_state(house.store.journal, SITE, {}, passed_by=passed.append)
    assert passed == [3, 2]
    assert encode_state(recovered) == encode_state(house.floor.state)


async def test_recovery_keeps_only_the_bundle_that_runs(house: House) -> None:
    for day in range(5):
        await house.configure(bundle(name=f"day {day}"))
    bundles = dict(house.floor._replica.bundles)
    assert list(bundles) == [house.floor.state.bundle_hash]
    recovered: dict[str, object] = {}
    state = await recover_state(house.store.journal, SITE, recovered)  # type: ignore[arg-type]
    assert list(recovered) == [state.bundle_hash] == list(bundles)


async def test_a_bundle_that_is_not_kept_stops_recovery_by_name(house: House) -> None:
    class Forgetful:
        def __getattr__(self, name: str) -> object:
            return getattr(house.store.journal, name)

        async def bundle(self, _site: str, _name: str) -> None:
            return None

    with pytest.raises(Unrecoverable, match="is not kept"):
        await recover_state(Forgetful(), SITE, {})  # type: ignore[arg-type]


async def test_one_sites_snapshots_leave_anothers_alone(house: House) -> None:
    """Floors of one node share a folder, and one may begin anew while another's child is writing."""
    others = [house.folder / f"snapshot-{site}.x1.part" for site in (f"{SITE}-2", "north")]
    left = house.folder / f"snapshot-{SITE}.x2.part"
    for path in (*others, left):
        path.write_bytes(b"half")
    snapshotter(house, python("pass"))._clear()
    assert sorted(parts(house)) == sorted(others)
