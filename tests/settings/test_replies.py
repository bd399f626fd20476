"""Saved replies are read as they are written; what cannot be is said with its place and what to write instead."""

from __future__ import annotations

import pytest

from router.core.bundle import SavedReply, decode_bundle, encode_bundle
from router.settings.loading import load_files
from router.settings.problems import SettingsError
from tests.settings.conftest import NOW_MS, SCHEMAS, files_with

GOOD = """replies:
  hello:
    label: {en: Greet}
    text: {en: "Hello {customer.name}, this is {agent.name}.", th: สวัสดี}
    queues: [billing]
"""


def test_a_reply_has_its_words_by_language() -> None:
    bundle = load_files(files_with(GOOD, "replies.yaml"), SCHEMAS, now_ms=NOW_MS).bundle
    text = {"en": "Hello {customer.name}, this is {agent.name}.", "th": "สวัสดี"}
    assert bundle.replies == {"hello": SavedReply(name="hello", label={"en": "Greet"}, text=text, queues=("billing",))}
    assert decode_bundle(encode_bundle(bundle)).replies == bundle.replies


def test_a_configuration_without_replies_has_the_bytes_it_had_before() -> None:
    bundle = load_files(files_with("limits: {}\n", "a.yaml"), SCHEMAS, now_ms=NOW_MS).bundle
    assert b'"replies"' not in encode_bundle(bundle)


@pytest.mark.parametrize(
    ("replies", "place", "sentence"),
    [
        ("  hello: {text: {en: 'Hi {costumer.name}'}}", (2, 26), "did you mean 'customer.name'?"),
        ("  hello: {text: {en: 'Hi {name'}}", (2, 26), "no variable '{'"),
        ("  hello: {text: {th: สวัสดี}}", (2, 17), "no text in 'en', the site's first language; add it"),
        ("  hello: {text: {en: Hi, xx: Hi}}", (2, 26), "xx"),
        ("  hello: {text: {en: Hi}, queues: [nowhere]}", (2, 36), "nowhere"),
        ("  hello: {label: {en: Hi}}", (2, 10), "text"),
        ("  hello: {text: {en: Hi}, html: yes}", (2, 27), "html"),
    ],
)
def test_a_fault_is_named_with_its_place(replies: str, place: tuple[int, int], sentence: str) -> None:
    with pytest.raises(SettingsError) as fault:
        load_files(files_with(f"replies:\n{replies}\n", "replies.yaml"), SCHEMAS, now_ms=NOW_MS)
    problem = fault.value.problems[0]
    assert (problem.file, problem.line, problem.column) == ("replies.yaml", *place), str(problem)
    assert sentence in str(problem)
