"""The configuration that is shipped: sound, without a remark, in all its languages, and documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.contract import Capabilities
from channels.discovery import discover
from router.settings.files import fingerprint
from router.settings.loading import SECTIONS, Loaded, check_directory, load
from router.settings.sections import NOTICES
from tests.settings.conftest import NOW_MS

ROOT = Path(__file__).parent.parent.parent
CONFIG = ROOT / "config"
CHECKS_MIN = 6


@pytest.fixture(scope="module")
def schemas() -> dict[str, tuple[type, Capabilities]]:
    return {name: (module.Settings, module.CAPABILITIES) for name, module in discover().items()}  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def loaded(schemas: dict[str, tuple[type, Capabilities]]) -> Loaded:
    return load(CONFIG, schemas, now_ms=NOW_MS)


def test_it_is_sound_and_its_checks_pass(schemas: dict[str, tuple[type, Capabilities]]) -> None:
    report = check_directory(CONFIG, schemas, now_ms=NOW_MS)
    assert report.ok, "\n".join(report.lines)
    assert report.warnings == ()
    assert len(report.results) >= CHECKS_MIN


def test_its_checks_pass_in_other_years_too(schemas: dict[str, tuple[type, Capabilities]]) -> None:
    assert check_directory(CONFIG, schemas, now_ms=NOW_MS + 5 * 366 * 86_400_000).ok


def test_every_notice_is_there_in_every_language(loaded: Loaded) -> None:
    bundle = loaded.bundle
    assert set(NOTICES) <= set(bundle.texts)
    assert all(set(texts) == set(bundle.languages) for texts in bundle.texts.values())
    assert all(set(queue.label) == set(bundle.languages) for queue in bundle.queues.values())


def test_the_last_fallback_is_always_open(loaded: Loaded) -> None:
    bundle = loaded.bundle
    assert bundle.queues["after-hours-email"].hours == "always"
    assert {queue.off_hours.then for queue in bundle.queues.values()} == {"after-hours-email", ""}


def test_looking_for_changes_finds_none_where_there_are_none() -> None:
    assert fingerprint(CONFIG) == fingerprint(CONFIG)


def test_the_reference_names_every_section() -> None:
    text = (ROOT / "docs" / "CONFIG.md").read_text()
    assert [section for section in SECTIONS if f"`{section}" not in text] == []
