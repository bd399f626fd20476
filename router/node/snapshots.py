"""Snapshots: a child process recovers and writes what it has; the leader never pauses for it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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


async def make_snapshot(journal: Journal, site: str, *, release: str) -> Snapshot:
    """Recover and return what came of it: each snapshot is an exercise of recovery."""
    state = await recover_state(journal, site, {})
    return Snapshot(position=state.position, at=state.at, release=release, state=encode_state(state))


def write_snapshot(snapshot: Snapshot, path: Path) -> None:
    """Hand a snapshot over to the process that keeps it."""
    path.write_bytes(msgspec.msgpack.encode(snapshot))


def read_snapshot(path: Path) -> Snapshot:
    """Read what the child wrote."""
    return msgspec.msgpack.decode(path.read_bytes(), type=Snapshot)


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
        self._path = folder / "snapshot.part"
        self._count = telemetry
        self._last_position = 0
        self._last_ms = 0

    async def run(self) -> None:
        """Make snapshots when they are due, until cancelled."""
        latest = await self._journal.latest_snapshot(self._floor.site)
        self._last_position = latest.position if latest else 0
        self._last_ms = self._clock.now_ms()
        while True:
            await asyncio.sleep(LOOK_S)
            if self._floor.leading and self._is_due():
                await self.make()

    def _is_due(self) -> bool:
        events = self._floor.position - self._last_position
        return events >= EVENTS_MAX or (events > 0 and self._clock.now_ms() - self._last_ms >= AGE_MS_MAX)

    async def make(self) -> bool:
        """Let a child make one, and keep it through this process' one writer."""
        self._last_ms = self._clock.now_ms()
        try:
            await self._child()
            snapshot = await asyncio.to_thread(read_snapshot, self._path)
            await self._journal.keep_snapshot(self._floor.site, snapshot)
        except (OSError, TimeoutError, ChildProcessError, StoreError, msgspec.MsgspecError) as error:
            self._count.count("snapshots_failed")
            self._count.warning("snapshot_failed", site=self._floor.site, error=error_code(error))
            return False
        finally:
            self._path.unlink(missing_ok=True)
        self._last_position = snapshot.position
        self._count.count("snapshots_made")
        self._count.info("snapshot_made", site=self._floor.site, position=snapshot.position)
        return True

    async def _child(self) -> None:
        child = await asyncio.create_subprocess_exec(
            *self._command, str(self._path), stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(CHILD_S_MAX):
                ended = await child.wait()
        except BaseException:
            child.kill()
            await child.wait()
            raise
        if ended:
            raise ChildProcessError(f"the snapshot's process ended with {ended}")
