"""The words and grammar of our CEL subset: text in, tree out. No names, types or values are judged here."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

# An expression is a condition that a person reads in one go; longer ones are several rules.
EXPRESSION_CHARS_MAX = 4_000
# Both bounds keep every walk over the tree far below Python's own limit of recursion.
OPERATORS_MAX = 200
NESTING_MAX = 30

INT_MIN, INT_MAX = -(2**63), 2**63 - 1


class CelError(ValueError):
    """An expression is refused. `offset` is the place in its text, in characters from 0."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression. Two parts are equal when they say the same, wherever they stand."""

    at: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    value: str | int | float | bool

    def __eq__(self, other: object) -> bool:
        """Tell `1`, `1.0` and `true` apart, which Python holds for equal."""
        return isinstance(other, Literal) and type(self.value) is type(other.value) and self.value == other.value

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Listing(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class Select(Node):
    """`of.name`, or `of["name"]` where the key is written out."""

    of: Node
    name: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    of: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`name(args)` and `target.name(args)` alike: a target is the first argument."""

    name: str
    args: tuple[Node, ...]
    method: bool


@dataclass(frozen=True, slots=True)
class Unary(Node):
    op: str
    of: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`&&` or `||` over two or more parts: their order does not change the result."""

    op: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice(Node):
    when: Node
    then: Node
    other: Node


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


_TOKENS = re.compile(
    r"""(?P<space>(?:[ \t\r\n]|//[^\n]*)+)
    |(?P<string>
        [rR](?:\"{3}(?s:.*?)\"{3}|\'{3}(?s:.*?)\'{3}|\"[^\"\n]*\"|\'[^\'\n]*\')
        |\"{3}(?s:(?:[^\\]|\\.)*?)\"{3}|\'{3}(?s:(?:[^\\]|\\.)*?)\'{3}
        |\"(?:[^\"\\\n]|\\.)*\"|\'(?:[^\'\\\n]|\\.)*\')
    |(?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    |(?P<int>0x[0-9a-fA-F]+|[0-9]+)
    |(?P<name>[_a-zA-Z][_a-zA-Z0-9]*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]])""",
    re.VERBOSE,
)

_LEFT_OUT = {
    "{": "maps cannot be written out; use && and || instead",
    "&": "write && for 'and'",
    "|": "write || for 'or'",
    "=": "write == to compare",
    '"': "this string is not closed",
    "'": "this string is not closed",
}
_RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"}
    | {"package", "namespace", "return", "var", "void", "while"}
)
_WORDS = {
    "and": "write && for 'and'",
    "or": "write || for 'or'",
    "not": "write ! for 'not'",
    "null": "null is not in use here; an absent value is an empty string",
}
_RELATIONS = ("==", "!=", "<", "<=", ">", ">=", "in")
_LEVELS: tuple[tuple[str, ...], ...] = (_RELATIONS, ("+", "-"), ("*", "/", "%"))
_ESCAPES = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "'": "'", '"': '"', "`": "`", "?": "?",
}  # fmt: skip
_CODED = {"x": (2, 16), "X": (2, 16), "u": (4, 16), "U": (8, 16)}


def parse(source: str) -> Node:
    """Read an expression. Raises CelError with the place of the first fault."""
    if len(source) > EXPRESSION_CHARS_MAX:
        raise CelError(f"longer than {EXPRESSION_CHARS_MAX} characters; write several rules", EXPRESSION_CHARS_MAX)
    return _Parser(_tokens(source), len(source)).whole()


