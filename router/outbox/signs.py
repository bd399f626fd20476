"""Passing signs on lines, never written: who is typing. Kept apart from everything that is decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

Heard = Callable[[int, bool], None]
Told = Callable[[bool], None]


class Signs:
    """Two directions: the desk tells lines, lines are heard by desks. Lines are named by their archive id."""

    def __init__(self) -> None:
        self._desks: list[Heard] = []
        self._lines: defaultdict[int, list[Told]] = defaultdict(list)

    def tell(self, line: int, on: bool) -> None:
        """The agent is typing, or has stopped: whoever holds the line passes it on."""
        for told in tuple(self._lines.get(line, ())):
            told(on)

    def hear(self, heard: Heard) -> Callable[[], None]:
        """Call `heard(line, on)` when a customer types; returns what ends it."""
        self._desks.append(heard)
        return lambda: self._desks.remove(heard) if heard in self._desks else None

    def typed(self, line: int, on: bool) -> None:
        """The customer is typing, or has stopped."""
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
