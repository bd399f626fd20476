"""Reviews of conversations: which are drawn, what a scorecard comes to, who may do what, and figures. Pure rules."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from router.core.scorecards import Question, ReviewRules, Scorecard
from router.settings.zones import zone_of
from router.store.port import EndedRow, Review

NOT_ASKED = -1
"""The answer to a question that has no sense in this conversation: it weighs nothing."""

WHOLE = 1_000
OPEN = -1
"""The score while a question is open."""

ALWAYS_MAX = 20
"""So many of an agent's week are drawn besides those by lot: a supervisor reviews people, not a pile."""

MEAN_LEAST = 5
"""A mean of fewer says more about chance than about service."""


# --- the scorecard ------------------------------------------------------------------------------------------


def _text(*said: str) -> dict[str, str]:
    return dict(zip(("en", "zh", "th"), said, strict=True))


USUAL = Scorecard(
    name="usual",
    label=_text("Conversation", "会话", "การสนทนา"),
    questions=(
        Question(
            name="understood",
            text=_text("Was the request understood?", "是否理解了客户的诉求？", "เข้าใจความต้องการของลูกค้าหรือไม่"),
            points=4,
            weight=2,
        ),
        Question(
            name="solved",
            text=_text(
                "Was it solved, or is the next step clear?",
                "问题已解决或下一步已明确？",
                "แก้ปัญหาได้ หรือบอกขั้นตอนถัดไปชัดเจนหรือไม่",
            ),
            points=4,
            weight=3,
        ),
        Question(
            name="correct",
            text=_text("Is what was said correct?", "所述内容是否正确？", "ข้อมูลที่ให้ถูกต้องหรือไม่"),
            weight=3,
            fatal=True,
        ),
        Question(
            name="tone",
            text=_text("Was the tone polite and calm?", "语气是否礼貌平和？", "น้ำเสียงสุภาพและใจเย็นหรือไม่"),
            points=4,
        ),
    ),
)


def cards_of(rules: ReviewRules) -> tuple[Scorecard, ...]:
    """Return a site's scorecards, the usual one where it has none."""
    return rules.scorecards or (USUAL,)


def card_for(rules: ReviewRules, channel: str) -> Scorecard:
    """Return the first scorecard that is for a channel; the last one where none says so."""
    cards = cards_of(rules)
    return next((card for card in cards if not card.channels or channel in card.channels), cards[-1])


def wrong_answer(card: Scorecard, answers: Mapping[str, int]) -> str:
    """Return the first question that is answered as it cannot be, or that is none; empty where all is well."""
    points = {question.name: question.points for question in card.questions}
    return next((name for name, given in answers.items() if not NOT_ASKED <= given <= points.get(name, -2)), "")


def score_of(card: Scorecard, answers: Mapping[str, int]) -> int:
    """Return what the answers come to in thousandths, rounded half up; OPEN while one is missing or none counts."""
    if any(question.name not in answers for question in card.questions):
        return OPEN
    counted = [each for each in card.questions if answers[each.name] != NOT_ASKED]
    if not counted:
        return OPEN
    if any(question.fatal and answers[question.name] == 0 for question in counted):
        return 0
    reached = sum((Fraction(each.weight * answers[each.name], each.points) for each in counted), Fraction(0))
    return int(WHOLE * reached / sum(each.weight for each in counted) + Fraction(1, 2))


# --- who may do what ----------------------------------------------------------------------------------------


class Deed(NamedTuple):
    """From which stages something is done, where it leads, and by whom.

    That is the `reviewer`, a `colleague` who may review it as well, the `agent` it is about, or a `supervisor`.
    """

    stages: frozenset[str]
    to: str
    by: str


DEEDS: Mapping[str, Deed] = {
    "save": Deed(frozenset({"draft"}), "draft", "reviewer"),
    "drop": Deed(frozenset({"draft"}), "", "reviewer"),
    "take": Deed(frozenset({"draft"}), "draft", "colleague"),
    "hand": Deed(frozenset({"draft"}), "handed", "reviewer"),
    "take_back": Deed(frozenset({"handed"}), "draft", "reviewer"),
    "answer": Deed(frozenset({"handed"}), "answered", "agent"),
    "settle": Deed(frozenset({"answered"}), "settled", "supervisor"),
}


