"""How flexible each profile is, as masks in order: the least flexible of many is found without walking them."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.core.profiles import Profile

# What a profile can do decides only between profiles that may serve equally many classes.
ABILITIES_MAX = 10_000
# So many counts share a mask, so that the first that somebody has is found without looking at all of them.
TIER = 32
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

    by_count: dict[int, int] = field(default_factory=dict)
    by_levels: dict[int, int] = field(default_factory=dict)
    counts: list[int] = field(default_factory=list)  # in order
    levels: list[int] = field(default_factory=list)  # in order
    tiers: list[tuple[int, list[int]]] = field(default_factory=list)  # masks over some counts in order

    def form_class(self, able: int) -> None:
        """These profiles may serve one class more."""
        self._shift(able, 1)

    def drop_class(self, able: int) -> None:
        """These profiles may serve one class less."""
        self._shift(able, -1)

    def _shift(self, profiles: int, by: int) -> None:
        shifted: dict[int, int] = {}
        for count, there in self.by_count.items():
            moved = there & profiles
            if moved:
                shifted[count + by] = shifted.get(count + by, 0) | moved
            if moved != there:
                shifted[count] = shifted.get(count, 0) | there ^ moved
        self.by_count, self.counts, self.tiers = shifted, sorted(shifted), []

    def add(self, profile: Profile) -> None:
        """Note a profile that has abilities again."""
        self._put(self.by_count, self.counts, profile.classes.bit_count(), profile.bit)
        self._put(self.by_levels, self.levels, profile.levels, profile.bit)

    def remove(self, profile: Profile) -> None:
        """Forget a profile before what it can do changes."""
        if self.by_levels.get(profile.levels, 0) & profile.bit:
            self._take(self.by_count, self.counts, profile.classes.bit_count(), profile.bit)
            self._take(self.by_levels, self.levels, profile.levels, profile.bit)

    def _put(self, masks: dict[int, int], order: list[int], number: int, profiles: int) -> None:
        if number not in masks:
            insort(order, number)
        masks[number] = masks.get(number, 0) | profiles
        self.tiers = []

    def _take(self, masks: dict[int, int], order: list[int], number: int, profiles: int) -> None:
        masks[number] ^= profiles
        if not masks[number]:
            del masks[number]
            order.remove(number)
        self.tiers = []

    def least_of(self, candidates: int) -> int:
        """Return those of the candidates who are least flexible."""
        if not self.tiers:
            self._tier()
        for together, counts in self.tiers:
            if together & candidates:
                fewest = next(found for count in counts if (found := self.by_count[count] & candidates))
                return next(found for levels in self.levels if (found := self.by_levels[levels] & fewest))
        return candidates

    def _tier(self) -> None:
        for start in range(0, len(self.counts), TIER):
            counts, together = self.counts[start : start + TIER], 0
            for count in counts:
                together |= self.by_count[count]
            self.tiers.append((together, counts))
