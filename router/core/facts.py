"""What rules may look at: coded, non-personal facts of a message. No text, no names, no addresses."""

from __future__ import annotations

import msgspec

# The attribute of a line whose talks are recorded: whether the customer was `told` so, or has `agreed`.
RECORDED = "recorded"


class Facts(msgspec.Struct, frozen=True, array_like=True, kw_only=True, cache_hash=True):
    """The facts of one message, hashable, so that equal sets are stored once.

    `attributes` holds declared values (form fields marked as facts, pre-chat fields), sorted by name.
    """

    channel: str
    language: str = ""
    segment: str = ""
    kind: str = "message"
    topics: tuple[str, ...] = ()
    attributes: tuple[tuple[str, str], ...] = ()
