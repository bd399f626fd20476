"""How a plain file gets onto the disk, so that a cut of the power takes neither it nor half of it. Knows no content."""

from __future__ import annotations

import os
import threading
from pathlib import Path

HALF = ".part"
"""What a half-written file ends in: a process that was killed leaves it behind."""


def write_durably(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Write beside, sync, rename, sync the name: a name never stands for half a file. Its folder must exist."""
    beside = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_native_id()}{HALF}")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_names(path.parent)


def make_folder(path: Path) -> None:
    """Make a folder and those above it; each name is on the disk before anything is put under it.

    One that is there already may have been made by a life that was killed before it synced the name.
    """
    missing = [folder for folder in path.parents if not folder.exists()]
    for folder in (*reversed(missing), path):
        folder.mkdir(exist_ok=True, mode=0o700)
        sync_names(folder.parent)


def sync_names(folder: Path) -> None:
    """Sync the names in a folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
