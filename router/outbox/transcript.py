"""A conversation as a customer reads it again: who said what, and when. Pure: it is handed the messages."""

from __future__ import annotations

from collections.abc import Iterable

from router.core.bundle import Bundle
from router.outbox.wording import moment
from router.store.filerows import files_of
from router.store.port import MessageRow

# So much fits a mail that anybody still reads; of a longer one the newest is kept.
CHARS_MAX = 100_000
# How the customer is named in their own copy; another language is a row.
YOU = {"en": "You", "zh": "您", "th": "คุณ"}
LEFT_OUT = "[…]"


def transcript(greeting: str, said: Iterable[tuple[str, MessageRow]], bundle: Bundle, language: str) -> str:
    """Return the text of a copy. `said`: (the name of who wrote, empty for the customer or nobody; the message)."""
    pieces = [_piece(name, message, bundle, language) for name, message in said]
    chars, first = 0, len(pieces)
    while first and chars + len(pieces[first - 1]) <= CHARS_MAX:
        first -= 1
        chars += len(pieces[first])
    cut = (LEFT_OUT,) if first else ()
    return "\n\n".join(part for part in (greeting, *cut, *pieces[first:]) if part) + "\n"


def _piece(name: str, message: MessageRow, bundle: Bundle, language: str) -> str:
    body = message.body
    who = name or (YOU.get(language, YOU["en"]) if body.direction == "in" else bundle.site)
    files = [f"[{file.name}]" for file in files_of(body)]
    at = moment(body.created_ms, bundle.zone, language)
    return "\n".join(part for part in (f"{who} · {at}", body.text.strip(), *files) if part)
