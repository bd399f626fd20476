"""How flexible each profile is, as digits of masks: the least flexible of many is found without walking them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import compress, count
from typing import TYPE_CHECKING, TypeVar

from router.core.tally import Tally

if TYPE_CHECKING:
    from router.core.profiles import Profile

# What a profile can do decides only between profiles that may serve equally many classes.
ABILITIES_MAX = 10_000
# The digits of a mask are read in one go where more than so many of them are set, and one in so many.
DIGITS_FROM, DIGITS_SHARE = 4, 16
_AS_NUMBERS = bytes.maketrans(b"01", b"\0\1")

T = TypeVar("T")


def bits(mask: int) -> Iterator[int]:
    """Return the numbers of the set bits, lowest first."""
    return compress(count(), _digits(mask)) if _is_dense(mask) else _few_bits(mask)


def those_of(mask: int, among: Sequence[T]) -> Iterator[T]:
    """Return what stands at the numbers of the set bits, lowest first."""
    return compress(among, _digits(mask)) if _is_dense(mask) else map(among.__getitem__, _few_bits(mask))


def _is_dense(mask: int) -> bool:
    set_bits = mask.bit_count()
    return set_bits > DIGITS_FROM and set_bits * DIGITS_SHARE > mask.bit_length()


def _digits(mask: int) -> bytes:
    return bin(mask)[:1:-1].encode().translate(_AS_NUMBERS)


def _few_bits(mask: int) -> Iterator[int]:
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
