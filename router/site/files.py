"""Where files that came with messages are kept: a port, and a folder behind it. Synced before any row names them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from router.site.durable import HALF, make_folder, sync_names, write_durably
from router.store.port import StoreUnavailable

NAME_CHARS = 40
# The largest file of any channel: a mail of 25 MiB. What is larger is named, not kept.
FILE_BYTES_MAX = 25 * 1024 * 1024
TOO_LARGE, GONE = "media_too_large", "media_gone"
ERASED_AT_ONCE_BYTES = 1024 * 1024
NS_OF_MS = 1_000_000


def owner_of(channel: str, key: str) -> str:
    """Return within what a content keeps its name: a line, which is one customer's, known before the customer is."""
    return f"{channel}\0{key}"


class Files(Protocol):
    """Keeps files by unguessable names."""

    async def keep(self, owner: str, content: bytes) -> str:
        """Store durably and return the name; the same content of the same owner keeps its name."""

    async def read(self, name: str, *, first: int = 0, length: int | None = None) -> bytes | None:
        """Return a file's content or a part of it, None where there is none of that name."""

    async def size(self, name: str) -> int | None: ...

    async def erase(self, names: Iterable[str]) -> None:
        """Overwrite and take away for good; a name that is not there is none to erase. Raises StoreUnavailable."""

    async def kept_between(self, since_ms: int, until_ms: int) -> list[str]:
        """Return the names of files that were kept, or kept again, from one time until before another."""

    async def erase_halves(self, until_ms: int) -> int:
        """Overwrite and take away what was being written before a time and has no name yet; return how many."""


class FolderFiles:
    """Files in a folder of the data directory, named by a keyed hash within one owner."""

    def __init__(self, folder: Path, key: bytes) -> None:
        self._folder = folder
        self._key = key

    async def keep(self, owner: str, content: bytes) -> str:
        """Write beside, sync, rename: a name never stands for half a file. Raises StoreUnavailable."""
        name = hmac.digest(self._key, owner.encode() + b"\0" + hashlib.sha256(content).digest(), "sha256").hex()
        try:
            await asyncio.to_thread(self._write, name[:NAME_CHARS], content)
        except OSError:
            raise StoreUnavailable("a file could not be kept") from None
        return name[:NAME_CHARS]

    async def read(self, name: str, *, first: int = 0, length: int | None = None) -> bytes | None:
        """Return a file's content or a part of it, None where there is none of that name."""
        if not _is_name(name):
            return None
        return await asyncio.to_thread(_read, self._path(name), first, length)

    async def size(self, name: str) -> int | None:
        """Return how many bytes a file has, None where there is none of that name."""
        return await asyncio.to_thread(_size, self._path(name)) if _is_name(name) else None

    async def erase(self, names: Iterable[str]) -> None:
        """Overwrite what is there, sync it, then take its name away: what a disk gives back says nothing."""
        paths = [self._path(name) for name in names if _is_name(name)]
        try:
            for path in paths:
                await asyncio.to_thread(_erase, path)
        except OSError:
            raise StoreUnavailable("a file could not be erased") from None

    async def kept_between(self, since_ms: int, until_ms: int) -> list[str]:
        """Return the names of files that were kept, or kept again, from one time until before another."""
        found = await asyncio.to_thread(_aged, self._folder, since_ms, until_ms)
        return sorted(path.name for path in found if _is_name(path.name))

    async def erase_halves(self, until_ms: int) -> int:
        """Overwrite and take away what a killed process has left half written."""
        found = [path for path in await asyncio.to_thread(_aged, self._folder, 0, until_ms) if path.suffix == HALF]
        try:
            for path in found:
                await asyncio.to_thread(_erase, path)
        except OSError:
            raise StoreUnavailable("a file could not be erased") from None
        return len(found)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _write(self, name: str, content: bytes) -> None:
        path = self._path(name)
        make_folder(path.parent)
        if path.exists():
            # It counts as new: whoever sweeps what nobody names must not take what is about to be named again.
            os.utime(path)
            sync_names(path.parent)
        else:
            write_durably(path, content)


def _is_name(name: str) -> bool:
    return len(name) == NAME_CHARS and name.isascii() and name.isalnum()


def _read(path: Path, first: int, length: int | None) -> bytes | None:
    try:
        with path.open("rb") as file:
            file.seek(first)
            return file.read(-1 if length is None else length)
    except FileNotFoundError:
        return None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def _aged(folder: Path, since_ms: int, until_ms: int) -> list[Path]:
    """Return what lies in the folders below and was changed in a span of time."""
    found = []
    for path in folder.glob("*/*"):
        with contextlib.suppress(FileNotFoundError):
            if since_ms <= path.stat().st_mtime_ns // NS_OF_MS < until_ms:
                found.append(path)
    return found


def _erase(path: Path) -> None:
    try:
        with path.open("r+b") as file:
            left = path.stat().st_size
            while left > 0:
                left -= file.write(b"\0" * min(left, ERASED_AT_ONCE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    path.unlink(missing_ok=True)
    sync_names(path.parent)
