"""Stories of what customers do when all is said: they say how it was, and want a copy."""

from __future__ import annotations

import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.lifecycle import ACTIVE
from tests.core.floor_plan import Floor, desk


def served() -> Floor:
    """One conversation that was handled and is over, as far as the core remembers."""
    floor = Floor()
    floor.sign_in(1)
    desk(floor, 1)
    floor.arrive(1)
    floor.accept(1)
    return floor


def rate(conv: int, score: int) -> cmd.Rate:
    return cmd.Rate(id=f"rate {conv} {score}", conv=conv, score=score)


def test_a_word_about_an_open_conversation_is_written_down_and_moves_nothing() -> None:
    floor = served()
    before = floor.state.convs[1].due_ms
    assert floor.do(rate(1, 4)) == [ev.Rated(1, 4)]
    assert (floor.state.convs[1].state, floor.state.convs[1].due_ms) == (ACTIVE, before)


def test_a_word_about_one_that_is_over_counts_and_so_does_a_second_thought() -> None:
    floor = served()
    floor.do(cmd.Close(id="close", agent=1, conv=1, disposition="solved"))
    assert 1 not in floor.state.convs
    assert floor.do(rate(1, 2)) == [ev.Rated(1, 2)]
    assert floor.do(rate(1, 5)) == [ev.Rated(1, 5)]


@pytest.mark.parametrize(
    ("conv", "score", "reason"),
    [
        (2, 5, "conversation_unknown"),
        (0, 5, "conversation_unknown"),
        (1, 0, "score_unknown"),
        (1, 6, "score_unknown"),
    ],
)
def test_what_nobody_was_served_in_and_what_is_no_score_is_refused(conv: int, score: int, reason: str) -> None:
    assert served().ask(rate(conv, score)) == Refused(reason)


def test_a_copy_goes_over_a_line_that_stays_none_of_the_conversation() -> None:
    floor = served()
    before = floor.state.convs[1]
    assert floor.do(cmd.SendCopy(id="copy", conv=1, of=1, line=77)) == [ev.CopyWanted(1, 1, 77)]
    assert floor.state.convs[1] is before
    assert 77 not in floor.state.lines
    floor.do(cmd.Close(id="close", agent=1, conv=1, disposition="solved"))
    assert floor.do(cmd.SendCopy(id="again", conv=1, of=1, line=77)) == [ev.CopyWanted(1, 1, 77)]
