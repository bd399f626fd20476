"""The `replies` section: sentences that agents have ready, by language. What is told without an agent is in `texts`."""

from __future__ import annotations

import re
from typing import Any

from router.core.bundle import SavedReply
from router.core.cel import did_you_mean
from router.settings.reading import (
    Field,
    Scope,
    by_language,
    check_name,
    complete,
    listed,
    mapped,
    record,
    refer,
    reference,
    text,
)
from router.settings.reading import there_is as known_are
from router.settings.tree import Mapping, Node

LABEL_CHARS_MAX = 80
# Longer is a letter, not a sentence one has ready.
REPLY_CHARS_MAX = 4_000
# What an agent can still find by typing.
REPLIES_MAX = 500
# What the desk fills in before it is sent.
VARIABLES = ("customer.name", "agent.name", "conversation.ref", "queue", "rate.link")
_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")


def read_replies(node: Node, scope: Scope) -> dict[str, SavedReply]:
    """Read the saved replies by the name under which an agent types them."""
    table = {
        "label": Field(by_language(LABEL_CHARS_MAX), "label"),
        "text": Field(_text, "text", required=True),
        "queues": Field(listed(reference("queue")), "queues"),
    }
    if isinstance(node, Mapping) and len(node.entries) > REPLIES_MAX:
        scope.report(node, f"{len(node.entries)} replies; {REPLIES_MAX} are the most that anybody finds their way in")
        return {}

    def reply(part: Node, inner: Scope) -> dict[str, Any] | None:
        return complete(record(part, inner, table), table)

    found = mapped(reply, key=check_name)(node, scope) or {}
    return {name: SavedReply(name=name, **given) for name, given in found.items()}


def _language(word: str, key: Node, scope: Scope) -> str | None:
    return refer("language", word, key, scope)


def _text(node: Node, scope: Scope) -> dict[str, str] | None:
    """Read one text per language; the site's first must be there, since everybody else gets it."""
    found: dict[str, str] | None = mapped(_sentence, key=_language)(node, scope)
    first = next(iter(scope.names["language"] or ()), "")
    if isinstance(node, Mapping) and first and first not in node.entries:
        scope.report(node, f"no text in '{first}', the site's first language; add it")
    return found


def _sentence(node: Node, scope: Scope) -> str | None:
    said: str | None = text(chars_max=REPLY_CHARS_MAX)(node, scope)
    for match in _BRACES.finditer(said or ""):
        if match[1] in VARIABLES:
            continue
        hint = did_you_mean(match[1] or "", VARIABLES) or known_are([", ".join(f"{{{each}}}" for each in VARIABLES)])
        scope.report(node, f"no variable '{match[0]}'{hint}", offset=match.start())
        return None
    return said
