"""A door with a letterbox in memory: it deduplicates, decides, keeps lines and feeds followers. It stores nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from channels.contract import (
    Accepted,
    AnySignal,
    Attachment,
    Decided,
    Identity,
    LetterboxClosed,
    LineItem,
    LineRef,
    MessageIn,
    Standing,
    decode_signal,
    encode_signal,
)

START_MS = 1_800_000_000_000
ITEMS_MAX = 500


class MemoryFollow:
    """A follower of one line, bounded as the real one is."""

    def __init__(self, leave: Callable[[MemoryFollow], None]) -> None:
        self.overrun = False
        self._leave = leave
        self._items: deque[LineItem] = deque()
        self._news = asyncio.Event()
        self._ended = False

    def __aiter__(self) -> MemoryFollow:
        return self

    async def __anext__(self) -> LineItem:
        while not self._items:
            if self._ended:
                raise StopAsyncIteration
            self._news.clear()
            await self._news.wait()
        return self._items.popleft()

    def give(self, item: LineItem) -> None:
        if len(self._items) >= ITEMS_MAX:
            self.drop()
            return
        self._items.append(item)
        self._news.set()

    def drop(self) -> None:
        self._items.clear()
        self.overrun = True
        self.close()

    def close(self) -> None:
        self._ended = True
        self._leave(self)
        self._news.set()


class MemoryBook:
    """A notebook that outlives its door, as the real one outlives a process."""

    def __init__(self) -> None:
        self.pages: dict[str, str] = {}
        self.away = False

    async def read(self, key: str) -> str | None:
        self._there()
        return self.pages.get(key)

    async def note(self, key: str, value: str) -> None:
        self._there()
        self.pages[key] = value

    async def replace(self, key: str, *, old: str, new: str) -> bool:
        self._there()
        if self.pages.get(key, "") != old:
            return False
        self.pages[key] = new
        return True

    def _there(self) -> None:
        if self.away:
            raise LetterboxClosed("the notebook is away")


@dataclass
class Letter:
    """A row of the letterbox."""

    id: int
    message: int
    signal: AnySignal


@dataclass
class MemoryDoor:
    """`closed`: the letterbox refuses. `book.away`: nothing can be read. `deciding` False: letters wait for a call."""

    public_url: str = "https://patchbay.test"
    closed: bool = False
    deciding: bool = True
    at_ms: int = START_MS
    open_now: tuple[bool, int] = (True, 0)
    free: bool = True
    texts: dict[str, str] = field(default_factory=dict)
    opens_ms: int = 0
    answer_by_ms: int = 0
    state: str = "waiting"
    book: MemoryBook = field(default_factory=MemoryBook)
    letters: list[Letter] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    typed: list[tuple[str, bool]] = field(default_factory=list)
    name: str = "tested"
    troubles: list[str] = field(default_factory=list)
    home: str = ""
    open_lines: set[tuple[str, str]] = field(default_factory=set)
    blocked: set[str] = field(default_factory=set)
    copies: bool = False
    remarks: dict[tuple[LineRef, int], str] = field(default_factory=dict)
    helps: bool = False

    async def refuses(self, line: LineRef, identities: Sequence[Identity] = ()) -> str:
        return "blocked" if self.blocked & {line.key, *(each.value for each in identities)} else ""

    async def help_page(self, language: str) -> str:
        return f"{self.public_url}/help?lang={language}" if self.helps else ""

    async def is_open(self, line: LineRef) -> bool:
        return (line.channel, line.key) in self.open_lines

    def __post_init__(self) -> None:
        self._by_dedupe: dict[str, Letter] = {}
        self._decided: dict[int, Decided] = {}
        self._news = asyncio.Condition()
        self._items: defaultdict[tuple[str, str], list[LineItem]] = defaultdict(list)
        self._follows: defaultdict[tuple[str, str], list[MemoryFollow]] = defaultdict(list)
        self._position = 100
        self._message = 0

    @property
    def now_ms(self) -> Callable[[], int]:
        return lambda: self.at_ms

    @property
    def signals(self) -> list[AnySignal]:
        return [letter.signal for letter in self.letters]

    @property
    def messages(self) -> list[MessageIn]:
        return [signal for signal in self.signals if isinstance(signal, MessageIn)]

    async def accept(self, signals: Sequence[AnySignal], notes: Mapping[str, str] | None = None) -> list[Accepted]:
        if self.closed:
            raise LetterboxClosed("the letterbox cannot take it now")
        self.book.pages.update(notes or {})
        return [await self._accept(decode_signal(encode_signal(signal))) for signal in signals]

    async def _accept(self, signal: AnySignal) -> Accepted:
        known = self._by_dedupe.get(signal.dedupe)
        if known is not None:
            return Accepted(letter=known.id, message=known.message, fresh=False)
        if isinstance(signal, MessageIn):
            self._message += 1
        letter = Letter(len(self.letters) + 1, self._message if isinstance(signal, MessageIn) else 0, signal)
        self.letters.append(letter)
        self._by_dedupe[signal.dedupe] = letter
        if self.deciding:
            await self._decide(letter)
        return Accepted(letter=letter.id, message=letter.message, fresh=True)

    async def decide_all(self) -> None:
        """Decide everything that waits."""
        for letter in self.letters:
            if letter.id not in self._decided:
                await self._decide(letter)

    async def _decide(self, letter: Letter) -> None:
        signal = letter.signal
        aside = not isinstance(signal, MessageIn) or bool(signal.set_aside)
        reference = "" if aside else f"PB-{letter.id:05d}"
        if isinstance(signal, MessageIn) and not aside:
            item = {"kind": "in", "message": letter.message, "text": signal.text}
            self.happen(signal.line, **item, client=signal.extra.get("client", ""))
        self._position += 1
        self._decided[letter.id] = Decided(
            position=self._position,
            line=0 if aside else 1,
            reference=reference,
            state="set_aside" if aside else self.state,
            queue="general",
            opens_ms=self.opens_ms,
            answer_by_ms=self.answer_by_ms,
        )
        async with self._news:
            self._news.notify_all()

    def happen(self, line: LineRef, **item: object) -> LineItem:
        """Let something happen on a line: it is kept, and every follower is told."""
        self._position += 1
        made = LineItem(seq=self._position, at=self.at_ms, **item)  # type: ignore[arg-type]
        self._items[line.channel, line.key].append(made)
        for follow in tuple(self._follows[line.channel, line.key]):
            follow.give(made)
        return made

    def sign(self, line: LineRef, on: bool) -> None:
        """Pass on that an agent is typing."""
        for follow in tuple(self._follows[line.channel, line.key]):
            follow.give(LineItem(seq=0, kind="status", at=0, state="typing" if on else "quiet"))

    def overrun_all(self) -> None:
        """Every follower was too slow."""
        for follows in tuple(self._follows.values()):
            for follow in tuple(follows):
                follow.drop()

    def end_all(self) -> None:
        """The node stops: every follower ends."""
        for follows in tuple(self._follows.values()):
            for follow in tuple(follows):
                follow.close()

    def forget_lines(self) -> None:
        """The store was put back to an earlier day."""
        self._items.clear()
        self._position = 10

    async def decided(self, letter: int, *, wait_ms: int) -> Decided | None:
        try:
            async with asyncio.timeout(wait_ms / 1_000), self._news:
                await self._news.wait_for(lambda: letter in self._decided)
        except TimeoutError:
            return None
        return self._decided[letter]

    async def line_items(self, line: LineRef, *, after: int, limit: int) -> list[LineItem]:
        if self.book.away:
            raise LetterboxClosed("the archive is away")
        return [item for item in self._items[line.channel, line.key] if item.seq > after][:limit]

    async def file(self, line: LineRef, message: int, number: int) -> Attachment | None:
        if self.book.away:
            raise LetterboxClosed("the archive is away")
        for letter in self.letters:
            said = letter.signal
            if letter.message == message and isinstance(said, MessageIn) and said.line == line:
                return said.attachments[number] if number < len(said.attachments) else None
        return None

    def follow(self, line: LineRef) -> MemoryFollow:
        follows = self._follows[line.channel, line.key]

        def leave(follow: MemoryFollow) -> None:
            if follow in follows:
                follows.remove(follow)

        made = MemoryFollow(leave)
        follows.append(made)
        return made

    def typing(self, line: LineRef, on: bool) -> None:
        self.typed.append((line.key, on))

    async def place(self, line: LineRef) -> int:
        return self.places.get(line.key, 0)

    async def standing(self, line: LineRef) -> Standing:
        return self.standings.get(line.key, Standing(place=self.places.get(line.key, 0)))

    def trouble(self, reason: str) -> None:
        if reason != (self.troubles[-1] if self.troubles else ""):
            self.troubles.append(reason)

    def secret(self, purpose: str) -> bytes:
        return hmac.digest(b"the key of a test", purpose.encode(), hashlib.sha256)

    async def remark(self, line: LineRef, *, item: int, words: str) -> bool:
        if self.closed:
            raise LetterboxClosed("closed")
        self.remarks[line, item] = words
        return True

    def sends_copies(self) -> bool:
        return self.copies

    def text(self, notice: str, language: str, until_ms: int = 0) -> str:
        text = self.texts.get(f"{notice}:{language}") or self.texts.get(notice, "")
        return text.replace("{opens}", str(until_ms) if until_ms else "")

    def opening(self, calendar_or_queue: str) -> tuple[bool, int]:
        del calendar_or_queue
        return self.open_now

    def is_free(self, queue: str, channel: str) -> bool:
        del queue, channel
        return self.free
