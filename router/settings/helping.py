"""The section `help`: the public help page's title, categories, and what it offers to whom it did not help."""

from __future__ import annotations

from router.core.helping import HelpRules, Reach
from router.settings.reading import (
    Field,
    Scope,
    by_language,
    duration,
    listed,
    mapped,
    record,
    refer,
    reference,
    text,
    truth,
)
from router.settings.tree import Node

LABEL_CHARS_MAX = 60
# More than fits one screen is no overview.
CATEGORIES_MAX = 30
# The longest way to write an address of IPv6; a site has a few proxies.
ADDRESS_CHARS_MAX, PROXIES_MAX = 45, 50
# The longest e-mail address; more ways than these are no help.
AT_CHARS_MAX, REACH_MAX = 254, 20
STALE_LEAST, STALE_MOST = "7d", "1000d"


def read_help(node: Node, scope: Scope) -> HelpRules | None:
    """Read the section."""
    values = record(node, scope, _FIELDS)
    return None if values is None else HelpRules(**values, order=tuple(values["categories"]))


def _channel(word: str, key: Node, scope: Scope) -> str | None:
    return refer("channel", word, key, scope)


def _reach(node: Node, scope: Scope) -> Reach | None:
    values = record(node, scope, _REACH_FIELDS)
    return None if values is None else Reach(**values)


def _categories(node: Node, scope: Scope) -> dict[str, dict[str, str]] | None:
    found: dict[str, dict[str, str]] | None = mapped(by_language(LABEL_CHARS_MAX), most=CATEGORIES_MAX)(node, scope)
    return found


_REACH_FIELDS = {
    "at": Field(text(chars_max=AT_CHARS_MAX), "at"),
    "queue": Field(reference("queue"), "queue"),
    "label": Field(by_language(LABEL_CHARS_MAX), "label"),
}
_FIELDS = {
    "title": Field(by_language(LABEL_CHARS_MAX), "title", required=True),
    "categories": Field(_categories, "categories", required=True),
    "form": Field(text(chars_max=LABEL_CHARS_MAX), "form"),
    "queue": Field(reference("queue"), "queue"),
    "chat": Field(truth, "chat"),
    "reach": Field(mapped(_reach, key=_channel, most=REACH_MAX), "reach"),
    "proxies": Field(listed(text(chars_max=ADDRESS_CHARS_MAX), most=PROXIES_MAX), "proxies"),
    "stale_after": Field(duration(STALE_LEAST, STALE_MOST), "stale_ms"),
}
