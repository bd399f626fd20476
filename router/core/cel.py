"""CEL conditions (a subset): checked against a schema when they are loaded, then run as closures. No input, no clock.

Semantics are those of Google's Common Expression Language; the whole language is judged at load, so that what is
left for run time is arithmetic that overflows, division by zero and an index out of range.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from router.core.cel_syntax import (
    Binary,
    Call,
    CelError,
    Choice,
    Index,
    Listing,
    Literal,
    Logic,
    Name,
    Node,
    Select,
    Unary,
    parse,
)
from router.core.cel_values import (
    ANY,
    ARITHMETIC,
    BOOL,
    EQUALITY,
    FUNCTIONS,
    LITERALS,
    STRING,
    UNARY,
    Env,
    EvaluationError,
    Run,
    Type,
    Typed,
    applied,
    at_index,
    compared,
    constant,
    joined,
    list_of,
    looked_up,
    matcher,
)

Schema = Mapping[str, Type]


@dataclass(frozen=True, slots=True)
class Program:
    """A checked condition. `run` takes the values of the schema's paths, in the schema's order.

    `paths` are those it looks at, `words` the (noun, word) of the choices it names; `tree` is what it says, for
    comparing conditions.
    """

    source: str
    type: Type
    paths: frozenset[str]
    words: frozenset[tuple[str, str]]
    tree: Node
    run: Run

    def holds(self, env: Env) -> bool:
        """Return whether a condition is true; one that has no value is not."""
        try:
            return self.run(env) is True
        except EvaluationError:
            return False


def compile_cel(source: str, schema: Schema) -> Program:
    """Compile an expression. Raises CelError with the place of the first fault."""
    return program_of(parse(source), source, schema)


def program_of(tree: Node, source: str, schema: Schema) -> Program:
    """Check what was read already: a whole expression, or a part of one. Raises CelError."""
    check = _Checker(schema)
    found = check.typed(tree)
    return Program(source, found.type, frozenset(check.paths), frozenset(check.words), tree, found.run)


def compile_condition(source: str, schema: Schema) -> Program:
    """Compile an expression that must be true or false. Raises CelError with the place of the first fault."""
    program = compile_cel(source, schema)
    if program.type.name != "bool":
        raise CelError(f"a condition must be true or false; this is a {program.type}", program.tree.at)
    return program


def implies(narrow: Node, wide: Node) -> bool:
    """Return whether `wide` is surely true whenever `narrow` is, as far as their form shows."""
    if narrow == wide:
        return True
    if isinstance(narrow, Logic) and narrow.op == "||":
        return all(implies(part, wide) for part in narrow.parts)
    if isinstance(wide, Logic) and wide.op == "&&":
        return all(implies(narrow, part) for part in wide.parts)
    if isinstance(wide, Logic) and any(implies(narrow, part) for part in wide.parts):
        return True
    return isinstance(narrow, Logic) and any(implies(part, wide) for part in narrow.parts)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest known word, or nothing."""
    near = get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean '{near[0]}'?" if near else ""


