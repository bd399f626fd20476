"""The section `reviews`: scorecards, and which conversations are drawn for a review. All of it is optional."""

from __future__ import annotations

from typing import Any

from router.core.scorecards import Question, ReviewRules, Scorecard
from router.settings.reading import (
    Field,
    Scope,
    by_language,
    complete,
    duration,
    listed,
    mapped,
    one_of,
    record,
    reference,
    truth,
    whole,
)
from router.settings.tree import Node

LABEL_CHARS_MAX = 60
# A question that is longer is not read while one listens.
QUESTION_CHARS_MAX = 200
CARDS_MAX = 20
# More than one can judge of one talk.
QUESTIONS_MAX = 40
POINTS_MAX = 10
WEIGHT_MAX = 100
PER_WEEK_MAX = 50
LINK_LEAST, LINK_MOST = "1d", "90d"
KEEP_LEAST, KEEP_MOST = "30d", "3650d"


def read_reviews(node: Node, scope: Scope) -> ReviewRules | None:
    """Read the section."""
    values = record(node, scope, _FIELDS)
    return None if values is None else ReviewRules(**values)


_YES_NO = "yes-no"

_QUESTION = {
    "text": Field(by_language(QUESTION_CHARS_MAX), "text", required=True),
    "answer": Field(one_of("kind of answer", (_YES_NO, "points")), "answer"),
    "points": Field(whole(2, POINTS_MAX), "points"),
    "weight": Field(whole(1, WEIGHT_MAX), "weight"),
    "fatal": Field(truth, "fatal"),
}


def _question(node: Node, scope: Scope) -> dict[str, Any] | None:
    """Read one question: yes or no, unless it says how many points it gives."""
    values = complete(record(node, scope, _QUESTION), _QUESTION)
    if values is None:
        return None
    answer = values.pop("answer", "points" if "points" in values else _YES_NO)
    if answer == _YES_NO and "points" in values:
        scope.report(node, "yes or no gives no points of its own; remove `points`, or write `answer: points`")
        return None
    if answer != _YES_NO and "points" not in values:
        scope.report(node, f"how many points at the most? add `points: 2` up to {POINTS_MAX}")
        return None
    return values


def _questions(node: Node, scope: Scope) -> tuple[Question, ...] | None:
    found = mapped(_question, most=QUESTIONS_MAX)(node, scope)
    if found is None:
        return None
    if not found:
        scope.report(node, "a scorecard without a question; add one")
        return None
    return tuple(Question(name=name, **given) for name, given in found.items())


_CARD = {
    "label": Field(by_language(LABEL_CHARS_MAX), "label"),
    "channels": Field(listed(reference("channel")), "channels"),
    "questions": Field(_questions, "questions", required=True),
}


def _cards(node: Node, scope: Scope) -> tuple[Scorecard, ...] | None:
    """Read scorecards in their order: the first that fits a channel is the one that is offered."""

    def card(part: Node, inner: Scope) -> dict[str, Any] | None:
        return complete(record(part, inner, _CARD), _CARD)

    found = mapped(card, most=CARDS_MAX)(node, scope)
    return None if found is None else tuple(Scorecard(name=name, **given) for name, given in found.items())


_FIELDS = {
    "scorecards": Field(_cards, "scorecards"),
    "per_week": Field(whole(0, PER_WEEK_MAX), "per_week"),
    "rated_at_most": Field(whole(0, 5), "rated_max"),
    "transferred": Field(truth, "transferred"),
    "reopened": Field(truth, "reopened"),
    "link_for": Field(duration(LINK_LEAST, LINK_MOST), "link_ms"),
    "keep": Field(duration(KEEP_LEAST, KEEP_MOST), "keep_ms"),
}
