"""A condition's tree as text again, and taken apart into what it joins: for telling people why it holds. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from router.core.cel_syntax import Binary, Call, Choice, Index, Listing, Literal, Logic, Name, Node, Select, Unary

# How strongly each kind binds: what binds less stands in parentheses inside what binds more.
_CHOICE, _OR, _AND, _RELATION, _SUM, _PRODUCT, _UNARY, _MEMBER = range(8)
_BINDING = {
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), _RELATION),
    **dict.fromkeys(("+", "-"), _SUM),
    **dict.fromkeys(("*", "/", "%"), _PRODUCT),
}
_WORD = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_BACKSLASH_ONLY = re.compile(r'[^"\x00-\x1f\x7f]*\\[^"\x00-\x1f\x7f]*')


def written(node: Node) -> str:
    """Return an expression as text that reads back as the same tree."""
    return _WAYS[type(node)](node)


def parts_of(node: Node) -> tuple[str, tuple[Node, ...]]:
    """Return by what a condition joins its parts (`&&`, `||`, or nothing), and the parts."""
    return (node.op, node.parts) if isinstance(node, Logic) else ("", (node,))


def _within(node: Node, binding: int) -> str:
    text = written(node)
    return f"({text})" if _binding_of(node) < binding else text


def _binding_of(node: Node) -> int:
    if isinstance(node, Logic):
        return _OR if node.op == "||" else _AND
    if isinstance(node, Binary):
        return _BINDING[node.op]
    if isinstance(node, Literal) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        return _UNARY if node.value < 0 else _MEMBER
    return {Choice: _CHOICE, Unary: _UNARY}.get(type(node), _MEMBER)


def _literal(node: Literal) -> str:
    value = node.value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A pattern reads best as it was most likely written.
        return f'r"{value}"' if _BACKSLASH_ONLY.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    return repr(value)


def _select(node: Select) -> str:
    of = _within(node.of, _MEMBER)
    return f"{of}.{node.name}" if _WORD.fullmatch(node.name) else f"{of}[{json.dumps(node.name, ensure_ascii=False)}]"


def _call(node: Call) -> str:
    args = list(node.args)
    target = f"{_within(args.pop(0), _MEMBER)}." if node.method else ""
    return f"{target}{node.name}({', '.join(map(written, args))})"


def _binary(node: Binary) -> str:
    binding = _BINDING[node.op]
    return f"{_within(node.left, binding)} {node.op} {_within(node.right, binding + 1)}"


def _logic(node: Logic) -> str:
    binding = _OR if node.op == "||" else _AND
    return f" {node.op} ".join(_within(part, binding + 1) for part in node.parts)


def _unary(node: Unary) -> str:
    of = _within(node.of, _MEMBER if not isinstance(node.of, Unary) or node.of.op != node.op else _UNARY)
    return f"{node.op}{of}"


def _choice(node: Choice) -> str:
    return f"{_within(node.when, _OR)} ? {_within(node.then, _OR)} : {written(node.other)}"


_WAYS: dict[type[Node], Callable[[Any], str]] = {
    Literal: _literal,
    Listing: lambda node: f"[{', '.join(map(written, node.items))}]",
    Name: lambda node: str(node.name),
    Select: _select,
    Index: lambda node: f"{_within(node.of, _MEMBER)}[{written(node.key)}]",
    Call: _call,
    Unary: _unary,
    Binary: _binary,
    Logic: _logic,
    Choice: _choice,
}
