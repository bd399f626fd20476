"""Where files that came with messages are kept: a port, and a folder behind it. Synced before any row names them."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from pathlib import Path
from typing import Protocol

from router.site.durable import make_folder, sync_names, write_durably
from router.store.port import StoreUnavailable

NAME_CHARS = 40


class Files(Protocol):
    """Keeps files by unguessable names."""

    async def keep(self, owner: str, content: bytes) -> str:
        """Store durably and return the name; the same content of the same owner keeps its name."""

    async def read(self, name: str) -> bytes | None: ...


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

    async def read(self, name: str) -> bytes | None:
        """Return a file's content, None where there is none of that name."""
        if len(name) != NAME_CHARS or not name.isalnum():
            return None
        path = self._path(name)
        return await asyncio.to_thread(lambda: path.read_bytes() if path.exists() else None)

    def _path(self, name: str) -> Path:
        return self._folder / name[:2] / name

    def _write(self, name: str, content: bytes) -> None:
        path = self._path(name)
        make_folder(path.parent)
        if path.exists():
            sync_names(path.parent)
        else:
            write_durably(path, content)
