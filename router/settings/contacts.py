"""The `contacts` section: partners and technicians outside, to whom conversations may be given. No other section."""

from __future__ import annotations

import re
from collections.abc import Mapping as Map
from typing import Any

from channels.contract import Capabilities, Settings
from router.core.bundle import Contact
from router.settings.reading import (
    Field,
    Scope,
    by_language,
    check_name,
    complete,
    duration,
    listed,
    mapped,
    one_of,
    record,
    reference,
    text,
    truth,
)
from router.settings.tree import Mapping, Node

LABEL_CHARS_MAX = 80
# RFC 5321: no address is longer.
ADDRESS_CHARS_MAX = 254
EMAIL = "email"
THEN = ("stays", "leaves")
REFUSED_TO = ("sender", "queue")
STORY = ("none", "last", "messages")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_ADDRESS = re.compile(r"[^@\s<>,;:\"]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

Schemas = Map[str, tuple[type[Any], Capabilities]]


def read_contacts(node: Node, scope: Scope, *, channels: Map[str, Settings], schemas: Schemas) -> dict[str, Contact]:
    """Read the contact book. An address needs a channel that can write to it."""
    table = {
        "label": Field(by_language(LABEL_CHARS_MAX), "label"),
        "phone": Field(_phone, "phone"),
        "email": Field(_email, "email"),
        "languages": Field(listed(_language, most=50), "languages"),
        "hours": Field(reference("calendar"), "hours"),
        "queues": Field(listed(reference("queue")), "queues"),
        "then": Field(one_of("rule", THEN), "then"),
        "due": Field(duration("1m", "90d"), "due_ms"),
        "refused": Field(one_of("way", REFUSED_TO), "refused"),
        "ring": Field(duration("10s", "2m"), "ring_ms"),
        "confirm": Field(truth, "confirm"),
        "story": Field(one_of("part", STORY), "story"),
        "notice": Field(reference("text"), "notice"),
    }
    mail_by = writes_to(EMAIL, channels, schemas)

    def contact(part: Node, inner: Scope) -> dict[str, Any] | None:
        values = complete(record(part, inner, table), table)
        if values is not None:
            _check(part, values, inner, mail_by=mail_by)
        return values

    values = mapped(contact, key=check_name)(node, scope) or {}
    return {
        name: Contact(name=name, mail_by=mail_by if "email" in given else "", **given) for name, given in values.items()
    }


def writes_to(kind: str, channels: Map[str, Settings], schemas: Schemas) -> str:
    """Return the enabled channel that can begin a line to an address of a kind, empty for none."""
    able = (
        word
        for word, settings in sorted(channels.items())
        if settings.enabled and schemas[settings.by or word][1].writes_to == kind
    )
    return next(able, "")


def _check(node: Node, values: dict[str, Any], scope: Scope, *, mail_by: str) -> None:
    if not isinstance(node, Mapping):
        return
    if not {"phone", "email"} & node.entries.keys():
        scope.report(node, "nobody can reach this contact; write `phone: '+420…'` or `email: name@example.org`")
    if "email" in values and not mail_by:
        scope.report(
            node.entries["email"], "no enabled channel writes mail; enable `email` in channels, or take this line away"
        )
    if values.get("then") == "leaves" and "due_ms" in values:
        scope.report(node.keys["due"], "what leaves us is never due; remove `due`, or write `then: stays`")


def _phone(node: Node, scope: Scope) -> str | None:
    value: str | None = text(chars_max=ADDRESS_CHARS_MAX)(node, scope)
    if value is not None and not _NUMBER.fullmatch(value):
        scope.report(node, f"'{value}' is no telephone number; write it in quotes, with its country: '+66600000001'")
        return None
    return value


def _email(node: Node, scope: Scope) -> str | None:
    value: str | None = text(chars_max=ADDRESS_CHARS_MAX)(node, scope)
    if value is not None and not (value.isascii() and _ADDRESS.fullmatch(value)):
        scope.report(node, f"'{value}' is no mail address; write it like name@example.org")
        return None
    return value.lower() if value else None


def _language(node: Node, scope: Scope) -> str | None:
    value: str | None = reference("language")(node, scope)
    return value
