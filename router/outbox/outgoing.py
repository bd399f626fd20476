"""From an outbox row to what a channel performs: reads the archive and the running texts. Sends nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from channels.contract import AnyEffect, Attachment, Connect, Fetch, HangUp, Hold, LineRef, Move, Play, Send
from router.core.bundle import Bundle
from router.core.record import decode_record
from router.floor.effects import COPY, COPY_TEXT, CUSTOMER, FETCH
from router.floor.floor import Floor
from router.outbox.transcript import transcript
from router.outbox.wording import notice_text
from router.site.files import GONE, Files
from router.site.key import SiteKey
from router.store.filerows import files_of, to_fetch
from router.store.port import ConversationRow, Effect, LineRow, MessageRow, Said, Store

# The key of a body's extras under which a letter carries who gets a copy, by blanks.
COPIES = "cc"
# What a reply is threaded by: the newest messages of the conversation on this line.
THREAD_MAX = 20
# What was said, and of how many rows of a story a copy is made: the newest.
SPOKEN, COPY_ROWS_MAX, NEWEST = frozenset({"Received", "Replied"}), 2_000, (1 << 63) - 1


class GiveUp(Exception):
    """An effect that can never be made: its reason is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Composer:
    """Makes the channel's effect of a row, for one floor."""

    def __init__(self, floor: Floor, store: Store, key: SiteKey, files: Files) -> None:
        self._floor = floor
        self._files = files
        self._site = floor.site
        self._store = store
        self._key_of = key.effect_keys(floor.site)
        self._ways: dict[str, Callable[[Effect, LineRef], Awaitable[AnyEffect]]] = {
            "send": self._send,
            "announce": self._announce,
            COPY: self._copy,
            "play": self._play,
            "connect": self._connect,
            "join": self._join,
            "outside": self._outside,
            "part": self._part,
            "hold": self._hold,
            "move": self._move,
            "hang_up": self._hang_up,
            FETCH: self._fetch,
        }

    def key(self, effect: int) -> str:
        """Return the effect's name for its provider: the same on each repeat."""
        return self._key_of(effect)

    async def compose(self, effect: Effect) -> AnyEffect:
        """Return what the channel shall perform. Raises GiveUp where that cannot be known any more."""
        row = await self._store.archive.line(self._site, effect.line)
        if row is None:
            raise GiveUp("line_unknown")
        return await self._ways[effect.effect](effect, _line_ref(row))

    async def _send(self, effect: Effect, line: LineRef) -> AnyEffect:
        message = await self._store.archive.message(self._site, effect.message)
        if message is None:
            raise GiveUp("message_unknown")
        said = await self._said(effect)
        conversation = await self._store.archive.conversation(self._site, effect.conv)
        return Send(
            key=self.key(effect.id),
            line=line,
            text=message.body.text,
            html=message.body.html,
            subject=message.body.subject or reply_subject(said),
            author=await self._name(message.body.author),
            language=self._language(effect.conv, conversation),
            thread=thread(said, effect.message),
            reference=conversation.reference if conversation else "",
            seq=effect.position,
            message=effect.message,
            files=await self._attached(message),
            cc=tuple(message.body.extra.get(COPIES, "").split()),
        )

    async def _attached(self, message: MessageRow) -> tuple[Attachment, ...]:
        """Return a reply's files with their contents: the reply leaves whole, or not at all."""
        attached = []
        for file in files_of(message.body):
            content = await self._files.read(file.file)
            if content is None:
                raise GiveUp("file_missing")
            size_bytes = len(content)
            attached.append(
                Attachment(name=file.name, media_type=file.media_type, size_bytes=size_bytes, content=content)
            )
        return tuple(attached)

    async def _announce(self, effect: Effect, line: LineRef) -> AnyEffect:
        said = await self._said(effect)
        conversation = await self._store.archive.conversation(self._site, effect.conv)
        language = self._language(effect.conv, conversation)
        reference = conversation.reference if conversation else ""
        row = await self._store.archive.story_at(self._site, effect.conv, effect.position)
        text = notice_text(
            self._bundle(),
            effect.notice,
            language,
            until_ms=effect.until_ms,
            queue=(row.detail if row else "") or (conversation.queue if conversation else ""),
            reference=reference,
        )
        if not text:
            raise GiveUp("text_unknown")
        return Send(
            key=self.key(effect.id),
            line=line,
            text=text,
            subject=reply_subject(said),
            language=language,
            thread=thread(said, 0),
            reference=reference,
            automatic=True,
            notice=effect.notice,
            seq=effect.position,
        )

    async def _copy(self, effect: Effect, line: LineRef) -> AnyEffect:
        """What was said on one line of a conversation, put together when it leaves: it is kept nowhere twice."""
        conversation = await self._store.archive.conversation(self._site, effect.conv)
        bundle, language = self._bundle(), self._language(effect.conv, conversation)
        reference = conversation.reference if conversation else ""
        opening = notice_text(bundle, COPY_TEXT, language, reference=reference).strip()
        if not opening:
            raise GiveUp("text_unknown")
        of = int(effect.notice)
        story = await self._store.archive.story(self._site, effect.conv, before=NEWEST, limit=COPY_ROWS_MAX)
        told = [each.message for each in story if each.row.line == of and each.message and each.row.kind in SPOKEN]
        names = {author: await self._name(author) for author in {each.body.author for each in told}}
        subject, _, greeting = opening.partition("\n")
        return Send(
            key=self.key(effect.id),
            line=line,
            text=transcript(greeting.strip(), [(names[each.body.author], each) for each in told], bundle, language),
            subject=subject,
            language=language,
            reference=reference,
            automatic=True,
            notice=COPY_TEXT,
        )

    async def _play(self, effect: Effect, line: LineRef) -> AnyEffect:
        conversation = await self._store.archive.conversation(self._site, effect.conv)
        language = self._language(effect.conv, conversation)
        return Play(key=self.key(effect.id), line=line, notice=effect.notice, language=language)

    async def _connect(self, effect: Effect, line: LineRef) -> AnyEffect:
        conv = self._floor.state.convs.get(effect.conv)
        if effect.notice == CUSTOMER:
            if conv is None or conv.relief is None or not conv.relief.calling:
                raise GiveUp("not_called_any_more")
            return Connect(key=self.key(effect.id), line=line, party=CUSTOMER, address="")
        if conv is None or f"agent:{conv.owner}" != effect.notice:
            raise GiveUp("owner_changed")
        # The name under which this agent's telephone registers; letters, digits and underscore suit every provider.
        address = effect.notice.replace(":", "_")
        back = conv.relief is not None and bool(conv.relief.callback)
        return Connect(key=self.key(effect.id), line=line, party=effect.notice, address=address, call_back=back)

    async def _join(self, effect: Effect, line: LineRef) -> AnyEffect:
        """Somebody who takes part, in the role that they have by now."""
        conv, agent = self._floor.state.convs.get(effect.conv), int(effect.notice.partition(":")[2])
        part = (conv.participants or {}).get(agent) if conv else None
        if part is None or part.until_ms:
            raise GiveUp("participant_gone")
        address = effect.notice.replace(":", "_")
        return Connect(key=self.key(effect.id), line=line, party=effect.notice, address=address, role=part.role)

    async def _outside(self, effect: Effect, line: LineRef) -> AnyEffect:
        """A contact's number is looked up when they are called: it is configuration, and in no row."""
        conv, name = self._floor.state.convs.get(effect.conv), effect.notice.partition(":")[2]
        contact = self._bundle().contacts.get(name)
        there = conv.outside if conv else None
        if there is None or there.contact != name:
            raise GiveUp("outside_let_go")
        if contact is None or not contact.phone:
            raise GiveUp("contact_unknown")
        confirm = contact.confirm and there.handed
        return Connect(
            key=self.key(effect.id),
            line=line,
            party=effect.notice,
            address=contact.phone,
            role="outside",
            confirm=confirm,
        )

    async def _part(self, effect: Effect, line: LineRef) -> AnyEffect:
        return HangUp(key=self.key(effect.id), line=line, party=effect.notice)

    async def _hold(self, effect: Effect, line: LineRef) -> AnyEffect:
        return Hold(key=self.key(effect.id), line=line, on=effect.notice == "on")

    async def _move(self, effect: Effect, line: LineRef) -> AnyEffect:
        return Move(key=self.key(effect.id), line=line, to=effect.notice)

    async def _hang_up(self, effect: Effect, line: LineRef) -> AnyEffect:
        return HangUp(key=self.key(effect.id), line=line)

    async def _fetch(self, effect: Effect, line: LineRef) -> AnyEffect:
        """The n-th of a message's files that its provider has; one that is here already is not asked for again."""
        message = await self._store.archive.message(self._site, effect.message)
        files = files_of(message.body) if message else []
        numbers = to_fetch(files)
        if not 0 < int(effect.notice) <= len(numbers):
            raise GiveUp(GONE)
        return Fetch(key=self.key(effect.id), line=line, url=files[numbers[int(effect.notice) - 1]].source)

    # --- what a letter needs beside its text ---------------------------------------------------------------------

    def _bundle(self) -> Bundle:
        bundle = self._floor.bundle
        if bundle is None:
            raise GiveUp("not_configured")
        return bundle

    async def _said(self, effect: Effect) -> list[Said]:
        return await self._store.archive.thread(self._site, effect.conv, effect.line, limit=THREAD_MAX)

    def _language(self, conv: int, conversation: ConversationRow | None) -> str:
        state = self._floor.state
        inside = state.convs.get(conv)
        if inside is not None:
            return state.facts.by_number[inside.facts].language
        if conversation is not None and conversation.record:
            return decode_record(conversation.record).facts.language
        return ""

    async def _name(self, author: str) -> str:
        """Return the name of an agent who wrote, empty for anybody else."""
        kind, _, number = author.partition(":")
        if kind != "agent" or not number.isdigit():
            return ""
        account = await self._store.accounts.by_id(self._site, int(number))
        return account.name if account else ""


def thread(said: list[Said], message: int) -> tuple[str, ...]:
    """Return the provider ids of earlier messages on the line, oldest first, without the one that is sent."""
    return tuple(each.provider for each in said if each.provider and each.message != message)


def reply_subject(said: list[Said]) -> str:
    """Return the subject of an answer to the newest inbound message that has one."""
    subject = next((each.subject for each in reversed(said) if each.direction == "in" and each.subject), "")
    if not subject or subject[:3].lower() == "re:":
        return subject
    return f"Re: {subject}"


def _line_ref(row: LineRow) -> LineRef:
    return LineRef(channel=row.channel, key=row.key, peer=row.peer)
