"""Rules of reviews, as tables and properties: the draw, the sum of a scorecard, who may do what, weeks, figures."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.care import reviews
from router.care.reviews import NOT_ASKED, OPEN, draw, score_of
from router.core.scorecards import Question, ReviewRules, Scorecard
from router.store.port import EndedRow, Review

CARD = Scorecard(
    name="card",
    questions=(
        Question(name="clear", points=4, weight=2),
        Question(name="kind", weight=1),
        Question(name="right", weight=1, fatal=True),
    ),
)


def _row(conv: int, agent: int = 4, **given_: int | bool) -> EndedRow:
    plain = {"reference": f"R{conv}", "channel": "chat", "queue": "q", "customer": 1, "closed_ms": 5}
    return EndedRow(conv=conv, agent=agent, **{**plain, **given_})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answers", "score"),
    [
        ({}, OPEN),
        ({"clear": 4, "kind": 1}, OPEN),
        ({"clear": 4, "kind": 1, "right": 1}, 1_000),
        ({"clear": 3, "kind": 1, "right": 1}, 875),
        ({"clear": 1, "kind": 0, "right": 1}, 375),
        ({"clear": 4, "kind": 1, "right": 0}, 0),
        ({"clear": 0, "kind": 1, "right": NOT_ASKED}, 333),
        ({"clear": 4, "kind": NOT_ASKED, "right": NOT_ASKED}, 1_000),
        ({"clear": NOT_ASKED, "kind": NOT_ASKED, "right": NOT_ASKED}, OPEN),
    ],
)
def test_a_scorecard_comes_to_the_weighted_share_and_a_fatal_fault_to_nothing(
    answers: dict[str, int], score: int
) -> None:
    assert score_of(CARD, answers) == score


@given(st.fixed_dictionaries({"clear": st.integers(-1, 4), "kind": st.integers(-1, 1), "right": st.integers(-1, 1)}))
def test_a_better_answer_never_lowers_the_sum(answers: dict[str, int]) -> None:
    score = score_of(CARD, answers)
    assert score == OPEN or 0 <= score <= reviews.WHOLE
    for question in CARD.questions:
        if 0 <= answers[question.name] < question.points:
            assert score_of(CARD, {**answers, question.name: answers[question.name] + 1}) >= score


@pytest.mark.parametrize(
    ("answers", "wrong"), [({"clear": 5}, "clear"), ({"kind": -2}, "kind"), ({"x": -1}, "x"), ({"clear": 4}, "")]
)
def test_an_answer_that_cannot_be_is_named(answers: dict[str, int], wrong: str) -> None:
    assert reviews.wrong_answer(CARD, answers) == wrong


def test_the_first_scorecard_that_fits_the_channel_is_offered() -> None:
    letter = Scorecard(name="letter", questions=CARD.questions, channels=("email",))
    rules = ReviewRules(scorecards=(letter, CARD))
    offered = [reviews.card_for(rules, channel).name for channel in ("email", "chat")]
    assert offered == ["letter", "card"]
    assert reviews.card_for(ReviewRules(scorecards=(letter,)), "chat") == letter
    assert reviews.card_for(ReviewRules(), "chat") == reviews.USUAL


def test_so_many_are_drawn_of_each_agent_and_always_those_that_went_badly() -> None:
    rows = [_row(conv) for conv in range(1, 30)] + [_row(30, score=2), _row(31, score=3), _row(40, 5)]
    drawn = draw("main", 20261116, rows, ReviewRules(per_week=3, rated_max=2))
    assert [each.why for each in drawn[4]] == ["rated", "lot", "lot", "lot"]
    assert drawn[4][0].row.conv == 30
    assert [each.row.conv for each in drawn[5]] == [40]


def test_what_was_handed_on_or_came_back_is_drawn_where_the_site_wants_it() -> None:
    rows = [_row(1, transferred=True), _row(2, reopened=True), _row(3)]
    wanted = ReviewRules(per_week=0, transferred=True, reopened=True)
    assert {each.row.conv: each.why for each in draw("main", 1, rows, wanted)[4]} == {1: "transferred", 2: "reopened"}
    assert draw("main", 1, rows, ReviewRules(per_week=0))[4] == []


@given(st.permutations(range(1, 40)), st.integers(0, 10))
def test_the_draw_depends_on_no_order_and_on_no_other_agent(convs: list[int], per_week: int) -> None:
    rules = ReviewRules(per_week=per_week)
    mine = [_row(conv) for conv in convs]
    others = [_row(conv + 100, 5) for conv in convs]
    alone = draw("main", 7, sorted(mine, key=lambda row: row.conv), rules)[4]
    assert draw("main", 7, mine + others, rules)[4] == alone
    assert len(alone) == per_week


def test_a_pile_of_bad_ratings_is_no_pile_of_reviews() -> None:
    drawn = draw("main", 7, [_row(conv, score=1) for conv in range(1, 99)], ReviewRules(per_week=2))[4]
    assert [each.why for each in drawn] == ["rated"] * reviews.ALWAYS_MAX + ["lot"] * 2


def test_over_many_weeks_each_conversation_is_drawn_as_often_as_any_other() -> None:
    rows = [_row(conv) for conv in range(1, 11)]
    rules = ReviewRules(per_week=3)
    drawn = Counter(each.row.conv for week in range(2_000) for each in draw("main", week, rows, rules)[4])
    # 600 are expected of each; six standard deviations are 123.
    assert all(477 < count < 723 for count in drawn.values())
    assert len(drawn) == 10


@pytest.mark.parametrize(
    ("deed", "stage", "me", "supervises", "why"),
    [
        ("save", "draft", 7, True, ""),
        ("save", "draft", 8, True, "review_not_yours"),
        ("hand", "handed", 7, True, "review_stage"),
        ("take_back", "handed", 7, True, ""),
        ("take_back", "answered", 7, True, "review_stage"),
        ("answer", "handed", 4, False, ""),
        ("answer", "handed", 7, True, "review_not_yours"),
        ("answer", "answered", 4, False, "review_stage"),
        ("settle", "answered", 8, True, ""),
        ("settle", "answered", 8, False, "review_not_yours"),
        ("settle", "answered", 4, True, "review_not_yours"),
        ("settle", "handed", 8, True, "review_stage"),
    ],
)
def test_who_may_do_what_in_which_stage(deed: str, stage: str, me: int, supervises: bool, why: str) -> None:
    review = Review(conv=1, reference="R", agent=4, reviewer=7, begun_ms=1, week=1, stage=stage)
    assert reviews.refused(deed, review, me=me, supervises=supervises) == why


@given(st.integers(1_500_000_000_000, 2_500_000_000_000), st.sampled_from(["Europe/Prague", "Asia/Bangkok", "UTC"]))
def test_every_moment_lies_in_its_week_and_weeks_follow_each_other(at_ms: int, zone: str) -> None:
    week = reviews.week_of(at_ms, zone)
    begins, ends = reviews.week_span(week, zone)
    assert begins <= at_ms < ends
    assert reviews.week_of(ends, zone) != week
    assert reviews.week_before(reviews.week_of(ends, zone)) == week


def test_a_week_with_a_change_of_clocks_is_an_hour_longer() -> None:
    begins, ends = reviews.week_span(20261019, "Europe/Prague")
    assert ends - begins == (7 * 24 + 1) * 3_600_000
    assert datetime.fromtimestamp(begins / 1_000, UTC).isoformat() == "2026-10-18T22:00:00+00:00"


def test_a_day_that_is_no_monday_is_no_week() -> None:
    with pytest.raises(ValueError, match="no Monday"):
        reviews.monday(20261120)


@pytest.mark.parametrize(
    ("counts", "mean"), [((0, 0, 0, 0, 4), OPEN), ((0, 0, 0, 0, 5), 5_000), ((1, 0, 0, 0, 5), 4_333)]
)
def test_there_is_no_mean_of_fewer_than_five(counts: tuple[int, ...], mean: int) -> None:
    assert reviews.mean_of(counts) == mean


def test_figures_say_of_how_many_they_are() -> None:
    assert reviews.figure_of([]) == (OPEN, 0)
    assert reviews.figure_of([1_000, 0, 1_000]) == (667, 3)
    assert reviews.question_scores(CARD, {"clear": 3, "kind": NOT_ASKED}) == {"clear": 750}
