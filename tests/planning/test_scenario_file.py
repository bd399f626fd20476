"""Scenario files: what they may say, and what is said of a wrong one: file, line, column, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.core.bundle import HOUR_MS, Bundle
from router.planning.scenario import START_MS, Scenario
from router.planning.scenario_file import read_scenario
from router.settings.problems import SettingsError

ROOT = Path(__file__).parents[2]

SMALL = """
title: A small floor
horizon: 2h
classes:
  calls: {rate: 30/h, handle: 180s, patience: 2m, target: 20s}
groups:
  pool: {agents: 3}
"""


def read(text: str, folder: Path) -> Scenario:
    file = folder / "floor.yaml"
    file.write_text(text)
    return read_scenario(file, no_config)


def no_config(directory: Path) -> Bundle:
    raise AssertionError(f"nobody asked for {directory}")


def faults(text: str, folder: Path) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        read(text, folder)
    return [str(problem) for problem in raised.value.problems]


def test_the_least_that_can_be_said_is_a_floor(tmp_path: Path) -> None:
    scenario = read(SMALL, tmp_path)
    (calls,) = scenario.classes
    assert (calls.handle.mean_ms, calls.handle.law) == (180_000, "exponential")
    assert calls.rate.pieces == ((START_MS, 30 / HOUR_MS),)
    assert scenario.bundle.queues["calls"].answer_within_ms == {"call": 20_000}
    assert scenario.bundle.queues["calls"].wrap_up_ms == 0
    assert scenario.groups[0].abilities == (("channel:call", 1),)
    assert scenario.warm_up_ms == scenario.horizon_ms // 20


@pytest.mark.parametrize("path", sorted((ROOT / "bench/scenarios").glob("*.yaml")), ids=lambda path: path.stem)
def test_every_scenario_of_the_benchmark_is_sound(path: Path) -> None:
    scenario = read_scenario(path, no_config)
    assert scenario.seeds >= 3, "a standard error needs several seeds"
    assert scenario.warm_up_ms < scenario.horizon_ms


def test_the_example_of_the_page_is_sound(tmp_path: Path) -> None:
    page = (ROOT / "docs/SIMULATION.md").read_text()
    example = page.split("```yaml\n")[1].split("```")[0]
    scenario = read(example, tmp_path)
    assert [each.name for each in scenario.classes] == ["english", "spanish"]
    assert scenario.groups[0].calendar == "day"


def test_a_law_may_be_spread_otherwise(tmp_path: Path) -> None:
    said = SMALL.replace("handle: 180s", "handle: {mean: 3m, law: lognormal, spread: 1.3}")
    handle = read(said, tmp_path).classes[0].handle
    assert (handle.mean_ms, handle.law, handle.spread) == (180_000, "lognormal", 1.3)


def test_rates_by_time_of_day_hold_every_day(tmp_path: Path) -> None:
    said = SMALL.replace("rate: 30/h", 'rate: {"08:00": 60/h, "18:00": 6/h}').replace("2h", "26h")
    pieces = dict(read(said, tmp_path).classes[0].rate.pieces)
    assert pieces[START_MS] == 6 / HOUR_MS
    assert pieces[START_MS + 8 * HOUR_MS] == 60 / HOUR_MS
    assert pieces[START_MS + 18 * HOUR_MS] == 6 / HOUR_MS
    assert pieces[START_MS + 32 * HOUR_MS] == 60 / HOUR_MS


def test_a_floor_may_say_its_queues_in_the_words_of_the_configuration(tmp_path: Path) -> None:
    said = """
title: Own queues
horizon: 1d
channels: {chat: {load: 25}}
hours: {office: {mon-fri: 08:00-18:00}}
skills: {billing: 3}
queues:
  bills: {hours: office, skills: {billing: 2}, answer_within: {chat: 60s}, wrap_up: 30s}
policy: {order: fifo, agents: [longest-idle], fair_every: 0, reserves: [{skills: {billing: 3}, agents: 1}]}
classes:
  bill: {rate: 30/h, handle: 180s, wrap_up: {mean: 10s, law: fixed}, target: 60s, queue: bills, priority: 1}
  other: {rate: 30/h, handle: 180s, target: 60s}
groups:
  pool: {agents: 3, skills: {billing: 3}, hours: office, first: [billing], limits: {chat: 3}, speed: {other: 0.5}}
"""
    scenario = read(said, tmp_path)
    bills, other = (scenario.bundle.queues[name] for name in ("bills", "other"))
    assert (bills.hours, bills.skills, bills.wrap_up_ms) == ("office", {"billing": 2}, 30_000)
    assert (other.hours, other.order, other.agents) == ("always", "fifo", ("longest_idle",))
    assert scenario.bundle.fair_every == 0
    assert [reserve.agents for reserve in scenario.bundle.reserves] == [1]
    assert scenario.bundle.rules[0].priority == 1
    assert scenario.groups[0].abilities == (
        ("channel:chat", 1),
        ("limit:chat", 3),
        ("primary:billing", 1),
        ("skill:billing", 3),
    )


def test_languages_are_spoken_by_groups_and_asked_for_by_queues(tmp_path: Path) -> None:
    said = """
