"""A customer's own team as an ability that is needed for a while: who can do `team:x` goes first."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.bundle import Affinity
from router.core.events import Needs
from router.core.flexibility import bits
from router.core.matching import Class
from router.core.state import Conv, State

TEAM = "team"
TEAM_ABILITY = "team:"


def team_need(affinity: Mapping[str, Affinity], team: str) -> Needs:
    """Return what a customer's own team can do and others cannot; empty where no team is waited for."""
    return ((TEAM_ABILITY + team, 1),) if team and TEAM in affinity else ()


def without_team(needs: Needs) -> Needs:
    """Return needs without a team among them."""
    return tuple(need for need in needs if not need[0].startswith(TEAM_ABILITY))


def is_staffed(s: State, cls: Class) -> bool:
    """Return whether somebody is signed in who can serve a class."""
    return any(s.matching.profiles[index].agents for index in bits(cls.profiles))


def team_until_ms(s: State, at: int, conv: Conv) -> int:
    """The prompt `team`: when the customer's own team has had its time; 0 where none is waited for."""
    if s.ruleset is None or not s.ruleset.teams:
        return 0
    affinity = s.queue_spec(conv.queue).affinity
    if TEAM not in affinity or without_team(conv.cls.needs) == conv.cls.needs:
        return 0
    until_ms = (conv.leg_ms or at) + affinity[TEAM].hold_ms
    return min(until_ms, conv.hasten_ms) if conv.hasten_ms else until_ms
