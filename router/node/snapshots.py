"""Snapshots: a child process recovers and writes what it has; the leader never pauses for it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from router.clock import Clock
from router.core.bundle import MINUTE_MS
from router.core.snapshot import encode_state
from router.floor.floor import Floor
from router.floor.recovery import recover_state
from router.store.port import Journal, Snapshot, StoreError
from router.telemetry import Telemetry, error_code

# DESIGN section 4: one is due every 200,000 events, or ten minutes after the last if there was any event.
EVENTS_MAX = 200_000
AGE_MS_MAX = 10 * MINUTE_MS
LOOK_S = 15.0
CHILD_S_MAX = 600.0
# A child that fails (no memory, a full disk) is not started at every look: each time it is left twice as long.
AGAIN_MS, AGAIN_MS_MAX = MINUTE_MS, 10 * MINUTE_MS
# The child works beside the leader: it gets the processor's idle time, and memory that runs out is taken from it.
NICE = 10
OOM_SCORE = 1_000
# A site's name has no dot, so no site's files are taken for another's.
PREFIX, SUFFIX = "snapshot-{site}.", ".part"
HEADER_BYTES = 4


class _Header(msgspec.Struct, frozen=True, kw_only=True):
    """What a handed-over file says before the state's own bytes."""

    position: int
    at: int
    release: str
    state_bytes: int


async def make_snapshot(journal: Journal, site: str, *, release: str) -> Snapshot:
    """Recover and return what came of it: each snapshot is an exercise of recovery."""
    state = await recover_state(journal, site, {})
    return Snapshot(position=state.position, at=state.at, release=release, state=encode_state(state))


def write_snapshot(snapshot: Snapshot, path: Path) -> None:
    """Hand a snapshot over to the process that keeps it, in the file that it made.

    Raises FileNotFoundError when that is gone: then nobody waits for this snapshot any more.
    """
    header = msgspec.msgpack.encode(
        _Header(position=snapshot.position, at=snapshot.at, release=snapshot.release, state_bytes=len(snapshot.state))
    )
    with path.open("r+b") as file:
        file.write(len(header).to_bytes(HEADER_BYTES, "big") + header)
        file.write(snapshot.state)


def read_snapshot(path: Path) -> Snapshot:
    """Read what the child wrote; the state comes in one piece, without a copy under the interpreter's lock.

    Raises DecodeError when the file breaks off.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(HEADER_BYTES), "big")
        header = msgspec.msgpack.decode(file.read(length), type=_Header)
        state = file.read()
    if len(state) != header.state_bytes:
        raise msgspec.DecodeError("the child's file breaks off")
    return Snapshot(position=header.position, at=header.at, release=header.release, state=state)


class Snapshotter:
    """Asks for a snapshot when one is due. `command` starts the child; the path of its file is appended."""

    def __init__(
        self,
        floor: Floor,
        journal: Journal,
        clock: Clock,
        *,
        command: Sequence[str],
        folder: Path,
        telemetry: Telemetry,
    ) -> None:
        self._floor = floor
        self._journal = journal
        self._clock = clock
        self._command = command
        self._folder = folder
        self._prefix = PREFIX.format(site=floor.site)
        self._count = telemetry
        self._last_position = 0
        self._last_ms = 0
        self._again_ms = AGAIN_MS
        self._not_before_ms = 0

    async def run(self) -> None:
        """Make snapshots when they are due, until cancelled."""
        self._clear()
        self._last_position = await self._journal.snapshot_position(self._floor.site)
        self._last_ms = self._clock.now_ms()
        while True:
            await asyncio.sleep(LOOK_S)
            if self._floor.leading and self.is_due():
                await self.make()

    def is_due(self) -> bool:
        """Return whether one should be made now."""
        now_ms, events = self._clock.now_ms(), self._floor.position - self._last_position
        if now_ms < self._not_before_ms:
            return False
        return events >= EVENTS_MAX or (events > 0 and now_ms - self._last_ms >= AGE_MS_MAX)

    async def make(self) -> bool:
        """Let a child make one, and keep it through this process' one writer."""
        self._last_ms = self._clock.now_ms()
        try:
            snapshot = await self._made()
            await self._journal.keep_snapshot(self._floor.site, snapshot)
        except (OSError, TimeoutError, ChildProcessError, StoreError, msgspec.MsgspecError) as error:
            self._not_before_ms = self._last_ms + self._again_ms
            self._again_ms = min(2 * self._again_ms, AGAIN_MS_MAX)
            self._count.count("snapshots_failed")
            self._count.warning("snapshot_failed", site=self._floor.site, error=error_code(error))
            return False
        self._last_position, self._again_ms = snapshot.position, AGAIN_MS
        self._count.count("snapshots_made")
        self._count.info("snapshot_made", site=self._floor.site, position=snapshot.position)
        return True

    async def _made(self) -> Snapshot:
        """Each child has a file of its own, which is gone when this ends, whatever became of the child."""
        with _new_file(self._folder, self._prefix) as path:
            await self._child(path)
            return await asyncio.to_thread(read_snapshot, path)

    async def _child(self, path: Path) -> None:
        child = await asyncio.create_subprocess_exec(
            *self._command, str(path), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            _stand_back(child.pid)
            async with asyncio.timeout(CHILD_S_MAX):
                ended = await child.wait()
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
            raise
        if ended:
            raise ChildProcessError(f"the snapshot's process ended with {ended}")

    def _clear(self) -> None:
        """Remove what an earlier life left of this site; a child of it that still runs finds its file gone and ends."""
        for path in self._folder.glob(f"{self._prefix}*{SUFFIX}"):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _new_file(folder: Path, prefix: str) -> Iterator[Path]:
    handle, name = tempfile.mkstemp(SUFFIX, prefix, folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _stand_back(child: int) -> None:
    """Put a child behind the leader, as far as the system knows of such things."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, child, NICE)
    with contextlib.suppress(OSError):
        Path(f"/proc/{child}/oom_score_adj").write_text(str(OOM_SCORE))
