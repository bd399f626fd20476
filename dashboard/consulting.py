"""Routes of those who take part: ask a colleague, come, leave, let go, hand over to who is there already."""

from __future__ import annotations

import secrets

from dashboard.parts import Parts
from dashboard.requests import CompleteRequest, ConsultRequest, Nothing, ParticipantRequest, Request
from dashboard.routes import BODY_BYTES_MAX, SMALL_BODY_BYTES_MAX, Call, Handler, Route
from dashboard.shapes import Reached
from dashboard.writing import NOTE, Draft
from router.core import commands as cmd


class Consulting:
    """The handlers. A participant sees the conversation as its owner does."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out

    async def _conv(self, call: Call, deed: str) -> int:
        """Find the conversation; a repeat may name one that its own deed has moved out of sight."""
        given = call.ask.command_id
        known = bool(given) and self._id(call, deed) in self._out.floor.state.answers
        return (await self._parts.places.row(call.caller.account, call.part("ref"), known=known)).conv

    def _id(self, call: Call, deed: str) -> str:
        return self._parts.commands.id(call.me, deed, call.ask.command_id)

    async def _reach(self, command: cmd.Command) -> Reached:
        return Reached(position=(await self._parts.commands.submit(command)).position)

    async def consult(self, call: Call) -> Reached:
        conv, ask = await self._conv(call, "consult"), call.ask
        return await self._reach(
            cmd.Consult(
                id=self._id(call, "consult"), agent=call.me, conv=conv, to_agent=ask.to_agent, queue=ask.queue or ""
            )
        )

    async def join(self, call: Call) -> Reached:
        conv = await self._conv(call, "join")
        return await self._reach(cmd.JoinConsult(id=self._id(call, "join"), agent=call.me, conv=conv))

    async def leave(self, call: Call) -> Reached:
        conv = await self._conv(call, "leave")
        return await self._reach(cmd.LeaveParty(id=self._id(call, "leave"), agent=call.me, conv=conv))

    async def let_go(self, call: Call) -> Reached:
        conv = await self._conv(call, "let_go")
        return await self._reach(
            cmd.CancelConsult(id=self._id(call, "let_go"), agent=call.me, conv=conv, to_agent=call.ask.to_agent)
        )

    async def complete(self, call: Call) -> Reached:
        """Hand over to who takes part already, with a note that is written before the command names it."""
        conv, ask, note = await self._conv(call, "complete"), call.ask, 0
        inside = self._out.floor.state.convs.get(conv)
        if ask.note and inside is not None and inside.owner == call.me and ask.to_agent in (inside.participants or {}):
            client = ask.command_id or secrets.token_hex(8)
            draft = Draft(agent=call.me, conv=conv, text=ask.note, client=client, kind=NOTE)
            note = await self._parts.writing.write(draft)
        return await self._reach(
            cmd.CompleteConsult(
                id=self._id(call, "complete"), agent=call.me, conv=conv, to_agent=ask.to_agent, note=note
            )
        )


# path -> (handler, what it takes, whether it carries text, what it says of itself)
_DEEDS: dict[str, tuple[str, type[Request], bool, str]] = {
    "consult": ("consult", ConsultRequest, False, "Ask a colleague to take part, or whoever serves a queue"),
    "consult/join": ("join", Nothing, False, "Take part where I was asked to"),
    "consult/leave": ("leave", Nothing, False, "Take part no longer, or decline to come"),
    "consult/let-go": ("let_go", ParticipantRequest, False, "Let a colleague go, or stop asking them"),
    "consult/complete": ("complete", CompleteRequest, True, "Hand over to a colleague who takes part already"),
}


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    consulting = Consulting(parts)
    handlers: dict[str, Handler] = {name: getattr(consulting, name) for name, *_ in _DEEDS.values()}
    return [
        Route(
            method="POST", path=f"/conversations/{{ref}}/{path}", refusals=True, summary=summary, ask=ask,
            answers=Reached, handler=handlers[name],
            body_bytes_max=BODY_BYTES_MAX if with_text else SMALL_BODY_BYTES_MAX,
        )
        for path, (name, ask, with_text, summary) in _DEEDS.items()
    ]  # fmt: skip
