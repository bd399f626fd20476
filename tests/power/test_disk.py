"""The disk of the power cuts is itself tried: what was synced stays, what was not may go, and SQLite mends the rest."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import apsw
import pytest

from tests.power.disk import WAYS, Disk
from tests.power.steps import DISK
from tests.power.trap import Trap

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk(lambda step: None)
    made.mount("tried", default=False)
    yield made
    made.unmount()


def opened(path: Path, synchronous: str) -> apsw.Connection:
    conn = apsw.Connection(str(path), vfs="tried")
    conn.pragma("journal_mode", "WAL")
    conn.pragma("synchronous", synchronous)
    conn.execute("CREATE TABLE IF NOT EXISTS kept(number INTEGER PRIMARY KEY)")
    return conn


def survivors(path: Path, folder: Path) -> list[int]:
    """Open a copy of what the cut left, as the next life does."""
    copy = folder / "copy.db"
    for end in ("", "-wal"):
        if (found := path.with_name(path.name + end)).exists():
            shutil.copy(found, copy.with_name(copy.name + end))
    with closing(sqlite3.connect(copy)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return [number for (number,) in conn.execute("SELECT number FROM kept ORDER BY number")]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(5))
def test_what_was_synced_survives_each_way_of_losing_power(disk: Disk, tmp_path: Path, way: str, seed: int) -> None:
    path = tmp_path / "kept.db"
    conn = opened(path, "FULL")
    for number in range(40):
        conn.execute("INSERT INTO kept VALUES(?)", (number,))
        if number % 15 == 14:
            conn.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    conn.execute("BEGIN")
    conn.execute("INSERT INTO kept VALUES(1000)")
    disk.cut(way, Random(seed))
    assert survivors(path, tmp_path) == [*range(40)]
    disk.lock.release()
    conn.close()


def test_what_was_not_synced_is_forgotten_though_a_kill_would_keep_it(disk: Disk, tmp_path: Path) -> None:
    path = tmp_path / "kept.db"
    conn = opened(path, "FULL")
    conn.execute("INSERT INTO kept VALUES(1)")
    conn.pragma("synchronous", "OFF")
    conn.execute("INSERT INTO kept VALUES(2)")
    assert survivors(path, tmp_path) == [1, 2]
    disk.cut("forget", Random(1))
    assert survivors(path, tmp_path) == [1]
    disk.lock.release()
    conn.close()


def test_each_step_of_a_write_is_told_in_its_order(tmp_path: Path) -> None:
    told: list[str] = []
    disk = Disk(told.append)
    disk.mount("tried", default=False)
    conn = opened(tmp_path / "kept.db", "FULL")
    told.clear()
    conn.execute("INSERT INTO kept VALUES(1)")
    assert (told[0], told[-2:]) == ("log_write", ["log_flush", "log_flushed"])
    told.clear()
    conn.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
    assert {step for step in DISK if step.startswith("database")} <= set(told)
    assert told.index("log_flushed") < told.index("database_write") < told.index("database_flushed")
    conn.close()
    disk.unmount()


def test_a_disk_that_refuses_does_so_by_the_name_that_the_system_would_give(disk: Disk, tmp_path: Path) -> None:
    conn = opened(tmp_path / "kept.db", "FULL")
    disk.refuses = apsw.FullError
    with pytest.raises(apsw.FullError):
        conn.execute("INSERT INTO kept VALUES(1)")
    disk.refuses = None
    conn.execute("INSERT INTO kept VALUES(1)")
    conn.close()


def test_a_trap_springs_at_the_step_and_the_time_it_was_told() -> None:
    sprung: list[str] = []
    trap = Trap()
    trap.spring = lambda: sprung.append(trap._step)  # type: ignore[method-assign]
    trap.arm("kill before_commit 2 7")
    for step in ("before_commit", "after_commit", "before_commit", "before_commit"):
        trap.reached(step)
    assert sprung == ["before_commit"]


FILES = """
import os, sys
from pathlib import Path
from random import Random
from tests.power.folder import Folder
root = Path(sys.argv[1])
folder = Folder(root, lambda step: None)
folder.install()
{}
folder.cut("forget", Random(int(sys.argv[2])))
"""
CARELESS = "(root / 'sub').mkdir(); (root / 'sub' / 'file').write_bytes(b'x' * 5000)"
CAREFUL = """
from router.site.durable import make_folder, write_durably
make_folder(root / "sub")
write_durably(root / "sub" / "file", b"x" * 5000)
"""


def left(folder: Path, what: str, seed: int) -> bytes | None:
    """Write a file in a process of its own, cut the power, and return what is left of it."""
    root = folder / f"root{seed}"
    root.mkdir(parents=True)
    ran = [sys.executable, "-c", FILES.format(what), str(root), str(seed)]
    subprocess.run(ran, cwd=ROOT, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    path = root / "sub" / "file"
    return path.read_bytes() if path.exists() else None


def test_a_file_written_carelessly_is_lost_or_torn_and_one_written_durably_is_whole(tmp_path: Path) -> None:
    careless = [left(tmp_path / "careless", CARELESS, seed) for seed in range(4)]
    careful = [left(tmp_path / "careful", CAREFUL, seed) for seed in range(4)]
    assert any(content != b"x" * 5000 for content in careless)
    assert careful == [b"x" * 5000] * 4
