"""A whole configuration: what the bundle holds, that it is the same every time, and what is remarked on."""

from __future__ import annotations

import time

import pytest

from router.core.bundle import DAY_MS, ChannelSpec, Closing, OffHours, decode_bundle, encode_bundle
from router.core.facts import Facts
from router.core.rules import Ruleset, Topics
from router.settings.loading import load_files
from router.settings.problems import PROBLEMS_MAX, SettingsError
from tests.settings.conftest import EXAMPLES, NOW_MS, SCHEMAS, LetterSettings, Load, files_with


def test_a_bundle_holds_what_the_files_say(load_example: Load) -> None:
    bundle = load_example((EXAMPLES / "good" / "durations.yaml").read_text()).bundle
    general = bundle.queues["general"]
    assert general.answer_within_ms == {"talk": 60_000, "letter": 4 * 3_600_000}
    assert (general.offer_ms, general.wrap_up_ms, general.hold_ms, general.park_ms) == (30_000, 0, 120_000, 14 * DAY_MS)
    assert general.closing == Closing(serve_ms=600_000)
    assert general.off_hours == OffHours(notices={"talk": "leave-message"}, then="mail")
    assert bundle.queues["billing"].closing == Closing()
    assert (bundle.site, bundle.zone, bundle.languages) == ("main", "Europe/Prague", ("en", "th"))
    assert bundle.skills == {"billing": 3}


def test_named_levels_and_head_starts_reach_the_rules(load_example: Load) -> None:
    bundle = load_example((EXAMPLES / "good" / "levels.yaml").read_text()).bundle
    placement = Ruleset(bundle).place(Facts(channel="letter", language="es", topics=("refund",)), NOW_MS)
    assert placement.needs == (("channel:letter", 1), ("skill:billing", 3), ("skill:spanish", 80))
    assert (placement.rule, placement.head_start_ms, placement.load) == ("Spanish refunds", 300_000, 10)
    assert Topics(bundle).of("a REFUND please", "", "en") == ("refund",)


def test_a_channel_is_read_by_its_own_settings(load_example: Load) -> None:
    loaded = load_example((EXAMPLES / "good" / "channel-settings.yaml").read_text())
    assert loaded.channels["letter"] == LetterSettings(
        load=5,
        confirm="received",
        queue="general",
        host="mail.example.org",
        wait_ms=30_000,
        password_env="LETTER_PASSWORD",
        folders=("in", "spam"),
    )
    assert loaded.bundle.channels == {"letter": ChannelSpec(load=5, live=False, confirm="received")}
    assert loaded.channels["talk"].enabled is False


def test_the_same_files_and_day_give_the_same_bytes() -> None:
    files = files_with("")
    backwards = dict(reversed(files.items()))
    morning, evening = NOW_MS // DAY_MS * DAY_MS, NOW_MS // DAY_MS * DAY_MS + DAY_MS - 1
    first = encode_bundle(load_files(files, SCHEMAS, now_ms=morning).bundle)
    assert encode_bundle(load_files(backwards, SCHEMAS, now_ms=evening).bundle) == first
    assert encode_bundle(load_files(files, SCHEMAS, now_ms=morning + DAY_MS).bundle) != first


def test_a_bundle_is_in_the_order_in_which_it_will_be_recovered(load_example: Load) -> None:
    bundle = load_example().bundle
    assert list(bundle.queues) == ["billing", "general", "mail"]
    assert repr(decode_bundle(encode_bundle(bundle))) == repr(bundle)


def test_a_bundle_can_be_extended_from_the_files_it_keeps(load_example: Load) -> None:
    bundle = decode_bundle(encode_bundle(load_example().bundle))
    later = load_files(bundle.files, SCHEMAS, now_ms=NOW_MS + 30 * DAY_MS).bundle
    assert later.files == bundle.files
    assert later.calendars["office"][-1] > bundle.calendars["office"][-1]


@pytest.mark.parametrize(
    ("said", "held"), [("", ""), (", calendar: buddhist", "buddhist"), (", calendar: gregory", "gregory")]
)
def test_a_site_says_how_its_screens_count_years(load_example: Load, said: str, held: str) -> None:
    site = f"site: {{id: main, zone: Europe/Prague, languages: [en, th]{said}}}\n"
    assert load_example(site).bundle.calendar == held


