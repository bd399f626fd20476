"""Faults that are seeded on purpose, to see that the checker names them. Each is planted in a subject's own process."""

from __future__ import annotations

from collections.abc import Callable

FAULTS: dict[str, Callable[[], None]] = {}
