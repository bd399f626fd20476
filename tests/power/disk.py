"""A disk whose power can be cut: what was not yet synced is forgotten or torn. It knows SQLite, nothing of ours.

Writes reach the real files at once, so that every process sees them, and the bytes they replace are remembered until
the next sync. A cut puts some of them back, sector by sector, as a disk does that wrote in an order of its own. A sync
itself costs nothing here: the kernel keeps the pages of a process that is killed.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import apsw

SECTOR_BYTES = 512
"""A disk writes a sector or does not; SQLite asks no more of it."""

WAYS = ("forget", "prefix", "tear")
"""What a cut leaves of the writes since the last sync: none, the first so many, or any of them."""


@dataclass(slots=True)
class Image:
    """One file. `old` holds, by sector, what stood there at the last sync: in the order of the first writes since."""

    descriptor: int
    synced_bytes: int
    old: dict[int, bytes] = field(default_factory=dict)

    def remember(self, offset: int, count: int) -> None:
        """Remember what is about to be written over."""
        first, last = offset // SECTOR_BYTES, (offset + max(count, 1) - 1) // SECTOR_BYTES
        missing = [sector for sector in range(first, last + 1) if sector not in self.old]
        if missing:
            start = missing[0] * SECTOR_BYTES
            there = os.pread(self.descriptor, (missing[-1] + 1) * SECTOR_BYTES - start, start)
            there = there[: max(0, self.synced_bytes - start)]
            for sector in missing:
                at = sector * SECTOR_BYTES - start
                self.old[sector] = there[at : at + SECTOR_BYTES]

    def synced(self) -> None:
        """Nothing of what was written so far can be lost any more."""
        self.old.clear()
        self.synced_bytes = os.fstat(self.descriptor).st_size

    def lose(self, keeps: Callable[[int, int], bool]) -> None:
        """Put back what did not survive. `keeps(n, of)` says whether the n-th of so many sectors did."""
        size = os.fstat(self.descriptor).st_size
        end = self.synced_bytes
        for number, (sector, bytes_before) in enumerate(self.old.items()):
            start = sector * SECTOR_BYTES
            if keeps(number, len(self.old)) and start < size:
                end = max(end, min(start + SECTOR_BYTES, size))
            else:
                os.pwrite(self.descriptor, bytes_before.ljust(SECTOR_BYTES, b"\0"), start)
        os.ftruncate(self.descriptor, end)


class Disk:
    """All files of one process. `reached` is told the name of each step, right before it happens."""

    def __init__(self, reached: Callable[[str], None]) -> None:
        self.refuses: type[apsw.Error] | None = None
        self.lock = threading.RLock()
        self._reached = reached
        self._images: dict[str, Image] = {}
        self._vfs: PowerVfs | None = None

    def mount(self, name: str = "power", *, default: bool = True) -> None:
        """Let SQLite use this disk: for every connection opened from now on, or for those that name it."""
        self._vfs = PowerVfs(name, self, default=default)

    def unmount(self) -> None:
        """Let SQLite use the machine's own disk again."""
        if self._vfs is not None:
            self._vfs.unregister()
        for image in self._images.values():
            os.close(image.descriptor)

    @contextmanager
    def writing(self, path: str, offset: int, count: int) -> Iterator[None]:
        """A write happens in the block."""
        if self.refuses is not None:
            raise self.refuses
        self._reached(f"{_kind(path)}_write")
        with self.lock:
            self._image(path).remember(offset, count)
            yield

    @contextmanager
    def shortening(self, path: str, size: int) -> Iterator[None]:
        """A file is cut to a size in the block."""
        self._reached(f"{_kind(path)}_shorten")
        with self.lock:
            image = self._image(path)
            gone = os.fstat(image.descriptor).st_size - size
            if gone > 0:
                image.remember(size, gone)
            yield

    def sync(self, path: str) -> None:
        """What was written to a file must now be on the disk."""
        if self.refuses is not None:
            raise self.refuses
        self._reached(f"{_kind(path)}_flush")
        with self.lock:
            self._image(path).synced()
        self._reached(f"{_kind(path)}_flushed")

    def cut(self, way: str, chance: Random) -> None:
        """Lose the power. The lock is never given back: nothing is written after this."""
        self.lock.acquire()
        for path in sorted(self._images):
            self._images[path].lose(_survival(way, chance))

    def _image(self, path: str) -> Image:
        known = self._images.get(path)
        if known is None:
            # Never closed while SQLite uses the file: closing would let go of its locks.
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            known = self._images[path] = Image(descriptor, os.fstat(descriptor).st_size)
        return known

    def opened(self, path: str) -> None:
        """A file was opened for writing; what is in it was there before, or it is new and empty."""
        with self.lock:
            self._image(path)


def _kind(path: str) -> str:
    return "log" if path.endswith("-wal") else "database"


def _survival(way: str, chance: Random) -> Callable[[int, int], bool]:
    share = chance.random()
    ways: dict[str, Callable[[int, int], bool]] = {
        "forget": lambda number, of: False,
        "prefix": lambda number, of: number < share * of,
        "tear": lambda number, of: chance.random() < share,
    }
    return ways[way]


class PowerFile(apsw.VFSFile):
    """One open file."""

    def __init__(self, inherit: str, name: Any, flags: list[int], disk: Disk) -> None:
        super().__init__(inherit, name, flags)
        self._path = name if isinstance(name, str) else name.filename()
        self._disk = disk
        if flags[1] & apsw.SQLITE_OPEN_READWRITE:
            disk.opened(self._path)

    def xWrite(self, data: Any, offset: int) -> None:
        with self._disk.writing(self._path, offset, len(data)):
            super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        with self._disk.shortening(self._path, newsize):
            super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        self._disk.sync(self._path)


class PowerVfs(apsw.VFS):
    """SQLite's own way to the files, with this disk in between."""

    def __init__(self, name: str, disk: Disk, *, default: bool) -> None:
        self._disk = disk
        self._base = "unix"
        super().__init__(name, self._base, makedefault=default)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        kept = flags[0] & (apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL)
        if name is None or not kept:
            return apsw.VFSFile(self._base, name, flags)
        return PowerFile(self._base, name, flags, self._disk)
