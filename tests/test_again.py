"""How a whole run goes: a second look forgives what passes alone and nothing else; the longest files begin."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.order import FIRST

ROOT = Path(__file__).parent.parent
# A worker of several says its name; alone there is none.
RACE = 'def test_race(): assert "PYTEST_XDIST_WORKER" not in os.environ'
SLIP = '@pytest.mark.parametrize("n", ["a b", "c::d"])\n' + RACE.replace("()", "(n)")
FIXTURE = f"@pytest.fixture\n{RACE.replace('test_race', 'late')}\ndef test_late(late): assert True"
FAILS = "def test_wrong(): assert 1 == 2"
PASSES = "def test_right(): assert 1 == 1"
LAST = re.compile(r"^(\d+) passed in [\d.]+s$")


def run(folder: Path, *tests: str) -> tuple[int, list[str]]:
    """Run tests beside others, return the exit code and the lines that were said."""
    for number, test in enumerate(tests):
        (folder / f"test_{number}.py").write_text(f"import os\nimport pytest\n{test}\n")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -q\n")
    command = [sys.executable, "-m", "tests.again", "-n", "1"]
    outside = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "COV_"))}
    surroundings = outside | {
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_PLUGINS": "xdist.plugin",
    }
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines()


def test_where_nothing_fails_there_is_no_second_look(tmp_path: Path) -> None:
    code, said = run(tmp_path, PASSES)
    assert (code, LAST.findall(said[-1])) == (0, ["1"])
    assert not any("once more" in line for line in said)


def test_what_passes_alone_is_named_and_forgiven_and_the_last_line_is_pytests_own(tmp_path: Path) -> None:
    code, said = run(tmp_path, SLIP, FIXTURE, PASSES)
    assert (code, LAST.findall(said[-1])) == (0, ["3"]), said
    assert sorted(line for line in said if "to be mended" in line) == [
        "has a race; to be mended: test_0.py::test_race[a b]",
        "has a race; to be mended: test_0.py::test_race[c::d]",
        "has a race; to be mended: test_1.py::test_late",
    ]


def test_what_fails_alone_fails_also_beside_a_race(tmp_path: Path) -> None:
    code, said = run(tmp_path, RACE, FAILS)
    assert code == 1
    assert "1 failed, 1 passed" in said[-1]
    assert "FAILS ALONE TOO: test_1.py::test_wrong" in said


@pytest.mark.parametrize("tests", [[RACE, RACE, RACE, RACE], ["import nowhere", PASSES]], ids=["four", "unreadable"])
def test_four_that_fail_or_a_file_that_cannot_be_read_are_no_accident(tmp_path: Path, tests: list[str]) -> None:
    code, said = run(tmp_path, *tests)
    assert code != 0
    assert not any("to be mended" in line for line in said)


def test_the_files_that_begin_first_are_there() -> None:
    assert not [name for name in FIRST if not (ROOT / "tests" / name).is_file()]
    assert len(set(FIRST)) == len(FIRST)
