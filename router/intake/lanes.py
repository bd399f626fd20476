"""Letters in hand by line: one of a line is under way, the others stand behind it by number. Decides nothing."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable

from msgspec.structs import replace

from router.store.port import Letter

Name = bytes | int


class Lanes:
    """Who may be decided next. A letter without a line has a lane of its own."""

    def __init__(self) -> None:
        self._known: set[int] = set()
        self._waiting: dict[Name, list[tuple[int, Letter]]] = {}
        self._ready: deque[Name] = deque()
        self._under_way: set[Name] = set()
        self._held: dict[Name, int] = {}

    def __contains__(self, letter: int) -> bool:
        return letter in self._known

    def __len__(self) -> int:
        return len(self._known)

    @property
    def ready(self) -> bool:
        """Whether some line has a letter that may be decided."""
        return bool(self._ready)

    @property
    def holding(self) -> bool:
        """Whether some line waits for a letter that is not in hand here."""
        return bool(self._held)

    def add(self, letter: Letter) -> None:
        """Take a letter in hand, at its place; one that is in hand already changes nothing."""
        if letter.id in self._known:
            return
        self._known.add(letter.id)
        name = _name(letter)
        alone = name not in self._waiting
        self._wait(name, letter)
        if letter.id < self._held.get(name, 0):
            # The one that a line waited for has come into our own hands.
            del self._held[name]
            self._ready.append(name)
        elif alone and name not in self._under_way:
            self._ready.append(name)

    def next(self, limit: int) -> list[Letter]:
        """Return the first letters of lines that have none under way, which they are from now on."""
        found: list[Letter] = []
        while self._ready and len(found) < limit:
            name = self._ready.popleft()
            found.append(self._first(name))
            self._under_way.add(name)
        return found

    def begin(self, letter: Letter) -> bool:
        """Let a letter be under way that is not in hand; False where another of its line is, or comes before."""
        name = _name(letter)
        if letter.id in self._known or name in self._under_way:
            return False
        waiting = self._waiting.get(name)
        if waiting and waiting[0][0] < letter.id:
            return False
        if waiting and self._held.pop(name, None) is None:
            self._ready.remove(name)
        self._known.add(letter.id)
        self._under_way.add(name)
        return True

    def end(self, letter: Letter) -> None:
        """A letter is out of hand: whoever stands behind it is next."""
        name = _name(letter)
        self._known.discard(letter.id)
        self._under_way.discard(name)
        if name in self._waiting:
            self._ready.append(name)

    def decided(self, letter: Letter) -> None:
        """A letter and all before it on its line are decided: nobody has to look whether they are."""
        waiting = self._waiting.get(_name(letter))
        if waiting and 0 < waiting[0][1].behind <= letter.id:
            number, first = waiting[0]
            waiting[0] = number, replace(first, behind=0)

    def back(self, letters: Iterable[Letter]) -> None:
        """Who could not be decided now stands before all that came later: a letter's number is its place."""
        for letter in letters:
            name = _name(letter)
            self._under_way.discard(name)
            self._wait(name, letter)
            self._ready.append(name)
        self._ready = deque(sorted(self._ready, key=lambda name: self._waiting[name][0][0]))

    def hold(self, letter: Letter) -> None:
        """Let a line wait: somebody else has a letter of it that comes before."""
        name = _name(letter)
        self._under_way.discard(name)
        self._wait(name, letter)
        if self._waiting[name][0][0] < letter.id:
            self._ready.append(name)
        else:
            self._held[name] = letter.id

    def look_again(self) -> None:
        """Let every line that waits be looked at again."""
        self._ready.extend(self._held)
        self._held.clear()

    def _wait(self, name: Name, letter: Letter) -> None:
        heapq.heappush(self._waiting.setdefault(name, []), (letter.id, letter))

    def _first(self, name: Name) -> Letter:
        waiting = self._waiting[name]
        _, letter = heapq.heappop(waiting)
        if not waiting:
            del self._waiting[name]
        return letter


def _name(letter: Letter) -> Name:
    return letter.line or letter.id
