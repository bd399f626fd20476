"""Makes bad input out of good: seeded, structure-aware changes of saved samples. Knows no parser and no server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

# What one input may grow to: enough for a length bomb, little enough for thousands of them.
INPUT_BYTES_MAX = 256 * 1024
CHANGES_MAX = 4
# Most inputs stay small, so that a round has many; one in so many may become a bomb.
BOMB_EVERY = 40
BOMB_BYTES = 100_000
SMALL_REPEATS = 64

EDGES = (b"\x00", b"\xff", b"\xfe\xff", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf", b"\x1b$B", b"\xef\xbb\xbf")
SCRIPTS = tuple(text.encode() for text in ("ก็", "客服", "é", "\u202e", "\u2028", "\x85", "²", "٣", "🙂", "ﬁ", "\u0300"))
NUMBERS = (
    b"0",
    b"-1",
    b"-0",
    b"9223372036854775808",
    b"1e999",
    b"18446744073709551616",
    b"1.5",
    b"NaN",
    b"0x10",
    b"00",
)
CHARSETS = (b"utf-8", b"utf-16", b"utf-7", b"x-unknown", b"gb18030", b"iso-2022-jp", b"punycode", b"base64", b"hex")
PIECES = (
    EDGES + SCRIPTS + NUMBERS + (b"", b" ", b"\r\n", b"\n", b"\r", b"\t", b":", b";", b'"', b"'", b"\\", b"<", b">")
)
PAIRS = ((b"[", b"]"), (b"{", b"}"), (b"(", b")"), (b'"', b'"'), (b"<", b">"), (b'{"a":', b"}"), (b"<div>", b"</div>"))


@dataclass(frozen=True)
class Soil:
    """What grows bad input: good samples, and the words of their language."""

    samples: Sequence[bytes]
    words: Sequence[bytes] = ()


def made(soil: Soil, chance: Random) -> bytes:
    """Return the next bad input: a sample with one to four changes."""
    data = chance.choice(soil.samples)
    for _ in range(chance.randint(1, CHANGES_MAX)):
        data = chance.choice(CHANGES)(data, soil, chance)[:INPUT_BYTES_MAX]
    return data


def _flip(data: bytes, soil: Soil, chance: Random) -> bytes:
    del soil
    changed = bytearray(data)
    for _ in range(chance.randint(1, 8) if changed else 0):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _insert(data: bytes, soil: Soil, chance: Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice([*soil.words, *PIECES]) + data[at:]


def _replace(data: bytes, soil: Soil, chance: Random) -> bytes:
    start, end = _span(data, chance)
    return data[:start] + chance.choice([*soil.words, *PIECES]) + data[end:]


def _delete(data: bytes, soil: Soil, chance: Random) -> bytes:
    del soil
    start, end = _span(data, chance)
    return data[:start] + data[end:]


def _cut(data: bytes, soil: Soil, chance: Random) -> bytes:
    del soil
    return data[: chance.randint(0, len(data))]


def _splice(data: bytes, soil: Soil, chance: Random) -> bytes:
    other = chance.choice(soil.samples)
    return data[: chance.randint(0, len(data))] + other[chance.randint(0, len(other)) :]


def _repeat(data: bytes, soil: Soil, chance: Random) -> bytes:
    """A piece or a word many times over: where cost grows with the square of something, it is this."""
    start, end = _span(data, chance, 40)
    piece = chance.choice([data[start:end], *soil.words, *PIECES]) or b"a"
    room = BOMB_BYTES if chance.randrange(BOMB_EVERY) == 0 else SMALL_REPEATS * len(piece)
    return data[:start] + piece * max(1, chance.randint(1, room) // len(piece)) + data[end:]


def _nest(data: bytes, soil: Soil, chance: Random) -> bytes:
    del soil
    opens, closes = chance.choice(PAIRS)
    start, end = _span(data, chance)
    depth = chance.randint(1, 20_000 if chance.randrange(BOMB_EVERY) == 0 else SMALL_REPEATS)
    return data[:start] + opens * depth + data[start:end] + closes * chance.choice([depth, depth, 0]) + data[end:]


def _double_line(data: bytes, soil: Soil, chance: Random) -> bytes:
    del soil
    lines = data.split(b"\n")
    line = chance.choice(lines)
    lines[chance.randint(0, len(lines)) : 0] = [line] * chance.randint(1, 12)
    return b"\n".join(lines)


def _move_line(data: bytes, soil: Soil, chance: Random) -> bytes:
    del soil
    lines = data.split(b"\n")
    lines.insert(chance.randint(0, len(lines)), lines.pop(chance.randrange(len(lines))))
    return b"\n".join(lines)


def _other_ends(data: bytes, soil: Soil, chance: Random) -> bytes:
    del soil
    return data.replace(chance.choice([b"\r\n", b"\n"]), chance.choice([b"\n", b"\r", b"\r\n", b"\n\r", b"\x00"]))


def _other_charset(data: bytes, soil: Soil, chance: Random) -> bytes:
    """Another label for the same bytes, or other bytes under the same label."""
    del soil
    label = chance.choice(CHARSETS)
    if chance.random() < 0.5:
        for known in (b"utf-8", b"UTF-8", b"us-ascii", b"iso-8859-1", b"windows-1252"):
            data = data.replace(known, label)
        return data
    codec = chance.choice(["utf-16", "utf-32", "utf-7", "cp500"])
    return data.decode("utf-8", "replace").encode(codec, "replace")


def _span(data: bytes, chance: Random, longest: int = 400) -> tuple[int, int]:
    start = chance.randint(0, len(data))
    return start, min(len(data), start + chance.randint(0, longest))


Change = Callable[[bytes, Soil, Random], bytes]
CHANGES: tuple[Change, ...] = (
    *(_flip, _insert, _replace, _delete, _cut, _splice, _repeat, _nest),
    *(_double_line, _move_line, _other_ends, _other_charset),
)
