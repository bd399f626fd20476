"""Where files that came with messages are kept: a port, and a folder behind it. Synced before any row names them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from router.site.durable import make_folder, sync_names, write_durably
from router.store.port import StoreUnavailable

NAME_CHARS = 40
# The largest file of any channel: a mail of 25 MiB. What is larger is named, not kept.
FILE_BYTES_MAX = 25 * 1024 * 1024
TOO_LARGE, GONE = "media_too_large", "media_gone"
ERASED_AT_ONCE_BYTES = 1024 * 1024


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

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _write(self, name: str, content: bytes) -> None:
        path = self._path(name)
        make_folder(path.parent)
        if path.exists():
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
