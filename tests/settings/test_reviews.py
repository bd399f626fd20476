"""The section `reviews` is read as it is written; what cannot be is said with its place and a remedy."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from router.core.bundle import DAY_MS, decode_bundle, encode_bundle
from router.core.scorecards import Question, ReviewRules, Scorecard
from router.settings.loading import load_files
from router.settings.problems import SettingsError
from tests.settings.conftest import NOW_MS, SCHEMAS, files_with

SHIPPED = Path(__file__).parents[2] / "config" / "reviews.yaml"
GOOD = """reviews:
  per_week: 5
  rated_at_most: 1
  transferred: true
  link_for: 7d
  scorecards:
    letter:
      label: {en: Letter}
      channels: [letter]
      questions:
        clear: {text: {en: Clear?}, points: 4, weight: 2}
        right: {text: {en: Right?}, fatal: true}
"""


def test_everything_has_its_words_its_order_and_its_weight() -> None:
    bundle = load_files(files_with(GOOD, "reviews.yaml"), SCHEMAS, now_ms=NOW_MS).bundle
    assert bundle.reviews == ReviewRules(
        per_week=5,
        rated_max=1,
        transferred=True,
        link_ms=7 * DAY_MS,
        scorecards=(
            Scorecard(
                name="letter",
                label={"en": "Letter"},
                channels=("letter",),
                questions=(
                    Question(name="clear", text={"en": "Clear?"}, points=4, weight=2),
                    Question(name="right", text={"en": "Right?"}, fatal=True),
                ),
            ),
        ),
    )
    assert decode_bundle(encode_bundle(bundle)).reviews == bundle.reviews


def test_a_configuration_without_reviews_has_the_bytes_it_had_before() -> None:
    bundle = load_files(files_with("limits: {}\n", "a.yaml"), SCHEMAS, now_ms=NOW_MS).bundle
    assert "reviews" not in msgspec.json.decode(encode_bundle(bundle))


def test_the_shipped_scorecards_speak_every_language() -> None:
    text = SHIPPED.read_text().replace("[email, form]", "[letter]")
    site = {"site.yaml": "site: {id: main, zone: Europe/Prague, languages: [en, zh, th]}\n"}
    found = load_files(files_with(text, "reviews.yaml") | site, SCHEMAS, now_ms=NOW_MS).bundle.reviews
    for card in found.scorecards:
        for said in (card.label, *(question.text for question in card.questions)):
            assert set(said) == {"en", "zh", "th"}
    assert [card.name for card in found.scorecards] == ["letter", "talk"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("  per_week: 51\n", "51 is out of bounds; write 0 to 50"),
        ("  rated_at_most: 6\n", "6 is out of bounds; write 0 to 5"),
        ("  per_weak: 3\n", "no key 'per_weak' here; did you mean 'per_week'?"),
        ("  link_for: 1h\n", "1h is out of bounds; write 1d to 90d"),
        ("  scorecards: {a: {questions: {}}}\n", "a scorecard without a question; add one"),
        ("  scorecards: {a: {label: {en: A}}}\n", "'questions' is missing; add it"),
        ("  scorecards: {a: {channels: [fax], questions: {q: {text: {en: Q}}}}}\n", "no channel named 'fax'"),
        ("  scorecards: {a: {questions: {q: {text: {xx: Q}}}}}\n", "no language named 'xx'"),
        ("  scorecards: {a: {questions: {q: {weight: 2}}}}\n", "'text' is missing; add it"),
        ("  scorecards: {a: {questions: {q: {text: {en: Q}, answer: points}}}}\n", "how many points at the most?"),
        (
            "  scorecards: {a: {questions: {q: {text: {en: Q}, answer: yes-no, points: 3}}}}\n",
            "yes or no gives no points of its own",
        ),
    ],
)
def test_what_is_wrong_is_said_with_a_remedy(line: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_files(files_with("reviews:\n" + line, "reviews.yaml"), SCHEMAS, now_ms=NOW_MS)
    assert said in str(caught.value)
    assert "reviews.yaml" in str(caught.value)
