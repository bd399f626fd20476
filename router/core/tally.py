"""A number for each of many, digit by digit in binary: raised for many at once, compared without walking them.

Whoever is counted is a bit; digit k holds the bits of those whose number has 2 to the k in it. It decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Who is not known to it has 0."""

    digits: list[int] = field(default_factory=list)  # the lowest first

    def put(self, who: int, number: int) -> None:
        """Give some a number, whatever they had."""
        self.digits += [0] * (number.bit_length() - len(self.digits))
        for place, digit in enumerate(self.digits):
            self.digits[place] = digit | who if number >> place & 1 else digit & ~who

    def more(self, who: int) -> None:
        """One more for each of these."""
        for place, digit in enumerate(self.digits):
            if not who:
                return
            self.digits[place], who = digit ^ who, digit & who
        if who:
            self.digits.append(who)

    def less(self, who: int) -> None:
        """One less for each of these, who have at least one."""
        for place, digit in enumerate(self.digits):
            if not who:
                return
            self.digits[place], who = digit ^ who, who & ~digit

    def least(self, who: int) -> int:
        """Return those of some who have the least."""
        for digit in reversed(self.digits):
            low = who & ~digit
            if low:
                who = low
        return who

    def total(self, who: int) -> int:
        """Return what some have together."""
        return sum((digit & who).bit_count() << place for place, digit in enumerate(self.digits))