class _Checker:
    """Gives every part of one expression its type and its closure."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._slots = {path: slot for slot, path in enumerate(schema)}
        self._records = {path.rpartition(".")[0] for path in schema if "." in path}
        self.paths: set[str] = set()
        self.words: set[tuple[str, str]] = set()
        self._rows: dict[type[Node], Callable[..., Typed]] = {
            Literal: self._literal,
            Listing: self._listing,
            Name: self._path,
            Select: self._select,
            Index: self._index,
            Call: self._call,
            Unary: self._unary,
            Binary: self._binary,
            Logic: self._logic,
            Choice: self._choice,
        }

    def typed(self, node: Node) -> Typed:
        return self._rows[type(node)](node)

    def _literal(self, node: Literal) -> Typed:
        value = node.value
        return Typed(LITERALS[type(value)], lambda _env: value)

    def _listing(self, node: Listing) -> Typed:
        parts = [self.typed(item) for item in node.items]
        item = ANY
        for part, where in zip(parts, node.items, strict=True):
            if not _same(item, part.type):
                raise CelError(f"a list holds one type; this is a {part.type} in a list of {item}", where.at)
            item = _wider(item, part.type)
        runs = tuple(part.run for part in parts)
        if all(isinstance(where, Literal) for where in node.items):
            fixed = [run(()) for run in runs]
            return Typed(list_of(item), lambda _env: fixed)
        return Typed(list_of(item), lambda env: [run(env) for run in runs])

    def _path(self, node: Node) -> Typed:
        path = _dotted(node)
        if path in self._slots:
            self.paths.add(path)
            slot = self._slots[path]
            return Typed(self._schema[path], operator.itemgetter(slot))
        if path in self._records:
            fields = ", ".join(sorted(self._fields(path)))
            raise CelError(f"'{path}' is no value by itself; it has {fields or 'no fields'}", node.at)
        known = {name.partition(".")[0] for name in self._schema}
        raise CelError(f"no name '{path}'{did_you_mean(path, known) or _known(known)}", node.at)

    def _fields(self, record: str) -> set[str]:
        return {path[len(record) + 1 :] for path in self._schema if path.startswith(record + ".")}

    def _select(self, node: Select) -> Typed:
        record = _dotted(node.of)
        if record in self._records:
            if f"{record}.{node.name}" in self._slots:
                return self._path(node)
            fields = self._fields(record)
            hint = did_you_mean(node.name, fields) or _known(fields)
            raise CelError(f"'{record}' has no field '{node.name}'{hint}", node.at)
        target = self.typed(node.of)
        if target.type.name != "map" or target.type.item is None:
            raise CelError(f"a {target.type} has no field '{node.name}'", node.at)
        return Typed(target.type.item, looked_up(target, constant(node.name)))

    def _index(self, node: Index) -> Typed:
        target, key = self.typed(node.of), self.typed(node.key)
        wanted = {"list": "int", "map": "string"}.get(target.type.name)
        if wanted is None or target.type.item is None:
            raise CelError(f"a {target.type} has no items", node.at)
        if key.type.name != wanted:
            raise CelError(f"a {target.type.name} is asked by {wanted}, not by {key.type}", node.at)
        run = looked_up(target, key.run) if wanted == "string" else at_index(target.run, key.run)
        return Typed(target.type.item, run)

    def _call(self, node: Call) -> Typed:
        row = FUNCTIONS.get(node.name)
        if row is None:
            raise CelError(
                f"no function '{node.name}'{did_you_mean(node.name, FUNCTIONS) or _known(FUNCTIONS)}", node.at
            )
        if row.method_only and not node.method:
            raise CelError(f"write text.{node.name}(…)", node.at)
        parts = [self.typed(arg) for arg in node.args]
        if len(parts) != row.arity:
            raise CelError(f"'{node.name}' takes {row.arity - node.method} values in its parentheses", node.at)
        for part, where in zip(parts, node.args, strict=True):
            if part.type.name not in row.takes:
                raise CelError(f"'{node.name}' works on {' or '.join(row.takes)}, not on {part.type}", where.at)
        if row.function is None:
            return Typed(BOOL, matcher(parts[0].run, node.args[1]))
        return Typed(row.gives, applied(row.function, [part.run for part in parts]))

    def _unary(self, node: Unary) -> Typed:
        part = self.typed(node.of)
        found = UNARY.get((node.op, part.type.name))
        if found is None:
            raise CelError(f"'{node.op}' does not work on a {part.type}", node.at)
        return Typed(part.type, applied(found, [part.run]))

    def _binary(self, node: Binary) -> Typed:
        left, right = self.typed(node.left), self.typed(node.right)
        if node.op == "in":
            return self._contained(node, left, right)
        if not _same(left.type, right.type):
            raise CelError(f"'{node.op}' cannot join a {left.type} and a {right.type}", node.at)
        if node.op in {"==", "!="}:
            self._within_choices(node.left, right.type)
            self._within_choices(node.right, left.type)
            return Typed(BOOL, compared(EQUALITY[node.op], left.run, node.right, right.run))
        found = ARITHMETIC.get((node.op, left.type.name))
        if found is None:
            raise CelError(f"'{node.op}' does not work on a {left.type}", node.at)
        result, function = found
        return Typed(result or _wider(left.type, right.type), applied(function, [left.run, right.run]))

    def _contained(self, node: Binary, left: Typed, right: Typed) -> Typed:
        keys = {"map": STRING, "list": right.type.item}.get(right.type.name)
        if keys is None:
            raise CelError(f"'in' looks into a list or map, not into a {right.type}", node.at)
        if not _same(left.type, keys):
            raise CelError(f"a {left.type} cannot be in a {right.type}", node.at)
        self._within_choices(node.left, keys)
        for item in node.right.items if isinstance(node.right, Listing) else ():
            self._within_choices(item, left.type)
        return Typed(BOOL, applied(lambda value, group: value in group, [left.run, right.run]))

    def _within_choices(self, node: Node, known: Type) -> None:
        """Note a literal's meaning, or refuse one that the other side can never have."""
        if known.choices is None or not isinstance(node, Literal):
            return
        word = str(node.value)
        if word not in known.choices:
            hint = did_you_mean(word, known.choices) or _known(known.choices)
            raise CelError(f"no {known.noun} '{word}'{hint}", node.at)
        self.words.add((known.noun, word))

    def _logic(self, node: Logic) -> Typed:
        parts = [self.typed(part) for part in node.parts]
        for part, where in zip(parts, node.parts, strict=True):
            if part.type.name != "bool":
                raise CelError(f"'{node.op}' joins conditions; this is a {part.type}", where.at)
        return Typed(BOOL, joined(tuple(part.run for part in parts), deciding=node.op == "||"))

    def _choice(self, node: Choice) -> Typed:
        when, then, other = self.typed(node.when), self.typed(node.then), self.typed(node.other)
        if when.type.name != "bool":
            raise CelError(f"'?' asks a condition; this is a {when.type}", node.when.at)
        if not _same(then.type, other.type):
            raise CelError(
                f"both sides of ':' must be of one type; here a {then.type} and a {other.type}", node.other.at
            )
        when_run, then_run, other_run = when.run, then.run, other.run
        return Typed(_wider(then.type, other.type), lambda env: then_run(env) if when_run(env) else other_run(env))


def _dotted(node: Node) -> str:
    """Return `a.b` for a chain of names, or an empty string for anything else."""
    if isinstance(node, Name):
        return node.name
    of = _dotted(node.of) if isinstance(node, Select) else ""
    return f"{of}.{node.name}" if of and isinstance(node, Select) else ""


def _known(names: Iterable[str]) -> str:
    return f"; there is {', '.join(sorted(filter(None, names))) or 'none'}"


def _same(one: Type, two: Type | None) -> bool:
    if two is None or "any" in {one.name, two.name}:
        return True
    return one.name == two.name and (one.item is None or _same(one.item, two.item))


def _wider(one: Type, two: Type) -> Type:
    """Return the type of a value that is one or the other: what only one of them promises is dropped."""
    if "any" in {one.name, two.name}:
        return two if one.name == "any" else one
    if one == two:
        return one
    if one.item is None or two.item is None:
        return Type(one.name)
    return Type(one.name, _wider(one.item, two.item))
