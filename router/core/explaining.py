"""Why a rule matches and another does not: each condition part by part, with the values it looked at. It only reads."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from router.core.cel import Program, Schema, program_of
from router.core.cel_syntax import Binary, Call, Choice, Index, Listing, Logic, Name, Node, Select, Unary
from router.core.cel_text import parts_of, written
from router.core.cel_values import Env, EvaluationError
from router.core.facts import Facts
from router.core.rules import Ruleset

# A value longer than this is somebody's own words in a form's field; its beginning says what it is.
VALUE_CHARS_MAX = 120


class Looked(msgspec.Struct, frozen=True):
    """One value that a condition looked at, as text of the same language."""

    name: str
    value: str


class Part(msgspec.Struct, frozen=True):
    """One part of a condition. Without a value (`failed`) it does not hold."""

    text: str
    holds: bool
    looked: tuple[Looked, ...]
    failed: bool = False


class Judged(msgspec.Struct, frozen=True):
    """One rule that was looked at. `joined` is `&&`, `||`, or empty for a single part or none."""

    number: int
    name: str
    queue: str
    holds: bool
    joined: str = ""
    parts: tuple[Part, ...] = ()


def judged(ruleset: Ruleset, facts: Facts, at: int) -> tuple[Judged, ...]:
    """Return the rules in order up to the one that matches, which is the last of them."""
    env, schema, found = ruleset.env(facts, at), ruleset.schema, list[Judged]()
    for number, (rule, program) in enumerate(ruleset.conditions, 1):
        holds = program is None or program.holds(env)
        op, parts = parts_of(program.tree) if program is not None else ("", ())
        told = tuple(_part(part, schema, env) for part in parts)
        found.append(Judged(number=number, name=rule.name, queue=rule.queue, holds=holds, joined=op, parts=told))
        if holds:
            break
    return tuple(found)


def conditions(program: Program | None) -> tuple[str, tuple[str, ...]]:
    """Return by what a rule's condition joins its parts, and the parts as text."""
    op, parts = parts_of(program.tree) if program is not None else ("", ())
    return op, tuple(written(part) for part in parts)


def _part(node: Node, schema: Schema, env: Env) -> Part:
    text = written(node)
    try:
        holds, failed = program_of(node, text, schema).run(env) is True, False
    except EvaluationError:
        holds, failed = False, True
    seen = {written(each): each for each in _looked_at(node, schema)}
    looked = tuple(Looked(name, _value(each, schema, env)) for name, each in seen.items())
    return Part(text=text, holds=holds, looked=looked, failed=failed)


def _value(node: Node, schema: Schema, env: Env) -> str:
    try:
        value = program_of(node, "", schema).run(env)
    except EvaluationError:
        return ""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_CHARS_MAX else text[: VALUE_CHARS_MAX - 1] + "…"


def _looked_at(node: Node, schema: Schema) -> Iterator[Node]:
    """Yield the names and fields a condition looks at: a field of `attributes`, else what the schema names."""
    if isinstance(node, Name | Select) and _is_value(node, schema):
        yield node
        return
    for part in parts_inside(node):
        yield from _looked_at(part, schema)


def _is_value(node: Node, schema: Schema) -> bool:
    path = _path(node)
    return path in schema or (isinstance(node, Select) and _path(node.of) in schema)


def _path(node: Node) -> str:
    if isinstance(node, Name):
        return node.name
    return f"{_path(node.of)}.{node.name}" if isinstance(node, Select) else ""


def parts_inside(node: Node) -> tuple[Node, ...]:
    """Return what a part is made of, in order of writing."""
    if isinstance(node, Logic):
        return node.parts
    if isinstance(node, Binary):
        return (node.left, node.right)
    if isinstance(node, Call):
        return node.args
    if isinstance(node, Listing):
        return node.items
    if isinstance(node, Choice):
        return (node.when, node.then, node.other)
    if isinstance(node, Index):
        return (node.of, node.key)
    return (node.of,) if isinstance(node, Unary | Select) else ()
