"""What is counted of one run: customers by class, agents by group. It decides nothing and knows no core."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

from router.planning.scenario import CustomerClass, Group, Scenario

# How finely a run is drawn: slices of its time, and points of a class's waits up to four times its target.
SLICES = 60
CURVE_POINTS = 48
CURVE_TARGETS = 4


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class in one run. Shares are of those who were let in; waits are of all of them, answered or not.

    `level` is SL-3: answered within the target / (answered + abandoned). `waiting` still wait at the end, beyond it.
    """

    name: str
    offered: int
    blocked: int
    answered: int
    abandoned: int
    waiting: int
    level: float
    delayed: float
    wait_mean_ms: float
    wait_p95_ms: float
    curve: tuple[float, ...]
    slices: tuple[float, ...]

    @property
    def abandonment(self) -> float:
        return self.abandoned / self.offered if self.offered else 0.0

    @property
    def blocking(self) -> float:
        tried = self.offered + self.blocked
        return self.blocked / tried if tried else 0.0


@dataclass(frozen=True, slots=True)
class GroupFigures:
    """One group in one run: handling time by load, of the time agents were there."""

    name: str
    occupancy_mean: float
    occupancy_min: float
    occupancy_max: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run. `arrivals` is how many were let in, counted or not."""

    seed: int
    classes: tuple[ClassFigures, ...]
    groups: tuple[GroupFigures, ...]
    arrivals: int
    cpu_s: float


@dataclass(slots=True)
class ClassTally:
    """Counts customers of one class who came in the watched time."""

    of: CustomerClass
    from_ms: int
    slice_ms: int
    blocked: int = 0
    answered: int = 0
    abandoned: int = 0
    in_target: int = 0
    delayed: int = 0
    waits_ms: array[int] = field(default_factory=lambda: array("q"))
    answered_by_point: list[int] = field(default_factory=lambda: [0] * (CURVE_POINTS + 1))
    slice_wait_ms: list[int] = field(default_factory=lambda: [0] * SLICES)
    slice_count: list[int] = field(default_factory=lambda: [0] * SLICES)

    def waited(self, arrived_ms: int, wait_ms: int) -> None:
        """Note a wait that is over, whatever ended it."""
        self.waits_ms.append(wait_ms)
        self.delayed += wait_ms > 0
        index = min((arrived_ms - self.from_ms) // self.slice_ms, SLICES - 1)
        self.slice_wait_ms[index] += wait_ms
        self.slice_count[index] += 1

    def answer(self, arrived_ms: int, wait_ms: int) -> None:
        """Note that somebody was answered."""
        self.waited(arrived_ms, wait_ms)
        self.answered += 1
        self.in_target += wait_ms <= self.of.target_ms
        point = -(-wait_ms * CURVE_POINTS // (CURVE_TARGETS * self.of.target_ms))
        if point <= CURVE_POINTS:
            self.answered_by_point[point] += 1

    def abandon(self, arrived_ms: int, wait_ms: int) -> None:
        """Note that somebody gave up."""
        self.waited(arrived_ms, wait_ms)
        self.abandoned += 1

    def figures(self, still: list[tuple[int, int]]) -> ClassFigures:
        """Return the figures; `still` are (arrived, wait so far) of those who wait at the end.

        Who is then still within their target is left out: nobody knows what would have come of it.
        """
        late = [(arrived_ms, wait_ms) for arrived_ms, wait_ms in still if wait_ms > self.of.target_ms]
        for arrived_ms, wait_ms in late:
            self.waited(arrived_ms, wait_ms)
        offered = len(self.waits_ms)
        return ClassFigures(
            name=self.of.name,
            offered=offered,
            blocked=self.blocked,
            answered=self.answered,
            abandoned=self.abandoned,
            waiting=len(late),
            level=self.in_target / offered if offered else 1.0,
            delayed=self.delayed / offered if offered else 0.0,
            wait_mean_ms=sum(self.waits_ms) / offered if offered else 0.0,
            wait_p95_ms=float(_quantile(self.waits_ms, 0.95)),
            curve=_running(self.answered_by_point, offered),
            slices=tuple(
                total / count if count else 0.0
                for total, count in zip(self.slice_wait_ms, self.slice_count, strict=True)
            ),
        )


def _quantile(values: array[int], share: float) -> int:
    """Return the smallest value that so large a share does not exceed."""
    if not values:
        return 0
    return sorted(values)[max(-int(-share * len(values) // 1) - 1, 0)]


def _running(counts: list[int], of: int) -> tuple[float, ...]:
    total, shares = 0, []
    for count in counts:
        total += count
        shares.append(total / of if of else 1.0)
    return tuple(shares)


@dataclass(slots=True)
class Desk:
    """One simulated agent: what they have at once, and how long they were there and handled."""

    id: int
    group: Group
    at_once: int = 0
    here: bool = False
    here_since_ms: int = 0
    here_ms: int = 0
    handled_ms: float = 0.0


@dataclass(slots=True)
class Tally:
    """All of one run. Only what lies between `from_ms` and `until_ms` counts."""

    scenario: Scenario
    from_ms: int
    until_ms: int
    classes: list[ClassTally] = field(default_factory=list)

    def __post_init__(self) -> None:
        slice_ms = max((self.until_ms - self.from_ms) // SLICES, 1)
        self.classes = [ClassTally(each, self.from_ms, slice_ms) for each in self.scenario.classes]

    def inside_ms(self, from_ms: int, until_ms: int) -> int:
        """Return how much of a stretch of time lies in the watched time."""
        return max(min(until_ms, self.until_ms) - max(from_ms, self.from_ms), 0)

    def groups(self, desks: list[Desk]) -> tuple[GroupFigures, ...]:
        """Return the occupancy of each group."""
        found = []
        for group in self.scenario.groups:
            shares = [
                desk.handled_ms / (desk.here_ms * group.capacity)
                for desk in desks
                if desk.group is group and desk.here_ms
            ] or [0.0]
            found.append(GroupFigures(group.name, sum(shares) / len(shares), min(shares), max(shares)))
        return tuple(found)
