"""`patchbay serve` as it is, on a disk whose power can be cut, with a trap at each named step. Tests start it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import apsw

import router.store.sqlite.store as opening
from router import clustering
from router.bus.in_process import InProcessBus
from router.cli import main as patchbay
from router.floor.floor import Floor
from router.floor.replica import Replica
from router.intake.door import FloorDoor
from router.intake.letters import Intake
from router.outbox.worker import OutboxWorker
from router.site.files import FolderFiles
from router.store.sqlite.archive import SqliteArchive
from router.store.sqlite.letterbox import SqliteLetterbox
from router.store.sqlite.outbox import SqliteOutbox
from router.store.sqlite.views import SqliteViews
from tests.power.disk import Disk
from tests.power.faults import FAULTS
from tests.power.folder import Folder
from tests.power.steps import AFTER_STATEMENT, BEFORE_STATEMENT, METHODS
from tests.power.trap import Trap, around

OWNERS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        Floor,
        FloorDoor,
        Replica,
        FolderFiles,
        InProcessBus,
        Intake,
        OutboxWorker,
        SqliteArchive,
        SqliteLetterbox,
        SqliteOutbox,
        SqliteViews,
    )
}


REFUSALS: dict[str, type[apsw.Error] | None] = {
    "full": apsw.FullError,
    "read_only": apsw.ReadOnlyError,
    "fine": None,
}


class MovedClock:
    """The machine's wall clock, set forward and back by order."""

    def __init__(self) -> None:
        self._moved_ns = 0

    def move(self, by_ms: str) -> None:
        """Set it by so many milliseconds from what it is now."""
        self._moved_ns += int(by_ms) * 1_000_000

    def wall_ns(self) -> int:
        """Return the time."""
        return time.time_ns() + self._moved_ns


def trace(open_writer: Callable[[str], apsw.Connection], trap: Trap) -> Callable[[str], apsw.Connection]:
    """Let the writer's connection reach a step at each statement that has one."""

    def step(table: dict[str, str], statement: str) -> None:
        for words, name in table.items():
            if statement.lstrip().startswith(words):
                trap.reached(name)

    def traced(path: str) -> apsw.Connection:
        conn = open_writer(path)

        def before(_cursor: apsw.Cursor, statement: str, _values: Any) -> bool:
            step(BEFORE_STATEMENT, statement)
            return True

        conn.exec_trace = before
        conn.set_profile(lambda statement, _took: step(AFTER_STATEMENT, statement))
        return conn

    return traced


def main() -> None:
    """Serve until the trap springs."""
    trap = Trap()
    disk, folder = Disk(trap.reached), Folder(Path(os.environ["DATA"]), trap.reached)
    trap.cuts(folder.cut)
    trap.cuts(disk.cut)
    disk.mount()
    Path(os.environ["DATA"]).mkdir(parents=True, exist_ok=True)
    folder.install()
    opening.open_writer = trace(opening.open_writer, trap)
    for owner, name, before, after in METHODS:
        around(OWNERS[owner], name, trap, before=before, after=after)
    if os.environ.get("FAULT"):
        FAULTS[os.environ["FAULT"]]()
    if os.environ.get("BLOW"):
        trap.arm(os.environ["BLOW"])
    trap.obeys("disk", lambda word: setattr(disk, "refuses", REFUSALS[word]))
    clock = MovedClock()
    trap.obeys("clock", clock.move)
    clustering.SystemClock = partial(clustering.SystemClock, clock.wall_ns)
    trap.listen()
    patchbay(sys.argv[1:])


if __name__ == "__main__":
    main()
