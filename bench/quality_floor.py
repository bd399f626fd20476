"""Small floors whose laws are known, with unit time so many milliseconds, for benchmarks and tests alike."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from router.core.bundle import ChannelSpec
from router.planning.scenario import START_MS, CustomerClass, Duration, Group, Rate, Scenario
from router.planning.staging import facts_of, staged_bundle, staged_queue, staged_rule

# One unit of the formulas' time: long enough that whole milliseconds cost no digit that is compared.
UNIT_MS = 10_000
CHANNEL = "call"
FIFO = {"order": "fifo", "agents": ("longest_idle",)}


def floor(
    arrivals: Mapping[str, float],
    servers: Mapping[str, tuple[int, frozenset[str], float]],
    *,
    arrived: int,
    patience: float = 0.0,
    lines: int = 0,
    service: float = 1.0,
) -> Scenario:
    """Return a floor: rates by class; by group how many agents, which classes they take, how fast they are.

    It is watched until so many have come, in first come first served with the longest idle agent.
    """
    horizon_ms = round(arrived / sum(arrivals.values()) * UNIT_MS)
    queues = {name: staged_queue(name, skills={name: 1}, target_ms={CHANNEL: UNIT_MS}) for name in arrivals}
    queues = {name: msgspec.structs.replace(queue, **_known(queue)) for name, queue in queues.items()}
    classes = tuple(
        CustomerClass(
            name=name,
            facts=facts_of(name, CHANNEL),
            rate=Rate(((START_MS, rate / UNIT_MS),)),
            handle=Duration(UNIT_MS / service),
            patience=Duration(UNIT_MS / patience) if patience else None,
            target_ms=UNIT_MS,
        )
        for name, rate in arrivals.items()
    )
    groups = tuple(
        Group(
            name=name,
            agents=agents,
            abilities=tuple(sorted([(f"channel:{CHANNEL}", 1), *((f"skill:{each}", 1) for each in takes)])),
            speeds=dict.fromkeys(takes, speed),
        )
        for name, (agents, takes, speed) in servers.items()
    )
    return Scenario(
        title="a small floor",
        bundle=staged_bundle(
            queues,
            tuple(staged_rule(name, name) for name in arrivals),
            channels={CHANNEL: ChannelSpec(load=100, live=True)},
            skills=dict.fromkeys(arrivals, 1),
        ),
        classes=classes,
        groups=groups,
        horizon_ms=horizon_ms,
        warm_up_ms=horizon_ms // 20,
        lines=lines,
    )


def _known(queue: object) -> dict[str, object]:
    return {word: value for word, value in FIFO.items() if hasattr(queue, word)}
