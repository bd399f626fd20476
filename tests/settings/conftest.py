"""A configuration for these tests: two channels of our own, and the sections that an example leaves out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from channels.contract import Capabilities, Settings
from router.settings.loading import Loaded, load_files

EXAMPLES = Path(__file__).parent / "examples"
NOW_MS = 1_795_316_949_399  # 2026-11-22 03:09 UTC


class LetterSettings(Settings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings with each kind of field that a channel may have."""

    host: str = "localhost"
    wait_ms: int = 1_000
    password_env: str = ""
    folders: tuple[str, ...] = ()
    queue: str = ""

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError("host must not be empty; name a mail server")


SCHEMAS: dict[str, tuple[type, Capabilities]] = {
    "letter": (LetterSettings, Capabilities(delivery="call", live=False, load=10)),
    "talk": (Settings, Capabilities(delivery="push", live=True, load=30)),
}


def files_with(example: str, name: str = "example.yaml") -> dict[str, str]:
    """Return the base configuration, its sections replaced by those of the example."""
    own = {line.partition(":")[0] for line in example.splitlines()}
    base = {path.name: path.read_text(encoding="utf-8") for path in sorted((EXAMPLES / "base").glob("*.yaml"))}
    return {file: text for file, text in base.items() if file.removesuffix(".yaml") not in own} | {name: example}


Load = Callable[..., Loaded]


@pytest.fixture
def load_example() -> Load:
    """Load the base configuration with an example's sections and further files."""

    def load(example: str = "", *, now_ms: int = NOW_MS, **others: str) -> Loaded:
        return load_files(files_with(example) | others, SCHEMAS, now_ms=now_ms)

    return load
