"""What CEL values are and what is done with them: types, operators and functions as tables of closures."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import re2

from router.core.cel_syntax import INT_MAX, INT_MIN, CelError, Literal, Node

# A compiled pattern may not take more than this: RE2 refuses it at load instead of slowing down every message.
PATTERN_BYTES_MAX = 1 << 20

Value = object
Env = Sequence[Value]
Run = Callable[[Env], Value]


class EvaluationError(ArithmeticError):
    """A condition has no value for this input (division by zero, overflow, index out of range)."""


@dataclass(frozen=True, slots=True)
class Type:
    """What a value is. `item` is what a list or map holds.

    `choices`: the only values it can have, and `noun` what people call them; other literals are refused.
    `missing`: what a map answers for a key it does not have; None makes that an error.
    """

    name: str
    item: Type | None = None
    choices: tuple[str, ...] | None = None
    noun: str = ""
    missing: str | None = None

    def __str__(self) -> str:
        return self.name if self.item is None else f"{self.name} of {self.item}"


BOOL, INT, DOUBLE, STRING = Type("bool"), Type("int"), Type("double"), Type("string")
ANY = Type("any")


def list_of(item: Type) -> Type:
    """Return the type of lists of `item`."""
    return Type("list", item)


def map_of(item: Type, *, missing: str | None = None) -> Type:
    """Return the type of maps from strings to `item`."""
    return Type("map", item, missing=missing)


@dataclass(frozen=True, slots=True)
class Typed:
    """A checked part: its type and its closure."""

    type: Type
    run: Run


def constant(value: Value) -> Run:
    return lambda _env: value


def looked_up(target: Typed, key: Run) -> Run:
    missing, of = target.type.missing, target.run

    def look(env: Env) -> Value:
        found: Mapping[Value, Value] = of(env)  # type: ignore[assignment]  # The checker has seen that it is a map.
        value = found.get(key(env), missing)
        if value is None:
            raise EvaluationError("no such key")
        return value

    return look


def at_index(of: Run, key: Run) -> Run:
    def pick(env: Env) -> Value:
        items: Sequence[Value] = of(env)  # type: ignore[assignment]  # The checker has seen that it is a list.
        index: int = key(env)  # type: ignore[assignment]  # And that this is an int.
        if not 0 <= index < len(items):
            raise EvaluationError("index out of range")
        return items[index]

    return pick


def matcher(text: Run, pattern: Node) -> Run:
    if not isinstance(pattern, Literal) or not isinstance(pattern.value, str):
        raise CelError("the pattern must be written out, so that it can be checked", pattern.at)
    options = re2.Options()
    options.log_errors = False
    options.max_mem = PATTERN_BYTES_MAX
    try:
        search = re2.compile(pattern.value, options).search
    except re2.error as fault:
        raise CelError(f"not a pattern of RE2: {_reason(fault)}", pattern.at) from None

    def found(env: Env) -> Value:
        said: str = text(env)  # type: ignore[assignment]  # The checker has seen that it is a string.
        try:
            return search(said) is not None
        except UnicodeEncodeError:
            # Half a character from a broken client: RE2 reads UTF-8 only, and a decision must not break on it.
            return search(said.encode(errors="replace").decode()) is not None

    return found


def _reason(fault: Exception) -> str:
    said = fault.args[0] if fault.args else b""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


def applied(function: Callable[..., Value], runs: list[Run]) -> Run:
    if len(runs) == 1:
        (only,) = runs
        return lambda env: function(only(env))
    left, right = runs
    return lambda env: function(left(env), right(env))


def compared(function: Callable[[Value, Value], bool], left: Run, node: Node, right: Run) -> Run:
    """A comparison with a literal, the usual form, saves one call."""
    if isinstance(node, Literal):
        value = node.value
        return lambda env: function(left(env), value)
    return lambda env: function(left(env), right(env))


def joined(runs: tuple[Run, ...], *, deciding: bool) -> Run:
    """One part that decides settles it, whatever fails beside it; else a failed part fails the whole."""

    def join(env: Env) -> Value:
        failed: EvaluationError | None = None
        for run in runs:
            try:
                if run(env) is deciding:
                    return deciding
            except EvaluationError as fault:
                failed = fault
        if failed is not None:
            raise failed
        return not deciding

    return join


def _bounded(value: int) -> int:
    if not INT_MIN <= value <= INT_MAX:
        raise EvaluationError("beyond 64 bits")
    return value


def _quotient(one: int, two: int) -> int:
    if two == 0:
        raise EvaluationError("division by zero")
    whole = abs(one) // abs(two)
    return _bounded(whole if (one < 0) == (two < 0) else -whole)


def _rest(one: int, two: int) -> int:
    if two == 0:
        raise EvaluationError("division by zero")
    rest = abs(one) % abs(two)
    return -rest if one < 0 else rest


def _ratio(one: float, two: float) -> float:
    """IEEE 754, as CEL says: what Python refuses is infinite or not a number."""
    if two != 0.0:
        return one / two
    if one == 0.0 or math.isnan(one):
        return float("nan")
    return float("inf") if (one < 0) == (str(two)[0] == "-") else float("-inf")


@dataclass(frozen=True, slots=True)
class Function:
    """A function of CEL. `function` is None for `matches`, whose pattern is compiled at load."""

    takes: tuple[str, ...]
    arity: int
    gives: Type
    function: Callable[..., Value] | None
    method_only: bool = True


LITERALS: Mapping[type, Type] = {bool: BOOL, int: INT, float: DOUBLE, str: STRING}
EQUALITY: Mapping[str, Callable[[Value, Value], bool]] = {"==": operator.eq, "!=": operator.ne}
UNARY: Mapping[tuple[str, str], Callable[..., Value]] = {
    ("!", "bool"): operator.not_,
    ("-", "int"): lambda one: _bounded(-one),
    ("-", "double"): operator.neg,
}
_ORDER: Mapping[str, Callable[..., Value]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
ARITHMETIC: Mapping[tuple[str, str], tuple[Type | None, Callable[..., Value]]] = {
    **{(op, name): (BOOL, function) for op, function in _ORDER.items() for name in ("int", "double", "string", "bool")},
    ("+", "int"): (INT, lambda one, two: _bounded(one + two)),
    ("-", "int"): (INT, lambda one, two: _bounded(one - two)),
    ("*", "int"): (INT, lambda one, two: _bounded(one * two)),
    ("/", "int"): (INT, _quotient),
    ("%", "int"): (INT, _rest),
    ("+", "double"): (DOUBLE, operator.add),
    ("-", "double"): (DOUBLE, operator.sub),
    ("*", "double"): (DOUBLE, operator.mul),
    ("/", "double"): (DOUBLE, _ratio),
    ("+", "string"): (STRING, operator.add),
    ("+", "list"): (None, lambda one, two: [*one, *two]),
}
FUNCTIONS: Mapping[str, Function] = {
    "contains": Function(("string",), 2, BOOL, lambda text, part: part in text),
    "startsWith": Function(("string",), 2, BOOL, lambda text, part: text.startswith(part)),
    "endsWith": Function(("string",), 2, BOOL, lambda text, part: text.endswith(part)),
    "matches": Function(("string",), 2, BOOL, None, method_only=False),
    "size": Function(("string", "list", "map"), 1, INT, len, method_only=False),
}
