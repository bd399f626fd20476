"""Ports for the servers that tests start. No server lives here."""

from __future__ import annotations

import contextlib
import os
import socket
from itertools import cycle
from random import SystemRandom

# Below those that a kernel gives to callers. A server that is down for a moment so finds its port free when it comes
# back, and no caller that knocks meanwhile is connected to itself.
FIRST, LAST = 20_000, 32_000
# Each worker of a run has ports of its own, and gives one again when all others were given: whoever is slow to listen
# does not find theirs taken.
WORKERS_MAX = 8
SHARE = (LAST - FIRST) // WORKERS_MAX
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % WORKERS_MAX
BEGIN = SystemRandom().randrange(SHARE)
_ports = cycle(FIRST + WORKER * SHARE + (BEGIN + step) % SHARE for step in range(SHARE))


def free_port() -> int:
    """Return a port on which nobody listens."""
    for _ in range(SHARE):
        port = next(_ports)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"none of {SHARE} ports was free")
