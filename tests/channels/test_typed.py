"""What customers call themselves and write in one line: every script stays, and nothing of it moves the screen."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.typed import typed

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    "name", ["Nguyễn Thị Ánh", "มาลี ศรีสุข", "محمد", "שרה", "می‌خواهم", "李小龍", FAMILY, "O'Neill-Ñandú 3rd"]
)
def test_a_name_of_any_script_stays_as_it_is(name: str) -> None:
    assert typed(name, lines=False) == name


@pytest.mark.parametrize("sign", "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b\x7f\x85\ud800")
def test_a_sign_that_would_move_the_screen_is_not_in_a_name(sign: str) -> None:
    assert typed(f"Eva{sign}Malá", lines=False).replace(" ", "") == "EvaMalá"


@pytest.mark.parametrize("name", ["\u200b\u200d", "\u2800\u3164", " \u00a0\u3000", "\u202e", "\u0301", ""])
def test_a_name_that_shows_nothing_is_none(name: str) -> None:
    assert typed(name, lines=False) == ""


def test_a_text_of_many_lines_keeps_its_own_directions() -> None:
    assert typed("one\r\ntwo \u2067שלום\u2069", lines=True) == "one\ntwo \u2067שלום\u2069"


@given(st.text())
def test_one_line_is_one_line_and_stays_what_it_became(text: str) -> None:
    line = typed(text, lines=False)
    assert len(line.splitlines()) <= 1
    assert typed(line, lines=False) == line
    assert not [char for char in line if unicodedata.category(char) in {"Cc", "Cs"}]
