"""Figures over seeds: each as a mean with its standard error. Pure arithmetic over outcomes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from router.planning.scenario import Scenario
from router.planning.tally import ClassFigures, GroupFigures, Outcome


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over seeds. `error` is its standard error, 0 with a single seed."""

    mean: float
    error: float

    def __sub__(self, other: Estimate) -> Estimate:
        """Return the difference of two estimates that know nothing of each other."""
        return Estimate(self.mean - other.mean, math.hypot(self.error, other.error))


def estimate(values: Iterable[float]) -> Estimate:
    """Return the mean and its standard error."""
    given = list(values)
    mean = math.fsum(given) / len(given)
    if len(given) == 1:
        return Estimate(mean, 0.0)
    spread = math.fsum((value - mean) ** 2 for value in given) / (len(given) - 1)
    return Estimate(mean, math.sqrt(spread / len(given)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassSummary:
    """One class over all seeds. `curve` and `slices` are means."""

    name: str
    target_ms: int
    offered: Estimate
    level: Estimate
    delayed: Estimate
    wait_mean_ms: Estimate
    wait_p95_ms: Estimate
    abandonment: Estimate
    blocking: Estimate
    waiting: Estimate
    curve: tuple[float, ...]
    slices: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSummary:
    name: str
    agents: int
    occupancy_mean: Estimate
    occupancy_min: Estimate
    occupancy_max: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A scenario over all seeds.

    `worst` is the service level of the class that has the lowest; `cost_ms` the wait of a customer times the weight of
    their class, over all customers who were let in.
    """

    title: str
    seeds: int
    classes: tuple[ClassSummary, ...]
    groups: tuple[GroupSummary, ...]
    worst: Estimate
    worst_class: str
    level: Estimate
    wait_mean_ms: Estimate
    cost_ms: Estimate
    arrivals: int
    cpu_s: float


def summarize(scenario: Scenario, outcomes: Sequence[Outcome]) -> Summary:
    """Return the figures of all runs of a scenario."""
    classes = tuple(_class(scenario, outcomes, index) for index in range(len(scenario.classes)))
    worst = min(classes, key=lambda each: each.level.mean)
    return Summary(
        title=scenario.title,
        seeds=len(outcomes),
        classes=classes,
        groups=tuple(_group(scenario, outcomes, index) for index in range(len(scenario.groups))),
        worst=worst.level,
        worst_class=worst.name,
        level=estimate(_weighted(each, lambda figures: figures.level) for each in outcomes),
        wait_mean_ms=estimate(_weighted(each, lambda figures: figures.wait_mean_ms) for each in outcomes),
        cost_ms=estimate(_cost(scenario, each) for each in outcomes),
        arrivals=sum(each.arrivals for each in outcomes),
        cpu_s=math.fsum(each.cpu_s for each in outcomes),
    )


def _weighted(outcome: Outcome, of: Callable[[ClassFigures], float]) -> float:
    """Return a figure of all customers, whatever their class."""
    offered = sum(figures.offered for figures in outcome.classes)
    return math.fsum(figures.offered * of(figures) for figures in outcome.classes) / max(offered, 1)


def _cost(scenario: Scenario, outcome: Outcome) -> float:
    weights = {each.name: each.weight for each in scenario.classes}
    return _weighted(outcome, lambda figures: weights[figures.name] * figures.wait_mean_ms)


def _class(scenario: Scenario, outcomes: Sequence[Outcome], index: int) -> ClassSummary:
    given: list[ClassFigures] = [outcome.classes[index] for outcome in outcomes]

    def over(of: Callable[[ClassFigures], float]) -> Estimate:
        return estimate(of(figures) for figures in given)

    return ClassSummary(
        name=given[0].name,
        target_ms=scenario.classes[index].target_ms,
        offered=over(lambda each: each.offered),
        level=over(lambda each: each.level),
        delayed=over(lambda each: each.delayed),
        wait_mean_ms=over(lambda each: each.wait_mean_ms),
        wait_p95_ms=over(lambda each: each.wait_p95_ms),
        abandonment=over(lambda each: each.abandonment),
        blocking=over(lambda each: each.blocking),
        waiting=over(lambda each: each.waiting),
        curve=_means([each.curve for each in given]),
        slices=_means([each.slices for each in given]),
    )


def _group(scenario: Scenario, outcomes: Sequence[Outcome], index: int) -> GroupSummary:
    given: list[GroupFigures] = [outcome.groups[index] for outcome in outcomes]
    return GroupSummary(
        name=given[0].name,
        agents=scenario.groups[index].agents,
        occupancy_mean=estimate(each.occupancy_mean for each in given),
        occupancy_min=estimate(each.occupancy_min for each in given),
        occupancy_max=estimate(each.occupancy_max for each in given),
    )


def _means(rows: list[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(math.fsum(column) / len(rows) for column in zip(*rows, strict=True))
