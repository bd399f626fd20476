"""Where the rules would put a conversation now, and moving it there: what raised or bound it beyond its rule stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from router.core import events as ev
from router.core.answers import LookAgain, Refused
from router.core.conversations import Standing
from router.core.decide.classes import class_for, known_class
from router.core.decide.teams import TEAM, without_team
from router.core.events import Needs
from router.core.orders import URGENT
from router.core.rules import on_channel
from router.core.state import Conv, State
from router.core.waiting import Class
from router.core.widening import Shape, after_steps


class Where(NamedTuple):
    """What makes the class in which the rules would have a conversation wait, and the rule that says so."""

    rule: str
    queue: str
    channel: str
    load: int
    shape: Shape


def where(s: State, at: int, standing: Standing) -> Where:
    """Return where the rules put a conversation like this, by its facts, as far as it was widened, raised and bound."""
    assert s.ruleset is not None, "a bundle brings its ruleset"
    assert s.bundle is not None, "it came with one"
    cls, facts = standing.cls, s.facts.by_number[standing.facts]
    placement = s.ruleset.place(facts, at)
    needs, load = placement.needs, placement.load
    if facts.channel != cls.channel:  # its customer is called back on another channel than the one they wrote on
        needs, load = on_channel(needs, cls.channel), cls.load
    team = _team(s, cls)
    if team and (TEAM in placement.affinity or TEAM in s.queue_spec(placement.queue).affinity):
        needs = tuple(sorted((*needs, *team)))
    shape = Shape(needs, (), placement.priority + standing.raised)
    if placement.queue == cls.queue:
        shape = after_steps(s.bundle, s.queue_spec(cls.queue), cls.channel, shape=shape, steps=standing.step)
    if cls.priority >= URGENT:
        shape = shape._replace(priority=shape.priority + URGENT)
    return Where(placement.rule, placement.queue, cls.channel, load, shape)


def _team(s: State, cls: Class) -> Needs:
    """Return the customer's own team among the needs of a class: it is still waited for."""
    if s.ruleset is None or not s.ruleset.teams:
        return ()
    others = without_team(cls.needs)
    return tuple(need for need in cls.needs if need not in others)


def moves(s: State, at: int, standing: Standing) -> bool:
    """Return whether the rules would put a conversation like this elsewhere."""
    there = where(s, at, standing)
    needs, also, priority = there.shape
    known = known_class(s, there.queue, there.channel, needs, load=there.load, priority=priority, also=also)
    return known is not standing.cls


def reroute(s: State, at: int, conv: Conv) -> Iterator[ev.Event | Refused | LookAgain]:
    """Let the rules place a conversation anew, by its facts; its place in line stays."""
    there = where(s, at, s.convs.standing_of(conv.id))
    needs, also, priority = there.shape
    cls = yield from class_for(s, there.queue, there.channel, needs, load=there.load, priority=priority, also=also)
    if cls is not conv.cls:
        yield ev.Routed(conv.id, cls.id, there.rule, conv.key_ms, raised=conv.raised)