def refused(deed: str, review: Review, *, me: int, supervises: bool) -> str:
    """Return by name why somebody may not do something to a review, empty where they may.

    Nobody settles what was found about themselves, whatever they may do else.
    """
    row = DEEDS[deed]
    about_me = review.agent == me
    mine, judges = review.reviewer == me, supervises and not about_me
    may = {"reviewer": mine, "colleague": judges and not mine, "agent": about_me, "supervisor": judges}[row.by]
    if not may:
        return "review_not_yours"
    return "" if review.stage in row.stages else "review_stage"


# --- the draw -----------------------------------------------------------------------------------------------


class Drawn(NamedTuple):
    """A conversation that is to be reviewed, and why: `lot`, `rated`, `transferred`, `reopened`."""

    row: EndedRow
    why: str


def draw(site: str, week: int, ended: Iterable[EndedRow], rules: ReviewRules) -> dict[int, list[Drawn]]:
    """Return what is to be reviewed of each agent's week. The same week always gives the same draw.

    Each conversation has a number that depends on site, week, agent and itself alone; the smallest are drawn. So it is
    an even draw, nobody can choose, and what is drawn of one agent changes nothing for another.
    """
    by_agent: dict[int, list[EndedRow]] = {}
    for row in ended:
        by_agent.setdefault(row.agent, []).append(row)
    return {agent: _drawn(site, week, rows, rules) for agent, rows in sorted(by_agent.items())}


def _drawn(site: str, week: int, rows: Sequence[EndedRow], rules: ReviewRules) -> list[Drawn]:
    rows = sorted(rows, key=lambda row: _lot(site, week, row))
    marked = [Drawn(row, why) for row in rows if (why := _marked(row, rules))][:ALWAYS_MAX]
    taken = {each.row.conv for each in marked}
    lots = [Drawn(row, "lot") for row in rows if row.conv not in taken][: rules.per_week]
    return marked + lots


def _marked(row: EndedRow, rules: ReviewRules) -> str:
    if 0 < row.score <= rules.rated_max:
        return "rated"
    if row.reopened and rules.reopened:
        return "reopened"
    return "transferred" if row.transferred and rules.transferred else ""


def _lot(site: str, week: int, row: EndedRow) -> bytes:
    return hashlib.blake2b(f"{site}|{week}|{row.agent}|{row.conv}".encode(), digest_size=16).digest()


# --- weeks --------------------------------------------------------------------------------------------------


def week_of(at_ms: int, zone: str) -> int:
    """Return the Monday of the week of a moment, where the site is, as yyyymmdd."""
    day = datetime.fromtimestamp(at_ms / 1_000, UTC).astimezone(zone_of(zone)).date()
    return _number(day - timedelta(days=day.weekday()))


def week_before(week: int, count: int = 1) -> int:
    """Return the Monday so many weeks before another."""
    return _number(monday(week) - timedelta(weeks=count))


def week_span(week: int, zone: str) -> tuple[int, int]:
    """Return when a week begins and the next one does, in milliseconds: it may be an hour longer or shorter."""
    return _midnight(monday(week), zone), _midnight(monday(week) + timedelta(weeks=1), zone)


def monday(week: int) -> date:
    """Return a week's Monday. Raises ValueError for a number that is none."""
    day = date(week // 10_000, week // 100 % 100, week % 100)
    if day.weekday():
        raise ValueError("no Monday")
    return day


def _midnight(day: date, zone: str) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone_of(zone)).timestamp() * 1_000)


def _number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


# --- figures ------------------------------------------------------------------------------------------------


def mean_of(counts: Sequence[int]) -> int:
    """Return the mean of ratings 1 to 5 in thousandths, rounded half up; OPEN where there are too few for one."""
    many = sum(counts)
    if many < MEAN_LEAST:
        return OPEN
    total = sum(score * count for score, count in enumerate(counts, start=1))
    return (2 * total * WHOLE + many) // (2 * many)


class Figure(NamedTuple):
    """A mean in thousandths and of how many it is; OPEN where it is of none."""

    mean: int
    many: int


def figure_of(scores: Iterable[int]) -> Figure:
    """Return the mean of scores in thousandths, rounded half up."""
    found = list(scores)
    return Figure((2 * sum(found) + len(found)) // (2 * len(found)), len(found)) if found else Figure(OPEN, 0)


def question_scores(card: Scorecard, answers: Mapping[str, int]) -> dict[str, int]:
    """Return what each answered question came to by itself, in thousandths."""
    given = {each.name: answers.get(each.name, NOT_ASKED) for each in card.questions}
    return {
        each.name: WHOLE * given[each.name] // each.points for each in card.questions if given[each.name] != NOT_ASKED
    }
