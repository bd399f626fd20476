"""The `channels` section: each entry is checked by the channel's own settings, which are handed in."""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import Any

import msgspec

from channels.contract import Capabilities, Settings
from router.core.bundle import ChannelSpec
from router.core.cel import did_you_mean
from router.settings.reading import Scope, check_name, entries, listed, reference, there_is
from router.settings.tree import Mapping, Node, Scalar, Sequence
from router.settings.typed import FAULT, read_typed

# Settings of these names speak of something else in the configuration, in whichever channel they stand.
REFERENCES: Map[str, str] = {"confirm": "text", "closed": "text", "queue": "queue"}

Schemas = Map[str, tuple[type[Any], Capabilities]]


def read_channels(node: Node, scope: Scope, *, schemas: Schemas, capacity: int) -> dict[str, Settings]:
    """Read the settings of every channel that is named; each name is that of a channel module."""
    group = entries(node, scope)
    if group is None:
        return {}
    found: dict[str, Settings] = {}
    for word, part in group.entries.items():
        module = _module(word, part, group.keys[word], scope, schemas=schemas)
        if not module:
            continue
        _check_load(part, scope, capacity=capacity, usual=schemas[module][1].load)
        _check_interruption(part, scope)
        for key, kind in REFERENCES.items():
            if isinstance(part, Mapping) and key in part.entries:
                reference(kind)(part.entries[key], scope)
        values = read_typed(part, scope, schemas[module][0])
        if values is not FAULT:
            found[word] = msgspec.convert(values, schemas[module][0])
    for word, settings in found.items():
        part = group.entries[word]
        if settings.enabled and isinstance(part, Mapping):
            _check_ways(part, scope, settings, found)
    return found


def _check_ways(part: Mapping, scope: Scope, settings: Settings, found: Map[str, Settings]) -> None:
    """Warn of a setting that leads customers to where nobody serves them: they would stand before an error."""
    for key, (entry, name) in settings.leads_to().items():
        at, there = part.entries.get(key), found.get(entry)
        if at is None:
            continue
        if there is None or not there.enabled:
            scope.findings.warn(
                at, f"it leads customers to '{entry}', which is not enabled; enable it or leave this out"
            )
        elif there.offers() and name not in there.offers():
            hint = did_you_mean(name, there.offers()) or there_is(there.offers())
            scope.findings.warn(at, f"it leads customers to '{name}', which '{entry}' does not have{hint}")


def is_served(word: str, node: Node, schemas: Schemas) -> bool:
    """Return whether an entry has a channel, by its own name or by another's."""
    return word in schemas or _by(node) in schemas


def _by(node: Node) -> str:
    part = node.entries.get("by") if isinstance(node, Mapping) else None
    return str(part.value) if isinstance(part, Scalar) and part.value else ""


def _module(word: str, part: Node, key: Scalar, scope: Scope, *, schemas: Schemas) -> str:
    """Return the channel that serves an entry, or report and return nothing."""
    by = _by(part)
    many = [name for name, (_, can) in schemas.items() if can.many]
    if not by:
        if word in schemas:
            return word
        hint = did_you_mean(word, schemas) or there_is(schemas)
        scope.report(key, f"no channel module '{word}'{hint}" + "".join(f"; or add 'by: {name}'" for name in many))
    elif by not in many:
        scope.report(part, f"'by: {by}' serves no other entry; write one of {', '.join(many) or 'none'}")
    elif word in schemas and word != by:
        scope.report(key, f"'{word}' is a channel of its own; give this entry another name")
    else:
        check_name(word, key, scope)
        return by
    return ""


def specs_of(channels: Map[str, Settings], schemas: Schemas) -> dict[str, ChannelSpec]:
    """Return what routing must know of every enabled channel."""
    return {
        word: ChannelSpec(
            load=settings.load or schemas[settings.by or word][1].load,
            live=schemas[settings.by or word][1].live,
            confirm=settings.confirm,
            interrupted_by=settings.interrupted_by,
            test=settings.test,
            connects="Connect" in schemas[settings.by or word][1].effects,
        )
        for word, settings in channels.items()
        if settings.enabled
    }


def _check_interruption(node: Node, scope: Scope) -> None:
    """Read which other channels may come on top of this one's work; a fault that is no list is said by the types."""
    at = node.entries.get("interrupted_by") if isinstance(node, Mapping) else None
    if isinstance(at, Sequence):
        listed(reference("channel"))(at, scope)


def _check_load(node: Node, scope: Scope, *, capacity: int, usual: int) -> None:
    """Refuse a load that nobody could ever carry, whether it is written or the channel's own."""
    at = node.entries.get("load") if isinstance(node, Mapping) else None
    load = at.value if isinstance(at, Scalar) else None
    if not load and usual > capacity:
        scope.report(
            node, f"its load is {usual}, and an agent carries {capacity} (limits.capacity); write `load: …` here"
        )
    if at is not None and isinstance(load, int) and not 0 <= load <= capacity:
        scope.report(
            at, f"{load} is out of bounds; an agent carries {capacity} (limits.capacity); write 1 to {capacity}"
        )
