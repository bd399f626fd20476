"""What a channel sees of the router: accept, decided, follow, texts, secrets. One door per channel of one floor."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

import msgspec

from channels.contract import (
    Accepted,
    AnySignal,
    Attachment,
    Capabilities,
    Decided,
    Identity,
    LetterboxClosed,
    LineItem,
    LineRef,
    MessageIn,
    Standing,
    encode_signal,
)
from router.clock import Clock
from router.core.calendar import is_open, next_change
from router.core.lifecycle import WAITING
from router.core.state import Conv
from router.floor.floor import Floor
from router.intake.copies import copies_by
from router.intake.helping import HelpAddress
from router.intake.letters import Intake
from router.intake.notebook import NotebookPage
from router.intake.remarks import keep_remark
from router.intake.senders import names_of, refusal_of
from router.intake.settling import Settling
from router.outbox.hub import LineFollow, LineHub
from router.outbox.signs import Signs
from router.outbox.wording import notice_text
from router.site.filekinds import kind_of, safe_name
from router.site.files import FILE_BYTES_MAX, TOO_LARGE, Files, owner_of
from router.site.key import SiteKey
from router.store.filerows import FileRow, files_of, with_files
from router.store.port import Body, Letter, NewLetter, Note, Store, StoreError
from router.telemetry import Telemetry, error_code
from router.views.board import somebody_is_free
from router.views.pace import Wait
from router.views.waiting import in_order, lines

# A conversation's newest rows, in which the announcement of the opening is found.
STORY_LOOKED_AT = 30
NEWEST = (1 << 63) - 1
# Places are counted by walking the line: beyond so many a number is no comfort, and none is said.
PLACES_MAX = 500
# A media type and a Content-ID of honest senders are shorter.
MEDIA_TYPE_CHARS_MAX, CONTENT_ID_CHARS_MAX = 100, 250
# Nobody may hold a request open for longer than this for a decision.
WAIT_MS_MAX = 30_000


def _nothing_known(conv: Conv) -> Wait | None:
    del conv
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorParts:
    """What doors receive from the composition root; shared by all doors of one floor. `wait`: how much longer."""

    floor: Floor
    store: Store
    clock: Clock
    intake: Intake
    settling: Settling
    hub: LineHub
    signs: Signs
    key: SiteKey
    files: Files
    telemetry: Telemetry
    public_url: str
    wait: Callable[[Conv], Wait | None] = _nothing_known
    home: str = ""
    capabilities: Mapping[str, Capabilities] = field(default_factory=dict)


class FloorDoor:
    """The door of one channel. `closing` refuses what comes in, so that a stopping node keeps its word."""

    def __init__(self, channel: str, parts: DoorParts) -> None:
        self._channel = channel
        self._parts = parts
        self._site = parts.floor.site
        self._closing = False
        self._book = f"channel:{channel}"
        self._trouble = ""
        self._held_until: float | None = None
        self.book = NotebookPage(parts.store.notebook, self._site, self._book, check=self._check_held)
        self.public_url = parts.public_url.rstrip("/")
        self._help = HelpAddress(parts.floor, parts.store.articles, self.public_url)

    @property
    def now_ms(self) -> Callable[[], int]:
        """The clock of this node."""
        return self._parts.clock.now_ms

    @property
    def name(self) -> str:
        """The name of the channel's entry in the configuration."""
        return self._channel

    @property
    def home(self) -> str:
        """The name of this node across restarts; empty where it is the only one."""
        return self._parts.home

    async def is_open(self, line: LineRef) -> bool:
        """Whether a conversation of this line is open and at hand. Raises LetterboxClosed."""
        try:
            line_id = await self._parts.floor.lines.find(line.channel, line.key)
        except StoreError:
            raise LetterboxClosed("the archive cannot be read now") from None
        return line_id in self._parts.floor.state.lines

    def trouble(self, reason: str) -> None:
        """Say once why the channel's link does not work; an empty code says that it works again."""
        if reason != self._trouble:
            said = self._parts.telemetry.warning if reason else self._parts.telemetry.info
            said("channel_troubled" if reason else "channel_mended", channel=self._channel, reason=reason)
        self._trouble = reason

    def hold(self, until: float | None) -> None:
        """Say until when, by the steady clock, the link is ours that may exist only once; None: it is not held here."""
        self._held_until = until

    def _check_held(self) -> None:
        """Who slept past its lease moves no cursor: another node has gone on from it."""
        if self._held_until is not None and time.monotonic() > self._held_until:
            raise LetterboxClosed("another node may hold this link by now")

    def close(self) -> None:
        """Accept nothing more."""
        self._closing = True

    async def accept(self, signals: Sequence[AnySignal], notes: Mapping[str, str] | None = None) -> list[Accepted]:
        """Put signals into the letterbox, and notes into the book; when this returns they are on the disk."""
        if self._closing:
            raise LetterboxClosed("the node is stopping")
        if notes:
            self._check_held()
        count = self._parts.telemetry
        try:
            new = [await self._letter(signal) for signal in signals]
            written = [Note(book=self._book, key=key, value=value) for key, value in (notes or {}).items()]
            letters = await self._parts.store.letterbox.put(self._site, new, written)
        except StoreError as error:
            count.count("letters_refused", self._channel, by=len(signals))
            count.warning("letterbox_closed", site=self._site, channel=self._channel, error=error_code(error))
            raise LetterboxClosed("the letterbox cannot take it now") from None
        fresh = [letter for letter in letters if letter.fresh]
        count.count("letters_accepted", self._channel, by=len(fresh))
        count.count("letters_repeated", self._channel, by=len(letters) - len(fresh))
        self._parts.intake.take(fresh)
        return [Accepted(letter=letter.id, message=letter.message, fresh=letter.fresh) for letter in letters]

    async def _letter(self, signal: AnySignal) -> NewLetter:
        now_ms = self._parts.clock.now_ms()
        body = None
        if isinstance(signal, MessageIn):
            kept = [await self._keep(signal.line, attachment) for attachment in signal.attachments]
            signal = msgspec.structs.replace(signal, attachments=tuple(_for_letter(a) for a in signal.attachments))
            body = _body(signal, kept, now_ms)
        return NewLetter(
            channel=self._channel,
            dedupe=signal.dedupe,
            received_ms=now_ms,
            signal=encode_signal(signal),
            body=body,
            line=signal.line.key,
        )

    async def _keep(self, line: LineRef, attachment: Attachment) -> FileRow:
        """Keep what came inline; of what the provider has, say where. `source` never stands beside content."""
        content, row = attachment.content, _row(attachment)
        if not content:
            return row
        if len(content) > FILE_BYTES_MAX:
            return msgspec.structs.replace(row, source="", reason=TOO_LARGE)
        name = await self._parts.files.keep(owner_of(line.channel, line.key), content)
        kind = kind_of(content, attachment.media_type)
        return msgspec.structs.replace(row, media_type=kind, size_bytes=len(content), file=name, source="")

    async def decided(self, letter: int, *, wait_ms: int) -> Decided | None:
        """Wait for the decision on a letter; the letter is safe either way."""
        waiting = self._parts.settling.expect(letter)
        try:
            row = await self._parts.store.letterbox.get(self._site, letter)
            if row is not None and row.state == "new":
                async with asyncio.timeout(min(wait_ms, WAIT_MS_MAX) / 1_000):
                    await waiting
                row = await self._parts.store.letterbox.get(self._site, letter)
            return await self._decided(row) if row is not None else None
        except (TimeoutError, StoreError):
            return None
        finally:
            self._parts.settling.forget(letter, waiting)

    async def _decided(self, letter: Letter) -> Decided | None:
        if letter.state == "new":
            return None
        archive = self._parts.store.archive
        message = await archive.message(self._site, letter.message) if letter.message else None
        conversation = await archive.conversation(self._site, message.conv) if message and message.conv else None
        if message is None or conversation is None:
            state = letter.state if letter.state == "quarantined" else "set_aside"
            return Decided(position=letter.position, line=0, reference="", state=state, queue="")
        return Decided(
            position=letter.position,
            line=message.line,
            reference=conversation.reference,
            state=conversation.state,
            queue=conversation.queue,
            opens_ms=await self._opens_ms(conversation.conv),
            answer_by_ms=self._answer_by_ms(conversation.conv),
        )

    def _answer_by_ms(self, conv: int) -> int:
        inside = self._parts.floor.state.convs.get(conv)
        return inside.reply_by_ms if inside is not None else 0

    async def _opens_ms(self, conv: int) -> int:
        """Return the opening the customer was told of, 0 where the queue was open."""
        inside = self._parts.floor.state.convs.get(conv)
        if inside is None or not inside.off_hours:
            return 0
        story = await self._parts.store.archive.story(self._site, conv, before=NEWEST, limit=STORY_LOOKED_AT)
        return next((item.row.until_ms for item in reversed(story) if item.row.kind == "Announced"), 0)

    # --- lines -------------------------------------------------------------------------------------------------

    async def line_items(self, line: LineRef, *, after: int, limit: int) -> list[LineItem]:
        """Return what the customer may see on a line above a number, oldest first."""
        try:
            line_id = await self._parts.floor.lines.find(line.channel, line.key)
            return await self._parts.hub.items(line_id, after=after, limit=limit) if line_id else []
        except StoreError:
            raise LetterboxClosed("the archive cannot be read now") from None

    async def file(self, line: LineRef, message: int, number: int) -> Attachment | None:
        """Return a file of a message on this line; of another line there is none."""
        try:
            line_id = await self._parts.floor.lines.find(line.channel, line.key)
            row = await self._parts.store.archive.message(self._site, message)
        except StoreError:
            raise LetterboxClosed("the archive cannot be read now") from None
        files = files_of(row.body) if row and line_id and row.line == line_id else []
        content = await self._parts.files.read(files[number].file) if 0 <= number < len(files) else None
        if content is None:
            return None
        file = files[number]
        return Attachment(name=file.name, media_type=file.media_type, size_bytes=len(content), content=content)

    def follow(self, line: LineRef) -> LineFollow:
        """Follow a line from now on. Open it before reading `line_items`."""
        return self._parts.hub.follow(line)

    def typing(self, line: LineRef, on: bool) -> None:
        """Pass on that the customer is typing."""
        line_id = self._parts.floor.lines.known(line.channel, line.key)
        if line_id:
            self._parts.signs.typed(line_id, on)

    async def refuses(self, line: LineRef, identities: Sequence[Identity] = ()) -> str:
        """Return why a sender is not served, empty for anybody else. While the store is away nobody is refused."""
        try:
            names, now_ms = names_of(line, identities), self._parts.clock.now_ms()
            return refusal_of(await self._parts.store.senders.of(self._site, names, now_ms=now_ms))
        except StoreError:
            return ""

    async def place(self, line: LineRef) -> int:
        """Return the place in its queue of what waits on a line, counted as far as a caller cares; else 0."""
        conv = self._waiting(line)
        if conv is None:
            return 0
        state = self._parts.floor.state
        ahead = islice(in_order(state, lines(state, lambda _: True, conv.queue)), PLACES_MAX)
        return next((number for number, each in enumerate(ahead, 1) if each.id == conv.id), 0)

    async def standing(self, line: LineRef) -> Standing:
        """Return the place of what waits on a line, and how much longer by the queue's own pace; else nothing."""
        conv = self._waiting(line)
        wait = self._parts.wait(conv) if conv is not None else None
        place = await self.place(line)
        if wait is None:
            return Standing(place=place)
        return Standing(place=place, low_ms=wait.low_ms, high_ms=wait.high_ms, basis=wait.basis)

    def _waiting(self, line: LineRef) -> Conv | None:
        line_id = self._parts.floor.lines.known(line.channel, line.key)
        state = self._parts.floor.state
        conv = state.convs.get(state.lines.get(line_id, 0))
        return conv if conv is not None and conv.state == WAITING else None

    async def remark(self, line: LineRef, *, item: int, words: str) -> bool:
        """Keep what a customer wrote beside a rating."""
        self._check_held()
        floor, now_ms = self._parts.floor, self._parts.clock.now_ms()
        return await keep_remark(floor, self._parts.store, line, item=item, words=words, at=now_ms)

    # --- texts, hours, secrets -----------------------------------------------------------------------------------

    def secret(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose of this channel."""
        return self._parts.key.derive("channel", self._site, self._channel, purpose)

    def sends_copies(self) -> bool:
        """Return whether a copy of what was said can be sent to somebody who asks."""
        return bool(copies_by(self._parts.floor.bundle, self._parts.capabilities))

    def text(self, notice: str, language: str, until_ms: int = 0) -> str:
        """Return a customer text of the running configuration; empty where it has none of that name.

        `{reference}` stays in it: the channel knows of which conversation it speaks, the door does not.
        """
        bundle = self._parts.floor.bundle
        return notice_text(bundle, notice, language, until_ms=until_ms, reference="{reference}") if bundle else ""

    async def help_page(self, language: str) -> str:
        """Return the address of the help page, empty where it has nothing for everybody."""
        return await self._help.of(language)

    def opening(self, calendar_or_queue: str) -> tuple[bool, int]:
        """Return (open now, the next change in UTC ms or 0) of a queue, or else of a calendar."""
        state = self._parts.floor.state
        if calendar_or_queue in state.queues:
            queue = state.queues[calendar_or_queue]
            return queue.open, queue.until_ms
        calendar = state.bundle.calendars.get(calendar_or_queue, ()) if state.bundle else ()
        now_ms = self._parts.clock.now_ms()
        return is_open(calendar, now_ms), next_change(calendar, now_ms)

    def is_free(self, queue: str, channel: str) -> bool:
        """Return whether anybody could take a conversation of a channel in a queue this moment."""
        return somebody_is_free(self._parts.floor.state, queue, channel)


def _for_letter(attachment: Attachment) -> Attachment:
    """The letter holds no content, and a source only where a fetch has to bring it."""
    source = "" if attachment.content else attachment.source
    return msgspec.structs.replace(attachment, content=b"", source=source)


def _row(attachment: Attachment) -> FileRow:
    return FileRow(
        name=safe_name(attachment.name),
        media_type=attachment.media_type[:MEDIA_TYPE_CHARS_MAX],
        size_bytes=attachment.size_bytes,
        content_id=attachment.content_id[:CONTENT_ID_CHARS_MAX],
        source=attachment.source,
    )


def _body(signal: MessageIn, files: list[FileRow], now_ms: int) -> Body:
    body = Body(
        direction="in",
        author="customer",
        kind="auto" if signal.automatic else "message",
        text=signal.text,
        html=signal.html,
        subject=signal.subject,
        provider=signal.provider,
        created_ms=signal.sent_ms or now_ms,
        extra=dict(signal.extra),
    )
    return with_files(body, files)
