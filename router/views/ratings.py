"""Ratings: what customers said of each conversation, their last word. A fold of committed events, nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from router.core import events as ev
from router.store.port import ViewRow, ViewSpec
from router.views.view import Sheets, View

TABLE = "ratings"


class Rating(ViewRow, frozen=True, array_like=True, kw_only=True):
    """How one conversation was, 1 to 5, and when that was said last."""

    conv: int
    number: int = 0
    score: int
    rated_ms: int


def subjects(event: ev.Event) -> Iterable[tuple[str, int]]:
    """Return the conversation that was rated."""
    if isinstance(event, ev.Rated):
        yield TABLE, event.conv


def fold(sheets: Sheets, first: int, entry: ev.Entry) -> None:
    """Write what an entry says of conversations."""
    del first
    for event in entry.events:
        if isinstance(event, ev.Rated):
            sheets[TABLE].put(Rating(conv=event.conv, score=event.score, rated_ms=entry.at))


RATINGS_VIEW = View(spec=ViewSpec(name=TABLE, version=1, tables={TABLE: Rating}), subjects=subjects, fold=fold)
