"""What a simulated floor is like, as plain records: who comes, who serves, for how long. No file, no chance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS, Bundle
from router.core.facts import Facts

# Every run begins here: Monday, 5 January 2026, 00:00 UTC.
START_MS = 1_767_571_200_000
# A bundle knows its hours for 400 days; a run ends before.
HORIZON_MS_MAX = 365 * DAY_MS
SEEDS_MAX = 1_000

Law = Literal["exponential", "lognormal", "fixed"]


@dataclass(frozen=True, slots=True)
class Duration:
    """How long something takes: a law, its mean, and for the lognormal the spread (standard deviation to mean)."""

    mean_ms: float
    law: Law = "exponential"
    spread: float = 1.0


@dataclass(frozen=True, slots=True)
class Rate:
    """How many come, as `(from_ms, per_ms)` in order: each rate holds until the next begins, the last for ever."""

    pieces: tuple[tuple[int, float], ...]

    @property
    def highest_per_ms(self) -> float:
        return max(per_ms for _, per_ms in self.pieces)


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerClass:
    """Customers of one kind. `facts` is what the rules see of them; without `patience` nobody gives up."""

    name: str
    facts: Facts
    rate: Rate
    handle: Duration
    patience: Duration | None = None
    wrap_up: Duration | None = None
    target_ms: int = MINUTE_MS
    weight: int = 1

    @property
    def channel(self) -> str:
        return self.facts.channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Agents who are all alike.

    `speeds` is by class, 1 where nothing is said. With k conversations at once each takes 1 + `slowing`·(k - 1) times
    as long, as it is when it begins. `calendar` says when they are there; empty means always.
    """

    name: str
    agents: int
    abilities: tuple[tuple[str, int], ...]
    capacity: int = 100
    speeds: dict[str, float] = field(default_factory=dict)
    slowing: float = 0.0
    calendar: str = ""
    answers_after: Duration | None = None
    returns_after_ms: int = MINUTE_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One floor, and how long it is watched. Figures are of who comes from `warm_up_ms` to `horizon_ms`.

    With `lines`, a caller who finds so many conversations on live channels hears the engaged tone and is not let in.
    """

    title: str
    bundle: Bundle
    classes: tuple[CustomerClass, ...]
    groups: tuple[Group, ...]
    horizon_ms: int = DAY_MS
    warm_up_ms: int = HOUR_MS
    seeds: int = 3
    lines: int = 0

    def with_horizon(self, horizon_ms: int) -> Scenario:
        """Return the same floor, watched for another time; the warm-up shrinks with it."""
        warm_up_ms = self.warm_up_ms * horizon_ms // self.horizon_ms
        return replace(self, horizon_ms=horizon_ms, warm_up_ms=warm_up_ms)
