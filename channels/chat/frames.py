"""Frames of the chat socket, both ways, and their limits. No socket here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from channels.contract import LineItem, Standing

# A chat line is short; a longer text is pasted, and belongs in a file or a mail.
TEXT_CHARS_MAX = 4_000
FRAME_BYTES_MAX = 32 * 1024
# `$` alone would take a line end, too.
ClientId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$(?!\n)")]


class Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """What a browser sends."""


class Hello(Frame, frozen=True, kw_only=True, tag="hello"):
    token: Annotated[str, Meta(max_length=8_000)]
    last_seq: Annotated[int, Meta(ge=0, le=2**53)] = 0


class Send(Frame, frozen=True, kw_only=True, tag="send"):
    client_msg_id: ClientId
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_CHARS_MAX)]


class Typing(Frame, frozen=True, kw_only=True, tag="typing"):
    on: bool = True


class Ack(Frame, frozen=True, kw_only=True, tag="ack"):
    """Shown to the visitor up to this item; `message` names a reply that was read."""

    seq: Annotated[int, Meta(ge=0, le=2**53)]
    message: Annotated[int, Meta(ge=0, le=2**53)] = 0


class Leave(Frame, frozen=True, kw_only=True, tag="leave"):
    pass


AnyFrame = Hello | Send | Typing | Ack | Leave
_decoder: msgspec.json.Decoder[AnyFrame] = msgspec.json.Decoder(AnyFrame)
_encoder = msgspec.json.Encoder()


def read(text: str) -> AnyFrame:
    """Read a frame. Raises `msgspec.MsgspecError` (or UnicodeError) for anything else."""
    return _decoder.decode(text.encode())


def write(kind: str, /, **fields: object) -> str:
    """Write a frame for the browser."""
    return _encoder.encode({"type": kind, **fields}).decode()


def of_item(item: LineItem, link: Callable[[int, int], str]) -> str:
    """Write what happened on the line as a frame. `link` gives the address of a message's n-th file."""
    if item.kind == "status":
        if item.seq == 0:
            return write("typing", on=item.state == "typing")
        return write("status", seq=item.seq, at=item.at, state=item.state, author=item.author, until_ms=item.until_ms)
    return write(
        "msg",
        seq=item.seq,
        kind=item.kind,
        at=item.at,
        id=item.message,
        text=item.text,
        author=item.author,
        client_msg_id=item.client,
        notice=item.notice,
        until_ms=item.until_ms,
        files=[
            {
                "name": file.name,
                "media_type": file.media_type,
                "size_bytes": file.size_bytes,
                "url": link(item.message, file.number),
            }
            for file in item.files
        ],
    )


def of_standing(standing: Standing) -> str:
    """Write where somebody stands, 0 for nowhere, and how many more minutes it will be; both 0 where nobody knows."""
    low, high = standing.minutes or (0, 0)
    return write("standing", place=standing.place, low_minutes=low, high_minutes=high)
