"""How fast a queue's line moves, and what that says of a wait: figures and formulas. No event, no conversation."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from math import log, sqrt
from typing import NamedTuple

# The last so many moves of a line count most: its rate is then known to 6 %, and a new one learnt in about as many.
MOVES_KEPT = 256
# A rate from fewer moves is off by a third and more.
MOVES_MIN = 10
# The errors of the last so many predictions are kept; a tenth of fewer than twenty is nobody.
ERRORS_KEPT, ERRORS_MIN = 256, 20
# So many steps of the line are summed one by one; of the rest the integral is as exact.
STEPS_SUMMED = 64
# A tenth of the waits may be below the range and a tenth above: four in five are inside.
TAIL = 0.1
# The errors of neighbours are alike, so the middle of those kept is too narrow for the next one. Each end is therefore
# stretched by what became of the ranges that were said: by most of this step where a wait was beyond it, back by the
# rest where not. So a tenth is beyond it in the long run, whatever the errors are like; within these bounds.
STRETCH_STEP = 0.05
STRETCH_MIN, STRETCH_MAX = 0.25, 4.0

# By the line's own rate, by the age of the first in line, by the wait of the last who was answered.
PACE, HEAD, LAST = "pace", "head", "last"
BASES = (PACE, HEAD, LAST)


Bounds = tuple[int, int]  # in ms


class Guess(NamedTuple):
    """What one predictor says. `spread_ms` is the scale of its errors."""

    basis: str
    ms: float
    spread_ms: float


class Wait(NamedTuple):
    """An estimated wait: four of five are between the two. `measured`: how many predictions the error is made of."""

    low_ms: int
    high_ms: int
    basis: str
    error_share: float
    measured: int


@dataclass(slots=True)
class Errors:
    """What came true of one predictor in one queue: the last errors, in their own scale and in milliseconds."""

    scaled: array[float] = field(default_factory=lambda: array("d"))
    off_ms: array[float] = field(default_factory=lambda: array("d"))
    waited_ms: array[float] = field(default_factory=lambda: array("d"))
    next: int = 0
    low: float = 1.0  # how far each end is stretched from the middle
    high: float = 1.0
    _ends: tuple[float, float, float] | None = None  # and the middle between them

    def learn(self, guess: Guess, waited_ms: int, said: Bounds | None = None) -> None:
        """A prediction has come true or has not. `said` is the range at the time at which it was made."""
        if said is not None:
            self.low = _stretched(self.low, beyond=waited_ms < said[0])
            self.high = _stretched(self.high, beyond=waited_ms > said[1])
        off_ms = waited_ms - guess.ms
        row = off_ms / max(guess.spread_ms, 1.0), off_ms, float(waited_ms)
        for kept, value in zip((self.scaled, self.off_ms, self.waited_ms), row, strict=True):
            if len(kept) < ERRORS_KEPT:
                kept.append(value)
            else:
                kept[self.next] = value
        self.next = (self.next + 1) % ERRORS_KEPT
        self._ends = None

    @property
    def share(self) -> float:
        """Return the root mean square error over the mean wait (RRMSE)."""
        mean_ms = sum(self.waited_ms) / max(len(self.waited_ms), 1)
        return sqrt(sum(each * each for each in self.off_ms) / len(self.off_ms)) / mean_ms if mean_ms else 0.0

    def range(self, guess: Guess) -> Wait | None:
        """Return the range of a prediction by what its predecessors were off; None where too few are known."""
        bounds = self.bounds(guess)
        return Wait(*bounds, guess.basis, round(self.share, 3), len(self.scaled)) if bounds is not None else None

    def bounds(self, guess: Guess) -> Bounds | None:
        """Return the two ends of that range."""
        count = len(self.scaled)
        if count < ERRORS_MIN:
            return None
        if self._ends is None:
            found = sorted(self.scaled)
            self._ends = found[int(TAIL * count)], found[count // 2], found[count - 1 - int(TAIL * count)]
        least, middle, most = self._ends
        low, high = middle - (middle - least) * self.low, middle + (most - middle) * self.high
        return max(0, round(guess.ms + low * guess.spread_ms)), max(0, round(guess.ms + high * guess.spread_ms))


def _stretched(stretch: float, *, beyond: bool) -> float:
    """Return how far an end is stretched after one more wait, which was beyond it or not."""
    return min(STRETCH_MAX, max(STRETCH_MIN, stretch + STRETCH_STEP * (beyond - TAIL)))


@dataclass(slots=True)
class Line:
    """The line of one queue: who is able, how many wait, and what was seen while somebody did.

    `moves` and the exposures fade together. Time in which nobody waited or nobody was able is no time of the line. From
    `next_ms` on the wait of somebody new is predicted again.
    """

    at: int = 0
    waiting: int = 0
    able: int = 0
    moves: float = 0.0
    able_ms: float = 0.0
    left: float = 0.0
    waiting_ms: float = 0.0
    last_ms: int = 0
    next_ms: int = 0
    open: int = 0
    errors: dict[str, Errors] = field(default_factory=dict)

    def settle(self, at: int, waiting: int) -> None:
        """Count the time until now as it was; from now on so many wait."""
        passed_ms = at - self.at
        if self.waiting and self.at and passed_ms > 0:
            self.able_ms += self.able * passed_ms
            self.waiting_ms += self.waiting * passed_ms
        self.at, self.waiting = max(at, self.at), waiting

    def move(self) -> None:
        """Somebody was taken from the line while it stood."""
        fades = 1.0 - 1.0 / MOVES_KEPT
        self.moves = self.moves * fades + 1.0
        self.able_ms *= fades
        self.left *= fades
        self.waiting_ms *= fades

    def guesses(self, ahead: int, *, head_ms: int) -> list[Guess]:
        """Return what each predictor says that has a basis. `head_ms` is the age of the first in line."""
        if self.able <= 0 or self.moves <= 0.0:
            return []
        found = []
        if self.moves >= MOVES_MIN and self.able_ms > 0.0:
            found.append(Guess(PACE, *queue_wait(ahead, self.rate, self.impatience)))
        share = min(1.0, (ahead + 1) / max(self.waiting, 1))
        for basis, whole_ms in ((HEAD, head_ms), (LAST, self.last_ms)):
            if whole_ms > 0:
                found.append(Guess(basis, whole_ms * share, whole_ms * share))
        return found

    @property
    def rate(self) -> float:
        """Return how many are taken in a millisecond by those who are able now."""
        return self.moves / self.able_ms * self.able

    @property
    def impatience(self) -> float:
        """Return which share of those who wait gives up in a millisecond."""
        return self.left / self.waiting_ms if self.waiting_ms else 0.0

    def wait(self, ahead: int, *, head_ms: int) -> Wait | None:
        """Return the range by the predictor that has been least off here; None without a basis."""
        ranges = [
            found
            for guess in self.guesses(ahead, head_ms=head_ms)
            if (errors := self.errors.get(guess.basis)) is not None and (found := errors.range(guess)) is not None
        ]
        return min(ranges, key=lambda found: found.error_share, default=None)


def queue_wait(ahead: int, rate: float, impatience: float) -> tuple[float, float]:
    """Return mean and standard deviation of a patient customer's wait with so many ahead, who may give up.

    With j others in line somebody goes after 1/(rate + j · impatience) on average.
    """
    summed = min(ahead + 1, STEPS_SUMMED)
    mean = sum(1.0 / (rate + step * impatience) for step in range(summed))
    square = sum((rate + step * impatience) ** -2.0 for step in range(summed))
    rest = ahead + 1 - summed
    if rest > 0:
        near, far = rate + (summed - 0.5) * impatience, rate + (ahead + 0.5) * impatience
        mean += log(far / near) / impatience if impatience else rest / rate
        square += rest / (near * far)
    return mean, sqrt(square)
