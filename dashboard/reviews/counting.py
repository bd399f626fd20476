"""Reviews counted: figures of some weeks by agent, team and question, and a table to take away. No routes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from dashboard.reviews.files import Files, sheet_of
from dashboard.reviews.shapes import AgentFigure, QuestionFigure, ReviewFigures, TeamFigure, WeekFigure
from dashboard.shapes import Person
from dashboard.tables import as_csv, iso
from router.care.reviews import Figure, figure_of, question_scores, week_before, week_of, week_span
from router.core.scorecards import Question, Scorecard
from router.store.port import Account, Review

# As many as are read and counted in a second or two; a site with more in its weeks asks for fewer weeks.
COUNTED_MAX = 50_000
COLUMNS = (
    "reference",
    "agent",
    "team",
    "reviewer",
    "week",
    "channel",
    "queue",
    "why",
    "card",
    "stage",
    "score",
    "view",
)
TIMES = ("begun", "handed", "answered", "settled")


class Period(NamedTuple):
    """Whole weeks by the site's clock, and what was handed over in them."""

    weeks: list[int]
    from_ms: int
    to_ms: int
    reviews: list[Review]


class Counting:
    """One per application."""

    def __init__(self, files: Files) -> None:
        self._files, self._out = files, files.out

    async def figures(self, weeks: int) -> ReviewFigures:
        """Count. Reading is by index; counting has a thread."""
        period, people = await self._period(weeks), await self._people()
        return await asyncio.to_thread(_figures, period, people, self._files.bundle.zone)

    async def table(self, weeks: int) -> bytes:
        """Return the reviews of some weeks as CSV: codes, figures and times, nothing that anybody wrote."""
        period, people = await self._period(weeks), await self._people()
        return await asyncio.to_thread(_csv, period.reviews, people)

    async def _period(self, count: int) -> Period:
        zone = self._files.bundle.zone
        this = week_of(self._out.now_ms(), zone)
        weeks = [week_before(this, back) for back in reversed(range(count))]
        from_ms, to_ms = week_span(weeks[0], zone)[0], week_span(this, zone)[1]
        reviews = await self._files.store.between(self._files.site, since_ms=from_ms, until_ms=to_ms, limit=COUNTED_MAX)
        return Period(weeks, from_ms, to_ms, reviews)

    async def _people(self) -> dict[int, Account]:
        return {each.id: each for each in await self._out.store.accounts.all(self._files.site)}


def _figures(period: Period, people: dict[int, Account], zone: str) -> ReviewFigures:
    by_agent, by_team = defaultdict[int, list[Review]](list), defaultdict[str, list[int]](list)
    for each in period.reviews:
        by_agent[each.agent].append(each)
        by_team[_team(people, each.agent)].append(each.score)
    whole = figure_of(each.score for each in period.reviews)
    return ReviewFigures(
        from_ms=period.from_ms,
        to_ms=period.to_ms,
        mean=whole.mean,
        many=whole.many,
        weeks=_weeks(period.weeks, period.reviews, zone),
        agents=sorted(
            (_agent(each, period.weeks, people=people, zone=zone) for each in by_agent.values()),
            key=lambda figure: (figure.agent.name.casefold(), figure.agent.id),
        ),
        teams=[TeamFigure(team=team, **figure_of(scores)._asdict()) for team, scores in sorted(by_team.items())],
        questions=_questions(period.reviews),
        whole=len(period.reviews) < COUNTED_MAX,
    )


def _team(people: dict[int, Account], agent: int) -> str:
    return people[agent].team if agent in people else ""


def _weeks(weeks: Sequence[int], reviews: Sequence[Review], zone: str) -> list[WeekFigure]:
    scores = defaultdict[int, list[int]](list)
    for each in reviews:
        scores[week_of(each.handed_ms, zone)].append(each.score)
    return [WeekFigure(week=week, **figure_of(scores[week])._asdict()) for week in weeks]


def _agent(reviews: Sequence[Review], weeks: Sequence[int], *, people: dict[int, Account], zone: str) -> AgentFigure:
    number, whole = reviews[0].agent, figure_of(each.score for each in reviews)
    return AgentFigure(
        agent=Person(id=number, name=people[number].name if number in people else ""),
        team=_team(people, number),
        mean=whole.mean,
        many=whole.many,
        answered=sum(bool(each.view) for each in reviews),
        differ=sum(each.view == "differ" for each in reviews),
        weeks=_weeks(weeks, reviews, zone),
    )


def _questions(reviews: Sequence[Review]) -> list[QuestionFigure]:
    """Count each question of each scorecard in its order, named as in the newest review that asks it."""
    scores = defaultdict[tuple[str, str], list[int]](list)
    asked: dict[tuple[str, str], tuple[Scorecard, Question]] = {}
    cards = {sheet: sheet_of(each) for sheet, each in {each.sheet: each for each in reviews}.items()}
    for each in reviews:
        card, given = cards[each.sheet], question_scores(cards[each.sheet], each.answers)
        for question in card.questions:
            asked[card.name, question.name] = (card, question)
            scores[card.name, question.name] += [given[question.name]] if question.name in given else []
    return [_question(*asked[key], scores[key]) for key in sorted(asked, key=lambda key: key[0])]


def _question(card: Scorecard, question: Question, scores: list[int]) -> QuestionFigure:
    figure: Figure = figure_of(scores)
    return QuestionFigure(
        card=card.name,
        label=card.label,
        question=question.name,
        text=question.text,
        fatal=question.fatal,
        mean=figure.mean,
        many=figure.many,
        zeros=scores.count(0),
    )


def _csv(reviews: Sequence[Review], people: dict[int, Account]) -> bytes:
    return as_csv((*COLUMNS, *TIMES), (_cells(each, people) for each in reviews))


def _cells(one: Review, people: dict[int, Account]) -> list[object]:
    told = {name: people[number].name if number in people else "" for name, number in _who(one)}
    told["team"] = _team(people, one.agent)
    values = [told.get(name, getattr(one, name, "")) for name in COLUMNS]
    return [*values, *(iso(getattr(one, f"{name}_ms")) for name in TIMES)]


def _who(review: Review) -> tuple[tuple[str, int], ...]:
    return (("agent", review.agent), ("reviewer", review.reviewer))
