"""The section `complaints` is read as it is written; what cannot be is said with its place and a remedy."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from router.core.bundle import DAY_MS, HOUR_MS, decode_bundle, encode_bundle
from router.core.complaints import Choice, ComplaintRules, Severity
from router.settings.loading import load_files
from router.settings.problems import SettingsError
from tests.settings.conftest import NOW_MS, SCHEMAS, files_with

GOOD = """complaints:
  currency: THB
  close_within: 7d
  keep: 365d
  kinds: {service: {en: Service, th: บริการ}, delivery: {en: Delivery}}
  severities:
    low: {acknowledge_within: 2d, answer_within: 30d, label: {en: Low}}
    high: {acknowledge_within: 4h, answer_within: 20h, hours: office}
  causes: {carrier: {en: Carrier}}
  remedies:
    apology: {en: Apology}
    refund: {label: {en: Refund}, amount: true}
"""


def test_everything_has_its_words_its_order_and_its_time() -> None:
    bundle = load_files(files_with(GOOD, "complaints.yaml"), SCHEMAS, now_ms=NOW_MS).bundle
    assert bundle.complaints == ComplaintRules(
        currency="THB",
        close_ms=7 * DAY_MS,
        keep_ms=365 * DAY_MS,
        kinds=(
            Choice(name="service", label={"en": "Service", "th": "บริการ"}),
            Choice(name="delivery", label={"en": "Delivery"}),
        ),
        severities=(
            Severity(name="low", acknowledge_ms=2 * DAY_MS, answer_ms=30 * DAY_MS, label={"en": "Low"}),
            Severity(name="high", acknowledge_ms=4 * HOUR_MS, answer_ms=20 * HOUR_MS, hours="office"),
        ),
        causes=(Choice(name="carrier", label={"en": "Carrier"}),),
        remedies=(
            Choice(name="apology", label={"en": "Apology"}),
            Choice(name="refund", label={"en": "Refund"}, amount=True),
        ),
    )
    assert decode_bundle(encode_bundle(bundle)).complaints == bundle.complaints


def test_a_configuration_without_complaints_has_the_bytes_it_had_before() -> None:
    bundle = load_files(files_with("limits: {}\n", "a.yaml"), SCHEMAS, now_ms=NOW_MS).bundle
    assert "complaints" not in msgspec.json.decode(encode_bundle(bundle))


def test_the_shipped_ones_have_every_label_in_every_language() -> None:
    text = (Path(__file__).parents[2] / "config" / "complaints.yaml").read_text().replace("topics: [complaint]", "")
    site = {"site.yaml": "site: {id: main, zone: Europe/Prague, languages: [en, zh, th]}\n"}
    rules = load_files(files_with(text, "complaints.yaml") | site, SCHEMAS, now_ms=NOW_MS).bundle.complaints
    choices = (*rules.kinds, *rules.about, *rules.severities, *rules.causes, *rules.remedies)
    assert len(choices) > 20
    assert all(set(each.label) == {"en", "zh", "th"} for each in choices)


@pytest.mark.parametrize(
    ("complaints", "place", "sentence"),
    [
        ("  kind: {}", (2, 3), "did you mean 'kinds'?"),
        ("  kinds: {a: {xx: A}}", (2, 15), "xx"),
        ("  severities: {low: {answer_within: 2d}}", (2, 21), "'acknowledge_within' is missing"),
        ("  severities: {low: {answer_within: 2d, acknowledge_within: 3d}}", (2, 21), "answer_within is shorter"),
        (
            "  severities: {low: {answer_within: 2d, acknowledge_within: 1d, hours: nights}}",
            (2, 72),
            "no calendar named 'nights'",
        ),
        ("  topics: [anger]", (2, 12), "no topic named 'anger'"),
        ("  currency: Baht", (2, 13), "three letters"),
        ("  keep: 1d", (2, 9), "write 30d to 3650d"),
        ("  remedies: {refund: {label: {en: R}, amount: some}}", (2, 47), "true or false"),
    ],
)
def test_a_fault_is_named_with_its_place(complaints: str, place: tuple[int, int], sentence: str) -> None:
    with pytest.raises(SettingsError) as fault:
        load_files(files_with(f"complaints:\n{complaints}\n", "complaints.yaml"), SCHEMAS, now_ms=NOW_MS)
    problem = fault.value.problems[0]
    assert (problem.file, problem.line, problem.column) == ("complaints.yaml", *place), str(problem)
    assert sentence in str(problem)
