"""Settings of any shape: every fault inside them has its own place."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from router.settings.problems import Findings
from router.settings.reading import Scope
from router.settings.tree import read_tree
from router.settings.typed import FAULT, read_typed


class Box(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    label: str
    required: bool = False
    patience_ms: int = 0
    token_env: str = ""

    def __post_init__(self) -> None:
        if self.label == "bad":
            raise ValueError("label must be good")


class Shape(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    boxes: dict[str, Box] = {}
    hosts: tuple[str, ...] = ()
    pair: tuple[int, int] = (0, 0)
    port: int | None = None


def _read(text: str) -> tuple[Any, list[str]]:
    findings = Findings()
    tree = read_tree("s.yaml", text, findings)
    assert tree is not None
    value = read_typed(tree, Scope(findings), Shape)
    return value, [
        f"{problem.line}:{problem.column} {problem.where}: {problem.message}" for problem in findings.problems
    ]


def test_a_sound_value_can_be_converted() -> None:
    text = "boxes:\n  a: {label: A, patience: 5s, token_env: A_TOKEN}\nhosts: [h, i]\npair: [1, 2]\nport: 25\n"
    value, problems = _read(text)
    assert problems == []
    assert msgspec.convert(value, Shape) == Shape(
        boxes={"a": Box(label="A", patience_ms=5_000, token_env="A_TOKEN")}, hosts=("h", "i"), pair=(1, 2), port=25
    )


FAULTS = [
    ("boxes: {a: {lable: A}}", "1:13 boxes.a.lable: no key 'lable' here; did you mean 'label'?"),
    ("boxes: {a: {label: A}, b: {label: 7}}", "1:35 boxes.b.label: expected `str`, got `int`"),
    (
        "boxes: {a: {label: A, patience: 5}}",
        "1:33 boxes.a.patience: expected a duration; write it like 30s, 5m, 4h or 2d",
    ),
    ("boxes: {a: {label: bad}}", "1:12 boxes.a: label must be good"),
    ("boxes: {a: {required: true}}", "1:12 boxes.a: 'label' is missing; add it"),
    ("boxes: [a]", "1:8 boxes: expected `object`, got `array`"),
    ("hosts: [x, 5]", "1:12 hosts[1]: expected `str`, got `int`"),
    ("hosts: x", "1:8 hosts: expected `array`, got `str`"),
    ("pair: [1, x]", "1:11 pair[1]: expected `int`, got `str`"),
    ("pair: [1]", "1:7 pair: expected `array` of length 2, got 1"),
    ("port: high", "1:7 port: expected `int`, got `str`"),
]


@pytest.mark.parametrize(("text", "problem"), FAULTS)
def test_a_fault_is_named_where_it_stands(text: str, problem: str) -> None:
    value, problems = _read(text)
    assert value is FAULT
    assert problems == [problem]


def test_all_faults_come_at_once_and_no_secret_is_repeated() -> None:
    value, problems = _read(
        "boxes:\n  a: {label: 1, token: hunter2}\n  b: {token_env: hunter2, label: B}\nhosts: [1, 2]\n"
    )
    assert value is FAULT
    assert len(problems) == 5
    assert "hunter2" not in " ".join(problems)


def test_an_absent_value_may_be_written() -> None:
    assert _read("port: null") == ({"port": None}, [])
