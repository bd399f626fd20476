"""Runs pytest as it is told, and the few tests that failed beside others once more, alone. No test lives here.

`python -m tests.again <pytest's arguments>`. On a busy machine a test that has a race of its own may fail where the
code is right; what is wrong with the code fails alone too. So what fails alone fails, and what passes alone is named.
More than a few at once are no accident: they fail as they are.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

AGAIN_MAX = 3
ALONE = "--alone"


class Noted:
    """Which tests failed, or could not be set up or put away."""

    def __init__(self) -> None:
        self.failed: dict[str, None] = {}

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for outcome in ("failed", "error"):
            self.failed |= {report.nodeid: None for report in terminalreporter.stats.get(outcome, [])}


class Races:
    """Names what failed beside others and passes alone, so that nothing is hidden."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        told = {
            outcome: {report.nodeid for report in terminalreporter.stats.get(outcome, [])}
            for outcome in ("passed", "failed", "error")
        }
        terminalreporter.section("once more, alone")
        for name in self.names:
            good = name in told["passed"] - told["failed"] - told["error"]
            terminalreporter.write_line(f"{'has a race; to be mended' if good else 'FAILS ALONE TOO'}: {name}")


def beside(arguments: list[str]) -> int:
    """Run everything; return the exit code, after a second look where there is one to be had."""
    noted = Noted()
    code = int(pytest.main([*arguments], plugins=[noted]))
    if code != pytest.ExitCode.TESTS_FAILED or not 0 < len(noted.failed) <= AGAIN_MAX:
        return code
    print(f"\n{len(noted.failed)} failed beside others and are run once more, alone.", flush=True)
    return subprocess.run([sys.executable, "-m", "tests.again", ALONE, *noted.failed], check=False).returncode


def alone(names: list[str]) -> int:
    """Run these only, one after another; each of them must be found."""
    return int(pytest.main([*names], plugins=[Races(names)]))


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(alone(given[1:]) if given[:1] == [ALONE] else beside(given))
