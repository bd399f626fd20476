"""Text as customers type it: what no store or screen takes is left out, every script stays. No channel of its own."""

from __future__ import annotations

import unicodedata

# Control characters and halves of characters. Joiners, variation signs and wide blanks belong to scripts and emoji.
_LEFT_OUT = frozenset({"Cc", "Cs"})
# Signs that turn the reading direction of all that follows: in a name they turn the screen's own words around it.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# What shows nothing: a name of these alone is no name. U+3164 and U+2800 are letters and signs by category, and blank.
_UNSEEN, _BLANK = frozenset({"Cf", "Mn", "Zs"}), frozenset("\u115f\u1160\u3164\uffa0\u2800")
_LINE_ENDS = {"\r\n": "\n", "\r": "\n", "\u2028": "\n", "\u2029": "\n", "\x85": "\n"}


def typed(text: str, *, lines: bool) -> str:
    """Return what was typed, on one line unless `lines`. A line that shows nothing is empty, and turns nothing."""
    for end, plain in _LINE_ENDS.items():
        text = text.replace(end, plain)
    if not lines:
        text = text.replace("\n", " ").replace("\t", " ")
    kept = "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in _LEFT_OUT).strip()
    return kept if lines else _shown("".join(char for char in kept if char not in _TURNING).strip())


def _shown(line: str) -> str:
    seen = any(char not in _BLANK and unicodedata.category(char) not in _UNSEEN for char in line)
    return line if seen else ""
