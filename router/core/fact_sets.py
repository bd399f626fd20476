"""Fact sets: each kept once under a number, counted by who has it, dropped some time after the last one has gone.

Only `evolve` calls what writes. Which ones go is decided and written down (`FactsDropped`), so that a journal from
before there was dropping means what it always meant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice

from router.core.facts import Facts

# What nobody has is soon asked for again (most messages are alike), so the last ones are kept; attributes such as an
# order's number never come again, and would stay for ever.
UNUSED_MAX = 1_000
# So many go at once: few events, and no pause where an old floor shrinks to its measure.
DROPPED_AT_ONCE = 64


@dataclass(slots=True)
class FactSets:
    """`unused` holds the numbers that no conversation has, the longest unused first."""

    by_number: dict[int, Facts] = field(default_factory=dict)
    number_of: dict[Facts, int] = field(default_factory=dict)
    users: dict[int, int] = field(default_factory=dict)
    unused: dict[int, None] = field(default_factory=dict)
    next_number: int = 1

    @property
    def is_crowded(self) -> bool:
        """Return whether some are to go."""
        return len(self.unused) >= UNUSED_MAX + DROPPED_AT_ONCE

    def superfluous(self) -> tuple[int, ...]:
        """Return the numbers that go now."""
        if not self.is_crowded:
            return ()
        return tuple(islice(self.unused, DROPPED_AT_ONCE))

    # --- writing, by evolve only ----------------------------------------------------------------------------

    def code(self, number: int, content: Facts) -> None:
        """Give a set its number; nobody has it yet."""
        self.by_number[number] = content
        self.number_of[content] = number
        self.next_number = max(self.next_number, number + 1)
        if number not in self.users:
            self.unused[number] = None

    def take(self, number: int) -> None:
        """One more conversation has this set."""
        self.users[number] = self.users.get(number, 0) + 1
        self.unused.pop(number, None)

    def give_back(self, number: int) -> None:
        """One conversation less has it."""
        left = self.users[number] - 1
        if left:
            self.users[number] = left
        else:
            del self.users[number]
            self.unused[number] = None

    def drop(self, number: int) -> None:
        """Forget a set that nobody has."""
        assert number not in self.users, "a set in use is never dropped"
        del self.number_of[self.by_number.pop(number)]
        del self.unused[number]
