"""How flexible each profile is, as masks in order: the least flexible of many is found without walking them."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from router.core.profiles import Profile

# What a profile can do decides only between profiles that may serve equally many classes.
ABILITIES_MAX = 10_000
# So many numbers share a mask: with thousands of profiles hardly two are equally flexible.
TIER = 32


def bits(mask: int) -> Iterator[int]:
    """Yield the numbers of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def flexibility_of(profile: Profile) -> int:
    """Return how many classes a profile may serve; the sum of its levels parts those that are equal in it."""
    return profile.classes.bit_count() * ABILITIES_MAX + profile.levels


@dataclass(slots=True)
class Flexibility:
    """Profiles by flexibility. A new class changes that of many profiles: then all is counted again, when asked."""

    masks: dict[int, int] = field(default_factory=dict)
    order: list[int] = field(default_factory=list)
    tiers: list[tuple[int, list[int]]] = field(default_factory=list)  # masks over some numbers in order
    stale: bool = True

    def forget(self) -> None:
        self.stale = True

    def add(self, profile: Profile) -> None:
        """Note a profile that has abilities again."""
        if self.stale:
            return
        number = flexibility_of(profile)
        if number not in self.masks:
            insort(self.order, number)
        self.tiers = []
        self.masks[number] = self.masks.get(number, 0) | profile.bit

    def remove(self, profile: Profile) -> None:
        """Forget a profile before what it can do changes."""
        number = flexibility_of(profile)
        if self.stale or not self.masks.get(number, 0) & profile.bit:
            return
        self.tiers = []
        self.masks[number] ^= profile.bit
        if not self.masks[number]:
            del self.masks[number]
            del self.order[bisect_left(self.order, number)]

    def least_of(self, candidates: int, profiles: list[Profile]) -> int:
        """Return those of the candidates who are least flexible."""
        if self.stale:
            self._count(profiles)
        if not self.tiers:
            self._tier()
        for together, numbers in self.tiers:
            if together & candidates:
                return next(found for number in numbers if (found := self.masks[number] & candidates))
        return candidates

    def _tier(self) -> None:
        for start in range(0, len(self.order), TIER):
            numbers, together = self.order[start : start + TIER], 0
            for number in numbers:
                together |= self.masks[number]
            self.tiers.append((together, numbers))

    def _count(self, profiles: list[Profile]) -> None:
        self.masks, self.tiers, self.stale = {}, [], False
        for profile in profiles:
            if profile.abilities:
                number = flexibility_of(profile)
                self.masks[number] = self.masks.get(number, 0) | profile.bit
        self.order = sorted(self.masks)