def _tokens(source: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while at < len(source):
        match = _TOKENS.match(source, at)
        if match is None or match.lastgroup is None:
            raise CelError(_LEFT_OUT.get(source[at], f"'{source[at]}' has no meaning here"), at)
        if match.lastgroup != "space":
            found.append(_Token(match.lastgroup, match.group(), at))
        at = match.end()
    found.append(_Token("end", "", len(source)))
    return found


class _Parser:
    """Recursive descent over the tokens of one expression."""

    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = tokens
        self._next = 0
        self._end = end
        self._operators = 0
        self._nesting = 0

    def whole(self) -> Node:
        if self._look().kind == "end":
            raise CelError("the condition is empty", 0)
        node = self._expression()
        self._finish()
        return node

    def _finish(self) -> None:
        token = self._look()
        if token.kind != "end":
            raise CelError(_WORDS.get(token.text, f"did not expect '{token.text}' here"), token.at)

    def _look(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _takes(self, text: str) -> _Token | None:
        token = self._look()
        if token.kind in {"sign", "name"} and token.text == text:
            return self._take()
        return None

    def _want(self, text: str) -> None:
        token = self._look()
        if self._takes(text) is None:
            said = f"'{token.text}'" if token.text else "the end"
            raise CelError(_WORDS.get(token.text, f"expected '{text}' before {said}"), token.at)

    def _count(self, at: int) -> None:
        self._operators += 1
        if self._operators > OPERATORS_MAX:
            raise CelError(f"more than {OPERATORS_MAX} operators; write several rules", at)

    def _expression(self) -> Node:
        self._nesting += 1
        at = self._look().at
        if self._nesting > NESTING_MAX:
            raise CelError(f"nested more than {NESTING_MAX} deep", at)
        node = self._logic("||", lambda: self._logic("&&", lambda: self._binary(0)))
        if self._takes("?") is not None:
            then = self._logic("||", lambda: self._logic("&&", lambda: self._binary(0)))
            self._want(":")
            node = Choice(at, node, then, self._expression())
        self._nesting -= 1
        return node

    def _logic(self, op: str, part: Callable[[], Node]) -> Node:
        at = self._look().at
        parts = [part()]
        while self._takes(op) is not None:
            parts.append(part())
        return parts[0] if len(parts) == 1 else Logic(at, op, tuple(parts))

    def _binary(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node = self._binary(level + 1)
        while (op := self._look()).kind in {"sign", "name"} and op.text in _LEVELS[level]:
            self._count(op.at)
            self._take()
            node = Binary(op.at, op.text, node, self._binary(level + 1))
        return node

    def _unary(self) -> Node:
        signs: list[_Token] = []
        while (sign := self._look()).kind == "sign" and sign.text in {"!", "-"}:
            if signs and sign.text != signs[0].text:
                raise CelError(f"write parentheses after '{signs[0].text}'", sign.at)
            self._count(sign.at)
            signs.append(self._take())
        if signs and signs[-1].text == "-" and self._look().kind in {"int", "float"}:
            node = self._member(minus=signs.pop())
        else:
            node = self._member()
        for sign in reversed(signs):
            node = Unary(sign.at, sign.text, node)
        return node

    def _member(self, *, minus: _Token | None = None) -> Node:
        node = self._primary() if minus is None else self._number(minus.at, "-")
        while True:
            if (dot := self._takes(".")) is not None:
                self._count(dot.at)
                node = self._field(node)
            elif (bracket := self._takes("[")) is not None:
                self._count(bracket.at)
                node = self._indexed(node)
            else:
                return node

    def _field(self, of: Node) -> Node:
        token = self._take()
        if token.kind != "name":
            raise CelError("expected the name of a field or function after '.'", token.at)
        if self._takes("(") is None:
            return Select(token.at, of, token.text)
        return Call(token.at, token.text, (of, *self._items(")")), method=True)

    def _indexed(self, of: Node) -> Node:
        key = self._expression()
        self._want("]")
        if isinstance(key, Literal) and isinstance(key.value, str):
            return Select(key.at, of, key.value)
        return Index(key.at, of, key)

    def _items(self, closer: str) -> tuple[Node, ...]:
        items: list[Node] = []
        while self._takes(closer) is None:
            items.append(self._expression())
            if self._takes(",") is None:
                self._want(closer)
                break
        return tuple(items)

    def _primary(self) -> Node:
        token = self._look()
        if token.kind in {"int", "float"}:
            return self._number(token.at, "")
        self._take()
        if token.kind == "string":
            return Literal(token.at, _text(token))
        if token.kind == "name":
            return self._named(token)
        if token.text == "(":
            node = self._expression()
            self._want(")")
            return node
        if token.text == "[":
            return Listing(token.at, self._items("]"))
        said = f"'{token.text}'" if token.text else "the end"
        raise CelError(f"expected a value before {said}", token.at)

    def _named(self, token: _Token) -> Node:
        if token.text in {"true", "false"}:
            return Literal(token.at, token.text == "true")
        if token.text in _WORDS:
            raise CelError(_WORDS[token.text], token.at)
        if token.text in _RESERVED or token.text == "in":
            raise CelError(f"'{token.text}' is a reserved word of CEL", token.at)
        following = self._look()
        if following.kind == "string" and following.at == token.at + len(token.text):
            raise CelError(f"strings with the prefix '{token.text}' are not in use here", token.at)
        if self._takes("(") is not None:
            return Call(token.at, token.text, self._items(")"), method=False)
        return Name(token.at, token.text)

    def _number(self, at: int, sign: str) -> Literal:
        token = self._take()
        following = self._look()
        if following.kind == "name" and following.at == token.at + len(token.text):
            raise CelError(f"'{token.text}{following.text}' is not a number; units are not in use here", at)
        if token.kind == "float":
            return Literal(at, float(sign + token.text))
        value = int(sign + token.text, 16 if token.text.startswith("0x") else 10)
        if not INT_MIN <= value <= INT_MAX:
            raise CelError("this number does not fit into 64 bits", at)
        return Literal(at, value)


def _text(token: _Token) -> str:
    body = token.text
    raw = body[0] in "rR"
    body = body[1:] if raw else body
    quote = 3 if body[:3] in {'"""', "'''"} else 1
    inner = body[quote:-quote]
    return inner if raw or "\\" not in inner else _unescaped(inner, token.at + quote)


def _unescaped(inner: str, start: int) -> str:
    out: list[str] = []
    at = 0
    while at < len(inner):
        if inner[at] != "\\":
            out.append(inner[at])
            at += 1
            continue
        text, length = _escape(inner[at + 1 :], start + at)
        out.append(text)
        at += 1 + length
    return "".join(out)


def _escape(rest: str, at: int) -> tuple[str, int]:
    """Return the character an escape stands for, and how many characters follow the backslash."""
    if rest[0] in _ESCAPES:
        return _ESCAPES[rest[0]], 1
    skip, (digits, number_base) = (1, _CODED[rest[0]]) if rest[0] in _CODED else (0, (3, 8))
    code = rest[skip : skip + digits]
    try:
        value = int(code, number_base) if len(code) == digits and code.isalnum() else -1
    except ValueError:
        value = -1
    if not 0 <= value <= 0x10FFFF or 0xD800 <= value <= 0xDFFF:
        raise CelError(f"'\\{rest[0]}' is no escape of CEL; write r\"…\" for a pattern with backslashes", at)
    return chr(value), skip + digits
