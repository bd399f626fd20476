"""Small configurations, good and bad, each in a file: the good ones load, the bad ones say all that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.settings.loading import load_files
from router.settings.problems import SettingsError
from tests.settings.conftest import EXAMPLES, NOW_MS, SCHEMAS, files_with

GOOD = sorted((EXAMPLES / "good").glob("*.yaml"))
BAD = sorted((EXAMPLES / "bad").glob("*.yaml"))


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_a_good_example_loads_without_a_remark(path: Path) -> None:
    loaded = load_files(files_with(path.read_text(), path.name), SCHEMAS, now_ms=NOW_MS)
    assert loaded.warnings == ()


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_example_names_every_fault_with_its_place_and_its_remedy(path: Path) -> None:
    text = path.read_text()
    expected = [line.removeprefix("# expect: ") for line in text.splitlines() if line.startswith("# expect: ")]
    assert expected
    with pytest.raises(SettingsError) as caught:
        load_files(files_with(text, path.name), SCHEMAS, now_ms=NOW_MS)
    assert [str(problem) for problem in caught.value.problems] == expected
