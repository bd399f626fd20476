"""The web app's modules say by JSDoc what they take and give; TypeScript reads it strictly. Nothing is made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web.modules import WEB

HERE = Path(__file__).parent / "jsdoc"
PACKAGES = Path(sys.prefix) / "web-types" / "node_modules"
# What is looked at, by the folder it is copied to. The bundle has no types: declarations stand in its place.
PLACES = {"desk": (WEB, "vendor"), "sandbox": (WEB.parent / "sandbox" / "web", "")}


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The modules beside the declarations of what they import."""
    assert PACKAGES.is_dir(), "TypeScript is missing: `make setup-test` installs it from its package-lock.json"
    for name, (folder, vendor) in PLACES.items():
        shutil.copytree(folder, tmp_path / name)
        (tmp_path / name / vendor / "ui.js").unlink(missing_ok=True)
        shutil.copy(HERE / "ui.d.ts", tmp_path / name / vendor)
    shutil.copy(HERE / "tsconfig.json", tmp_path)
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    return tmp_path


def checked(folder: Path) -> list[str]:
    """Return what the compiler has to say."""
    command = ["node", str(PACKAGES / "typescript" / "bin" / "tsc"), "--project", str(folder), "--pretty", "false"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    return [*ran.stdout.splitlines(), *ran.stderr.splitlines()]


def test_what_the_modules_say_of_themselves_is_true(copied: Path) -> None:
    """UI.md 7.3, rule 5."""
    assert checked(copied) == []


def test_a_module_that_says_something_else_is_found(copied: Path) -> None:
    wrong = '// @ts-check\nimport { signal } from "./vendor/ui.js";\nexport const many = signal(1).valeu;\n'
    (copied / "desk" / "wrong.js").write_text(wrong)
    (found,) = checked(copied)
    assert "desk/wrong.js(3,31)" in found
    assert "valeu" in found
