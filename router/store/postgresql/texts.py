"""Texts from outside, as PostgreSQL can keep them: it has no NUL. Nothing personal is looked at here.

U+FDD0 is no character and never will be, so it stands for an escape: what it precedes says what was meant. JSON needs
none of this, because it spells a NUL out.
"""

from __future__ import annotations

NUL, ESCAPE = "\0", "\ufdd0"


def kept(text: str) -> str:
    """Return a text without NUL, from which `given` makes the same again."""
    if NUL not in text and ESCAPE not in text:
        return text
    return text.replace(ESCAPE, ESCAPE + "1").replace(NUL, ESCAPE + "0")


def given(text: str) -> str:
    """Return a text as it was before it was kept."""
    if ESCAPE not in text:
        return text
    return text.replace(ESCAPE + "0", NUL).replace(ESCAPE + "1", ESCAPE)
