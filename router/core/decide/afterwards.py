"""Deciders for what customers do when all is said: rate it, ask for a copy. Nothing moves and nobody wakes."""

from __future__ import annotations

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.decide.placing import Steps
from router.core.state import State

SCORES = range(1, 6)


def rate(s: State, at: int, c: cmd.Rate) -> Steps:
    """A word about any conversation there has been, open or long over. The last word counts."""
    del at
    if not 0 < c.conv < s.next_conv:
        yield Refused("conversation_unknown")
    elif c.score not in SCORES:
        yield Refused("score_unknown")
    else:
        yield ev.Rated(c.conv, c.score)


def send_copy(s: State, at: int, c: cmd.SendCopy) -> Steps:
    """A copy of any conversation there has been. Whose it is and where it goes was looked up before."""
    del at
    if not 0 < c.conv < s.next_conv:
        yield Refused("conversation_unknown")
    elif min(c.of, c.line) <= 0 or c.of == c.line:
        yield Refused("line_unknown")
    else:
        yield ev.CopyWanted(c.conv, c.of, c.line)
