"""Routes with which an agent handles a conversation: accept, decline, reply, note, transfer, park, close, wrap up."""

from __future__ import annotations

import secrets
from dataclasses import replace

from dashboard.errors import ApiError, bad_field, refused
from dashboard.finding.mentions import extra_of
from dashboard.handing.extras import check_last_note, extra_of_letter, extra_of_note, on_one_line
from dashboard.parts import Parts
from dashboard.requests import (
    AcceptRequest,
    CloseRequest,
    CommandRequest,
    DeclineRequest,
    HoldRequest,
    NoteRequest,
    Nothing,
    ParkRequest,
    ReplyRequest,
    Request,
    TransferRequest,
)
from dashboard.routes import BODY_BYTES_MAX, Call, Handler, Route
from dashboard.shapes import Reached, Written
from dashboard.surroundings import Sendable
from dashboard.writing import NOTE, REPLY, Draft
from router.core import commands as cmd
from router.core.decide.windows import refusal
from router.core.lifecycle import ACTIVE
from router.core.record import decode_record
from router.store.port import ConversationRow


def _given(ask: CommandRequest | ReplyRequest | NoteRequest) -> str | None:
    """Return the client's own id of a command, under whichever of its two names."""
    return ask.command_id if isinstance(ask, CommandRequest) else ask.client_id


class Handling:
    """The handlers. Each finds the conversation, makes one command, and answers when it has been decided."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._out = parts, parts.out

    async def _row(self, call: Call, deed: str) -> ConversationRow:
        """Find the conversation; a repeat may name one that its own deed has moved out of sight."""
        ref = call.part("ref")
        return await self._parts.places.row(call.caller.account, ref, known=self._is_repeat(call, deed))

    async def _reach(self, command: cmd.Command) -> Reached:
        return Reached(position=(await self._parts.commands.submit(command)).position)

    def _id(self, call: Call, deed: str) -> str:
        return self._parts.commands.id(call.me, deed, _given(call.ask))

    def _is_repeat(self, call: Call, deed: str) -> bool:
        return bool(_given(call.ask)) and self._id(call, deed) in self._out.floor.state.answers

    async def accept(self, call: Call) -> Reached:
        row = await self._row(call, "accept")
        return await self._reach(
            cmd.Accept(id=self._id(call, "accept"), agent=call.me, conv=row.conv, offer=call.ask.offer)
        )

    async def take(self, call: Call) -> Reached:
        row = await self._row(call, "take")
        return await self._reach(cmd.Take(id=self._id(call, "take"), agent=call.me, conv=row.conv))

    async def decline(self, call: Call) -> Reached:
        row = await self._row(call, "decline")
        return await self._reach(
            cmd.Decline(
                id=self._id(call, "decline"),
                agent=call.me,
                conv=row.conv,
                offer=call.ask.offer,
                reason=call.ask.reason or "",
            )
        )

    async def reply(self, call: Call) -> Written:
        """Text first, then the command; a repeat of the same client id is answered and written once."""
        row, ask = await self._row(call, "reply"), call.ask
        if ask.line:
            await self._check_line(row, ask.line)
        can = await self._sendable(row, ask.line)
        if can.unwritable:
            raise ApiError("no_words")
        if (ask.subject or ask.cc) and not can.letters:
            raise ApiError("no_letters")
        if not ask.text and not ask.files:
            raise bad_field("text", "Write text of 1 to 100,000 characters, or attach a file.")
        draft = await self._with_files(
            call,
            row,
            Draft(
                agent=call.me,
                conv=row.conv,
                text=ask.text,
                client=ask.client_id,
                kind=REPLY,
                subject=on_one_line(ask.subject),
                extra=extra_of_letter(ask.cc),
            ),
        )

        def command(message: int) -> cmd.Command:
            return cmd.Reply(
                id=self._id(call, "reply"),
                agent=call.me,
                conv=row.conv,
                message=message,
                line=ask.line,
                then=ask.then,
                disposition=ask.disposition or "",
            )

        unseen = ask.seen > 0 and await self._parts.stories.unseen(row.conv, ask.seen, by=call.me)
        said = await self._parts.writing.say(
            draft, command, lambda: self._check_reply(row.conv, call.me, line=ask.line, unseen=unseen)
        )
        if draft.files:
            await self._parts.staging.drop(call.me, row.reference, ask.files)
        return said

    async def _with_files(self, call: Call, row: ConversationRow, draft: Draft) -> Draft:
        """Return the draft with its files. A repeat finds none, and needs none: they left with the first."""
        if not call.ask.files or await self._parts.writing.earlier(draft):
            return draft
        files = await self._parts.attaching.gather(call.me, row, call.ask.files)
        await self._parts.attaching.check(call.ask.line or self._parts.places.inside(row).line, files)
        return replace(draft, files=files)

    async def _sendable(self, row: ConversationRow, line: int) -> Sendable:
        """Return what can be sent on a line, or on the one that the customer wrote on last."""
        found = await self._out.store.archive.line(self._out.floor.site, line or self._parts.places.inside(row).line)
        return self._out.sendable(found.channel if found else row.channel)

    async def _check_line(self, row: ConversationRow, line: int) -> None:
        """The core knows lines by number only; whose they are is looked up here."""
        inside = self._parts.places.inside(row)
        lines = await self._out.store.archive.lines_of(self._out.floor.site, row.customer)
        if line != inside.line and line not in {each.id for each in lines}:
            raise refused("line_unknown")

    def _check_reply(self, conv_id: int, agent: int, *, line: int, unseen: bool) -> None:
        """Nor any that the line's platform would not take, or that was written on top of an unseen message."""
        self._check_mine(conv_id, agent)
        if unseen:
            raise refused("unseen")
        shut = refusal(self._out.floor.state.convs[conv_id], self._out.now_ms(), line)
        if shut:
            raise refused(shut)

    def _check_mine(self, conv_id: int, agent: int) -> None:
        """Write no text that the core is sure to refuse: nobody would ever find or erase it."""
        conv = self._out.floor.state.convs.get(conv_id)
        if conv is None:
            raise refused("conversation_unknown")
        if conv.owner != agent:
            raise refused("not_yours")
        if conv.state != ACTIVE:
            raise refused("not_active")

    async def note(self, call: Call) -> Written:
        """A note may name colleagues: it waits for them, and their desks are told when it is decided."""
        row, ask = await self._row(call, "note"), call.ask
        named = await self._parts.mentions.named(ask.text, row, but=call.me)
        extra = {**extra_of(named), **extra_of_note(ask.replaces)}
        draft = Draft(agent=call.me, conv=row.conv, text=ask.text, client=ask.client_id, kind=NOTE, extra=extra)
        if ask.replaces and not await self._parts.writing.earlier(draft):
            await check_last_note(self._out, row.conv, ask.replaces, by=call.me)

        def command(message: int) -> cmd.Command:
            return cmd.Note(id=self._id(call, "note"), agent=call.me, conv=row.conv, message=message)

        said = await self._parts.writing.say(draft, command, lambda: None)
        await self._parts.mentions.keep(row.reference, named, by=call.me)
        return said

    async def transfer(self, call: Call) -> Reached:
        """To a queue or an agent, with a note for whoever is next. The note is written before the command names it."""
        row, ask = await self._row(call, "transfer"), call.ask
        if not self._is_repeat(call, "transfer"):
            self._check_mine(row.conv, call.me)
            self._check_target(ask, call.me)
        note = 0
        if ask.note:
            client = ask.command_id or secrets.token_hex(8)
            draft = Draft(agent=call.me, conv=row.conv, text=ask.note, client=client, kind=NOTE)
            note = await self._parts.writing.write(draft)
        return await self._reach(
            cmd.Transfer(
                id=self._id(call, "transfer"),
                agent=call.me,
                conv=row.conv,
                queue=ask.queue or "",
                to_agent=ask.to_agent,
                note=note,
                skills=tuple(sorted(ask.skills.items())),
            )
        )

    def _check_target(self, ask: TransferRequest, agent: int) -> None:
        """Like `_check_mine`, for the note that goes with a transfer."""
        state = self._out.floor.state
        if bool(ask.queue or ask.skills) == bool(ask.to_agent):
            raise refused("target_missing")
        if ask.queue and ask.queue not in state.queues:
            raise refused("queue_unknown")
        if ask.queue and not state.queue_state(ask.queue).serves(state.at):
            raise refused("queue_closed")
        target = state.agents.get(ask.to_agent)
        if ask.to_agent == agent:
            raise refused("target_self")
        if ask.to_agent and (target is None or not target.accepts):
            raise refused("target_away")
        bundle = self._out.floor.bundle
        if ask.queue and not ask.note and bundle and bundle.queues[ask.queue].transfer_note == "required":
            raise refused("note_missing")

    async def park(self, call: Call) -> Reached:
        row = await self._row(call, "park")
        return await self._reach(
            cmd.Park(id=self._id(call, "park"), agent=call.me, conv=row.conv, until_ms=call.ask.until_ms)
        )

    async def resume(self, call: Call) -> Reached:
        """Bring back what I have parked, before the customer or its time does."""
        row = await self._row(call, "resume")
        if row.owner != call.me:
            raise refused("not_yours")
        data = await self._out.store.archive.record(self._out.floor.site, row.conv)
        if row.state != "parked" or not data:
            raise refused("not_parked")
        return await self._reach(cmd.Wake(id=self._id(call, "resume"), record=decode_record(data), why="asked"))

    async def close(self, call: Call) -> Reached:
        row = await self._row(call, "close")
        return await self._reach(
            cmd.Close(id=self._id(call, "close"), agent=call.me, conv=row.conv, disposition=call.ask.disposition or "")
        )

    async def hold(self, call: Call) -> Reached:
        row = await self._row(call, "hold")
        return await self._reach(cmd.HoldLine(id=self._id(call, "hold"), agent=call.me, conv=row.conv, on=call.ask.on))


