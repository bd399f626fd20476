"""Routes about outside parties: whom a conversation may be given to, asking them, letting them go, handing over.

Also the key of an agent's softphone. What is written to a contact is put together here, before the command names it.
"""

from __future__ import annotations

import hashlib
import secrets

from dashboard.errors import refused
from dashboard.outside_shapes import (
    ContactShape,
    Outside,
    OutsideNoteRequest,
    OutsideParty,
    OutsideRequest,
    SoftphoneToken,
    Ways,
)
from dashboard.parts import Parts
from dashboard.requests import CommandRequest, Nothing
from dashboard.routes import BODY_BYTES_MAX, SMALL_BODY_BYTES_MAX, Call, Route
from dashboard.shapes import Reached
from dashboard.writing import NOTE, REPLY, Draft
from router.core import commands as cmd
from router.core.bundle import Contact
from router.core.calendar import is_open, next_open
from router.core.decide.outside import CONSULT, MAIL, TRANSFER, cannot_ask, way_of
from router.core.lifecycle import ACTIVE
from router.core.state import Conv
from router.floor.rows import FROM_OUTSIDE
from router.outbox.wording import moment
from router.store.port import Caller, ConversationRow, Story

# Of a conversation's story at the most so much goes with a mail: partners are told what it is about, not sent archives.
STORY_ITEMS_MAX, STORY_CHARS_MAX = 50, 50_000
# The newest rows in which those are looked for; most rows are steps.
STORY_ROWS_MAX = 500
NEWEST = (1 << 63) - 1
SAID = frozenset({"Received", "Replied"})
# As long as keys of mail threads are.
KEY_CHARS = 16
_MARKS = {"in": "«", "out": "»"}


