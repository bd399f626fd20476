"""The bundle of a scenario that brings no configuration of its own: a queue and a rule for each class. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.bundle import DAY_MS, Bundle, ChannelSpec, Presence, Queue, Rule
from router.core.calendar import FOREVER_MS
from router.core.facts import Facts

ALWAYS = "always"
# In a simulation nobody stands still by neglect: an owner is never reminded within a run's longest handling.
REMIND_MS = 7 * DAY_MS
PRESENCES = {
    "available": Presence(name="available", accepts=True),
    "away": Presence(name="away", accepts=False),
}


def facts_of(name: str, channel: str, language: str = "") -> Facts:
    """Return the facts by which the staged rules know a class."""
    return Facts(channel=channel, language=language, topics=(name,))


def staged_queue(name: str, *, skills: Mapping[str, int], target_ms: Mapping[str, int], weight: int = 1) -> Queue:
    """Return a queue that is always open and ends a conversation when it is handled."""
    return Queue(
        name=name,
        hours=ALWAYS,
        skills=dict(skills),
        answer_within_ms=dict(target_ms),
        weight=weight,
        wrap_up_ms=0,
        remind_ms=REMIND_MS,
    )


def staged_bundle(
    queues: Mapping[str, Queue],
    rules: tuple[Rule, ...],
    *,
    channels: Mapping[str, ChannelSpec],
    calendars: Mapping[str, tuple[int, ...]] | None = None,
    skills: Mapping[str, int] | None = None,
    languages: tuple[str, ...] = ("en",),
) -> Bundle:
    """Return the bundle of a staged floor: who fits no rule goes to the queue of the first one."""
    return Bundle(
        site="simulation",
        zone="UTC",
        languages=languages,
        queues=dict(queues),
        rules=(*rules, Rule(name="rest", queue=rules[0].queue)),
        topics=(),
        calendars={ALWAYS: (0, FOREVER_MS), **(calendars or {})},
        skills=dict(skills or {}),
        presences=PRESENCES,
        channels=dict(channels),
    )


def staged_rule(
    name: str, queue: str, *, skills: Mapping[str, int] | None = None, head_start_ms: int = 0, priority: int = 0
) -> Rule:
    """Return the rule that places a class."""
    return Rule(
        name=name,
        when=f'"{name}" in topics',
        queue=queue,
        skills=dict(skills or {}),
        head_start_ms=head_start_ms,
        priority=priority,
    )
