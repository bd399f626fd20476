"""The contract between a channel and the router: signals in, effects out, and what a channel can do, as data.

No channel's own facts live here, and nothing of the router's beyond plain values.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Protocol, runtime_checkable

import msgspec
from aiohttp import web

from router.core.minutes import whole_minutes

# --- signals: all that comes in ------------------------------------------------------------------------


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """One way in which the customer is known. `verified` names the proof; empty: typed, unproven."""

    kind: str
    value: str
    verified: str = ""


class LineRef(msgspec.Struct, frozen=True, kw_only=True):
    """One channel and one address on it. `key` tells lines of the channel apart; `peer` is where answers go."""

    channel: str
    key: str
    peer: str = ""


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that comes or goes with a message. `content` is carried inline up to the channel's limit.

    `source`: where the provider keeps it (an address or a media id) when the content is not inline; a `Fetch` of
    it brings the content. `size_bytes` is 0 where the provider has not said it.
    """

    name: str
    media_type: str
    size_bytes: int
    content: bytes = b""
    content_id: str = ""
    source: str = ""


class Signal(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something that happened outside. `dedupe` is unique within the channel, and the same on a redelivery."""

    line: LineRef
    dedupe: str


class LineOpened(Signal, frozen=True, kw_only=True):
    """A line exists now; who it is may be declared here, before the first message."""

    name: str = ""
    language: str = ""
    identities: tuple[Identity, ...] = ()
    declared: dict[str, str] = {}


class MessageIn(Signal, frozen=True, kw_only=True):
    """Something the customer said.

    `in_reply_to`: provider ids of our or their earlier messages, best first. `declared`: fields that are
    facts by configuration. `set_aside`: a named reason for which no conversation may come of it
    (`bounce`, `loop`, `list_mail`). `automatic`: joins its thread quietly and wakes nobody.
    `no_auto_answer`: a person may answer, a machine must not (mailing lists, bulk mail).
    `reply_window_ms`, `reply_quota`: how long and how often it may be answered, where that differs from what the
    channel's capabilities say; 0 where it does not. The widest window that is open counts.
    """

    text: str = ""
    html: str = ""
    subject: str = ""
    provider: str = ""
    sent_ms: int = 0
    name: str = ""
    language: str = ""
    identities: tuple[Identity, ...] = ()
    declared: dict[str, str] = {}
    in_reply_to: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    arrived_by: str = ""  # the channel for facts and figures, where it differs from the line's
    set_aside: str = ""
    automatic: bool = False
    no_auto_answer: bool = False
    extra: dict[str, str] = {}
    reply_window_ms: int = 0
    reply_quota: int = 0


class Receipt(Signal, frozen=True, kw_only=True):
    """What became of a message of ours. `provider` is its id; `status` sent, delivered, read, failed."""

    provider: str
    status: str
    reason: str = ""


class PartyJoined(Signal, frozen=True, kw_only=True):
    """Somebody is connected to a live line (`customer`, `agent:<id>`, `outside:<n>`)."""

    party: str


class PartyLeft(Signal, frozen=True, kw_only=True):
    party: str
    why: str = "left"


# The prompt of a key by which a customer asks to be called back, on the line or from it.
CALL_BACK_PROMPT = "call-back"
# The prompt of a key that says how the customer was served: 1 (badly) to 5 (very well).
RATING_PROMPT = "rating"


class KeyPressed(Signal, frozen=True, kw_only=True):
    """What a customer chose at a prompt. `item` is the number of the line's item that it answers, 0 for none."""

    keys: str
    prompt: str = ""
    item: int = 0


class CopyAsked(Signal, frozen=True, kw_only=True):
    """The customer wants a copy of what was said on this line, at the e-mail address `to`.

    `item`: the number of one of the line's items, whose conversation it is.
    """

    to: str
    item: int


class Recalled(Signal, frozen=True, kw_only=True):
    """The customer took a message back."""

    provider: str


class OptedOut(Signal, frozen=True, kw_only=True):
    """The customer wants no more messages on this line (or wants them again)."""

    out: bool = True


# Why a line is closed whose customer ends it, and does not only go away.
LEFT = "left"


class LineClosed(Signal, frozen=True, kw_only=True):
    """The customer has left the line for good. `LEFT` says that they mean it: what only waits for them is over."""

    why: str = LEFT


AnySignal = (
    LineOpened
    | MessageIn
    | Receipt
    | PartyJoined
    | PartyLeft
    | KeyPressed
    | CopyAsked
    | Recalled
    | OptedOut
    | LineClosed
)

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[AnySignal] = msgspec.msgpack.Decoder(AnySignal)


def encode_signal(signal: AnySignal) -> bytes:
    """Encode a signal for the letterbox."""
    return _encoder.encode(signal)


def decode_signal(data: bytes) -> AnySignal:
    """Read a letterbox signal back. Raises `msgspec.ValidationError` on foreign bytes."""
    return _decoder.decode(data)


# --- effects: all that goes out ------------------------------------------------------------------------


class Effect(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Something to be done outside. `key` is the same on every repeat of this effect, and unguessable."""

    key: str
    line: LineRef


class Send(Effect, frozen=True, kw_only=True):
    """Say something. `automatic`: nobody typed it (a confirmation, an off-hours notice).

    `thread`: provider ids of the conversation's earlier messages on this line, oldest first.
    `reference`: the conversation's outside name. `seq`: its number along the line, as `line_items` tells it;
    `message`: the message, 0 for a notice. `cc`: who gets a copy, where the channel sends letters.
    """

    text: str
    html: str = ""
    subject: str = ""
    author: str = ""
    language: str = ""
    thread: tuple[str, ...] = ()
    reference: str = ""
    automatic: bool = False
    notice: str = ""
    files: tuple[Attachment, ...] = ()
    seq: int = 0
    message: int = 0
    cc: tuple[str, ...] = ()


class Connect(Effect, frozen=True, kw_only=True):
    """Bring a party onto a live line.

    `role`: `owner`, or how the party takes part besides: consult, listen, whisper, barge, outside. `confirm`: whoever
    answers has to say so by a key, because a machine may answer. `call_back`: whoever was on the line may have hung up,
    and is then called into the talk.
    """

    party: str
    address: str
    role: str = "owner"
    confirm: bool = False
    call_back: bool = False


class Hold(Effect, frozen=True, kw_only=True):
    on: bool


class Move(Effect, frozen=True, kw_only=True):
    """Move a live line to another place (a conference, a queue, a number)."""

    to: str


class HangUp(Effect, frozen=True, kw_only=True):
    """End a live line; with a `party` only that one's part in it, and the others go on."""

    party: str = ""


class Play(Effect, frozen=True, kw_only=True):
    notice: str
    language: str = ""


class Fetch(Effect, frozen=True, kw_only=True):
    """Fetch a provider's medium; `Done.files` holds it. `url` is the `source` of an attachment of this channel."""

    url: str


class Typing(Effect, frozen=True, kw_only=True):
    on: bool


class Seen(Effect, frozen=True, kw_only=True):
    provider: str


AnyEffect = Send | Connect | Hold | Move | HangUp | Play | Fetch | Typing | Seen


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """An effect happened; `provider` is the id the provider gave it, empty where it gives none."""

    provider: str = ""
    files: tuple[Attachment, ...] = ()


class EffectFailed(Exception):
    """An effect did not happen. The reason is a short code: no text, no address, no secret."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TryLater(EffectFailed):
    """Not now: the provider is away or says wait. `after_ms` is its wish, 0 for ours to choose."""

    def __init__(self, reason: str, *, after_ms: int = 0) -> None:
        super().__init__(reason)
        self.after_ms = after_ms


class Undeliverable(EffectFailed):
    """Never: trying again cannot help."""


class Unsure(EffectFailed):
    """It left and no answer came. Before it is repeated, `find(key)` asks the provider."""


# --- what a channel is ------------------------------------------------------------------------------------


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel can do, as data. The router decides by these, never by the channel's name.

    `delivery`: `call` (effects come from the outbox) or `push` (a socket some node holds).
    `live`: somebody is waiting on the line. `load`: of a capacity of 100, by default.
    `reply_window_ms`, `reply_quota`: the platform's own limits, 0 for none.
    `opens_on`: what opens a conversation, a `message` or the `line` itself (a call rings before a word).
    `many`: entries of any name may be served by this channel (`by`), each with lines and secrets of its own.
    `single`: `listen` may run only once in a site. `can_find`: the provider can be asked by key.
    `files`: what it can send, a media type or `*` for any other, and the largest of each; empty: no files.
    `files_max`, `files_bytes_max`: how many go with one message, and how large they may be together, 0 for no bound.
    `writes_to`: the kind of address to which it can begin a line (`email`), empty where only others begin lines.
    `letters`: what it sends has a subject, and may go to others in copy (`Send.cc`).
    `page_reaches`: whom an agent's page must be allowed to connect to for it (a softphone's provider).
    """

    delivery: str
    live: bool
    load: int
    opens_on: str = "message"
    effects: tuple[str, ...] = ("Send",)
    text_chars_max: int = 100_000
    reply_window_ms: int = 0
    reply_quota: int = 0
    receipts: bool = False
    media: bool = False
    single: bool = False
    can_find: bool = False
    left_after_ms: int = 0
    many: bool = False
    files: Mapping[str, int] = {}
    files_max: int = 10
    files_bytes_max: int = 0
    writes_to: str = ""
    page_reaches: tuple[str, ...] = ()
    letters: bool = False


class LetterboxClosed(Exception):
    """The letterbox cannot take it now. Refuse in your own protocol; the provider sends again."""


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """A signal is durable. `letter` names it; `fresh` is False for one that was here before."""

    letter: int
    message: int
    fresh: bool


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What the router made of a letter. `reference` is the conversation's outside name, empty if set aside.

    `answer_by_ms`: until when its queue means to answer, 0 where it has not said so.
    """

    position: int
    line: int
    reference: str
    state: str
    queue: str
    opens_ms: int = 0
    answer_by_ms: int = 0


class LineFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of an item that is kept. `number` is its place among the message's files; `Door.file` has its content."""

    number: int
    name: str
    media_type: str
    size_bytes: int


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a line's conversation stands and how much longer it is to wait; four waits of five are between the two.

    `place`: 1 for the next, 0 where it does not wait. Without a `basis` nothing is known, and no time is said.
    """

    place: int = 0
    low_ms: int = 0
    high_ms: int = 0
    basis: str = ""

    @property
    def minutes(self) -> tuple[int, int] | None:
        """Return the range in whole minutes, none shorter than it is and at least one; None without a basis."""
        if not self.basis:
            return None
        return whole_minutes(self.low_ms, self.high_ms)


class LineItem(msgspec.Struct, frozen=True, kw_only=True):
    """One thing on a line that the customer may see; `seq` grows along the line.

    `kind`: `in`, `out`, `notice` or `status`; `status` items carry `state` (waiting, active, closed …).
    """

    seq: int
    kind: str
    at: int
    message: int = 0
    text: str = ""
    author: str = ""
    notice: str = ""
    state: str = ""
    client: str = ""
    until_ms: int = 0
    files: tuple[LineFile, ...] = ()


class Follow(Protocol):
    """What is committed on one line from now on, and passing signs. Bounded: `overrun` asks for a resume."""

    def __aiter__(self) -> AsyncIterator[LineItem]: ...

    @property
    def overrun(self) -> bool: ...

    def close(self) -> None: ...


class Book(Protocol):
    """A small durable map for cursors and provider tokens. Raises LetterboxClosed while the store is away."""

    async def read(self, key: str) -> str | None: ...

    async def note(self, key: str, value: str) -> None: ...

    async def replace(self, key: str, *, old: str, new: str) -> bool:
        """Note a value in the place of the one that was read, empty for none; False when it is another by now."""


class Door(Protocol):
    """The router's door, as a channel sees it."""

    async def accept(self, signals: Sequence[AnySignal], notes: Mapping[str, str] | None = None) -> list[Accepted]:
        """Put verified, parsed signals into the letterbox. Raises LetterboxClosed; then nothing was kept.

        `notes` go into the book in the same commit: so a cursor moves with what it covers, or not at all.
        """

    async def decided(self, letter: int, *, wait_ms: int) -> Decided | None:
        """Wait for the decision on a letter; None when it takes longer. The letter is safe either way."""

    async def line_items(self, line: LineRef, *, after: int, limit: int) -> list[LineItem]:
        """Return what the customer may see on a line above a number, from the archive. Raises LetterboxClosed."""

    async def file(self, line: LineRef, message: int, number: int) -> Attachment | None:
        """Return a file of a message on this line, None where there is none. Raises LetterboxClosed."""

    def follow(self, line: LineRef) -> Follow:
        """Follow a line from now on. Open it before reading `line_items`, so that nothing falls between."""

    def typing(self, line: LineRef, on: bool) -> None:
        """Pass on that the customer is typing. Never written."""

    async def refuses(self, line: LineRef, identities: Sequence[Identity] = ()) -> str:
        """Return why a sender is not served (`blocked`), empty for anybody else; asked before a live line rings."""

    async def place(self, line: LineRef) -> int:
        """Return the place in its queue of what waits on a line, 1 for the next; 0 where it does not wait."""

    async def standing(self, line: LineRef) -> Standing:
        """Return the place of what waits on a line, and a range of how much longer, where that is known."""

    def trouble(self, reason: str) -> None:
        """Say, by a short code, why the link outside does not work; empty: it works again. Said once."""

    def secret(self, purpose: str) -> bytes:
        """Return 32 bytes derived from the site's key for one purpose of this channel (tokens, VERP)."""

    async def remark(self, line: LineRef, *, item: int, words: str) -> bool:
        """Keep what a customer wrote beside their rating of the conversation whose item this is; new words replace old.

        False where it is none of this line's, or its person has been forgotten. Raises LetterboxClosed.
        """

    def sends_copies(self) -> bool:
        """Whether a customer may ask for a copy of what was said (`CopyAsked`): something here can send it."""

    def text(self, notice: str, language: str, until_ms: int = 0) -> str:
        """Return a customer text of the running configuration, in a language or the site's first."""

    async def help_page(self, language: str) -> str:
        """Return the address of the public help page, empty where it has no article that everybody may read."""

    def opening(self, calendar_or_queue: str) -> tuple[bool, int]:
        """Return (open now, the next change in UTC ms or 0) of a queue."""

    def is_free(self, queue: str, channel: str) -> bool:
        """Whether anybody could take a conversation of a channel in a queue this moment."""

    @property
    def name(self) -> str:
        """The name of the channel's entry in the configuration: what its lines are of."""

    @property
    def home(self) -> str:
        """The name of this node, the same after a restart; empty where it is the only one of its site."""

    async def is_open(self, line: LineRef) -> bool:
        """Whether a conversation of this line is open and at hand. Raises LetterboxClosed."""

    @property
    def book(self) -> Book: ...

    @property
    def public_url(self) -> str:
        """The address under which the world sees us, from configuration, without a final slash."""

    @property
    def now_ms(self) -> Callable[[], int]: ...


Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One HTTP path under `/channels/<name>`; `body_bytes_max` is refused with 413 before parsing.

    `body_s_max`: within how many seconds the body must be here, 0 for what webhooks may take.
    """

    method: str
    path: str
    handler: Handler
    body_bytes_max: int = 64 * 1024
    body_s_max: float = 0


class Channel(Protocol):
    """One channel: the two halves. Built by its module's `build(settings, door)`."""

    capabilities: Capabilities

    def routes(self) -> Sequence[Route]:
        """Return the webhooks and pages of this channel."""

    async def listen(self) -> None:
        """Hold a link (a listener, an IMAP idle) until cancelled. Returns at once where there is none."""

    async def perform(self, effect: AnyEffect) -> Done:
        """Do it, or raise TryLater, Undeliverable or Unsure. Never retries by itself."""

    async def find(self, key: str) -> Done | None:
        """Ask the provider whether an unsure effect happened. Only where `can_find`."""


class SoftphoneKey(msgspec.Struct, frozen=True, kw_only=True):
    """With what an agent's browser takes calls, until a time: under which name, and the provider's token.

    `sdk`: the path, on our own address, of the ES module whose `Device` takes the token.
    """

    identity: str
    token: str
    until_ms: int
    sdk: str = ""

    def __repr__(self) -> str:
        """Secrets reach no log."""
        return "SoftphoneKey(...)"


@runtime_checkable
class Softphones(Protocol):
    """What a channel may be besides: one whose calls agents take in their browser."""

    def softphone(self, agent: int) -> SoftphoneKey:
        """Return an agent's key. Raises TryLater where it is not configured."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every entry of `config/channels.yaml` has. A channel's own settings derive from it.

    Secrets are named, never written: a field that ends in `_env` names an environment variable.
    """

    enabled: bool = True
    by: str = ""  # the channel that serves an entry of another name; empty: the one of this name
    load: int = 0  # 0: the channel's own
    confirm: str = ""  # the notice that confirms an arrival, empty for none
    interrupted_by: tuple[str, ...] = ()  # conversations of these channels may come on top of this one's
    test: bool = False  # what comes by it is routed like everything and stays out of the figures

    def leads_to(self) -> Mapping[str, tuple[str, str]]:
        """Return, by the setting that says so, which entry customers are led to, and to what of it."""
        return {}

    def offers(self) -> Collection[str]:
        """Return what customers may be led to in this entry, empty where that is not known before they come."""
        return ()


class ChannelModule(Protocol):
    """What a file in `channels/` offers; it is found by its name.

    Beside `build`, the module has a class `Settings` derived from the one above, and `CAPABILITIES`.
    """

    CAPABILITIES: Capabilities

    def build(self, settings: Settings, door: Door, environment: Mapping[str, str]) -> Channel:
        """Make the channel. Raises ValueError with a sentence when a named secret is missing."""
