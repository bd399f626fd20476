"""One class per header name, kept. No header's own rules live here."""

from __future__ import annotations

from email.headerregistry import HeaderRegistry
from typing import Any


class KeptHeaders(HeaderRegistry):
    """The standard registry makes a new class for every header it is asked for: slow, and garbage only a full
    collection finds, which a serving process runs rarely."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[str, type[Any]] = {}

    def __getitem__(self, name: str) -> type[Any]:
        """Return the class of a header."""
        key = name.lower()
        kept = self._kept.get(key)
        if kept is None:
            # Unknown names share one class, so that a hostile mail cannot fill the table.
            known = key if key in self.registry else ""
            kept = self._kept.setdefault(known, super().__getitem__(known))
        return kept
