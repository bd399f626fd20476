"""What a cut of the power leaves of plain files: contents and names that were not synced. It knows nothing of ours.

Made from Python's own audit events, so whoever writes a file in the folder is seen; SQLite's files are not.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR
Undo = Callable[[], None]


class Folder:
    """Files and names below one folder. Install it once per process: an audit hook cannot be taken away."""

    def __init__(self, root: Path, reached: Callable[[str], None]) -> None:
        self._root = str(root.resolve()) + os.sep
        self._lock = threading.RLock()
        self._reached = reached
        self._contents: dict[str, bytes] = {}
        self._names: list[tuple[str, str, Undo]] = []
        self._busy = threading.local()

    def install(self) -> None:
        """See every file that is opened for writing, renamed, made and synced from now on."""
        sync = os.fsync

        def fsync(descriptor: int) -> None:
            path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
            if path.startswith(self._root) or path + os.sep == self._root:
                self._synced(path)
            else:
                sync(descriptor)

        os.fsync = fsync
        sys.addaudithook(self._heard)

    def cut(self, _way: str, chance: Random) -> None:
        """Lose the power: names go back one by one from the newest, contents are what the last sync left."""
        self._lock.acquire()
        self._busy.now = True
        for _, _, undo in reversed(self._names):
            if chance.random() < 0.5:
                undo()
        for path, before in self._contents.items():
            if Path(path).is_file():
                now = Path(path).read_bytes()
                left = before or now[: chance.randrange(len(now) + 1)]
                Path(path).write_bytes(left)

    def _heard(self, event: str, given: tuple[Any, ...]) -> None:
        seen = _SEEN.get(event)
        if seen is None or getattr(self._busy, "now", False):
            return
        self._busy.now = True
        try:
            with self._lock:
                seen(self, given)
        finally:
            self._busy.now = False

    def _opened(self, given: tuple[Any, ...]) -> None:
        path, flags = self._ours(given[0]), given[2]
        if not path or not isinstance(flags, int) or not flags & WRITES or _database(path):
            return
        if Path(path).exists():
            self._contents.setdefault(path, Path(path).read_bytes())
        else:
            self._contents[path] = b""
            self._names.append((str(Path(path).parent), path, lambda: Path(path).unlink(missing_ok=True)))

    def _renamed(self, given: tuple[Any, ...]) -> None:
        source, target = self._ours(given[0]), self._ours(given[1])
        if not source or not target:
            return
        before = Path(target).read_bytes() if Path(target).is_file() else None
        if source in self._contents:
            self._contents[target] = self._contents.pop(source)

        def undo() -> None:
            if Path(target).exists():
                Path(target).replace(source)
            if before is not None:
                Path(target).write_bytes(before)

        self._names.append((str(Path(target).parent), target, undo))

    def _made(self, given: tuple[Any, ...]) -> None:
        path = self._ours(given[0])
        if path and not Path(path).exists():
            self._names.append((str(Path(path).parent), path, lambda: shutil.rmtree(path, ignore_errors=True)))

    def _synced(self, path: str) -> None:
        self._reached("file_synced")
        with self._lock:
            self._contents.pop(path, None)
            self._names = [name for name in self._names if name[0] != path]

    def _ours(self, path: Any) -> str:
        if not isinstance(path, str | bytes | os.PathLike):
            return ""
        whole = str(Path.cwd() / os.fsdecode(path))
        return whole if whole.startswith(self._root) else ""


def _database(path: str) -> bool:
    return ".db" in Path(path).name or path.endswith(".lock")


_SEEN: dict[str, Callable[[Folder, tuple[Any, ...]], None]] = {
    "open": Folder._opened,
    "os.rename": Folder._renamed,
    "os.mkdir": Folder._made,
}
