"""Whatever is done to the files: they load, or every fault has a place. Nothing else is ever raised."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.bundle import decode_bundle, encode_bundle
from router.core.facts import Facts
from router.core.rules import Ruleset
from router.settings.checks import run_checks
from router.settings.loading import load_files
from router.settings.problems import SettingsError
from tests.settings.conftest import EXAMPLES, NOW_MS, SCHEMAS, files_with

WHOLE = "".join(path.read_text() for path in sorted((EXAMPLES / "base").glob("*.yaml")))
WHOLE += (EXAMPLES / "good" / "checks.yaml").read_text()
PIECES = [
    *(
        "",
        " ",
        "\n",
        ":",
        ": ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        "'",
        '"',
        "|\n  ",
        ">-\n  ",
        "#",
        "&a ",
        "*a",
        "!!str ",
        "<<: ",
    ),
    *("---\n", "\t", "null", "true", "no", "0", "-1", "99999999999999999999", "1e9", "0x1F", "22:30", "2026-12-24"),
    *("22:00-06:00", "30s", "closed", "always", "ก", "\u2028", "\x85", "\ufeff", "\x01", "😀", "{opens"),
    *("then: mail", "when: open.office", "queue: mail", "zone: UTC"),
]
# A document of which YAML says that nothing is in it.
NOTHING = re.compile(r"(---)?\s*(~|null)?\s*(#.*)?")
edits = st.lists(st.tuples(st.integers(0, len(WHOLE)), st.integers(0, 12), st.sampled_from(PIECES)), max_size=3)


@settings(max_examples=200, deadline=None)
@given(edits)
def test_a_broken_file_is_refused_in_words_and_a_sound_one_can_run(changes: list[tuple[int, int, str]]) -> None:
    text = WHOLE
    for at, length, piece in changes:
        text = text[:at] + piece + text[at + length :]
    try:
        loaded = load_files({"all.yaml": text}, SCHEMAS, now_ms=NOW_MS)
    except SettingsError as fault:
        _judge(fault, len(text.splitlines()) + 1)
        return
    assert decode_bundle(encode_bundle(loaded.bundle)) == loaded.bundle
    assert Ruleset(loaded.bundle).place(Facts(channel="talk"), NOW_MS).queue in loaded.bundle.queues
    assert len(run_checks(loaded)) == len(loaded.checks)


def _judge(fault: SettingsError, lines: int) -> None:
    assert fault.problems
    for problem in fault.problems:
        assert problem.file == "all.yaml"
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert problem.message


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200))
def test_any_text_at_all_is_refused_in_words(text: str) -> None:
    refused = False
    try:
        load_files(files_with("") | {"noise.yaml": text}, SCHEMAS, now_ms=NOW_MS)
    except SettingsError:
        refused = True
    assert refused or all(NOTHING.fullmatch(line.strip()) for line in text.splitlines())
