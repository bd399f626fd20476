"""The house rules that a machine can hold, each with its reason."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels.discovery import discover

ROOT = Path(__file__).parent.parent
ROOMS = ("router", "channels", "dashboard", "bench")
FUNCTION_LINES_MAX = 50
FILE_LINES_MAX = 400
VAGUE_NAMES = {"utils", "helpers", "common", "base", "misc", "util", "helper"}
# Where one thing truly is that long, it is named here with its reason.
LONG_FILES = {
    "router/core/evolve.py": "one writer per event, in the order of the life cycle",
    "router/core/events.py": "the closed set of events",
    "router/core/commands.py": "the closed set of commands",
    "channels/contract.py": "the whole contract in one place",
}


def sources() -> Iterator[Path]:
    for room in ROOMS:
        yield from sorted((ROOT / room).rglob("*.py"))


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def test_every_module_opens_with_a_sentence_that_says_what_lives_there() -> None:
    missing = [str(path.relative_to(ROOT)) for path in sources() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert not missing


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name} has {node.end_lineno - node.lineno + 1} lines"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert not long, "branches belong in the parent, straight work in leaves"


def test_no_file_is_longer_than_it_must_be() -> None:
    long = {str(path.relative_to(ROOT)) for path in sources() if len(path.read_text().splitlines()) > FILE_LINES_MAX}
    assert long <= set(LONG_FILES), "split by reason to change, or give the reason in LONG_FILES"


def test_a_file_can_be_guessed_from_its_name() -> None:
    assert not [str(path) for path in sources() if path.stem in VAGUE_NAMES]


def test_the_router_names_no_channel() -> None:
    names = "phone|sms|chat|app|wechat|weibo|email|form"
    pattern = re.compile(rf"""channel\w*(\.name)?\s*(==|!=|in)\s*[\[({{]?\s*["']({names})["']""")
    guilty = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "router").rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if pattern.search(line)
    ]
    assert not guilty, "the router decides by capabilities, never by a channel's name"


def test_nothing_is_left_for_later_in_the_code() -> None:
    marks = re.compile(r"\b(TODO|FIXME|XXX|NotImplementedError)\b")
    guilty = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sources()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if marks.search(line)
    ]
    assert not guilty


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-test.lock"])
def test_the_lock_files_hold_versions_and_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    pinned = re.findall(r"^[\w.\[\]-]+==", text, re.MULTILINE)
    assert len(pinned) > 20
    assert text.count("--hash=sha256:") >= len(pinned)


def test_test_folders_have_no_init_file_that_would_hide_the_real_packages() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_the_house_has_the_rooms_of_the_design_and_no_others() -> None:
    rooms = {name.split("/")[0] for name in tracked() if "/" in name}
    assert rooms <= {"router", "channels", "config", "tests", "dashboard", "bench", "docs", ".ci"}


@functools.cache
def imports_of(path: Path) -> frozenset[str]:
    """Return what a file imports; it is asked for once for each pair of channels."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return frozenset(found)


def test_no_channel_knows_another() -> None:
    names = set(discover())
    guilty = [
        f"{path.relative_to(ROOT)} imports channels.{other}"
        for name in names
        for path in (ROOT / "channels").rglob("*.py")
        if path.relative_to(ROOT / "channels").parts[0].removesuffix(".py") == name
        for other in names - {name}
        if any(each == f"channels.{other}" or each.startswith(f"channels.{other}.") for each in imports_of(path))
    ]
    assert not guilty


def test_only_the_composition_root_knows_which_database_there_is() -> None:
    knowing = {
        str(path.relative_to(ROOT))
        for path in sources()
        if "router/store/sqlite" not in str(path)
        and any(each.startswith("router.store.sqlite") for each in imports_of(path))
    }
    assert knowing <= {"router/store/opening.py", "router/migrating.py", "router/store/postgresql/moving.py"}
