"""Ratings: the last word on each conversation, whatever came between."""

from __future__ import annotations

from router.core import events as ev
from router.views.ratings import RATINGS_VIEW, TABLE, Rating
from tests.views.watching import folded, rows_of


def test_the_last_word_on_a_conversation_counts_and_its_time() -> None:
    said = [(1, 10, 2), (2, 20, 5), (1, 30, 4)]
    entries = [(at, ev.Entry(at, "", (ev.Noted(conv, 7, 1), ev.Rated(conv, score)))) for conv, at, score in said]
    rows = rows_of(folded(RATINGS_VIEW, [[each] for each in entries]), TABLE)
    assert rows == [Rating(conv=1, score=4, rated_ms=30), Rating(conv=2, score=5, rated_ms=20)]
