"""Which rules can never match, because those before them catch all of it, or because nothing fulfils them.

It never claims what is not so: what it does not understand may be true, false or without a value, each by itself, and
where the search would become long it claims nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from router.core.cel_syntax import Binary, Call, Choice, Listing, Literal, Logic, Name, Node, Select, Unary

# What a whole list of rules may cost, in parts of conditions looked at: about a second. The rest is left unclaimed.
LOOKS_MAX = 200_000
# More words than this in one search are never gone through in that time.
WORDS_MAX = 60
# A value that none of the rules names.
OTHER = ""

TRUE, FALSE, FAILED = 1, 2, 4
_NOT = {0: 0, TRUE: FALSE, FALSE: TRUE, TRUE | FALSE: TRUE | FALSE}
_PATHS = frozenset({"channel", "language", "kind", "customer.segment"})
_ATTRIBUTES = "attributes"
# What of an expression can be without a value: arithmetic and lists asked by number.
_SURE_OPERATORS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})

Word = tuple[str, object]  # a value that can be one of several words, or a part that is not understood
Standing = Mapping[Word, object]


class _TooLong(Exception):
    """The search has cost more than it may."""


def never_reached(conditions: Sequence[Node | None], looks_max: int = LOOKS_MAX) -> dict[int, tuple[int, ...]]:
    """Return the rules that can never match, each with the earlier ones that catch all of it.

    None of those: nothing fulfils its own condition. `conditions` are in order; None holds always. A last rule that
    holds always is not looked at: it has to be there.
    """
    search, found = _Search(conditions, looks_max), dict[int, tuple[int, ...]]()
    for index, condition in enumerate(conditions):
        if condition is None:
            break
        try:
            catching = search.caught(index)
        except _TooLong:
            break
        if catching is not None:
            found[index] = catching
    return found


@dataclass(slots=True)
class _Search:
    conditions: Sequence[Node | None]
    looks_left: int
    words: dict[Word, dict[object, None]] = field(default_factory=dict)
    used: list[tuple[Word, ...]] = field(default_factory=list)
    users: dict[Word, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Learn which words there are, and every value that any rule compares them with."""
        for condition in self.conditions:
            mine: dict[Word, None] = {}
            for word, values in _words(condition) if condition is not None else ():
                mine[word] = None
                self.words.setdefault(word, {}).update(dict.fromkeys(values))
            self.used.append(tuple(mine))
            for word in mine:
                self.users.setdefault(word, []).append(len(self.used) - 1)
        for word, known in self.words.items():
            if word[0] == "path":
                known[(OTHER,)] = None

    def caught(self, index: int) -> tuple[int, ...] | None:
        """Return which earlier rules catch all of one; None when something gets by them, as far as is seen."""
        if not self._passes(index, ()):
            return ()
        near = sorted({other for word in self.used[index] for other in self.users[word] if other < index})
        single = next((other for other in near if not self._passes(index, (other,))), None)
        if single is not None:
            return (single,)
        together = self._related(index)
        if len(together) < 2 or self._passes(index, together):
            return None
        return self._fewest(index, together)

    def _related(self, index: int) -> list[int]:
        """Return the earlier rules that have to do with one, also by way of others; none where those are too many."""
        words: set[Word] = set(self.used[index])
        while True:
            near = {other for word in words for other in self.users[word] if other < index}
            more = words.union(*(self.used[other] for other in near))
            if len(more) > WORDS_MAX:
                return []
            if more == words:
                return sorted(near)
            words = more

    def _fewest(self, index: int, near: list[int]) -> tuple[int, ...]:
        """Leave out, from the first to the last, whoever is not needed to catch it."""
        needed = list(near)
        for other in near:
            fewer = [each for each in needed if each != other]
            if not self._passes(index, fewer):
                needed = fewer
        return tuple(needed)

    def _passes(self, index: int, before: Sequence[int]) -> bool:
        """Whether something could fulfil a rule and none of those before."""
        words = dict.fromkeys(word for each in (index, *before) for word in self.used[each])
        return len(words) > WORDS_MAX or self._search({}, list(words), index, before)

    def _search(self, standing: dict[Word, object], free: list[Word], index: int, before: Sequence[int]) -> bool:
        if not self._may(index, standing) & TRUE:
            return False
        if any(self._may(other, standing) == TRUE for other in before):
            return False
        if not free:
            return True
        word, rest = free[0], free[1:]
        return any(self._search({**standing, word: value}, rest, index, before) for value in self.words[word])

    def _may(self, index: int, standing: Standing) -> int:
        condition = self.conditions[index]
        return TRUE if condition is None else self._outcomes(condition, standing)

    def _outcomes(self, node: Node, standing: Standing) -> int:
        """Return what may come of a condition while only some words stand: TRUE, FALSE, FAILED, or several."""
        self.looks_left -= 1
        if self.looks_left < 0:
            raise _TooLong
        if isinstance(node, Logic):
            return _joined([self._outcomes(part, standing) for part in node.parts], deciding=_DECIDING[node.op])
        if isinstance(node, Unary) and node.op == "!":
            inner = self._outcomes(node.of, standing)
            return _NOT[inner & (TRUE | FALSE)] | inner & FAILED
        if isinstance(node, Choice):
            return self._chosen(node, standing)
        return _atom(node, standing)

    def _chosen(self, node: Choice, standing: Standing) -> int:
        when = self._outcomes(node.when, standing)
        may = when & FAILED
        may |= self._outcomes(node.then, standing) if when & TRUE else 0
        return may | (self._outcomes(node.other, standing) if when & FALSE else 0)


