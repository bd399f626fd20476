"""YAML text as a tree of nodes that know their place. Strict: one way to write each thing, and none of YAML's traps.

Nothing here knows a section or key of ours, but for keys that look like secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from router.settings.problems import Findings, Problem

# The deepest key of ours stands at depth five; a file that goes deeper is not one of ours.
DEPTH_MAX = 12

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a file. `line` and `column` count from 1; `where` is the path of keys."""

    file: str
    line: int
    column: int
    where: str

    def place(self, offset: int = 0) -> tuple[int, int]:
        """Return line and column; `offset` is of use in text only."""
        return self.line, self.column


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    """A single value. `raw` is how it is written, which tells where a character of it stands."""

    value: Value
    raw: str = field(default="", repr=False)

    def place(self, offset: int = 0) -> tuple[int, int]:
        """Return line and column of a character of the value, found again in the written form."""
        at = _written_at(self.raw, self.value[:offset]) if offset and isinstance(self.value, str) else 0
        before = self.raw[:at]
        newline = before.rfind("\n")
        if newline < 0:
            return self.line, self.column + at
        return self.line + before.count("\n"), at - newline


@dataclass(frozen=True, slots=True)
class Mapping(Node):
    entries: dict[str, Node]
    keys: dict[str, Scalar]


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    items: tuple[Node, ...]


def read_tree(file: str, text: str, findings: Findings) -> Mapping | None:
    """Read one file; None when it is empty or broken. All its problems are in `findings`."""
    builder = _Builder(file, text, findings)
    try:
        node = builder.document()
    except yaml.reader.ReaderError as fault:
        before = text.encode()[: fault.position].decode(errors="ignore")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        findings.add(Problem(file, line, column, "", f"not YAML: {fault.reason} (U+{fault.character:04X})"))
        return None
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        findings.add(Problem(file, line, column, "", f"not YAML: {fault.problem or fault.context or 'cannot be read'}"))
        return None
    if node is None or isinstance(node, Mapping):
        return node
    findings.report(node, "a file holds sections; write `name:` and indent what belongs to it")
    return None


_INT = re.compile(r"-?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_NUMBERLIKE = re.compile(r"[-+]?(0[0-9_]+|0[xob][0-9a-fA-F_]+|[0-9][0-9_]*_[0-9_]*|\.[0-9]+|[0-9.]+[eE][-+]?[0-9]+)")
_MINUTES = re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?")
_FIXED: dict[str, Value] = {"true": True, "false": False, "null": None, "~": None, "": None}
_BOOLEANS = re.compile(r"(?i)y|yes|n|no|on|off|true|false|null|[-+]?\.inf|\.nan")


class _Builder:
    """Turns the parser's events into nodes."""

    def __init__(self, file: str, text: str, findings: Findings) -> None:
        self._file = file
        self._text = text
        self._findings = findings
        self._events: Iterator[Any] = iter(())

    def document(self) -> Node | None:
        self._events = iter(yaml.parse(self._text, Loader=yaml.CSafeLoader))
        found: Node | None = None
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._say(event, "", "a second document in one file; remove the line `---`")
                    break
                node = self._node(next(self._events), "", 0)
                found = None if isinstance(node, Scalar) and node.value is None else node
        return found

    def _say(self, event: Any, where: str, message: str) -> None:
        mark = event.start_mark
        self._findings.add(Problem(self._file, mark.line + 1, mark.column + 1, where, message), spoils=True)

    def _node(self, event: Any, where: str, depth: int) -> Node:
        if depth > DEPTH_MAX:
            raise yaml.MarkedYAMLError(None, None, "nested too deep", event.start_mark)
        if getattr(event, "anchor", None):
            self._say(event, where, "anchors and aliases (& and *) are not in use here; write the value out")
        if getattr(event, "tag", None):
            self._say(event, where, "tags (!) are not in use here; quote the value if it is text")
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, where, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, where, depth)
        return self._scalar(event, where)

    def _position(self, event: Any, where: str) -> tuple[str, int, int, str]:
        return self._file, event.start_mark.line + 1, event.start_mark.column + 1, where

    def _mapping(self, event: Any, where: str, depth: int) -> Mapping:
        entries: dict[str, Node] = {}
        keys: dict[str, Scalar] = {}
        while not isinstance(following := next(self._events), yaml.MappingEndEvent):
            key = self._node(following, where, depth + 1)
            word = key.value if isinstance(key, Scalar) and isinstance(key.value, str) else ""
            inner = f"{where}.{word}" if where and word else word or where
            value = self._node(next(self._events), inner, depth + 1)
            if not isinstance(key, Scalar) or not word:
                self._findings.report(key, "a key must be a word; if it is one, put it in quotes")
            elif word == "<<":
                self._findings.report(key, "merging (<<) is not in use here; write the values out")
            elif word in entries:
                first = keys[word].line
                self._say(following, inner, f"'{word}' is there twice, first in line {first}; remove one")
            else:
                entries[word] = value
                keys[word] = Scalar(key.file, key.line, key.column, inner, word, key.raw)
        return Mapping(*self._position(event, where), entries, keys)

    def _sequence(self, event: Any, where: str, depth: int) -> Sequence:
        items: list[Node] = []
        while not isinstance(following := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(following, f"{where}[{len(items)}]", depth + 1))
        return Sequence(*self._position(event, where), tuple(items))

    def _scalar(self, event: Any, where: str) -> Scalar:
        if isinstance(event, yaml.AliasEvent):
            return Scalar(*self._position(event, where), None)
        raw = self._text[event.start_mark.index : event.end_mark.index]
        value: Value = event.value
        if event.style is None or event.style == "":
            value = self._resolved(event, where)
        return Scalar(*self._position(event, where), value, raw)

    def _resolved(self, event: Any, where: str) -> Value:
        """Give a plain word its value, and refuse what other YAML readers take for something else."""
        word: str = event.value
        if word in _FIXED:
            return _FIXED[word]
        if _BOOLEANS.fullmatch(word):
            self._say(event, where, f'YAML reads {word} as a truth value; write true or false, or quote it: "{word}"')
            return word
        if _MINUTES.fullmatch(word):
            self._say(event, where, f'YAML reads {word} as a number of minutes; quote it: "{word}"')
            return word
        if _INT.fullmatch(word) and len(word) < 19:
            return int(word)
        if _FLOAT.fullmatch(word):
            return float(word)
        if _NUMBERLIKE.fullmatch(word) or _INT.fullmatch(word):
            self._say(event, where, f'readers disagree on the number {word}; write it plainly or quote it: "{word}"')
        return word


def _written_at(raw: str, said: str) -> int:
    """Return how much of the written form says `said`, so that what follows it is at this place."""
    at = 1 if raw[:1] in {"'", '"'} else 0
    if raw[:1] in {"|", ">"}:
        at = raw.find("\n") + 1
    at = _skip_indent(raw, at)
    for char in said:
        if char.isspace():
            at = _skip_indent(raw, at)
            continue
        found = raw.find(char, at)
        if found < 0:
            return 0
        at = found + 1
    return _skip_indent(raw, at) if said[-1:].isspace() else at


def _skip_indent(raw: str, at: int) -> int:
    while at < len(raw) and raw[at].isspace():
        at += 1
    return at