def test_what_nothing_uses_is_remarked_on(load_example: Load) -> None:
    example = (
        "hours: {office: {mon: 08:00-12:00}, always: always, spare: never}\n"
        'topics: {refund: \'message.text == "r"\', unused: message.language == "th"}\n'
        "skills: {billing: 3, cooking: 2}\n"
    )
    assert [str(warning) for warning in load_example(example).warnings] == [
        "example.yaml:1:53: hours.spare: nothing uses the calendar 'spare'",
        "example.yaml:2:41: topics.unused: nothing uses the topic 'unused'",
        "example.yaml:3:22: skills.cooking: nothing uses the skill 'cooking'",
    ]


def test_a_text_that_lacks_a_language_is_remarked_on(load_example: Load) -> None:
    texts = (EXAMPLES / "base" / "texts.yaml").read_text().replace(", th: ขอบคุณ", "")
    (warning,) = load_example(texts).warnings
    assert warning.message == "no text in th; those customers read the first language"


def test_a_section_in_two_files_is_refused_in_the_second() -> None:
    files = files_with("skills: {billing: 3}\n", "a.yaml") | {"b.yaml": "limits: {}\nskills: {billing: 2}\n"}
    with pytest.raises(SettingsError) as caught:
        load_files(files, SCHEMAS, now_ms=NOW_MS)
    assert str(caught.value) == "b.yaml:2:1: skills: 'skills' is in a.yaml:1 already; keep it in one file"


def test_faults_of_all_files_come_in_one_run() -> None:
    files = files_with("limits: {grace: soon}\n", "z.yaml") | {"a.yaml": "not: [closed", "m.yaml": "more: 1\n"}
    with pytest.raises(SettingsError) as caught:
        load_files(files, SCHEMAS, now_ms=NOW_MS)
    assert [problem.file for problem in caught.value.problems] == ["a.yaml", "m.yaml", "z.yaml"]


def test_missing_sections_are_named() -> None:
    with pytest.raises(SettingsError, match="no section queues, rules, presences, channels, texts in any file"):
        load_files(
            {"a.yaml": "site: {id: x, zone: UTC, languages: [en]}\nhours: {a: always}\n"}, SCHEMAS, now_ms=NOW_MS
        )


def test_no_yaml_at_all_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"no \*\.yaml file"):
        load_files({"days.ics": ""}, SCHEMAS, now_ms=NOW_MS)


def test_a_file_of_another_kind_does_not_answer_with_a_line_for_each_of_its_own() -> None:
    garbage = "".join(f"key{number}: 1\n" for number in range(5_000))
    with pytest.raises(SettingsError) as caught:
        load_files(files_with(garbage), SCHEMAS, now_ms=NOW_MS)
    assert len(caught.value.problems) == PROBLEMS_MAX + 1
    assert caught.value.problems[-1].message == f"and {5_000 - PROBLEMS_MAX} more problems"


def test_a_secret_is_never_repeated() -> None:
    text = (EXAMPLES / "bad" / "secrets.yaml").read_text()
    assert "hunter2" in text
    with pytest.raises(SettingsError) as caught:
        load_files(files_with(text), SCHEMAS, now_ms=NOW_MS)
    assert "hunter2" not in str(caught.value)
    assert len(caught.value.problems) == 5


def test_deep_nesting_and_many_aliases_are_refused_quickly() -> None:
    bombs = ["a: " + "[" * 5_000, "a: &a [x]\n" + "".join(f"b{n}: [*a, *a]\n" for n in range(50)), "x: {" * 3_000]
    started = time.process_time()
    for bomb in bombs:
        with pytest.raises(SettingsError):
            load_files(files_with(bomb), SCHEMAS, now_ms=NOW_MS)
    assert time.process_time() - started < 5


def test_five_hundred_queues_load_in_a_moment(load_example: Load) -> None:
    lines = "".join(f"  q{number}: {{hours: office, skills: {{billing: 1}}}}\n" for number in range(490))
    base = (EXAMPLES / "base" / "queues.yaml").read_text()
    started = time.process_time()
    assert len(load_example(base + lines).bundle.queues) == 493
    assert time.process_time() - started < 5
