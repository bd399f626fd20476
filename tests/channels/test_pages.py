"""Every channel has a page that says what to fill in, its limits, what is not possible, and what may be seen twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from channels.discovery import discover

ROOT = Path(__file__).parent.parent.parent
PAGES = ROOT / "docs" / "channels"
# What is to be clicked and filled in has a name of its own at each provider, and a form of its own in YAML.
SAID = (r"\*\*[^*]*[Tt]wice\?\*\*", r"\*\*Limits\*\*", r"\*\*Not possible[^*]*\*\*", r"```yaml\n(# [^\n]*\n)*{name}:")
OTHER_NAMES = {"webhook": "pigeon"}
FILE = re.compile(r"`([\w/]+\.py)`")


@pytest.mark.parametrize("name", sorted(discover()))
def test_a_page_says_all_that_was_promised_of_it(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text()
    wanted = [said.replace("{name}", OTHER_NAMES.get(name, name)) for said in SAID]
    assert [said for said in wanted if not re.search(said, page)] == []


def test_the_page_of_kills_names_every_channel_and_only_tests_that_are_there() -> None:
    page = (PAGES / "kills.md").read_text()
    rows = [line.split("|") for line in page.splitlines() if line.startswith("| ")][2:]
    named = {name.strip() for row in rows for name in row[1].split(",")}
    spoken = {"email": "e-mail", "webhook": "generic webhook"}
    assert {spoken.get(name, name) for name in discover()} <= named
    folders = (ROOT, ROOT / "tests" / "channels", ROOT / "tests" / "crash")
    missing = [file for file in FILE.findall(page) if not any((folder / file).exists() for folder in folders)]
    assert missing == []
    assert [row[1] for row in rows if not all(FILE.search(cell) or "as " in cell for cell in row[2:5])] == []
