"""Long answers as several messages: nothing lost, nothing too heavy, no character cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import parts
from channels.parts import Progress, say_all, split, utf8_bytes
from tests.channels.door import MemoryBook

FAMILY, FLAG, THUMB, NI = "👨\u200d👩\u200d👧", "🇹🇭", "👍🏽", "นี้"


@given(st.text(max_size=400), st.integers(min_value=4, max_value=60))
def test_nothing_is_lost_and_no_part_is_too_heavy(text: str, weight_max: int) -> None:
    pieces = split(text, weight_max, utf8_bytes)
    assert "".join(pieces) == text
    assert all(utf8_bytes(piece) <= weight_max for piece in pieces)
    assert text == "" or all(pieces)


def test_a_short_text_stays_whole() -> None:
    assert split("", 10) == [""]
    assert split("hello", 5) == ["hello"]


def test_a_part_ends_after_a_line_or_else_a_word_where_one_ends_near_the_limit() -> None:
    words = "word " * 20
    assert all(part.endswith(" ") for part in split(words, 42)[:-1])
    lines = "a line\nand more of words in it " * 4
    assert split(lines, 40, len)[0].endswith((" ", "\n"))


@given(st.lists(st.sampled_from([FAMILY, FLAG, THUMB, NI, "é", "好"]), min_size=10, max_size=60))
def test_what_looks_like_one_character_is_never_cut(signs: list[str]) -> None:
    text = "".join(signs)
    borders, place = {0}, 0
    for sign in signs:
        place += len(sign)
        borders.add(place)
    place = 0
    for part in split(text, 200, utf8_bytes):
        place += len(part)
        assert place in borders


async def test_progress_is_kept_for_each_effect_on_a_bounded_number_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    book = MemoryBook()
    assert await Progress(book, "k").read() == 0
    await Progress(book, "k").note(2)
    assert await Progress(book, "k").read() == 2
    monkeypatch.setattr(parts, "PAGES", 1)
    for key in ("a", "b:1", "b"):
        await Progress(book, key).note(3)
        assert await Progress(book, key).read() == 3
    assert await Progress(book, "a").read() == 0
    assert len(book.pages) <= 2


async def test_all_that_was_said_is_not_said_again_after_a_crash() -> None:
    book, said = MemoryBook(), []

    async def say(part: str) -> None:
        said.append(part)

    for _ in range(2):
        await say_all(["a", "b"], Progress(book, "k"), say)
    assert said == ["a", "b"]
