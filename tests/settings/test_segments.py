"""The section `segments` is read as it is written, and its conditions look at what a customer is known by."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from router.core.bundle import decode_bundle, encode_bundle
from router.core.segments import DAY_MS, Known, Segment, SegmentRules
from router.settings.loading import load_files
from router.settings.problems import SettingsError
from tests.settings.conftest import NOW_MS, SCHEMAS, files_with

SHIPPED = Path(__file__).parents[2] / "config" / "segments.yaml"
GOOD = """segments:
  vip: {label: {en: VIP, th: วีไอพี}, when: 'numbers["spent"] >= 1000'}
  press: {}
"""


def rules(text: str) -> SegmentRules:
    return SegmentRules(load_files(files_with(text, "segments.yaml"), SCHEMAS, now_ms=NOW_MS).bundle)


def test_segments_have_their_labels_their_order_and_their_conditions() -> None:
    bundle = load_files(files_with(GOOD, "segments.yaml"), SCHEMAS, now_ms=NOW_MS).bundle
    vip = Segment(name="vip", label={"en": "VIP", "th": "วีไอพี"}, when='numbers["spent"] >= 1000')
    assert bundle.segments == (vip, Segment(name="press"))
    assert decode_bundle(encode_bundle(bundle)).segments == bundle.segments


def test_a_configuration_without_segments_has_the_bytes_it_had_before() -> None:
    bundle = load_files(files_with("limits: {}\n", "a.yaml"), SCHEMAS, now_ms=NOW_MS).bundle
    assert "segments" not in msgspec.json.decode(encode_bundle(bundle))
    assert not SegmentRules(bundle)


@pytest.mark.parametrize(
    ("known", "segment"),
    [
        (Known(), ""),
        (Known(attributes={"tier": "gold"}), "vip"),
        (Known(attributes={"spent": "100000"}), "vip"),
        (Known(attributes={"spent": "a lot"}), ""),
        (Known(attributes={"spent": "9" * 40}), ""),
        (Known(attributes={"tags": "loud press"}), "press"),
        (Known(attributes={"tags": "press", "tier": "gold"}), "vip"),
        (Known(opened_ms=[NOW_MS - DAY_MS] * 10), "frequent"),
        (Known(opened_ms=[NOW_MS - 91 * DAY_MS] * 10), ""),
    ],
)
def test_the_first_shipped_segment_whose_condition_holds_counts(known: Known, segment: str) -> None:
    assert rules(re.sub(r"zh: [^,]*, ", "", SHIPPED.read_text())).of(known, now_ms=NOW_MS) == segment


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("segments: {vip: {when: 'spent > 1'}}\n", "spent"),
        ("segments: {vip: {when: 'true'}}\n", "always true"),
        ("segments: {vip: {label: {xx: VIP}}}\n", "xx"),
        ("segments: {vip: {name: VIP}}\n", "name"),
    ],
)
def test_what_cannot_be_a_segment_is_said_with_its_place(written: str, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_files(files_with(written, "segments.yaml"), SCHEMAS, now_ms=NOW_MS)
    (problem,) = caught.value.problems
    assert problem.file == "segments.yaml"
    assert said in str(problem)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("vip", ""),
        ("", ""),
        ("vpi", "no segment 'vpi'; did you mean 'vip'?"),
        ("gold", "no segment 'gold'; there is press, vip"),
    ],
)
def test_a_rule_that_names_a_segment_there_is_not_is_refused_where_segments_are_declared(
    written: str, said: str
) -> None:
    files = files_with(GOOD, "segments.yaml")
    for name, text in files.items():
        if "rules:" in text:
            first = f"rules:\n  - {{name: mine, when: 'customer.segment == \"{written}\"', queue: general}}\n"
            files = {**files, name: text.replace("rules:\n", first, 1)}
    if not said:
        assert load_files(files, SCHEMAS, now_ms=NOW_MS).bundle.rules[0].name == "mine"
        return
    with pytest.raises(SettingsError) as caught:
        load_files(files, SCHEMAS, now_ms=NOW_MS)
    assert said in "\n".join(map(str, caught.value.problems))
