"""What people get of a run: tables, lines of blocks, a picture, progress, and refusals in words."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from bench.quality_floor import floor
from router.cli import main
from router.planning.plot import svg
from router.planning.report import report, sparkline, table
from router.planning.runs import run_seeds
from router.planning.summary import Estimate, Summary, estimate, summarize

SCENARIO = """
title: Two & three
horizon: 4h
warm_up: 10m
seeds: 2
classes:
  calls: {rate: 60/h, handle: 180s, patience: 2m, target: 20s, weight: 3}
  mails: {rate: 10/h, handle: 180s, target: 10m}
groups:
  pool: {agents: 4}
"""


@pytest.fixture(scope="module")
def summary() -> Summary:
    scenario = floor({"a": 1.0, "b": 1.0}, {"all": (3, frozenset("ab"), 1.0)}, arrived=800, patience=1.0)
    return summarize(scenario, run_seeds(scenario))


def test_an_estimate_has_the_standard_error_of_its_mean() -> None:
    found = estimate([1.0, 2.0, 3.0])
    assert (found.mean, found.error) == (2.0, pytest.approx(1 / 3**0.5))
    assert estimate([5.0]) == Estimate(5.0, 0.0)
    assert (Estimate(3.0, 0.3) - Estimate(1.0, 0.4)) == Estimate(2.0, 0.5)


def test_the_worst_class_and_the_weighted_wait_are_what_they_say(summary: Summary) -> None:
    assert summary.worst.mean == min(each.level.mean for each in summary.classes)
    assert summary.worst_class in {"a", "b"}
    waits = [each.wait_mean_ms.mean for each in summary.classes]
    assert min(waits) <= summary.cost_ms.mean <= max(waits), "all weights are 1"


def test_a_report_names_its_formula_and_every_class_and_group(summary: Summary) -> None:
    text = "\n".join(report(summary))
    assert "SL-3 = answered within the target / (answered + abandoned)" in text
    assert "±" in text
    for word in ("class", "turned away %", "gave up %", "p95 s", "occupancy %", "all", "worst class"):
        assert word in text


def test_a_table_has_names_to_the_left_and_figures_to_the_right() -> None:
    assert list(table(("name", "figure"), [("a", "1"), ("bbbbbb", "22")])) == [
        "name    figure",
        "a            1",
        "bbbbbb      22",
    ]


def test_a_line_of_blocks_is_highest_where_the_value_is() -> None:
    assert sparkline([0.0, 0.5, 1.0]) == " ▄█"
    assert sparkline([0.0, 0.0]) == "  "


def test_the_picture_is_an_svg_that_names_every_class_and_hides_no_mark_in_a_title(summary: Summary) -> None:
    drawn = ElementTree.fromstring(svg(summary))
    texts = [element.text or "" for element in drawn.iter() if element.tag.endswith("text")]
    assert any(text.startswith("a: ") for text in texts)
    assert any(text.startswith("b: ") for text in texts)
    lines = [element for element in drawn.iter() if element.tag.endswith("polyline")]
    assert len(lines) == 2 * len(summary.classes)


# --- the command ------------------------------------------------------------------------------------------------------


def simulate(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["simulate", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_command_shows_tables_progress_and_draws(tmp_path: Path) -> None:
    file, picture = tmp_path / "two.yaml", tmp_path / "two.svg"
    file.write_text(SCENARIO)
    status, said, progress = simulate(str(file), "--plot", str(picture), "--processes", "1")
    assert status == 0, progress
    assert said.startswith("Two & three\n2 seeds")
    assert "100.0% simulated" in progress
    assert "Two &amp; three" in picture.read_text()


def test_the_command_takes_other_seeds_and_another_time(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(SCENARIO)
    status, said, _ = simulate(str(file), "--seeds", "1", "--days", "0.1")
    assert status == 0
    assert "1 seed, " in said
    assert "±" not in said


def test_a_scenario_on_the_shipped_configuration_is_routed_by_its_rules(tmp_path: Path) -> None:
    config = Path(__file__).parents[2] / "config"
    (tmp_path / "config").symlink_to(config)
    file = tmp_path / "shop.yaml"
    file.write_text(
        """
title: Bills on the shipped configuration
config: config
horizon: 3d
seeds: 1
classes:
  chats: {channel: chat, rate: {"00:00": 1/h, "08:00": 20/h, "18:00": 1/h}, handle: 5m, target: 60s}
groups:
  office: {agents: 4, skills: {billing: 1}, hours: office, channels: [chat]}
"""
    )
    status, said, fault = simulate(str(file))
    assert status == 0, fault
    assert "chats" in said


def test_a_faulty_scenario_is_refused_with_its_place(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(SCENARIO.replace("agents: 4", "agents: many"))
    status, _, said = simulate(str(file))
    assert status == 1
    assert "bad.yaml:10:18: groups.pool.agents: expected a whole number" in said
    assert "Traceback" not in said


def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(SCENARIO)
    status, _, said = simulate(str(file), "--days", "0.05", "--plot", str(tmp_path / "none" / "two.svg"))
    assert status == 1
    assert "cannot be written" in said
    assert "simulated" not in said, "it is said before the run, not after"
