"""Frames of the chat socket, both ways, and their limits. No socket here."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from channels import frames
from channels.contract import LineItem, Standing
from channels.frames import TEXT_CHARS_MAX, ClientId, Frame, Link, Number

FRAME_BYTES_MAX = 32 * 1024
# A few sentences: whoever has more to say writes a message.
REMARK_CHARS_MAX = 1_000


class Hello(Frame, frozen=True, kw_only=True, tag="hello"):
    token: Annotated[str, Meta(max_length=8_000)]
    last_seq: Number = 0


class Send(Frame, frozen=True, kw_only=True, tag="send"):
    client_msg_id: ClientId
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX)]


class Typing(Frame, frozen=True, kw_only=True, tag="typing"):
    on: bool = True


class Ack(Frame, frozen=True, kw_only=True, tag="ack"):
    """Shown to the visitor up to this item; `message` names a reply that was read."""

    seq: Number
    message: Number = 0


class Leave(Frame, frozen=True, kw_only=True, tag="leave"):
    """The visitor ends the conversation."""


class Rate(Frame, frozen=True, kw_only=True, tag="rate"):
    """How it was, 1 to 5: the conversation whose end is this item."""

    item: Number
    score: Annotated[int, Meta(ge=1, le=5)]


class Remark(Frame, frozen=True, kw_only=True, tag="remark"):
    """Words beside a rating: of the conversation whose end is this item."""

    item: Number
    text: Annotated[str, Meta(min_length=1, max_length=REMARK_CHARS_MAX)]


class Copy(Frame, frozen=True, kw_only=True, tag="copy"):
    """A copy of what was said is to go to an address: of the conversation whose end is this item."""

    item: Number
    to: Annotated[str, Meta(min_length=3, max_length=254)]


AnyFrame = Hello | Send | Typing | Ack | Leave | Rate | Remark | Copy
_decoder: msgspec.json.Decoder[AnyFrame] = msgspec.json.Decoder(AnyFrame)


def read(text: str) -> AnyFrame:
    """Read a frame. Raises `msgspec.MsgspecError` (or UnicodeError) for anything else."""
    return _decoder.decode(text.encode())


def write(kind: str, /, **fields: object) -> str:
    """Write a frame for the browser."""
    return frames.write(kind, **fields).decode()


def of_item(item: LineItem, link: Link) -> str:
    """Write what happened on the line as a frame. `link` gives the address of a message's n-th file."""
    return frames.of_item(item, link).decode()


def of_standing(standing: Standing) -> str:
    """Write where somebody stands, 0 for nowhere, and how many more minutes it will be; both 0 where nobody knows."""
    low, high = standing.minutes or (0, 0)
    return write("standing", place=standing.place, low_minutes=low, high_minutes=high)
