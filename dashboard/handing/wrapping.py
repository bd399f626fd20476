"""Routes about the end of a conversation: what came of it, a minute more, and a follow-up."""

from __future__ import annotations

import secrets

from dashboard.errors import refused
from dashboard.parts import Parts
from dashboard.requests import Nothing, WrapUpRequest
from dashboard.routes import BODY_BYTES_MAX, Call, Route
from dashboard.shapes import Reached
from dashboard.writing import NOTE, Draft
from router.core import commands as cmd
from router.store.port import ConversationRow

# Where an outcome may be left out. In the others a person at a desk says one, or when it is to come back.
FREE = frozenset({"optional"})


class Wrapping:
    """The handlers."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out

    def _id(self, call: Call, deed: str) -> str:
        return self._parts.commands.id(call.me, deed, call.ask.command_id)

    async def _row(self, call: Call, deed: str) -> tuple[ConversationRow, bool]:
        """Find the conversation, and whether this is a repeat; that may name one which it has moved out of sight."""
        known = bool(call.ask.command_id) and self._id(call, deed) in self._out.floor.state.answers
        return await self._parts.places.row(call.caller.account, call.part("ref"), known=known), known

    async def _reach(self, command: cmd.Command) -> Reached:
        return Reached(position=(await self._parts.commands.submit(command)).position)

    async def finish(self, call: Call) -> Reached:
        """The note is kept even when the outcome is refused: half a note is better than none."""
        (row, repeated), ask = await self._row(call, "wrap_up"), call.ask
        if ask.note:
            await self._write_note(call, row.conv)
        if not (repeated or ask.disposition or ask.follow_up_ms or self._mode(row.conv) in FREE):
            raise refused("outcome_missing")
        return await self._reach(
            cmd.FinishWrapUp(
                id=self._id(call, "wrap_up"),
                agent=call.me,
                conv=row.conv,
                disposition=ask.disposition,
                follow_up_ms=ask.follow_up_ms,
            )
        )

    def _mode(self, conv: int) -> str:
        inside = self._out.floor.state.convs.get(conv)
        return inside.cls.spec.wrap_up_mode if inside else ""

    async def _write_note(self, call: Call, conv: int) -> None:
        client = f"{call.ask.command_id or secrets.token_hex(8)}-note"
        draft = Draft(agent=call.me, conv=conv, text=call.ask.note, client=client, kind=NOTE)

        def command(message: int) -> cmd.Command:
            return cmd.Note(
                id=self._parts.commands.id(call.me, "note", client), agent=call.me, conv=conv, message=message
            )

        await self._parts.writing.say(draft, command, lambda: None)

    async def extend(self, call: Call) -> Reached:
        row, _ = await self._row(call, "wrap_up_more")
        return await self._reach(cmd.ExtendWrapUp(id=self._id(call, "wrap_up_more"), agent=call.me, conv=row.conv))


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    wrapping = Wrapping(parts)
    return [
        Route(
            method="POST", path="/conversations/{ref}/wrap-up", refusals=True, body_bytes_max=BODY_BYTES_MAX,
            summary="Say what came of it, and finish wrap-up; or when it comes back to me",
            ask=WrapUpRequest, answers=Reached, handler=wrapping.finish,
        ),
        Route(
            method="POST", path="/conversations/{ref}/wrap-up/extend", refusals=True,
            summary="A minute more for wrap-up, once", ask=Nothing, answers=Reached, handler=wrapping.extend,
        ),
    ]  # fmt: skip
