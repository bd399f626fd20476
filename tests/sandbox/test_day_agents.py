"""The demo's agents: what they end they close, or promise to come back to; what is rated is reviewed and answered."""

from __future__ import annotations

import time
from random import Random
from typing import Any

import pytest

from dashboard.sandbox.day.access import Access
from dashboard.sandbox.day.agents import PROMISES_MAX, Agent
from dashboard.sandbox.day.reviewer import REVIEWS_MAX, Reviewer
from dashboard.sandbox.day.sayings import DIFFERS, PROMISES


class Written(Access):
    """What is asked is written down instead of sent, and answered from a table."""

    def __init__(self, **answers: Any) -> None:
        super().__init__("", "mai", "")
        self.deeds: list[tuple[str, dict[str, Any]]] = []
        self.answers = answers

    async def call(self, method: str, path: str, **body: Any) -> Any:
        if method == "GET":
            return self.answers[path.partition("?")[0].rpartition("/")[2]]
        self.deeds.append((f"{method} {path}", body))
        return None


class Heard(Agent):
    """An agent whose deeds are written down."""

    def __init__(self) -> None:
        written = Written()
        super().__init__(written, chance=Random(1), presence=lambda: "available")
        self.deeds = written.deeds


@pytest.fixture
def mai() -> Heard:
    return Heard()


async def test_the_first_one_is_promised_with_a_note_and_a_time_to_come(mai: Heard) -> None:
    await mai._end({"ref": "A1"}, may_promise=True)
    (noted, note), (parked, park) = mai.deeds
    assert (noted, parked) == ("POST /conversations/A1/note", "POST /conversations/A1/park")
    assert note["text"] in PROMISES
    assert park["until_ms"] > time.time() * 1_000


async def test_nobody_promises_more_than_they_keep_and_talks_are_closed(mai: Heard) -> None:
    await mai._end({"ref": "P1"}, may_promise=False)
    assert mai.deeds[0][0] == "POST /conversations/P1/close"
    for number in range(200):
        await mai._end({"ref": f"A{number}"}, may_promise=True)
    assert sum(path.endswith("/park") for path, _ in mai.deeds) == PROMISES_MAX
    assert sum(path.endswith("/close") for path, _ in mai.deeds) == 201 - PROMISES_MAX


async def test_a_review_is_answered_and_now_and_then_seen_differently_with_words(mai: Heard) -> None:
    for number in range(40):
        await mai._answer({"ref": f"A{number}", "version": 2})
    views = [deed["view"] for _, deed in mai.deeds]
    assert set(views) == {"agree", "differ"}
    assert all((deed["view"] == "differ") == (deed.get("words") in DIFFERS) for _, deed in mai.deeds)


async def test_the_worst_rating_is_reviewed_first_with_every_question_and_only_so_many() -> None:
    questions = [{"name": "kind", "points": 5}, {"name": "right", "points": 1}]
    case = {"can": ["begin"], "card": {"questions": questions}}
    written = Written(ratings={"items": [{"ref": "good", "score": 5}, {"ref": "bad", "score": 1}]}, review=case)
    olga = Reviewer(written, chance=Random(1))
    for _ in range(REVIEWS_MAX + 3):
        await olga._review()
    (begun, begin), (handed, hand) = written.deeds[:2]
    assert (begun, handed) == ("POST /conversations/bad/review",) * 2
    assert (begin["deed"], hand["deed"], set(hand["answers"])) == ("begin", "hand", {"kind", "right"})
    deeds = [deed["deed"] for _, deed in written.deeds]
    assert (deeds.count("begin"), deeds.count("save")) == (REVIEWS_MAX, 2)
    assert all(0 <= deed["answers"]["kind"] <= 5 for _, deed in written.deeds if "answers" in deed)


async def test_who_sees_it_differently_hears_the_last_word_and_who_agrees_does_not() -> None:
    lines = [{"ref": "a", "version": 3, "view": "agree"}, {"ref": "d", "version": 3, "view": "differ"}]
    written = Written(reviews={"items": lines})
    await Reviewer(written, chance=Random(1))._settle()
    assert [(path, deed["deed"], deed["version"]) for path, deed in written.deeds] == [
        ("POST /conversations/d/review", "settle", 3)
    ]
