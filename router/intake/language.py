"""Which language a message is in, as far as its script says. Pure; no model, no guess about Latin letters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

# A message is in a script's language when at least a third of its letters are: names and brands stay Latin.
SHARE = 3
LOOKED_AT_CHARS_MAX = 2_000
THAI, KANA, HAN, OTHER = "th", "ja", "zh", ""
# Unicode blocks: Thai; Hiragana and Katakana with extensions; CJK ideographs with extension A and compatibility.
BLOCKS: tuple[tuple[int, int, str], ...] = (
    (0x0E00, 0x0E7F, THAI),
    (0x3040, 0x30FF, KANA),
    (0x31F0, 0x31FF, KANA),
    (0x3400, 0x4DBF, HAN),
    (0x4E00, 0x9FFF, HAN),
    (0xF900, 0xFAFF, HAN),
)


def script_language(text: str) -> str:
    """Return th, ja or zh where the script shows it, else an empty string. Kana among ideographs is Japanese."""
    counts = {THAI: 0, KANA: 0, HAN: 0, OTHER: 0}
    for char in text[:LOOKED_AT_CHARS_MAX]:
        if char.isalpha() or "\u0e30" <= char <= "\u0e4e":
            counts[_script(ord(char))] += 1
    letters = sum(counts.values())
    if counts[THAI] * SHARE >= letters > 0:
        return THAI
    if (counts[KANA] + counts[HAN]) * SHARE >= letters > 0:
        return KANA if counts[KANA] else HAN
    return OTHER


def _script(point: int) -> str:
    return next((script for first, last, script in BLOCKS if first <= point <= last), OTHER)


def choose_language(candidates: Iterable[str], offered: Sequence[str]) -> str:
    """Return the first candidate the site speaks, `en-GB` counting as `en`; else the site's first language."""
    for candidate in candidates:
        plain = candidate.strip().lower().replace("_", "-")
        for known in (plain, plain.partition("-")[0]):
            if known and known in offered:
                return known
    return offered[0] if offered else ""
