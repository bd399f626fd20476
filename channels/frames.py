"""What a line of our own says to a device, as JSON: what was said, how it stands, who types. No socket, no channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from channels.contract import LineFile, LineItem

# What somebody types is short; a longer text is pasted, and belongs in a file or a mail.
TEXT_CHARS_MAX = 4_000
NUMBER_MAX = 2**53
# `$` alone would take a line end, too.
ClientId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}$(?!\n)")]
Number = Annotated[int, Meta(ge=0, le=NUMBER_MAX)]
# Gives the address of a message's n-th file.
Link = Callable[[int, int], str]
_encoder = msgspec.json.Encoder()


class Frame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", forbid_unknown_fields=True):
    """What a device sends. It is read strictly."""


def write(kind: str, /, **fields: object) -> bytes:
    """Write a frame for a device."""
    return _encoder.encode({"type": kind, **fields})


def of_item(item: LineItem, link: Link) -> bytes:
    """Write what happened on the line, or a sign that somebody types."""
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
        files=[_file(item.message, file, link) for file in item.files],
    )


def _file(message: int, file: LineFile, link: Link) -> dict[str, object]:
    about = {"name": file.name, "media_type": file.media_type, "size_bytes": file.size_bytes}
    return {**about, "url": link(message, file.number)}
