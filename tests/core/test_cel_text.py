"""Conditions as text again: what is written reads back as the same tree, and holds for the same facts."""

from __future__ import annotations

import pytest

from router.core.cel_syntax import parse
from router.core.cel_text import parts_of, written

CONDITIONS = (
    'customer.segment == "vip" && "complaint" in topics',
    '"refund" in topics || "invoice" in topics || attributes.about == "invoice"',
    "(a || b) && c",
    "a || b && c",
    "!(a && b)",
    "!a.b",
    "!!a",
    "-(-3)",
    "- - a",
    "-2 - -3 - (4 - 5)",
    "2 * (3 + 4) % 5",
    'attributes["other-key"].startsWith("x") ? a : b ? c : d',
    "(a ? b : c) ? d : e",
    'matches(text, r"\\d+\\.")',
    '"\\u0e01\\n\\"q\\""',
    "size(topics) >= 2 && [1, 2][0] == 1",
    'channel in ["chat", "email"]',
    "1.5e300 < 2.0",
    "(a == b) == c",
    "a == (b == c)",
    "true",
    "(a + b).size() > 3",
    "(-1).x",
)


@pytest.mark.parametrize("source", CONDITIONS)
def test_what_is_written_reads_back_as_the_same(source: str) -> None:
    tree = parse(source)
    assert parse(written(tree)) == tree
    assert written(parse(written(tree))) == written(tree)


def test_the_usual_conditions_are_written_as_people_write_them() -> None:
    for source in CONDITIONS[:2]:
        assert written(parse(source)) == source
    assert written(parse(r"""text.matches(r'(?i)\bx\b')""")) == r'text.matches(r"(?i)\bx\b")'


def test_a_condition_is_taken_apart_where_it_is_joined() -> None:
    op, parts = parts_of(parse("a && (b || c) && !d"))
    assert (op, [written(part) for part in parts]) == ("&&", ["a", "b || c", "!d"])
    assert parts_of(parse("a"))[0] == ""
