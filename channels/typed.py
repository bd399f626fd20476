"""Text as customers type it: what no store or screen takes is left out, every script stays. No channel of its own."""

from __future__ import annotations

import unicodedata

# Control characters and halves of characters. Joiners, variation signs and wide blanks belong to scripts and emoji.
_LEFT_OUT = frozenset({"Cc", "Cs"})
_LINE_ENDS = {"\r\n": "\n", "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\x85": "\n"}


def typed(text: str, *, lines: bool) -> str:
    """Return what was typed, on one line unless `lines`."""
    for end, plain in _LINE_ENDS.items():
        text = text.replace(end, plain)
    if not lines:
        text = text.replace("\n", " ").replace("\t", " ")
    kept = (char for char in text if char in "\n\t" or unicodedata.category(char) not in _LEFT_OUT)
    return "".join(kept).strip()
