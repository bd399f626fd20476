"""How questions, answers and hints are packed: many to a message, in MessagePack. What cannot be read is nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from router.bus.redis.limits import PACK_BYTES_MAX


class Questions(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Questions of one asker: number, patience left when they were sent, body."""

    asker: str
    questions: tuple[tuple[int, int, bytes], ...]


class Answers(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Answers to one asker: number and body."""

    answers: tuple[tuple[int, bytes], ...]


class Hints(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Hints of one sender to one site."""

    sender: str
    hints: tuple[bytes, ...]


Pack = TypeVar("Pack", bound=msgspec.Struct)

encode = msgspec.msgpack.Encoder().encode


def unpack(body: object, kind: type[Pack]) -> Pack | None:
    """Return what a message says, or None when it is none of ours."""
    try:
        return msgspec.msgpack.decode(body, type=kind) if isinstance(body, bytes) else None
    except msgspec.DecodeError:
        return None


def first_that_fit(sizes: Sequence[int]) -> int:
    """Return how many of these make one pack: at least one."""
    total = 0
    for number, size in enumerate(sizes):
        total += size
        if total > PACK_BYTES_MAX and number:
            return number
    return len(sizes)
