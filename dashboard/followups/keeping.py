"""What is done about a promise: taken up now, moved, handed on, done. A request becomes commands. No routes."""

from __future__ import annotations

import secrets

from dashboard.errors import ApiError, bad_field, refused
from dashboard.followups.reading import PARKED, Promised, Row
from dashboard.followups.shapes import DoneRequest, FollowUpRequest, HandUpRequest, MoveUpRequest
from dashboard.parts import Parts
from dashboard.routes import Call
from dashboard.sessions import may
from dashboard.shapes import Reached
from dashboard.staff import abilities_of
from dashboard.writing import NOTE, Draft
from router.core import commands as cmd
from router.core.bundle import DAY_MS, MINUTE_MS
from router.core.record import Record, decode_record
from router.store.port import Account, ConversationRow
from router.views.board import serves

# Calendars are expanded for a year and a month; nobody keeps a promise of longer by a note.
AHEAD_MS_MAX = 366 * DAY_MS


class Keeping:
    """The handlers of deeds."""

    def __init__(self, parts: Parts, promised: Promised) -> None:
        self._parts, self._out, self._promised = parts, parts.out, promised

    def _id(self, call: Call, deed: str) -> str:
        return self._parts.commands.id(call.me, f"followup_{deed}", call.ask.command_id)

    def _earlier(self, call: Call, deed: str) -> Reached | None:
        """Return the first answer to a repeat: what it was about may have gone by now."""
        known = self._out.floor.state.answers.get(self._id(call, deed)) if call.ask.command_id else None
        return Reached(position=known.position) if known is not None else None

    async def _reach(self, command: cmd.Command) -> Reached:
        return Reached(position=(await self._parts.commands.submit(command)).position)

    async def take(self, call: Call) -> Reached:
        """Bring it to me now, from where it is."""
        earlier = self._earlier(call, "take")
        if earlier:
            return earlier
        row, _ = await self._mine_to(call, "take")
        if call.me not in self._out.floor.state.agents:
            raise refused("agent_unknown")
        if self._state(row) != PARKED:
            return await self._take_standing(call, row)
        record = await self._record(row)
        if row.owner != call.me:
            # First it becomes mine; if the second step were lost, it would come to me a minute later by itself.
            mine = cmd.Replan(
                id=self._id(call, "take") + ":mine",
                record=record,
                by=call.me,
                until_ms=self._out.now_ms() + MINUTE_MS,
                to_agent=call.me,
                reason=call.ask.reason or "",
            )
            await self._parts.commands.submit(mine)
            record = await self._record(row)
        return await self._reach(cmd.Wake(id=self._id(call, "take"), record=record, why="asked"))

    async def _take_standing(self, call: Call, row: ConversationRow) -> Reached:
        if may(call.caller.account.role, "supervisor"):
            reason = call.ask.reason or ""
            return await self._reach(cmd.TakeOver(id=self._id(call, "take"), conv=row.conv, by=call.me, reason=reason))
        return await self._reach(cmd.Take(id=self._id(call, "take"), agent=call.me, conv=row.conv))

    async def move(self, call: Call) -> Reached:
        ask: MoveUpRequest = call.ask
        return await self._replan(call, "move", until_ms=ask.until_ms, to_agent=0)

    async def hand(self, call: Call) -> Reached:
        """To a colleague, at its time; what is back already is theirs at once."""
        ask: HandUpRequest = call.ask
        earlier = self._earlier(call, "hand")
        if earlier:
            return earlier
        row, found = await self._mine_to(call, "hand")
        await self._check_colleague(ask.to_agent, row.queue)
        if self._state(row) == PARKED:
            until_ms = ask.until_ms or max(found.due_ms, self._out.now_ms() + MINUTE_MS)
            return await self._replan(call, "hand", until_ms=until_ms, to_agent=ask.to_agent)
        return await self._reach(
            cmd.Assign(
                id=self._id(call, "hand"), conv=row.conv, to_agent=ask.to_agent, by=call.me, reason=ask.reason or ""
            )
        )

    async def done(self, call: Call) -> Reached:
        ask: DoneRequest = call.ask
        earlier = self._earlier(call, "done")
        if earlier:
            return earlier
        row, record = await self._parked(call, "done", ask)
        await self._write_note(call, row.conv)
        return await self._reach(
            cmd.Settle(
                id=self._id(call, "done"),
                record=record,
                by=call.me,
                disposition=ask.disposition,
                reason=ask.reason or "",
            )
        )

    async def _replan(self, call: Call, deed: str, *, until_ms: int, to_agent: int) -> Reached:
        earlier = self._earlier(call, deed)
        if earlier:
            return earlier
        if until_ms > self._out.now_ms() + AHEAD_MS_MAX:
            raise bad_field("until_ms", "Choose a time within a year.")
        if until_ms <= self._out.now_ms():
            raise refused("until_past")
        row, record = await self._parked(call, deed, call.ask)
        await self._write_note(call, row.conv)
        return await self._reach(
            cmd.Replan(
                id=self._id(call, deed),
                record=record,
                by=call.me,
                until_ms=until_ms,
                to_agent=to_agent,
                reason=call.ask.reason or "",
            )
        )

    # --- what must hold before anything is written ---------------------------------------------------------------

    async def _mine_to(self, call: Call, deed: str) -> tuple[ConversationRow, Row]:
        """Return a promise about which the asker may do this."""
        account = call.caller.account
        row, found = await self._promised.one(account, call.part("ref"))
        inside = self._parts.places.inside(row)
        if deed not in self._promised.can(account, inside.state, owner=inside.owner, queue=inside.queue):
            raise refused("not_parked" if inside.owner in {0, call.me} else "not_yours")
        if inside.owner != call.me and not call.ask.reason:
            raise refused("reason_missing")
        return row, found

    async def _parked(self, call: Call, deed: str, ask: FollowUpRequest) -> tuple[ConversationRow, Record]:
        row, _ = await self._mine_to(call, deed)
        if self._state(row) != PARKED:
            raise refused("not_parked")
        if row.due_ms != ask.due_ms:
            raise ApiError("followup_changed")
        return row, await self._record(row)

    def _state(self, row: ConversationRow) -> str:
        return self._parts.places.inside(row).state

    async def _record(self, row: ConversationRow) -> Record:
        data = await self._out.store.archive.record(self._out.floor.site, row.conv)
        if not data:
            raise refused("not_parked")
        return decode_record(data)

    async def _check_colleague(self, number: int, queue: str) -> None:
        account = await self._out.store.accounts.by_id(self._out.floor.site, number)
        if account is None or not self.may_have(account, queue):
            raise bad_field("to_agent", "Name a colleague who serves its queue.")

    def may_have(self, account: Account, queue: str) -> bool:
        """Return whether a promise of a queue may be somebody's."""
        bundle = self._promised.bundle
        known = queue in bundle.queues
        return not account.disabled and (not known or serves(bundle, queue, abilities_of(account, bundle)))

    async def _write_note(self, call: Call, conv: int) -> None:
        """What was said about it is kept even when the deed is refused: half a note is better than none."""
        if not call.ask.note:
            return
        client = f"{call.ask.command_id or secrets.token_hex(8)}-note"
        draft = Draft(agent=call.me, conv=conv, text=call.ask.note, client=client, kind=NOTE)

        def command(message: int) -> cmd.Command:
            return cmd.Note(
                id=self._parts.commands.id(call.me, "note", client), agent=call.me, conv=conv, message=message
            )

        await self._parts.writing.say(draft, command, lambda: None)
