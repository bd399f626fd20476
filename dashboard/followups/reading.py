"""Promises as somebody may see them: which ones, in which group, and how they look outside. Reads only; no routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import takewhile
from typing import Literal, cast

from dashboard.errors import ApiError
from dashboard.followups.shapes import Deed, FollowUpCounts, FollowUpLine, FollowUpPage, FollowUpsQuery, Group, Kind
from dashboard.parts import Parts
from dashboard.sessions import may
from dashboard.shapes import Person
from dashboard.staff import abilities_of
from router.core.bundle import Bundle
from router.core.decide.answering import PULLS
from router.core.lifecycle import ACTIVE, DEFERRED, HELD, OFFERED, WAITING, WRAP_UP
from router.settings.zones import day_of, first_ms, zone_of
from router.store.port import Account, ConversationRow
from router.views.board import serves
from router.views.promises import OF_OWNER, PROMISES, PROMISES_VIEW, THREADS, Owned, Promise, Thread

# Read at a time; and looked through for one page, so that a filter that finds nothing ends all the same.
SLICE, SCANNED_MAX = 200, 2_000
# A badge says "99+"; who has more late than this has another problem than its exact number.
COUNTED, COUNTED_MAX = 50, 500
# All accounts are read for a team; a list that is open all day does so once in a while.
TEAM_KEPT_MS = 60_000
# What a row shows of a note; all of it stands beside it.
NOTE_CHARS_MAX = 280
PARKED = "parked"
# Of 64 bits.
KEY_MAX = 2**63 - 1
# States of one that is back and that nobody has taken up.
_STANDING = frozenset({PARKED, WAITING, HELD, OFFERED, DEFERRED})

Row = Promise | Owned | Thread


class Promised:
    """One per application."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self.out = parts, parts.out
        self.site = parts.out.floor.site
        self._begun = False
        self._teams: dict[str, tuple[frozenset[int], int]] = {}

    @property
    def bundle(self) -> Bundle:
        if self.out.floor.bundle is None:
            raise ApiError("not_configured")
        return self.out.floor.bundle

    # --- which ones ---------------------------------------------------------------------------------------------

    async def page(self, account: Account, ask: FollowUpsQuery) -> FollowUpPage:
        """Return a page, what is due first first."""
        wanted = await self._wanted(account, ask)
        low, _, high = ask.after.partition(".")
        start = (int(low or 0), min(int(high or 0), KEY_MAX))
        if ask.scope == "mine":
            found, after = await self._looked(OF_OWNER, (account.id, start[1]), wanted, ask.limit)
        else:
            found, after = await self._looked(PROMISES, start, wanted, ask.limit)
        lines = await self.lines(account, found)
        if ask.scope == "mine":
            lines = [each for each in lines if each.owner is not None and each.owner.id == account.id]
        return FollowUpPage(items=lines, next=f"{after[0]}.{after[1]}" if after else "", team=account.team)

    async def _looked(
        self, table: str, after: tuple[int, int], wanted: Callable[[Row], bool], limit: int
    ) -> tuple[list[Row], tuple[int, int] | None]:
        """Return rows that are wanted, and after which key the next page begins; None at the end."""
        found: list[Row] = []
        scanned = 0
        owner = after[0] if table == OF_OWNER else 0
        while scanned < SCANNED_MAX:
            rows = await self.rows(table, after, SLICE)
            for row in rows:
                if table == OF_OWNER and row.owner != owner:
                    return found, None
                after = row.key
                if wanted(row):
                    found.append(row)
                if len(found) == limit:
                    return found, after
            scanned += len(rows)
            if len(rows) < SLICE:
                return found, None
        return found, after

    async def rows(self, table: str, after: tuple[int, int], limit: int) -> list[Row]:
        await self._begin()
        found = await self.out.store.views.rows(self.site, PROMISES_VIEW.spec, table, after=after, limit=limit)
        return cast("list[Row]", found)

    async def _begin(self) -> None:
        """The tables are there once somebody has made them: a badge that asks all day writes nothing."""
        if not self._begun:
            await self.out.store.views.begin(self.site, PROMISES_VIEW.spec)
            self._begun = True

    async def _wanted(self, account: Account, ask: FollowUpsQuery) -> Callable[[Row], bool]:
        seen = self.seen(account)
        team: frozenset[int] | None = None
        if ask.scope == "team":
            team = await self._team(account.team) | {account.id}

        def wanted(row: Row) -> bool:
            return (not ask.kind or row.kind == ask.kind) and (team is None or row.owner in team) and seen(row)

        return wanted

    async def _team(self, name: str) -> frozenset[int]:
        """Return who is in a team. Somebody may have changed it at another node, a minute ago at the most."""
        now_ms = self.out.now_ms()
        members, read_ms = self._teams.get(name, (frozenset(), -TEAM_KEPT_MS))
        if name and now_ms - read_ms >= TEAM_KEPT_MS:
            accounts = await self.out.store.accounts.all(self.site)
            members = frozenset(each.id for each in accounts if each.team == name)
            self._teams[name] = (members, now_ms)
        return members

    def seen(self, account: Account) -> Callable[[Row], bool]:
        """Return what tells whether a promise may be seen: one's own, and those of queues one serves."""
        if may(account.role, "supervisor"):
            return lambda _row: True
        bundle, abilities = self.bundle, abilities_of(account, self.bundle)
        queues = {name for name in bundle.queues if serves(bundle, name, abilities)}
        return lambda row: row.owner == account.id or row.queue in queues

    async def count(self, account: Account) -> FollowUpCounts:
        """Return what is late, and what is mine today; by index, and no further than a badge says."""
        now_ms, seen = self.out.now_ms(), self.seen(account)
        _, tomorrow_ms, *_ = self.bounds(now_ms)
        mine = await self._while(
            OF_OWNER, (account.id, 0), lambda row: row.owner == account.id and row.due_ms < tomorrow_ms
        )
        late = await self._while(PROMISES, (0, 0), lambda row: row.due_ms <= now_ms)
        mine_late = sum(row.due_ms <= now_ms for row in mine)
        return FollowUpCounts(
            late=sum(seen(row) for row in late),
            mine_late=mine_late,
            mine_today=len(mine) - mine_late,
            most=COUNTED_MAX,
        )

    async def _while(self, table: str, after: tuple[int, int], holds: Callable[[Row], bool]) -> list[Row]:
        """Return rows as long as something holds; most of the time a few, and no more than are counted."""
        found: list[Row] = []
        while len(found) < COUNTED_MAX:
            rows = await self.rows(table, after, COUNTED)
            held = list(takewhile(holds, rows))
            found += held
            if len(held) < COUNTED:
                break
            after = rows[-1].key
        return found[:COUNTED_MAX]

    async def one(self, account: Account, ref: str) -> tuple[ConversationRow, Row]:
        """Return a promise by its conversation. Raises ApiError: `not_visible`, or `followup_over`."""
        row = await self._parts.places.row(account, ref)
        await self._begin()
        views, spec = self.out.store.views, PROMISES_VIEW.spec
        found = (await views.latest(self.site, spec, THREADS, subjects=[row.conv])).get(row.conv)
        if not isinstance(found, Thread) or not found.due_ms:
            raise ApiError("followup_over")
        return row, found

    # --- how they look outside ----------------------------------------------------------------------------------

    async def lines(self, account: Account, rows: Sequence[Row]) -> list[FollowUpLine]:
        """Return what still stands of rows, in their order, with what is known by now."""
        archive = self.out.store.archive
        pairs = [(row, conv) for row in rows if (conv := await archive.conversation(self.site, row.conv)) is not None]
        people = await archive.customers(self.site, sorted({conv.customer for _, conv in pairs}))
        names = {each.id: each.name for each in people}
        owners = {self._parts.places.inside(conv).owner for _, conv in pairs} - {0}
        await self._parts.staff.learn(owners)
        gone = {each for each in owners if await self._is_gone(each)}
        bounds = self.bounds(self.out.now_ms())
        lines = [
            await self._line(account, row, conv, name=names.get(conv.customer, ""), gone=gone, bounds=bounds)
            for row, conv in pairs
        ]
        return [each for each in lines if each is not None]

    async def _is_gone(self, agent: int) -> bool:
        account = await self.out.store.accounts.by_id(self.site, agent)
        return account is None or account.disabled

    async def _line(
        self,
        account: Account,
        row: Row,
        conv: ConversationRow,
        *,
        name: str,
        gone: set[int],
        bounds: Sequence[int],
    ) -> FollowUpLine | None:
        inside = self._parts.places.inside(conv)
        if inside.state not in _STANDING:
            return None
        away = inside.state == PARKED
        due_ms = conv.due_ms if away else row.due_ms
        owner = inside.owner
        return FollowUpLine(
            ref=conv.reference,
            customer=Person(id=conv.customer, name=name),
            channel=inside.channel,
            queue=inside.queue,
            owner=self._parts.staff.person(owner),
            there=self._there(owner, gone),
            kind=cast(Kind, row.kind),
            group="late" if not away and row.back_ms else group_of(due_ms, bounds),
            due_ms=due_ms,
            set_ms=row.set_ms,
            back_ms=0 if away else row.back_ms,
            state=inside.state,
            note=(await self.note(row.note))[0][:NOTE_CHARS_MAX],
            can=list(self.can(account, inside.state, owner=owner, queue=inside.queue)),
        )

    def _there(self, owner: int, gone: set[int]) -> Literal["", "here", "away", "gone"]:
        if not owner:
            return ""
        if owner in gone:
            return "gone"
        agent = self.out.floor.state.agents.get(owner)
        return "here" if agent is not None and agent.accepts else "away"

    async def note(self, message: int) -> tuple[str, int, int]:
        """Return a note's text, who wrote it and when; empty where there is none, or it has been forgotten."""
        found = await self.out.store.archive.message(self.site, message) if message else None
        if found is None:
            return "", 0, 0
        kind, _, number = found.body.author.partition(":")
        author = int(number) if kind == "agent" and number.isdecimal() else 0
        return found.body.text, author, found.body.created_ms

    def can(self, account: Account, state: str, *, owner: int, queue: str) -> tuple[Deed, ...]:
        """Return what somebody may do about a promise, wherever it stands."""
        boss = may(account.role, "supervisor")
        if state == PARKED:
            if not (boss or owner in {0, account.id}):
                return ()
            return ("take", "move", "hand", "done") if boss else ("take", "move", "done")
        if boss:
            return () if state in {ACTIVE, WRAP_UP} else ("take", "hand")
        known = self.bundle.queues.get(queue)
        return ("take",) if state == WAITING and known is not None and known.pull in PULLS else ()

    def bounds(self, now_ms: int) -> tuple[int, int, int, int]:
        """Return when it is late, and when tomorrow, the day after it and next week begin by the site's clock."""
        zone = zone_of(self.bundle.zone)
        today = day_of(now_ms, zone)
        days = (today + timedelta(days=1), today + timedelta(days=2), today + timedelta(days=7 - today.weekday()))
        tomorrow, after, week = (first_ms(day, 0, zone) for day in days)
        return now_ms, tomorrow, after, max(week, after)


GROUPS: tuple[Group, ...] = ("late", "today", "tomorrow", "week", "later")


def group_of(due_ms: int, bounds: Sequence[int]) -> Group:
    """Return the group of a time: what has passed, and then by days."""
    if due_ms <= bounds[0]:
        return GROUPS[0]
    return next((name for name, bound in zip(GROUPS[1:], bounds[1:], strict=False) if due_ms < bound), GROUPS[-1])
