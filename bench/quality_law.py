"""First come first served with the longest idle agent, exactly: Adan and Weiss (2014), summed over server orders.

A state is an order of all servers: the busy ones by the place in line of whom they serve, with those who wait between
them (who can be served only by the busy ones before), then the idle ones, the shortest idle first. Its weight is a
product; the numbers that wait between two servers are geometric, so sums over them are closed. Good to eight or so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import permutations

Able = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Law:
    """Per class the mean wait and the share that waits; per server the share of its time that it is busy."""

    wait: dict[str, float] = field(default_factory=dict)
    delayed: dict[str, float] = field(default_factory=dict)
    occupancy: dict[str, float] = field(default_factory=dict)


def law_of(arrivals: Mapping[str, float], able: Able, speeds: Mapping[str, float]) -> Law:
    """Return the stationary law for arrival rates by class, classes by server, and service rates by server."""
    weight, queued = 0.0, dict.fromkeys(arrivals, 0.0)
    all_busy, busy = dict.fromkeys(arrivals, 0.0), dict.fromkeys(speeds, 0.0)
    for order in permutations(speeds):
        for working in range(len(order) + 1):
            share, lengths = _weigh(order, working, arrivals, able, speeds)
            weight += share
            idle = frozenset().union(*(able[server] for server in order[working:]))
            for name in arrivals:
                queued[name] += share * lengths.get(name, 0.0)
                all_busy[name] += share * (name not in idle)
            for server in order[:working]:
                busy[server] += share
    return Law(
        wait={name: queued[name] / weight / rate for name, rate in arrivals.items()},
        delayed={name: part / weight for name, part in all_busy.items()},
        occupancy={server: part / weight for server, part in busy.items()},
    )


def _weigh(
    order: tuple[str, ...], working: int, arrivals: Mapping[str, float], able: Able, speeds: Mapping[str, float]
) -> tuple[float, dict[str, float]]:
    """Return the weight of all states of an order with so many working, and how many of each class wait in them."""
    weight, lengths = 1.0, dict.fromkeys(arrivals, 0.0)
    for position in range(working):
        before, after = order[: position + 1], order[position + 1 :]
        others = frozenset().union(*(able[server] for server in after))
        only = [name for name in arrivals if name not in others]
        speed, rate = sum(speeds[server] for server in before), sum(arrivals[name] for name in only)
        assert rate < speed, "some part of the floor has more work than it can do"
        weight /= speed - rate
        for name in only:
            lengths[name] += arrivals[name] / (speed - rate)
    for position in range(working, len(order)):
        takes = frozenset().union(*(able[server] for server in order[position:]))
        weight /= sum(rate for name, rate in arrivals.items() if name in takes)
    return weight, lengths
