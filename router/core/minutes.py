"""How an estimated wait is said to customers, wherever they read it: in whole minutes. No estimate is made here."""

from __future__ import annotations

MINUTE_MS = 60_000


def whole_minutes(low_ms: int, high_ms: int) -> tuple[int, int]:
    """Return a range in whole minutes, no longer at its beginning, no shorter at its end, and at least one."""
    return max(1, low_ms // MINUTE_MS), max(1, -(-high_ms // MINUTE_MS))
