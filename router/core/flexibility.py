"""How flexible each profile is, as digits of masks: the least flexible of many is found without walking them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from router.core.tally import Tally

if TYPE_CHECKING:
    from router.core.profiles import Profile

# What a profile can do decides only between profiles that may serve equally many classes.
ABILITIES_MAX = 10_000
# The digits of a mask are read in one go where it is as long as this, and one in so many of them is set.
DIGITS_FROM, DIGITS_SHARE = 512, 16


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the set bits, lowest first."""
    if mask >> DIGITS_FROM and mask.bit_count() * DIGITS_SHARE > mask.bit_length():
        digits = bin(mask)[:1:-1]
        found = digits.find("1")
        while found >= 0:
            yield found
            found = digits.find("1", found + 1)
        return
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def flexibility_of(profile: Profile) -> int:
    """Return how many classes a profile may serve; the sum of its levels parts those that are equal in it."""
    return profile.classes.bit_count() * ABILITIES_MAX + profile.levels


@dataclass(slots=True)
class Flexibility:
    """Profiles by how many classes they may serve, and by the sum of their levels, which parts those equal in it."""

    known: int = 0  # profiles that somebody has
    classes: Tally = field(default_factory=Tally)
    levels: Tally = field(default_factory=Tally)

    def form_class(self, able: int) -> None:
        """These profiles may serve one class more."""
        self.classes.more(able & self.known)

    def drop_class(self, able: int) -> None:
        """These profiles may serve one class less."""
        self.classes.less(able & self.known)

    def add(self, profile: Profile) -> None:
        """Note a profile that has abilities again."""
        self.known |= profile.bit
        self.classes.put(profile.bit, profile.classes.bit_count())
        self.levels.put(profile.bit, profile.levels)

    def remove(self, profile: Profile) -> None:
        """Forget a profile before what it can do changes."""
        self.known &= ~profile.bit

    def least_of(self, candidates: int) -> int:
        """Return those of the candidates who are least flexible."""
        return self.levels.least(self.classes.least(candidates))
