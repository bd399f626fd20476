"""Ops' own checks: they hold or say what came instead, at any time of any year."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.settings.checks import run_checks
from router.settings.loading import check_directory
from tests.settings.conftest import NOW_MS, SCHEMAS, Load, files_with

CHECK = (
    "checks:\n  - name: mine\n    when: {when}\n"
    "    message: {{channel: talk, text: refund}}\n    expect: {{{expect}}}\n"
)


def _failures(load_example: Load, when: str, expect: str) -> tuple[str, ...]:
    (result,) = run_checks(load_example(CHECK.format(when=when, expect=expect)))
    assert result.passed is (not result.failures)
    return result.failures


OUTCOMES = [
    ("queue: billing", ()),
    ("queue: mail", ("expected queue mail, came to billing",)),
    ("rule: all else", ("expected rule 'all else', matched 'refunds'",)),
    ("open: false", ("expected open to be false, is true",)),
    ("told: off-hours", ("expected to be told off-hours, is told nothing",)),
    ("topics: []", ("expected topics none, found refund",)),
    ("deferred: true, open: true", ("expected deferred to be true, is false",)),
    (
        "then: general, queue: general",
        ("expected queue general, came to billing", "expected to end in queue general, ends in billing"),
    ),
]


@pytest.mark.parametrize(("expect", "failures"), OUTCOMES)
def test_a_check_says_what_came_instead(load_example: Load, expect: str, failures: tuple[str, ...]) -> None:
    assert _failures(load_example, "2026-11-24T10:00", expect) == failures


def test_a_closed_queue_without_a_fallback_defers(load_example: Load) -> None:
    assert (
        _failures(load_example, "2026-11-24T23:00", "open: false, deferred: true, then: billing, told: off-hours") == ()
    )


@pytest.mark.parametrize("year", [1999, 2019, 2031, 2050])
def test_a_check_holds_in_any_year(load_example: Load, year: int) -> None:
    night_of_change = f"{year}-03-31T12:30"
    assert _failures(load_example, night_of_change, "open: false") == ()


def test_a_time_that_is_there_twice_means_the_first(load_example: Load) -> None:
    loaded = load_example(CHECK.format(when="2027-10-31T02:30", expect="queue: billing"))
    assert loaded.checks[0].at == 1_824_942_600_000  # 00:30 UTC


def _write(directory: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (directory / name).write_text(text)
    return directory


def test_a_report_holds_lines_to_print(tmp_path: Path) -> None:
    example = (
        CHECK.format(when="2026-11-24T10:00", expect="queue: mail")
        + "dispositions: [done]\nskills: {billing: 1, x: 1}\n"
    )
    report = check_directory(_write(tmp_path, files_with(example, "own.yaml")), SCHEMAS, now_ms=NOW_MS)
    assert not report.ok
    assert report.lines == [
        "own.yaml:2: mine: expected queue mail, came to billing (check failed)",
        "own.yaml:7:22: skills.x: nothing uses the skill 'x' (warning)",
        "0 of 1 checks passed",
    ]


def test_a_report_of_a_sound_directory_is_ok(tmp_path: Path) -> None:
    report = check_directory(_write(tmp_path, files_with("")), SCHEMAS, now_ms=NOW_MS)
    assert report.ok
    assert report.lines == ["0 of 0 checks passed"]


def test_a_report_of_a_broken_directory_holds_its_problems(tmp_path: Path) -> None:
    report = check_directory(_write(tmp_path, files_with("limits: 1\n", "own.yaml")), SCHEMAS, now_ms=NOW_MS)
    assert not report.ok
    assert report.lines == ["own.yaml:1:9: limits: expected keys with values, found a number"]


def test_a_directory_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    report = check_directory(tmp_path / "nowhere", SCHEMAS, now_ms=NOW_MS)
    assert report.lines == ["nowhere:1:1: no *.yaml file; this is no configuration"]
