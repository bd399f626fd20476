"""From an outbox row to what a channel performs: reads the archive and the running texts. Sends nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from channels.contract import AnyEffect, Connect, HangUp, Hold, LineRef, Move, Play, Send
from router.core.bundle import Bundle
from router.core.record import decode_record
from router.floor.floor import Floor
from router.outbox.wording import notice_text
from router.site.key import SiteKey
from router.store.port import ConversationRow, Effect, LineRow, MessageRow, Store, Story

# What a reply is threaded by: the newest messages of the conversation on this line.
THREAD_MAX = 20
STORY_MAX = 200
NEWEST = (1 << 63) - 1


class GiveUp(Exception):
    """An effect that can never be made: its reason is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Composer:
    """Makes the channel's effect of a row, for one floor."""

    def __init__(self, floor: Floor, store: Store, key: SiteKey) -> None:
        self._floor = floor
        self._site = floor.site
        self._store = store
        self._key = key
        self._ways: dict[str, Callable[[Effect, LineRef], Awaitable[AnyEffect]]] = {
            "send": self._send,
            "announce": self._announce,
            "play": self._play,
            "connect": self._connect,
            "hold": self._hold,
            "move": self._move,
            "hang_up": self._hang_up,
        }

    def key(self, effect: int) -> str:
        """Return the effect's name for its provider: the same on each repeat."""
        return self._key.effect_key(self._site, effect)

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
        story = await self._on_line(effect)
        conversation = await self._store.archive.conversation(self._site, effect.conv)
        return Send(
            key=self.key(effect.id),
            line=line,
            text=message.body.text,
            html=message.body.html,
            subject=message.body.subject or reply_subject(story),
            author=await self._author(message),
            language=self._language(effect.conv, conversation),
            thread=thread(story, effect.message),
            reference=conversation.reference if conversation else "",
        )

    async def _announce(self, effect: Effect, line: LineRef) -> AnyEffect:
        story = await self._on_line(effect)
        conversation = await self._store.archive.conversation(self._site, effect.conv)
        language = self._language(effect.conv, conversation)
        reference = conversation.reference if conversation else ""
        said = await self._story_row(effect)
        text = notice_text(
            self._bundle(),
            effect.notice,
            language,
            until_ms=effect.until_ms,
            queue=said or (conversation.queue if conversation else ""),
            reference=reference,
        )
        if not text:
            raise GiveUp("text_unknown")
        return Send(
            key=self.key(effect.id),
            line=line,
            text=text,
            subject=reply_subject(story),
            language=language,
            thread=thread(story, 0),
            reference=reference,
            automatic=True,
            notice=effect.notice,
        )

    async def _play(self, effect: Effect, line: LineRef) -> AnyEffect:
        conversation = await self._store.archive.conversation(self._site, effect.conv)
        language = self._language(effect.conv, conversation)
        return Play(key=self.key(effect.id), line=line, notice=effect.notice, language=language)

    async def _connect(self, effect: Effect, line: LineRef) -> AnyEffect:
        conv = self._floor.state.convs.get(effect.conv)
        if conv is None or f"agent:{conv.owner}" != effect.notice:
            raise GiveUp("owner_changed")
        # The name under which this agent's telephone registers; letters, digits and underscore suit every provider.
        address = effect.notice.replace(":", "_")
        return Connect(key=self.key(effect.id), line=line, party=effect.notice, address=address)

    async def _hold(self, effect: Effect, line: LineRef) -> AnyEffect:
        return Hold(key=self.key(effect.id), line=line, on=effect.notice == "on")

    async def _move(self, effect: Effect, line: LineRef) -> AnyEffect:
        return Move(key=self.key(effect.id), line=line, to=effect.notice)

    async def _hang_up(self, effect: Effect, line: LineRef) -> AnyEffect:
        return HangUp(key=self.key(effect.id), line=line)

    # --- what a letter needs beside its text ---------------------------------------------------------------------

    def _bundle(self) -> Bundle:
        bundle = self._floor.bundle
        if bundle is None:
            raise GiveUp("not_configured")
        return bundle

    async def _on_line(self, effect: Effect) -> list[Story]:
        story = await self._store.archive.story(self._site, effect.conv, before=NEWEST, limit=STORY_MAX)
        return [item for item in story if item.row.line == effect.line]

    async def _story_row(self, effect: Effect) -> str:
        """Return the queue an announcement speaks of: its own row of the story says so."""
        story = await self._on_line(effect)
        rows = (item.row for item in reversed(story) if item.row.kind == "Announced")
        return next((row.detail for row in rows if row.notice == effect.notice), "")

    def _language(self, conv: int, conversation: ConversationRow | None) -> str:
        state = self._floor.state
        inside = state.convs.get(conv)
        if inside is not None:
            return state.facts.by_number[inside.facts].language
        if conversation is not None and conversation.record:
            return decode_record(conversation.record).facts.language
        return ""

    async def _author(self, message: MessageRow) -> str:
        kind, _, number = message.body.author.partition(":")
        if kind != "agent" or not number.isdigit():
            return ""
        account = await self._store.accounts.by_id(self._site, int(number))
        return account.name if account else ""


def thread(story: list[Story], message: int) -> tuple[str, ...]:
    """Return the provider ids of earlier messages on the line, oldest first, without the one that is sent."""
    said = [item.message for item in story if item.message is not None and item.message.id != message]
    return tuple(row.body.provider for row in said if row.body.provider)[-THREAD_MAX:]


def reply_subject(story: list[Story]) -> str:
    """Return the subject of an answer to the newest inbound message that has one."""
    heard = (item.message.body for item in reversed(story) if item.message and item.message.body.direction == "in")
    subject = next((body.subject for body in heard if body.subject), "")
    if not subject or subject[:3].lower() == "re:":
        return subject
    return f"Re: {subject}"


def _line_ref(row: LineRow) -> LineRef:
    return LineRef(channel=row.channel, key=row.key, peer=row.peer)
