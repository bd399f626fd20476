"""What a client of the cluster saw, line by line, written as it sees it. Nothing of the product is known here."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# From here on nobody says anything new, until the next fault.
REST = "rest"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: when (seconds of the monotonic clock), who, what, and its facts."""

    at_s: float
    who: str
    what: str
    facts: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.facts[name]


class Diary:
    """One client's own file. Each line is with the system before the client goes on."""

    def __init__(self, folder: Path, who: str) -> None:
        self.who = who
        self._path = folder / f"{who}.jsonl"

    def write(self, what: str, **facts: Any) -> None:
        """Add a line."""
        with self._path.open("a") as file:
            file.write(json.dumps([time.monotonic(), self.who, what, facts]) + "\n")


def read_diaries(folder: Path) -> list[Entry]:
    """Return all that clients wrote, in order of time."""
    return sorted((entry for path in folder.glob("*.jsonl") for entry in _lines(path)), key=lambda entry: entry.at_s)


def _lines(path: Path) -> Iterator[Entry]:
    for line in path.read_text().splitlines():
        yield Entry(*json.loads(line))
