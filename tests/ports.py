"""Ports for the servers that tests start. No server lives here."""

from __future__ import annotations

import contextlib
import socket
from random import SystemRandom

# Below those that a kernel gives to callers. A server that is down for a moment so finds its port free when it comes
# back, and no caller that knocks meanwhile is connected to itself.
FIRST, LAST = 20_000, 32_000
TRIES = 100


def free_port() -> int:
    """Return a port on which nobody listens."""
    for _ in range(TRIES):
        port = SystemRandom().randrange(FIRST, LAST)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError(f"none of {TRIES} ports was free")
