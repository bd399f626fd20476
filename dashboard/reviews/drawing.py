"""Which conversations of a week are to be reviewed, and how far that has come. Computed when it is read; no routes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from dashboard.errors import bad_field
from dashboard.reviews.files import Files
from dashboard.reviews.shapes import DrawnLine, DrawnOf, ToDo
from dashboard.shapes import Person
from router.care.reviews import Drawn, draw, monday, week_before, week_of, week_span
from router.store.port import Account, ConversationRow, Review
from router.store.port.reviews import EndedRow

# As many as are read in a second or two; a larger floor draws from the first of them, and is told.
DRAWN_FROM_MAX = 50_000
# Reviews of a week: more than anybody writes.
REVIEWED_MAX = 20_000


class Drawing:
    """One per application."""

    def __init__(self, files: Files) -> None:
        self._files, self._out = files, files.out

    async def to_do(self, account: Account, wanted: int) -> ToDo:
        """Return the draw of a week, the last whole one where none is said, without the asker's own conversations."""
        zone, now_ms = self._files.bundle.zone, self._out.now_ms()
        this = week_of(now_ms, zone)
        week = _checked(wanted or week_before(this), this)
        ended, (since_ms, until_ms) = await self._ended(week)
        reviews = await self._files.store.of_week(self._files.site, week, limit=REVIEWED_MAX)
        drawn = await asyncio.to_thread(self._drawn, week, ended, over=week != this)
        found = _merged(drawn, ended, reviews)
        found.pop(account.id, None)
        return ToDo(
            week=week,
            from_ms=since_ms,
            to_ms=until_ms,
            over=week != this,
            before=week_before(week),
            after=0 if week == this else week_before(week, -1),
            agents=await self._shapes(found, {each.conv: each for each in reviews}),
            whole=len(ended) < DRAWN_FROM_MAX,
        )

    async def why(self, row: ConversationRow) -> str:
        """Return what draws a conversation; empty: nothing does."""
        zone = self._files.bundle.zone
        week = week_of(row.closed_ms, zone)
        ended, _ = await self._ended(week)
        theirs = [each for each in ended if each.agent == row.owner]
        drawn = self._drawn(week, theirs, over=week != week_of(self._out.now_ms(), zone))
        return next((each.why for each in drawn.get(row.owner, ()) if each.row.conv == row.conv), "")

    async def _ended(self, week: int) -> tuple[list[EndedRow], tuple[int, int]]:
        since_ms, until_ms = week_span(week, self._files.bundle.zone)
        found = await self._files.store.ended(
            self._files.site, since_ms=since_ms, until_ms=until_ms, limit=DRAWN_FROM_MAX
        )
        return found, (since_ms, until_ms)

    def _drawn(self, week: int, ended: list[EndedRow], *, over: bool) -> dict[int, list[Drawn]]:
        """Draw. Before the end of a week the lots would still change, so only what needs none is drawn."""
        rules = self._files.rules
        return draw(self._files.site, week, ended, rules if over else msgspec.structs.replace(rules, per_week=0))

    async def _shapes(self, found: dict[int, list[Drawn]], reviews: dict[int, Review]) -> list[DrawnOf]:
        staff = self._files.parts.staff
        await staff.learn({*found, *(each.reviewer for each in reviews.values())})
        names = await self._files.names({each.row.customer for rows in found.values() for each in rows})
        shapes = [
            DrawnOf(
                agent=Person(id=agent, name=staff.name(agent)),
                done=sum(each.row.conv in reviews and reviews[each.row.conv].handed_ms > 0 for each in rows),
                items=[self._line(each, reviews.get(each.row.conv), names) for each in rows],
            )
            for agent, rows in found.items()
            if rows
        ]
        return sorted(shapes, key=lambda each: (each.done >= len(each.items), each.agent.name.casefold()))

    def _line(self, drawn: Drawn, review: Review | None, names: dict[int, str]) -> DrawnLine:
        row = drawn.row
        return DrawnLine(
            ref=row.reference,
            why=drawn.why,
            channel=row.channel,
            queue=row.queue,
            customer=Person(id=row.customer, name=names.get(row.customer, "")),
            closed_ms=row.closed_ms,
            rated=row.score,
            stage=review.stage if review else "",
            score=review.score if review else -1,
            reviewer=self._files.parts.staff.person(review.reviewer) if review else None,
        )


def _checked(week: int, this: int) -> int:
    """Return a week. Raises ApiError for a day that is no Monday, or a week that has not come."""
    try:
        monday(week)
    except ValueError:
        raise bad_field("week", "Write a Monday as yyyymmdd.") from None
    if week > this:
        raise bad_field("week", "This week has not come yet.")
    return week


def _merged(
    drawn: dict[int, list[Drawn]], ended: Sequence[EndedRow], reviews: Sequence[Review]
) -> dict[int, list[Drawn]]:
    """Return the draw with what was reviewed besides: somebody chose it, or it was drawn before a rating came."""
    rows, taken = {each.conv: each for each in ended}, {each.row.conv for found in drawn.values() for each in found}
    merged = {agent: list(found) for agent, found in drawn.items()}
    for review in reviews:
        if review.conv in rows and review.conv not in taken:
            merged.setdefault(review.agent, []).append(Drawn(rows[review.conv], review.why or "chosen"))
    return merged
