"""Routes of the team: everybody with their state, somebody's day; skills and planned hours, which people change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from dashboard.attention import day_shape
from dashboard.errors import ApiError, bad_field
from dashboard.parts import Parts
from dashboard.requests import Request
from dashboard.routes import BODY_BYTES_MAX, Call, Route
from dashboard.shapes import AgentLine, AnsweringDay
from dashboard.staff import abilities_of
from dashboard.supervising import number_in
from dashboard.team.occupancy import Occupancies
from dashboard.team.rosters import WEEKDAYS, Interval, kept_ms, now_of, planned
from dashboard.team.shapes import (
    Busy,
    Imported,
    Member,
    MemberDay,
    Planned,
    RosterRequest,
    SheetRequest,
    SkillsRequest,
    Stretch,
    Team,
)
from dashboard.team.sheets import DATES_MAX, SheetFault, is_date, read_sheet
from router.core import commands as cmd
from router.core.bundle import DAY_MS, Bundle
from router.core.lifecycle import ACTIVE, WRAP_UP
from router.core.state import Agent
from router.settings.zones import day_of, zone_of
from router.store.port import Account
from router.views.agent_time import AGENT_TIME, AgentTime
from router.views.agent_time import TABLE as TIMES
from router.views.answering import ANSWERING, Answering
from router.views.answering import TABLE as ANSWERS
from router.views.occupancy import Spent
from router.views.standing import HANDLING, WRAPPING, state_of
from router.views.today import day_from_ms

# Whom one person supervises at a time; who is signed in comes first.
MEMBERS_MAX = 2_000
# Somebody who changes their presence oftener in a day than this is shown the last so many.
STRETCHES_MAX = 500
ANSWERING_DAYS = 7
# What was planned for a day is looked up for so long.
PASSED_KEPT_MS = 35 * DAY_MS
AWAY = "offline"
SHAPES = {"available": "disc", "handling": "half-disc", "wrap_up": "square", "not_responding": "triangle"}


class Teaming:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out
        self._occupancies = Occupancies(parts.out)

    def _bundle(self) -> Bundle:
        if self._out.floor.bundle is None:
            raise ApiError("not_configured")
        return self._out.floor.bundle

    async def team(self, call: Call) -> Team:
        del call
        bundle, agents = self._bundle(), self._out.floor.state.agents
        accounts = [each for each in await self._out.store.accounts.all(self._out.floor.site) if not each.disabled]
        accounts.sort(key=lambda account: (account.id not in agents, account.name.casefold(), account.id))
        shown = accounts[:MEMBERS_MAX]
        here = [agents[account.id] for account in shown if account.id in agents]
        lines = {line.id: line for line in await self._parts.pictures.agent_lines(here)}
        now_ms = self._out.now_ms()
        from_ms = day_from_ms(now_ms, bundle.zone, bundle.wallboard.day_start_minute)
        busy = await self._occupancies.today([each.id for each in shown], from_ms=from_ms, now_ms=now_ms)
        plans = _plans(shown, bundle, now_ms)
        return Team(
            members=[
                self._member(each, lines.get(each.id), bundle, busy=busy.get(each.id), plan=plans.get(each.id))
                for each in shown
            ],
            total=len(accounts),
            skills=dict(bundle.skills),
        )

    def _member(
        self, account: Account, line: AgentLine | None, bundle: Bundle, *, busy: Spent | None, plan: Interval | None
    ) -> Member:
        agent = self._out.floor.state.agents.get(account.id)
        state = state_of(self._out.floor.state, agent) if agent is not None and line is not None else AWAY
        presence = bundle.presences.get(state)
        return Member(
            id=account.id,
            name=account.name,
            login=account.login,
            role=account.role,
            team=account.team,
            skills=dict(account.skills),
            languages=list(account.languages),
            state=state,
            label=presence.label if presence is not None and not presence.accepts else {},
            shape=SHAPES.get(state, presence.shape if presence is not None else "ring"),
            since_ms=self._since_ms(state, agent),
            line=line,
            busy=_busy(busy),
            planned=Planned(from_ms=plan[0], to_ms=plan[1]) if plan is not None else None,
        )

    def _since_ms(self, state: str, agent: Agent | None) -> int:
        """Return since when somebody is in a state: that of their oldest work in it, or of their presence."""
        if agent is None:
            return 0
        convs = [conv for number in agent.work if (conv := self._out.floor.state.convs.get(number)) is not None]
        within = {HANDLING: ACTIVE, WRAPPING: WRAP_UP}.get(state)
        return min((conv.since_ms for conv in convs if conv.state == within), default=agent.since_ms)

    async def day(self, call: Call) -> MemberDay:
        """Time by presence since the business day began, how busy and how near to plan; and a week of answers."""
        account, bundle, now_ms = await self._account(call), self._bundle(), self._out.now_ms()
        from_ms = day_from_ms(now_ms, bundle.zone, bundle.wallboard.day_start_minute)
        spans = await self._spans(account.id)
        totals: dict[tuple[str, bool], int] = {}
        for span in spans:
            ms = (span.to_ms or now_ms) - max(span.from_ms, from_ms)
            if ms > 0:
                totals[span.presence, span.accepts] = totals.get((span.presence, span.accepts), 0) + ms
        busy = await self._occupancies.today([account.id], from_ms=from_ms, now_ms=now_ms)
        plan = planned(account.roster, zone_of(bundle.zone), from_ms=from_ms, to_ms=from_ms + DAY_MS)
        passed = [(begin, min(end, now_ms)) for begin, end in plan if begin < now_ms]
        return MemberDay(
            from_ms=from_ms,
            stretches=[
                Stretch(
                    presence=name,
                    label=bundle.presences[name].label if name in bundle.presences else {},
                    accepts=accepts,
                    ms=ms,
                )
                for (name, accepts), ms in sorted(totals.items(), key=lambda item: -item[1])
            ],
            answering=await self._answering(account.id, now_ms),
            busy=_busy(busy.get(account.id)),
            roster={day: list(spans) for day, spans in account.roster.items() if day in WEEKDAYS},
            dates={day: list(spans) for day, spans in sorted(account.roster.items()) if day not in WEEKDAYS},
            plan=[Planned(from_ms=begin, to_ms=end) for begin, end in plan],
            planned_ms=sum(end - begin for begin, end in passed),
            kept_ms=kept_ms(passed, spans, now_ms),
        )

    async def _spans(self, agent: int) -> Sequence[AgentTime]:
        views, site, spec = self._out.store.views, self._out.floor.site, AGENT_TIME.spec
        await views.begin(site, spec)
        last = (await views.latest(site, spec, TIMES, subjects=[agent])).get(agent)
        if last is None:
            return []
        first = cast(AgentTime, last).number - STRETCHES_MAX
        rows = await views.rows(site, spec, TIMES, after=(agent, first), limit=STRETCHES_MAX)
        return [span for span in cast("list[AgentTime]", rows) if span.agent == agent]

    async def _answering(self, agent: int, now_ms: int) -> list[AnsweringDay]:
        views, site, spec = self._out.store.views, self._out.floor.site, ANSWERING.spec
        await views.begin(site, spec)
        first = now_ms // DAY_MS - ANSWERING_DAYS
        rows = await views.rows(site, spec, ANSWERS, after=(agent, first), limit=ANSWERING_DAYS)
        return [day_shape(row) for row in reversed(cast("list[Answering]", rows)) if row.agent == agent]

    async def skills(self, call: Call) -> Team:
        """Change what somebody can do; whoever is signed in serves by it from this moment on."""
        account, bundle = await self._account(call), self._bundle()
        for name, level in call.ask.skills.items():
            highest = bundle.skills.get(name)
            if highest is None:
                raise bad_field(
                    "skills", f"There is no such skill. Known skills: {', '.join(bundle.skills) or 'none'}."
                )
            if level > highest:
                raise bad_field("skills", f"The highest level of `{name}` is {highest}.")
        changed = msgspec.structs.replace(account, skills={n: v for n, v in call.ask.skills.items() if v})
        await self._out.store.accounts.change(self._out.floor.site, changed)
        agent = self._out.floor.state.agents.get(account.id)
        if agent is not None:
            command = cmd.SignIn(
                id=self._parts.commands.id(call.me, "skills", call.ask.command_id),
                agent=account.id,
                abilities=abilities_of(changed, bundle),
                capacity=agent.capacity,
                presence="",
                until_ms=agent.until_ms,
            )
            await self._parts.commands.submit(command)
        return await self.team(call)

    async def roster(self, call: Call) -> MemberDay:
        """Change when somebody is planned to be there."""
        account = await self._account(call)
        if call.ask.dates is not None and not all(map(is_date, call.ask.dates)):
            raise bad_field("dates", "One of these days is in no calendar.")
        known = {day: spans for day, spans in account.roster.items() if day not in WEEKDAYS}
        dates = known if call.ask.dates is None else call.ask.dates
        await self._plan(account, {**call.ask.roster, **dates})
        return await self.day(call)

    async def _plan(self, account: Account, roster: Mapping[str, Sequence[str]]) -> None:
        """Keep a plan: no weekday without hours, no date that has long passed, and of many dates those that come."""
        first = day_of(self._out.now_ms() - PASSED_KEPT_MS, zone_of(self._bundle().zone)).isoformat()
        days = {day: tuple(spans) for day, spans in roster.items() if spans and day in WEEKDAYS}
        dates = sorted(day for day in roster if day not in WEEKDAYS and day >= first)[:DATES_MAX]
        changed = msgspec.structs.replace(account, roster=days | {day: tuple(roster[day]) for day in dates})
        await self._out.store.accounts.change(self._out.floor.site, changed)

    async def sheet(self, call: Call) -> Imported:
        """Change the plans of many at once: all of a sheet, or nothing where a line of it is wrong."""
        accounts = [each for each in await self._out.store.accounts.all(self._out.floor.site) if not each.disabled]
        try:
            plans = read_sheet(call.ask.sheet, [each.login for each in accounts])
        except SheetFault as fault:
            raise bad_field("sheet", f"Nothing was changed: {fault}.") from None
        for account in accounts:
            if account.login in plans:
                await self._plan(account, {**account.roster, **plans[account.login]})
        return Imported(members=len(plans), days=sum(map(len, plans.values())))

    async def _account(self, call: Call) -> Account:
        account = await self._out.store.accounts.by_id(self._out.floor.site, number_in(call.part("id")))
        if account is None or account.disabled:
            raise ApiError("not_found")
        return account


def _busy(spent: Spent | None) -> Busy | None:
    return Busy(**spent._asdict()) if spent is not None else None


def _plans(accounts: Sequence[Account], bundle: Bundle, now_ms: int) -> dict[int, Interval]:
    """Return the planned time that now lies in, of whoever has one. A week that many have is expanded once."""
    found: dict[int, Interval] = {}
    seen: dict[str, Interval | None] = {}
    zone = zone_of(bundle.zone)
    for account in accounts:
        key = repr(sorted(account.roster.items()))
        if account.roster and key not in seen:
            plan = planned(account.roster, zone, from_ms=now_ms - DAY_MS, to_ms=now_ms + DAY_MS)
            seen[key] = now_of(plan, now_ms)
        if (now := seen.get(key)) is not None:
            found[account.id] = now
    return found


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    teaming = Teaming(parts)
    ask: type[Request] = SkillsRequest
    return [
        Route(
            method="GET", path="/team", role="supervisor", summary="Everybody who serves, with their state",
            answers=Team, handler=teaming.team, refusals=True,
        ),
        Route(
            method="GET", path="/team/{id}/day", role="supervisor", summary="Somebody's time today, and their answers",
            answers=MemberDay, handler=teaming.day, refusals=True,
        ),
        Route(
            method="PUT", path="/team/{id}/skills", role="supervisor", summary="Change what somebody can do",
            ask=ask, answers=Team, handler=teaming.skills, refusals=True,
        ),
        Route(
            method="PUT", path="/team/{id}/roster", role="supervisor", summary="Plan when somebody is there",
            ask=RosterRequest, answers=MemberDay, handler=teaming.roster, refusals=True,
        ),
        Route(
            method="POST", path="/team/rosters", role="supervisor", summary="Plan when many are there, from a sheet",
            ask=SheetRequest, answers=Imported, handler=teaming.sheet, body_bytes_max=BODY_BYTES_MAX, refusals=True,
        ),
    ]  # fmt: skip