_DECIDING = {"||": TRUE, "&&": FALSE}


def _joined(parts: list[int], *, deciding: int) -> int:
    """One part that decides settles it; else one without a value leaves it without; else it is the other."""
    other = TRUE if deciding == FALSE else FALSE
    may = deciding if any(part & deciding for part in parts) else 0
    if all(part & other for part in parts):
        may |= other
    if any(part & FAILED for part in parts) and all(part & (other | FAILED) for part in parts):
        may |= FAILED
    return may


def _atom(node: Node, standing: Standing) -> int:
    if isinstance(node, Literal):
        return TRUE if node.value is True else FALSE
    test = _test(node)
    if test is not None:
        path, values, wanted = test
        word: Word = ("path", path)
        if word not in standing:
            return TRUE | FALSE
        return TRUE if (standing[word] in values) is wanted else FALSE
    word = ("part", node)
    if word in standing:
        value = standing[word]
        assert isinstance(value, int), "a part stands at an outcome"
        return value
    return TRUE | FALSE | (0 if _is_sure(node) else FAILED)


def _test(node: Node) -> tuple[str, tuple[object, ...], bool] | None:
    """Return (path, values, whether it must be one of them) for what compares a word with written values."""
    if not isinstance(node, Binary):
        return None
    if node.op == "in" and isinstance(node.right, Listing):
        path, values = _path(node.left), [item.value for item in node.right.items if isinstance(item, Literal)]
        return (path, tuple(values), True) if path and len(values) == len(node.right.items) else None
    if node.op not in {"==", "!="}:
        return None
    sides = (node.left, node.right) if isinstance(node.right, Literal) else (node.right, node.left)
    path, literal = _path(sides[0]), sides[1]
    return (path, (literal.value,), node.op == "==") if path and isinstance(literal, Literal) else None


def _path(node: Node) -> str:
    """Return the name of what is one word of text, empty for anything else."""
    name = _dotted(node)
    if name in _PATHS:
        return name
    if isinstance(node, Select) and isinstance(node.of, Name) and node.of.name == _ATTRIBUTES:
        return name
    return ""


def _dotted(node: Node) -> str:
    if isinstance(node, Name):
        return node.name
    return f"{_dotted(node.of)}.{node.name}" if isinstance(node, Select) else ""


def _words(node: Node) -> Iterator[tuple[Word, Sequence[object]]]:
    """Yield what a condition depends on, with the values it names or the outcomes it may have."""
    if isinstance(node, Logic | Choice) or (isinstance(node, Unary) and node.op == "!"):
        for part in _joined_parts(node):
            yield from _words(part)
    elif not isinstance(node, Literal):
        test = _test(node)
        if test is not None:
            yield ("path", test[0]), test[1]
        else:
            yield ("part", node), (TRUE, FALSE) if _is_sure(node) else (TRUE, FALSE, FAILED)


def _joined_parts(node: Node) -> tuple[Node, ...]:
    if isinstance(node, Logic):
        return node.parts
    if isinstance(node, Choice):
        return (node.when, node.then, node.other)
    return (node.of,) if isinstance(node, Unary) else ()


def _is_sure(node: Node) -> bool:
    """Whether a part has a value for every message: a name, a comparison of sure things, a word in a list."""
    if isinstance(node, Literal | Name):
        return True
    if isinstance(node, Select):
        return bool(_dotted(node))
    if isinstance(node, Binary):
        return node.op in _SURE_OPERATORS and _is_sure(node.left) and _is_sure(node.right)
    items = node.items if isinstance(node, Listing) else node.args if isinstance(node, Call) else (node,)
    return items != (node,) and all(_is_sure(item) for item in items)
