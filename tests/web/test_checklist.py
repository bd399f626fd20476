"""The page of the screens names, for each point that was asked, tests that are there; its pictures are there, too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "SCREENS.md").read_text()
POINTS = dict(re.findall(r"^\| (\d+) \|.*\| (`.*`) \|$", PAGE, re.MULTILINE))


def test_every_point_is_there() -> None:
    assert [int(number) for number in POINTS] == list(range(1, 51))


@pytest.mark.parametrize("number", POINTS)
def test_a_point_names_tests_that_are_there(number: str) -> None:
    for path, name in re.findall(r"`([\w/]+\.py)::(\w+)`", POINTS[number]):
        assert f"def {name}(" in (ROOT / "tests" / path).read_text(), f"{path}::{name}"


def test_what_is_named_besides_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE.partition("**Besides**")[2])
    assert named
    for path, name in named:
        assert f"def {name}(" in (ROOT / "tests" / path).read_text(), f"{path}::{name}"


def test_every_picture_is_there_and_shown() -> None:
    shown = set(re.findall(r"\(screens/([\w-]+\.png)\)", PAGE))
    assert shown == {path.name for path in (ROOT / "docs" / "screens").glob("*.png")}