class OutsideParties:
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

    # --- whom -------------------------------------------------------------------------------------------------

    async def contacts(self, call: Call) -> Outside:
        """Return the contacts of its queue, those who speak its language first, and who is outside now."""
        row = await self._parts.places.row(call.caller.account, call.part("ref"))
        conv, bundle = self._out.floor.state.convs.get(row.conv), self._out.floor.bundle
        there = conv.outside if conv else None
        known = [each for each in (bundle.contacts.values() if bundle else ()) if self._serves(each, row)]
        language = self._language(conv) if conv else ""
        known.sort(key=lambda each: (language not in each.languages, each.name))
        return Outside(
            contacts=[self._shape(each, conv) for each in known],
            party=OutsideParty(contact=there.contact, joined=there.joined, handed=there.handed, until_ms=there.until_ms)
            if there
            else None,
        )

    @staticmethod
    def _serves(contact: Contact, row: ConversationRow) -> bool:
        return not contact.queues or row.queue in contact.queues

    def _language(self, conv: Conv) -> str:
        return self._out.floor.state.facts.by_number[conv.facts].language

    def _shape(self, contact: Contact, conv: Conv | None) -> ContactShape:
        state, bundle, now_ms = self._out.floor.state, self._out.floor.bundle, self._out.now_ms()
        calendar = bundle.calendars.get(contact.hours, ()) if bundle else ()
        opens = not contact.hours or is_open(calendar, now_ms)
        mine = conv if conv is not None and conv.state == ACTIVE else None
        return ContactShape(
            name=contact.name,
            label=dict(contact.label),
            languages=list(contact.languages),
            open=opens,
            opens_ms=0 if opens else next_open(calendar, now_ms),
            ways=Ways(
                consult=way_of(state, mine, contact, CONSULT) if mine else "",
                transfer=way_of(state, mine, contact, TRANSFER) if mine else "",
            ),
        )

    # --- asking -----------------------------------------------------------------------------------------------

    async def ask(self, call: Call) -> Reached:
        """Consult a contact, or give the conversation to them: by telephone where it can be, else by mail."""
        (row, repeated), ask = await self._row(call, "outside"), call.ask
        command = cmd.AskOutside(
            id=self._id(call, "outside"), agent=call.me, conv=row.conv, contact=ask.contact, role=ask.role
        )
        if repeated:
            return await self._reach(command)
        conv = self._mine(row.conv, call.me)
        contact, line = self._contact(ask.contact), 0
        message = 0
        if way_of(self._out.floor.state, conv, contact, ask.role) == MAIL:
            line = await self._line(row, conv, contact)
            asked = cmd.AskOutside(
                id="", agent=call.me, conv=conv.id, contact=contact.name, role=ask.role, line=line, message=1
            )
            self._check(conv, asked)
            message = await self._write(call, row, contact, line=line)
        else:
            self._check(conv, command)
        note = await self._note(call, conv.id, ask.note)
        return await self._reach(
            cmd.AskOutside(
                id=command.id,
                agent=call.me,
                conv=conv.id,
                contact=contact.name,
                role=ask.role,
                line=line,
                message=message,
                note=note,
            )
        )

    def _mine(self, conv_id: int, agent: int) -> Conv:
        """Write nothing that the core is sure to refuse: nobody would ever find or erase it."""
        conv = self._out.floor.state.convs.get(conv_id)
        if conv is None:
            raise refused("conversation_unknown")
        if conv.owner != agent:
            raise refused("not_yours")
        if conv.state != ACTIVE:
            raise refused("not_active")
        return conv

    def _contact(self, name: str) -> Contact:
        bundle = self._out.floor.bundle
        contact = bundle.contacts.get(name) if bundle else None
        if contact is None:
            raise refused("contact_unknown")
        return contact

    def _check(self, conv: Conv, command: cmd.AskOutside) -> None:
        refusal = cannot_ask(self._out.floor.state, self._out.now_ms(), conv, command)
        if refusal is not None:
            raise refused(refusal.reason)

    async def _note(self, call: Call, conv: int, text: str) -> int:
        if not text:
            return 0
        client = f"{call.ask.command_id or secrets.token_hex(8)}-note"
        draft = Draft(agent=call.me, conv=conv, text=text, client=client, kind=NOTE)
        return await self._parts.writing.write(draft)

    # --- a mail -----------------------------------------------------------------------------------------------

    async def _line(self, row: ConversationRow, conv: Conv, contact: Contact) -> int:
        """Return the line to a contact for this conversation: theirs, not the customer's, and the same each time."""
        name = hashlib.sha256(f"outside\0{row.reference}\0{contact.name}".encode()).hexdigest()[:KEY_CHARS]
        caller = Caller(
            channel=contact.mail_by,
            key=name,
            peer=contact.email,
            name=contact.name,
            language=(contact.languages or ("",))[0],
        )
        (met,) = await self._out.store.archive.meet(self._out.floor.site, [caller], self._out.now_ms())
        del conv
        return met.line

    async def _write(self, call: Call, row: ConversationRow, contact: Contact, *, line: int) -> int:
        ask = call.ask
        files = await self._parts.attaching.gather(call.me, row, ask.files) if ask.files else ()
        await self._parts.attaching.check(line, files)
        said = await self._said(row, contact)
        subject = next((each.message.body.subject for each in reversed(said) if each.message), "")
        client = ask.command_id or secrets.token_hex(8)
        text = "\n\n".join(part for part in (ask.text, self._quoted(said, contact)) if part)
        draft = Draft(agent=call.me, conv=row.conv, text=text, client=client, kind=REPLY, files=files, subject=subject)
        return await self._parts.writing.write(draft)

    async def _said(self, row: ConversationRow, contact: Contact) -> list[Story]:
        """Return of the story what the contact's rule lets go with a mail: never notes, never what others wrote."""
        if contact.story == "none":
            return []
        archive, site = self._out.store.archive, self._out.floor.site
        story = await archive.story(site, row.conv, before=NEWEST, limit=STORY_ROWS_MAX)
        said = [each for each in story if each.message and each.row.kind in SAID and each.row.detail != FROM_OUTSIDE]
        if contact.story == "last":
            return [each for each in said if each.row.kind == "Received"][-1:]
        return said[-STORY_ITEMS_MAX:]

    def _quoted(self, said: list[Story], contact: Contact) -> str:
        """Return messages as text, newest last, the oldest left out where they are too long together."""
        bundle, quoted, chars = self._out.floor.bundle, list[str](), 0
        language = (contact.languages or ("",))[0]
        for each in reversed(said):
            if each.message is None or not each.message.body.text:
                continue
            body = each.message.body
            at = moment(each.row.at, bundle.zone if bundle else "UTC", language)
            lines = "\n".join(f"> {line}" for line in body.text.splitlines())
            chars += len(lines)
            if chars > STORY_CHARS_MAX:
                break
            quoted.append(f"{_MARKS.get(body.direction, '»')} {at}\n{lines}")
        return "\n\n".join(reversed(quoted))

    # --- what follows ---------------------------------------------------------------------------------------------

    async def let_go(self, call: Call) -> Reached:
        row, _ = await self._row(call, "outside_let_go")
        return await self._reach(cmd.LetOutsideGo(id=self._id(call, "outside_let_go"), agent=call.me, conv=row.conv))

    async def complete(self, call: Call) -> Reached:
        """Leave the customer to the outside party who is on the line."""
        row, repeated = await self._row(call, "outside_complete")
        note = 0
        if not repeated:
            there = self._mine(row.conv, call.me).outside
            if there is None or not there.joined:
                raise refused("no_outside")
            note = await self._note(call, row.conv, call.ask.note)
        return await self._reach(
            cmd.CompleteOutside(id=self._id(call, "outside_complete"), agent=call.me, conv=row.conv, note=note)
        )

    async def softphone(self, call: Call) -> SoftphoneToken:
        """Return the key with which my browser takes calls."""
        found = self._out.softphone(call.me)
        if found is None:
            raise refused("no_softphone")
        return SoftphoneToken(
            channel=found.channel, identity=found.identity, token=found.token, until_ms=found.until_ms, sdk=found.sdk
        )


def routes(parts: Parts) -> list[Route]:
    """Return the routes of this file."""
    outside = OutsideParties(parts)
    conversation = "/conversations/{ref}/outside"
    return [
        Route(
            method="GET", path="/conversations/{ref}/contacts", summary="Outside parties it may be given to",
            answers=Outside, handler=outside.contacts,
        ),
        Route(
            method="POST", path=conversation, refusals=True, body_bytes_max=BODY_BYTES_MAX,
            summary="Consult an outside party, or give them the conversation",
            ask=OutsideRequest, answers=Reached, handler=outside.ask,
        ),
        Route(
            method="POST", path=f"{conversation}/let-go", refusals=True, body_bytes_max=SMALL_BODY_BYTES_MAX,
            summary="Let the outside party go, or stop calling it",
            ask=Nothing, answers=Reached, handler=outside.let_go,
        ),
        Route(
            method="POST", path=f"{conversation}/complete", refusals=True, body_bytes_max=BODY_BYTES_MAX,
            summary="Hand over to the outside party who is on the line",
            ask=OutsideNoteRequest, answers=Reached, handler=outside.complete,
        ),
        Route(
            method="POST", path="/softphone", refusals=True, body_bytes_max=SMALL_BODY_BYTES_MAX,
            summary="The key with which my browser takes calls",
            ask=CommandRequest, answers=SoftphoneToken, handler=outside.softphone,
        ),
    ]  # fmt: skip
