"""The data directory: made, locked by one process, and named for ever. Nothing is read from the store here."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from router.site.durable import make_folder, write_durably

LOCK_FILE = "patchbay.lock"
HOME_FILE = "node.id"
STORE_FILE = "patchbay.db"
HOME_BYTES = 6


class DataInUse(Exception):
    """Another process serves this data; the sentence says which."""


@contextmanager
def locked(directory: Path, port: int) -> Iterator[None]:
    """Hold the data directory. The lock ends with the process, however it ends; the file only says who held it."""
    if not directory.exists():
        make_folder(directory)
    descriptor = os.open(directory / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(descriptor, 100, 0).decode(errors="replace").strip() or "unknown"
            raise DataInUse(
                f"Patchbay is running on this data already ({holder}). Stop it first, or use another --data."
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()}, port {port}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def home_of(directory: Path) -> str:
    """Return the name of this data's node, made at the first start."""
    path = directory / HOME_FILE
    if not path.exists():
        write_durably(path, secrets.token_hex(HOME_BYTES).encode() + b"\n")
    return path.read_text(encoding="ascii").strip()
