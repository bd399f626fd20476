"""Where things stand in configuration files: sections with their sizes, and each rule's place. It judges nothing."""

from __future__ import annotations

from collections.abc import Mapping as Map

import msgspec

from router.settings.problems import Findings
from router.settings.tree import Mapping, Node, Scalar, Sequence, read_tree


class Section(msgspec.Struct, frozen=True):
    """One section of a file: its name, its line, how many entries it has."""

    name: str
    line: int
    entries: int


class Placed(msgspec.Struct, frozen=True):
    """Where one rule stands: from its first line to its last, as far as its own words go."""

    file: str
    line: int


class Outline(msgspec.Struct, frozen=True):
    """What stands where. `rules` are in order, one for each rule of the list."""

    sections: dict[str, tuple[Section, ...]]
    rules: tuple[Placed, ...]


def outline(files: Map[str, str]) -> Outline:
    """Return the outline of files that were loaded once; what cannot be read is left out."""
    sections: dict[str, tuple[Section, ...]] = {}
    rules: tuple[Placed, ...] = ()
    for file in sorted(files):
        tree = read_tree(file, files[file], Findings()) if file.endswith(".yaml") else None
        entries = tree.entries if tree is not None else {}
        keys = tree.keys if tree is not None else {}
        sections[file] = tuple(Section(name, keys[name].line, _size(node)) for name, node in entries.items())
        listed = entries.get("rules")
        if isinstance(listed, Sequence):
            rules = tuple(Placed(item.file, item.line) for item in listed.items)
    return Outline(sections, rules)


def _size(node: Node) -> int:
    if isinstance(node, Mapping):
        return len(node.entries)
    if isinstance(node, Sequence):
        return len(node.items)
    return int(isinstance(node, Scalar) and node.value is not None)