# deed -> (what it takes, whether it carries text, what it says of itself)
_DEEDS: dict[str, tuple[type[Request], bool, str]] = {
    "accept": (AcceptRequest, False, "Accept an offer"),
    "take": (Nothing, False, "Take what waits, where its queue lets me"),
    "decline": (DeclineRequest, False, "Decline an offer"),
    "reply": (ReplyRequest, True, "Say something to the customer; then stay, park or close"),
    "note": (NoteRequest, True, "Write an internal note"),
    "transfer": (TransferRequest, True, "Hand over to a queue or an agent"),
    "park": (ParkRequest, False, "Wait for the customer, or until a time"),
    "resume": (Nothing, False, "Bring back what I have parked"),
    "close": (CloseRequest, False, "End the conversation"),
    "hold": (HoldRequest, False, "Put a live line on hold, or take it off"),
}


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    handling = Handling(parts)
    handlers: dict[str, Handler] = {deed: getattr(handling, deed.replace("-", "_")) for deed in _DEEDS}
    return [_route(deed, handlers[deed]) for deed in _DEEDS]


def _route(deed: str, handler: Handler) -> Route:
    ask, with_text, summary = _DEEDS[deed]
    return Route(
        method="POST",
        path=f"/conversations/{{ref}}/{deed}",
        summary=summary,
        ask=ask,
        answers=Written if deed in {"reply", "note"} else Reached,
        handler=handler,
        refusals=True,
        body_bytes_max=BODY_BYTES_MAX if with_text else 16 * 1024,
    )
