"""A node's wrong clock: its wall clock is the machine's plus what a file says, from the first line of Python on.

Debian's libfaketime cannot be used: with a faked wall clock and a true steady one, Python's sleep fails (EINVAL).
"""

from __future__ import annotations

import mmap
import os
import struct
import time
from pathlib import Path


def _skew() -> None:
    """Add the nanoseconds in the file to every look at the wall clock; the file may change at any moment."""
    with Path(os.environ["CLOCK_SKEW_FILE"]).open("rb") as file:
        held = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
    true_ns = time.time_ns

    def time_ns() -> int:
        skew_ns: int = struct.unpack_from("<q", held)[0]
        return true_ns() + skew_ns

    time.time_ns = time_ns
    time.time = lambda: time_ns() / 1_000_000_000


if "CLOCK_SKEW_FILE" in os.environ:
    _skew()
