"""Everything a run leaves to chance: arrivals, handle times, patience. One stream for each of them and each class.

Two runs with the same seed see the same customers with the same wishes, whatever the routing between does. So the
difference of two policies is a difference of policies.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import NamedTuple

from router.planning.scenario import CustomerClass, Duration, Rate

Draw = Callable[[], int]


class Wishes(NamedTuple):
    """What one customer brings: how long they take to serve, wait (0: for ever), and to wrap up (0: unsaid)."""

    handle_ms: int
    patience_ms: int
    wrap_up_ms: int


def stream(seed: int, name: str, what: str) -> random.Random:
    """Return a stream of its own for a seed, a name and what is drawn; the same on every machine."""
    return random.Random(f"{seed}/{name}/{what}")  # noqa: S311 - a run must be repeatable.


def draw_of(duration: Duration, chance: random.Random) -> Draw:
    """Return a source of times, each at least one millisecond."""
    return _LAWS[duration.law](duration, chance)


def _exponential(duration: Duration, chance: random.Random) -> Draw:
    log, uniform, mean_ms = math.log, chance.random, duration.mean_ms
    return lambda: max(round(-log(1.0 - uniform()) * mean_ms), 1)


def _lognormal(duration: Duration, chance: random.Random) -> Draw:
    variance = math.log(1.0 + duration.spread**2)
    middle, width = math.log(duration.mean_ms) - variance / 2.0, math.sqrt(variance)
    return lambda: max(round(math.exp(chance.normalvariate(middle, width))), 1)


def _fixed(duration: Duration, chance: random.Random) -> Draw:
    del chance
    length_ms = max(round(duration.mean_ms), 1)
    return lambda: length_ms


_LAWS: dict[str, Callable[[Duration, random.Random], Draw]] = {
    "exponential": _exponential,
    "lognormal": _lognormal,
    "fixed": _fixed,
}


class Arrivals:
    """When customers of one class come: a Poisson process whose rate may change with time, drawn exactly."""

    def __init__(self, rate: Rate, chance: random.Random, from_ms: int) -> None:
        self._pieces, self._chance = rate.pieces, chance
        self._index = 0
        self._exact_ms = float(from_ms)

    def next_ms(self) -> int:
        """Return when the next one comes, or 0 when nobody comes any more."""
        left = -math.log(1.0 - self._chance.random())
        while True:
            ends_ms = self._piece_ends_ms()
            per_ms = self._pieces[self._index][1]
            if per_ms and self._exact_ms + left / per_ms < ends_ms:
                self._exact_ms += left / per_ms
                return round(self._exact_ms)
            if ends_ms == math.inf:
                return 0
            left -= per_ms * (ends_ms - self._exact_ms)
            self._exact_ms = ends_ms

    def _piece_ends_ms(self) -> float:
        """Return when the rate of now ends, having gone on to the piece that holds now."""
        while self._index + 1 < len(self._pieces) and self._pieces[self._index + 1][0] <= self._exact_ms:
            self._index += 1
        return self._pieces[self._index + 1][0] if self._index + 1 < len(self._pieces) else math.inf


class Customers:
    """The streams of one class in one run."""

    def __init__(self, of: CustomerClass, seed: int, from_ms: int) -> None:
        self.arrivals = Arrivals(of.rate, stream(seed, of.name, "arrival"), from_ms)
        self._handle = draw_of(of.handle, stream(seed, of.name, "handle"))
        self._patience = draw_of(of.patience, stream(seed, of.name, "patience")) if of.patience else None
        self._wrap_up = draw_of(of.wrap_up, stream(seed, of.name, "wrap-up")) if of.wrap_up else None

    def wishes(self) -> Wishes:
        """Draw what the next customer brings."""
        return Wishes(
            self._handle(),
            self._patience() if self._patience else 0,
            self._wrap_up() if self._wrap_up else 0,
        )
