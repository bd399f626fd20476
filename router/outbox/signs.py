"""Passing signs on lines, never written: who is typing. Kept apart from everything that is decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

Heard = Callable[[int, bool], None]
Told = Callable[[bool], None]
# The two directions of a sign, as other nodes are told of it.
TO_LINE, TO_DESKS = "line", "desks"
Outward = Callable[[str, int, bool], None]


def _to_nobody(direction: str, line: int, on: bool) -> None:
    """One node has nobody else to tell."""
    del direction, line, on


class Signs:
    """Two directions: the desk tells lines, lines are heard by desks. Lines are named by their archive id."""

    def __init__(self, outward: Outward = _to_nobody) -> None:
        self._outward = outward
        self._desks: list[Heard] = []
        self._lines: defaultdict[int, list[Told]] = defaultdict(list)

    def tell(self, line: int, on: bool) -> None:
        """The agent is typing, or has stopped: whoever holds the line passes it on."""
        self._outward(TO_LINE, line, on)
        self._tell_here(line, on)

    def pass_on(self, direction: str, line: int, on: bool) -> None:
        """A sign came from another node: it is for whoever holds the line, or looks at it, here."""
        (self._tell_here if direction == TO_LINE else self._typed_here)(line, on)

    def _tell_here(self, line: int, on: bool) -> None:
        for told in tuple(self._lines.get(line, ())):
            told(on)

    def hear(self, heard: Heard) -> Callable[[], None]:
        """Call `heard(line, on)` when a customer types; returns what ends it."""
        self._desks.append(heard)
        return lambda: self._desks.remove(heard) if heard in self._desks else None

    def typed(self, line: int, on: bool) -> None:
        """The customer is typing, or has stopped."""
        self._outward(TO_DESKS, line, on)
        self._typed_here(line, on)

    def _typed_here(self, line: int, on: bool) -> None:
        for heard in tuple(self._desks):
            heard(line, on)

    def hold(self, line: int, told: Told) -> Callable[[], None]:
        """Call `told(on)` when an agent types on this line; returns what ends it."""
        self._lines[line].append(told)

        def end() -> None:
            if told in self._lines.get(line, ()):
                self._lines[line].remove(told)
            if not self._lines.get(line):
                self._lines.pop(line, None)

        return end
