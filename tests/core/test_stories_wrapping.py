"""The end of a conversation: what a queue asks of it, a minute more, what is kept until time is up, a follow-up."""

from __future__ import annotations

import msgspec
import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import HOUR_MS, MINUTE_MS, WRAP_UP_EXTRA_MS
from router.core.lifecycle import WRAP_UP
from router.core.snapshot import decode_state, encode_state
from tests.core.floor_plan import Floor, at_work, bundle, names

WRAP_UP_MS = MINUTE_MS


def wrapping(mode: str, *, outcomes: tuple[str, ...] = ()) -> Floor:
    """One conversation is in wrap-up, in a queue of that mode."""
    plain = bundle()
    general = msgspec.structs.replace(plain.queues["general"], wrap_up_mode=mode, outcomes=outcomes)
    reasons = {"solved": ("at-once", "later")}
    floor = at_work(
        7,
        running=bundle(
            queues={**plain.queues, "general": general}, outcome_reasons=reasons, dispositions=("solved", "spam")
        ),
    )
    floor.arrive(1)
    floor.accept(1)
    floor.do(cmd.Close(id="x", agent=7, conv=1))
    return floor


def said(disposition: str, *, follow_up_ms: int = 0) -> cmd.FinishWrapUp:
    return cmd.FinishWrapUp(id="w", agent=7, conv=1, disposition=disposition, follow_up_ms=follow_up_ms)


def closed(floor: Floor) -> list[tuple[str, str]]:
    return [(e.disposition, e.why) for entry in floor.entries for e in entry.events if isinstance(e, ev.Closed)]


@pytest.mark.parametrize("mode", ["optional", "timed"])
def test_an_outcome_may_be_left_out_where_the_queue_lets_it(mode: str) -> None:
    floor = wrapping(mode)
    floor.do(said(""))
    assert closed(floor) == [("", "handled")]


@pytest.mark.parametrize("mode", ["required", "fixed"])
def test_an_outcome_is_asked_for(mode: str) -> None:
    floor = wrapping(mode)
    assert floor.ask(said("")) == Refused("outcome_missing")


@pytest.mark.parametrize("mode", ["optional", "timed", "required", "fixed"])
def test_nobody_stays_in_wrap_up_for_ever(mode: str) -> None:
    floor = wrapping(mode)
    floor.wait(WRAP_UP_MS)
    assert closed(floor) == [("timeout", "wrap_up_timeout")]


def test_nobody_leaves_a_fixed_wrap_up_early_and_what_was_said_last_holds() -> None:
    floor = wrapping("fixed", outcomes=("solved", "spam"))
    assert floor.do(said("solved")) == [ev.WrapUpKept(1, 7, "solved")]
    floor.do(msgspec.structs.replace(said("solved:later"), id="w2"))
    assert floor.state.convs[1].state == WRAP_UP
    assert floor.state.bundle is not None
    restored = decode_state(encode_state(floor.state), {floor.state.bundle_hash: floor.state.bundle})
    assert restored.convs[1].ending == floor.state.convs[1].ending
    floor.wait(WRAP_UP_MS)
    assert closed(floor) == [("solved:later", "handled")]


def test_a_minute_more_is_given_once() -> None:
    floor = wrapping("timed")
    due_ms = floor.state.convs[1].due_ms
    more = cmd.ExtendWrapUp(id="m", agent=7, conv=1)
    assert floor.do(more) == [ev.WrapUpExtended(1, 7, due_ms + WRAP_UP_EXTRA_MS)]
    assert floor.ask(msgspec.structs.replace(more, id="m2")) == Refused("extended_once")
    assert floor.wait(WRAP_UP_MS) == []
    floor.wait(WRAP_UP_EXTRA_MS)
    assert closed(floor) == [("timeout", "wrap_up_timeout")]


def test_who_writes_again_begins_the_next_wrap_up_anew() -> None:
    floor = wrapping("fixed")
    floor.do(said("solved"))
    floor.arrive(1)
    floor.do(cmd.Close(id="again", agent=7, conv=1))
    assert floor.state.convs[1].ending is None


def test_a_queue_has_outcomes_of_its_own_and_outcomes_have_reasons() -> None:
    floor = wrapping("timed", outcomes=("solved",))
    assert floor.ask(said("spam")) == Refused("disposition_unknown")
    assert floor.ask(said("solved:never")) == Refused("disposition_unknown")
    floor.do(said("solved:at-once"))
    assert closed(floor) == [("solved:at-once", "handled")]


@pytest.mark.parametrize("mode", ["timed", "fixed"])
def test_a_follow_up_brings_it_back_to_its_owner_at_that_time(mode: str) -> None:
    floor = wrapping(mode)
    at = floor.at + HOUR_MS
    floor.do(said("", follow_up_ms=at))
    floor.wait(WRAP_UP_MS)
    parked = [e for entry in floor.entries for e in entry.events if isinstance(e, ev.Parked)]
    assert [(each.actor, each.until_ms, each.record.owner) for each in parked] == [("clock", at, 7)]
    assert 1 not in floor.state.convs
    floor.wait(HOUR_MS)
    assert names(floor.do(cmd.Wake(id="due", record=parked[0].record)))[:2] == ["Returned", "Assigned"]
    assert floor.ask(said("solved", follow_up_ms=floor.at)) == Refused("not_in_wrap_up")
