"""How many SMS a text becomes: GSM-7 or UCS-2, and where it is cut. Pure. 3GPP TS 23.038."""

from __future__ import annotations

import msgspec

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
# Each takes an escape and itself.
_EXTENDED = frozenset("\f^{}\\[~]|€")
# What one message holds, and what each holds when there are several: a header says how they belong together.
_ROOM = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


class Segments(msgspec.Struct, frozen=True, kw_only=True):
    """What a text costs. `units` of the encoding; `left` of them free in the last segment."""

    encoding: str
    segments: int
    units: int
    left: int


def count(text: str) -> Segments:
    """Count the segments of a text. No character is cut in two, so a segment may end early."""
    encoding = "GSM-7" if all(char in _BASIC or char in _EXTENDED for char in text) else "UCS-2"
    sizes = [_size(char, encoding) for char in text]
    alone, each = _ROOM[encoding]
    units = sum(sizes)
    if units <= alone:
        return Segments(encoding=encoding, segments=1, units=units, left=alone - units)
    segments, free = 1, each
    for size in sizes:
        if size > free:
            segments, free = segments + 1, each
        free -= size
    return Segments(encoding=encoding, segments=segments, units=units, left=free)


def _size(char: str, encoding: str) -> int:
    if encoding == "GSM-7":
        return 2 if char in _EXTENDED else 1
    return 2 if ord(char) > 0xFFFF else 1


def in_gsm(text: str) -> str:
    """Return the text with typographer's quotes, dashes and blanks as GSM-7 has them: they alone would halve it."""
    plain = "".join(_PLAIN.get(char, char) for char in text)
    return plain if count(plain).encoding == "GSM-7" else text


_PLAIN = {
    **dict.fromkeys("‘’‚‛′", "'"),
    **dict.fromkeys("“”„‟″", '"'),
    **dict.fromkeys("‐‑‒–—−", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2009\u202f", " "),
    "…": "...",
}
