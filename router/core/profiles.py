"""Profiles: agents with the same abilities, and what of their abilities makes one. No index over them lives here."""

from __future__ import annotations

from dataclasses import dataclass, field

from router.core.reserves import Kept
from router.core.rooms import Idle, Room
from router.core.waiting import Needs

# What an agent can do may begin with this word; it says how much they take, and no conversation needs it.
LIMIT = "limit:"
# How many times as long as usual an offer waits for them: some people need longer (WCAG 2.2.1).
OFFER_TIMES = "offer_times"


@dataclass(slots=True, eq=False)
class Profile:
    """Agents with the same abilities.

    `classes` are those they may serve, `primary` those that are their first task; `rooms` maps, for each kind of room,
    a room to idle numbers, longest idle first; `kept` are the reserves they belong to.
    """

    id: int
    abilities: Needs
    mask: int
    bit: int
    classes: int = 0
    primary: int = 0
    agents: int = 0
    levels: int = 0  # the sum of all
    rooms: list[dict[Room, list[Idle]]] = field(default_factory=list)
    kept: tuple[Kept, ...] = ()


def limits_of(abilities: Needs) -> dict[str, int]:
    """Return how many conversations of a channel an agent takes at the most, where they have a limit of their own."""
    return {name.removeprefix(LIMIT): most for name, most in abilities if name.startswith(LIMIT)}


def offer_times_of(abilities: Needs) -> int:
    """Return how many times as long as usual an offer waits for an agent."""
    return dict(abilities).get(OFFER_TIMES, 1)


def without_limits(abilities: Needs) -> Needs:
    """Return what an agent can do, without how much and how fast: that makes no profile."""
    if not any(name.startswith((LIMIT, OFFER_TIMES)) for name, _ in abilities):
        return abilities
    return tuple(each for each in abilities if not each[0].startswith((LIMIT, OFFER_TIMES)))