title: Two languages
horizon: 1d
languages: [en, es]
queues:
  help: {hours: always, language: required, answer_within: {call: 20s}}
classes:
  ingles: {rate: 30/h, handle: 180s, target: 20s, queue: help, language: en}
  espanol: {rate: 30/h, handle: 180s, target: 20s, queue: help, language: es}
groups:
  both: {agents: 3, languages: [en, es]}
"""
    scenario = read(said, tmp_path)
    assert [each.facts.language for each in scenario.classes] == ["en", "es"]
    assert scenario.groups[0].abilities == (("channel:call", 1), ("language:en", 1), ("language:es", 1))
    assert any("no group can serve" in fault for fault in faults(said.replace("[en, es]}", "[en]}"), tmp_path))


def test_a_scenario_plays_on_a_configuration_directory_as_it_is(tmp_path: Path) -> None:
    staged = read(SMALL, tmp_path).bundle
    asked: list[Path] = []

    def bundle_of(directory: Path) -> Bundle:
        asked.append(directory)
        return staged

    said = SMALL.replace("classes:", "config: ../config\nclasses:").replace(
        "target: 20s}", "target: 20s, facts: {segment: vip, topics: [b, a], attributes: {product: x}}}"
    )
    (tmp_path / "floor.yaml").write_text(said)
    scenario = read_scenario(tmp_path / "floor.yaml", bundle_of)
    assert asked == [tmp_path / "../config"]
    assert scenario.bundle is staged
    facts = scenario.classes[0].facts
    assert (facts.channel, facts.segment, facts.topics, facts.attributes) == (
        "call",
        "vip",
        ("a", "b"),
        (("product", "x"),),
    )


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("rate: 30/h", "rate: 30", "floor.yaml:5:17: classes.calls.rate: expected a rate"),
        ("rate: 30/h", 'rate: {"8:00": 30/h}', "is no time of day"),
        ("rate: 30/h", "rate: {}", "no rate here"),
        ("rate: 30/h", "rate: 9000/s", "no floor has so many"),
        ("rate: 30/h", "rote: 30/h", "no key 'rote' here; did you mean 'rate'"),
        ("handle: 180s", "handle: {mean: 3m, spread: 2}", "only the lognormal law has a spread"),
        ("handle: 180s", "handle: {law: fixed}", "'mean' is missing"),
        ("handle: 180s", "handle: 180", "did you mean '180s'"),
        ("agents: 3", "agents: 0", "write 1 to"),
        ("agents: 3", "agents: 3, speed: fast", "expected a number from"),
        ("agents: 3", "agents: 3, speed: {cals: 0.5}", "no class named 'cals'; did you mean 'calls'"),
        ("agents: 3", "agents: 3, first: [nothing]", "no queue or skill 'nothing'"),
        ("agents: 3", "agents: 3, capacity: 50", "no group can serve this class"),
        ("agents: 3", "agents: 3, hours: office", "no calendar named 'office'"),
        ("patience: 2m", "patience: 2m, skills: {english: 1}", "no skill named 'english'"),
        ("horizon: 2h", "horizon: 2h\nwarm_up: 2h", "nothing would be counted"),
        ("horizon: 2h", "horizon: 2h\npolicy: {order: best}", "no order 'best'"),
        ("horizon: 2h", "horizon: 2h\npolicy: {reserves: [{agents: 1}]}", "kept free for what?"),
        ("title: A small floor", "", "'title' is missing"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(before: str, after: str, said: str, tmp_path: Path) -> None:
    assert any(said in fault for fault in faults(SMALL.replace(before, after), tmp_path))


def test_a_skill_at_a_level_that_nobody_has_is_said_at_the_class(tmp_path: Path) -> None:
    said = SMALL.replace("patience: 2m", "patience: 2m, skills: {english: 2}").replace(
        "agents: 3", "agents: 3, skills: {english: 1}"
    )
    assert any("english" in fault for fault in faults("skills: {english: 2}\n" + said, tmp_path))


def test_a_configuration_and_parts_of_its_own_exclude_each_other(tmp_path: Path) -> None:
    staged = read(SMALL, tmp_path).bundle
    (tmp_path / "floor.yaml").write_text("config: x\nchannels: {call: {load: 1}}\n" + SMALL)
    with pytest.raises(SettingsError, match="remove 'channels' or `config`"):
        read_scenario(tmp_path / "floor.yaml", lambda _: staged)


def test_a_file_that_is_missing_empty_or_no_text_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_scenario(tmp_path / "none.yaml", no_config)
    assert "an empty file" in faults("", tmp_path)[0]
    (tmp_path / "floor.yaml").write_bytes(b"title: \xff\n")
    with pytest.raises(SettingsError, match="not UTF-8"):
        read_scenario(tmp_path / "floor.yaml", no_config)
