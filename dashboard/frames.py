"""The socket's frames: their shapes, how one is encoded, how a large one becomes several. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from dashboard.shapes import AgentLine, Item, Offer, QueueLine, Summary, TakingPart

# docs/API.md: a frame is at most 64 kB. Lists are cut into frames that stay well below.
FRAME_BYTES_MAX = 64 * 1024
LIST_BYTES_MAX = 56 * 1024


class Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", omit_defaults=True):
    """`seq`: the journal position it is current to."""

    seq: int


class Welcome(Frame, frozen=True, kw_only=True, tag="welcome"):
    now_ms: int
    version: str
    resync: bool


class Withdrawn(msgspec.Struct, frozen=True, kw_only=True):
    offer: int
    ref: str
    why: str


class DeskFrame(Frame, frozen=True, kw_only=True, tag="desk"):
    """Only what has changed. `me` is null after signing out of the floor."""

    me: AgentLine | msgspec.UnsetType | None = msgspec.UNSET
    work: list[Summary] | msgspec.UnsetType = msgspec.UNSET
    gone: list[str] | msgspec.UnsetType = msgspec.UNSET
    offers: list[Offer] | msgspec.UnsetType = msgspec.UNSET
    withdrawn: list[Withdrawn] | msgspec.UnsetType = msgspec.UNSET
    queues: list[QueueLine] | msgspec.UnsetType = msgspec.UNSET
    taking_part: list[TakingPart] | msgspec.UnsetType = msgspec.UNSET


class StoryFrame(Frame, frozen=True, kw_only=True, tag="story"):
    ref: str
    items: list[Item]


class TypingFrame(Frame, frozen=True, kw_only=True, tag="typing"):
    ref: str
    on: bool


class MentionFrame(Frame, frozen=True, kw_only=True, tag="mention"):
    """A note names the reader."""

    ref: str
    by: str


class ChangedFrame(Frame, frozen=True, kw_only=True, tag="changed"):
    """Something of a kind has changed: whoever shows it reads it again. With `ref`: this one is the reader's now."""

    kind: str
    ref: str = ""


class WaitingFrame(Frame, frozen=True, kw_only=True, tag="waiting"):
    """Who waits, to whoever watches. `n` numbers the batches of one watch; with `first` everything begins anew.

    `at`: the time of which all this is. `lines` and `rows` replace those of the same number and reference.
    """

    n: int
    at: int
    total: int
    queue: str = ""
    first: bool = False
    more: bool = False
    lines: list[msgspec.Raw] = []
    rows: list[msgspec.Raw] = []
    gone: list[str] = []


class Banner(Frame, frozen=True, kw_only=True, tag="banner"):
    kind: str
    text: str = ""


class Pong(Frame, frozen=True, kw_only=True, tag="pong"):
    now_ms: int


DeskPart = dict[str, object]

_encoder = msgspec.json.Encoder()


def encode(frame: Frame) -> str:
    """Encode a frame, once for everybody who gets it."""
    return _encoder.encode(frame).decode()


def slices(things: Sequence[msgspec.Struct]) -> Iterator[list[msgspec.Struct]]:
    """Cut a list so that each part, encoded, fits into a frame."""
    part: list[msgspec.Struct] = []
    part_bytes = 0
    for thing in things:
        size = len(_encoder.encode(thing)) + 1
        if part and part_bytes + size > LIST_BYTES_MAX:
            yield part
            part, part_bytes = [], 0
        part.append(thing)
        part_bytes += size
    if part:
        yield part


def desk_parts(**lists: Sequence[msgspec.Struct]) -> list[DeskPart]:
    """Return what desk frames will carry: these lists together if they fit into one frame, else in slices."""
    filled = {name: list(things) for name, things in lists.items() if things}
    if not filled:
        return []
    size = sum(len(_encoder.encode(things)) for things in filled.values())
    if size <= LIST_BYTES_MAX:
        return [dict(filled)]
    return [{name: part} for name, things in filled.items() for part in slices(things)]


def desk_frames(parts: Sequence[DeskPart], *, before: int, seq: int) -> list[str]:
    """Encode desk frames. Only the last one says `seq`: a desk that misses it resumes from before all of them."""
    last = len(parts) - 1
    return [
        encode(DeskFrame(seq=seq if index == last else before, **part))  # type: ignore[arg-type]
        for index, part in enumerate(parts)
    ]


# --- what a client may say --------------------------------------------------------------------------


class Said(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """A frame of a client."""


Ref = Annotated[str, Meta(max_length=40)]


class Hello(Said, frozen=True, kw_only=True, tag="hello"):
    last_seq: Annotated[int, Meta(ge=0)] = 0


class Ping(Said, frozen=True, kw_only=True, tag="ping"):
    """Asks for a `pong`: the line is alive, and the server's clock says so."""


class Types(Said, frozen=True, kw_only=True, tag="typing"):
    ref: Ref
    on: bool


class Look(Said, frozen=True, kw_only=True, tag="look"):
    ref: Ref | None


class Watch(Said, frozen=True, kw_only=True, tag="watch"):
    """Whose lines are on the screen: of one queue, of all (empty), or of none any more (null)."""

    queue: Annotated[str, Meta(max_length=100)] | None


AnySaid = Hello | Ping | Types | Look | Watch
_decoder: msgspec.json.Decoder[AnySaid] = msgspec.json.Decoder(AnySaid)


def read_said(text: str) -> AnySaid:
    """Read a client's frame. Raises msgspec.DecodeError (ValidationError is one) for anything else."""
    return _decoder.decode(text)
