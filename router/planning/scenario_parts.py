"""The parts of a scenario, each read from its node: classes, channels, groups. The whole is put together elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as Map
from typing import Any

import msgspec

from router.core.bundle import Bundle, ChannelSpec
from router.core.facts import Facts
from router.core.rules import Placement
from router.planning.scenario import CustomerClass, Group
from router.planning.scenario_values import number
from router.planning.staging import facts_of
from router.settings.reading import (
    Field,
    Scope,
    complete,
    listed,
    mapped,
    one_of,
    record,
    refer,
    reference,
    text,
    truth,
    whole,
)
from router.settings.sections import CAPACITY_MAX
from router.settings.tree import Mapping, Node

SPEED_MIN, SPEED_MAX = 0.01, 100.0


def read_classes(node: Node, scope: Scope, table: Map[str, Field]) -> dict[str, dict[str, Any]]:
    """Read all classes by a table; nobody comes where there is none."""
    read = mapped(lambda part, inner: complete(record(part, inner, table), table))(node, scope) or {}
    if isinstance(node, Mapping) and not node.entries:
        scope.report(node, "nobody comes; name at least one class")
    return read


_OF_CLASS = ("rate", "handle", "patience", "wrap_up", "target_ms", "weight")


def customers(word: str, values: dict[str, Any], *, staged: bool) -> CustomerClass:
    """Return a class as a run knows it; the rules of a staged floor know it by its name."""
    channel = values["channel"]
    said = facts_of(word, channel, values.get("language", ""))
    if not staged:
        said = values.get("facts", Facts(channel=channel))
    kept = {
        key: values[key] for key in ("rate", "handle", "patience", "wrap_up", "target_ms", "weight") if key in values
    }
    return CustomerClass(name=word, facts=msgspec.structs.replace(said, channel=channel), **kept)


def facts(node: Node, scope: Scope) -> Facts | None:
    """Read what the rules see of a class: language, segment, kind, topics, attributes."""
    word = text(chars_max=200)
    table = {
        "language": Field(word, "language"),
        "segment": Field(word, "segment"),
        "kind": Field(word, "kind"),
        "topics": Field(listed(word), "topics"),
        "attributes": Field(mapped(word), "attributes"),
    }
    values = record(node, scope, table)
    if values is None:
        return None
    values["topics"] = tuple(sorted(values.get("topics", ())))
    values["attributes"] = tuple(sorted(values.get("attributes", {}).items()))
    return Facts(channel="", **values)


def read_channels(node: Node, scope: Scope) -> dict[str, ChannelSpec]:
    """Read the channels of a staged floor: the load of one conversation, and whether somebody is on the line."""
    table = {
        "load": Field(whole(1, CAPACITY_MAX), "load", required=True),
        "live": Field(truth, "live"),
        "interrupted_by": Field(listed(reference("channel")), "interrupted_by"),
    }
    found = mapped(lambda part, inner: complete(record(part, inner, table), table))(node, scope) or {}
    return {word: ChannelSpec(**{"live": True, **values}) for word, values in found.items()}


def channel_key(word: str, key: Node, scope: Scope) -> str | None:
    """Hold a key to the names of channels."""
    return refer("channel", word, key, scope)


def first_task(node: Node, scope: Scope) -> str | None:
    """Read a queue or a skill that is an agent's first task."""
    known = [*(scope.names["queue"] or ()), *(scope.names["skill"] or ())]
    word: str | None = one_of("queue or skill", known)(node, scope)
    return word


def speeds(node: Node, scope: Scope) -> dict[str, float] | None:
    """Read `0.75`, for everybody, or `{spanish: 0.75}`, by class."""
    read: Callable[[Node, Scope], float | None] = number(SPEED_MIN, SPEED_MAX)
    classes = scope.names["class"] or ()
    if not isinstance(node, Mapping):
        speed = read(node, scope)
        return dict.fromkeys(classes, speed) if speed is not None else None

    def known(word: str, key: Node, inner: Scope) -> str | None:
        return refer("class", word, key, inner)

    said: dict[str, float] | None = mapped(read, key=known)(node, scope)
    return said


def group(word: str, values: dict[str, Any], bundle: Bundle) -> Group:
    """Return a group with what its agents can do, in the words of the core."""
    abilities = {f"channel:{channel}": 1 for channel in values.pop("channels", tuple(bundle.channels))}
    abilities |= {f"skill:{skill}": level for skill, level in values.pop("skills", {}).items()}
    abilities |= {f"language:{language}": 1 for language in values.pop("languages", ())}
    abilities |= {f"primary:{first}": 1 for first in values.pop("first", ())}
    abilities |= {f"limit:{channel}": most for channel, most in values.pop("limits", {}).items()}
    values.setdefault("capacity", bundle.capacity)
    return Group(name=word, abilities=tuple(sorted(abilities.items())), **values)


def can_serve(group: Group, placed: Placement) -> bool:
    """Return whether agents of a group may ever serve what is placed so."""
    levels = dict(group.abilities)
    able = all(levels.get(need, 0) >= level for need, level in placed.needs)
    return able and group.capacity >= placed.load
