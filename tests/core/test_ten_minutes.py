"""The core's memory: ten minutes and so many entries, never less for a repeat, never more for a long life."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core import commands as cmd
from router.core import events as ev
from router.core import evolve as evolving
from router.core.answers import Made
from router.core.bundle import DAY_MS, HOUR_MS, MINUTE_MS
from router.core.evolve import replay
from router.core.record import Record, decode_record, encode_record
from router.core.snapshot import decode_state, encode_state, picture_of
from router.core.state import MEMORY_MS, State
from tests.core.floor_plan import Floor, at_work, bundle

BUNDLES = {"b1": bundle()}
# What counts on, and what is remembered on purpose: everything else is as it was when a conversation has gone.
COUNTED = {"position": 0, "at": 0, "next_conv": 0, "next_offer": 0, "next_idle": 0, "next_facts": 0, "answers": []}

steps = st.lists(
    st.tuples(
        st.sampled_from(("arrive", "serve", "park", "repeat", "wait")),
        st.sampled_from((1, 1_000, MINUTE_MS, 4 * MINUTE_MS, MEMORY_MS - 1, MEMORY_MS, MEMORY_MS + 1, HOUR_MS)),
        st.integers(0, 50),
    ),
    max_size=60,
)


class Remembering:
    """A floor, and by whom each command of it was decided when: what a memory is held against."""

    def __init__(self) -> None:
        self.floor = at_work(1)
        self.decided: list[tuple[cmd.Command, int, int]] = []  # command, at, position
        self.left: dict[int, int] = {}  # conversation -> when it left
        self.lines = 0

    def tell(self, command: cmd.Command) -> None:
        for event in self.floor.do(command):
            if isinstance(event, ev.Parked | ev.Closed):
                self.left[event.conv] = self.floor.at
        self.decided.append((command, self.floor.at, self.floor.state.position))

    def step(self, kind: str, ms: int, pick: int) -> None:
        if kind == "wait":
            self.floor.wait(ms)
        elif kind == "arrive":
            self.lines += 1
            self.tell(self.floor.message(self.lines))
        elif kind == "repeat" and self.decided:
            self._repeat(pick)
        elif kind in {"serve", "park"}:
            self._serve(park=kind == "park")

    def _serve(self, *, park: bool) -> None:
        offered = [conv for conv in self.floor.state.convs.values() if conv.offer and conv.offer.agent == 1]
        if not offered:
            return
        conv = offered[0].id
        self.floor.accept(conv)
        until_ms = self.floor.at + DAY_MS
        if park:
            self.tell(cmd.Park(id=self.floor.id(), agent=1, conv=conv, until_ms=until_ms))
        else:
            self.tell(cmd.Close(id=self.floor.id(), agent=1, conv=conv, disposition="solved"))

    def _repeat(self, pick: int) -> None:
        command, at, position = self.decided[pick % len(self.decided)]
        if self.floor.at - at <= MEMORY_MS:
            assert self.floor.ask(command) == Made(position, None), "a repeat within ten minutes gets its answer"


def check_bounds(state: State) -> None:
    """Nothing that is remembered was older than ten minutes when the floor last decided."""
    for memory in (state.answers, state.left):
        times = [entry.at for entry in memory.values()]
        assert times == sorted(times)
        assert all(at >= state.at - MEMORY_MS for at in times)
    assert set(state.left_on.values()) <= set(state.left)


@given(steps)
def test_within_ten_minutes_every_repeat_is_answered_and_after_them_nothing_is_kept(
    taken: list[tuple[str, int, int]],
) -> None:
    remembering = Remembering()
    for step in taken:
        remembering.step(*step)
        state = remembering.floor.state
        check_bounds(state)
        recently = {conv for conv, at in remembering.left.items() if at >= state.at - MEMORY_MS}
        assert set(state.left) == recently


@given(steps)
def test_a_replica_and_a_restored_floor_remember_the_same(taken: list[tuple[str, int, int]]) -> None:
    remembering = Remembering()
    for step in taken[: len(taken) // 2]:
        remembering.step(*step)
    restored = decode_state(encode_state(remembering.floor.state), BUNDLES)
    before = len(remembering.floor.entries)
    for step in taken[len(taken) // 2 :]:
        remembering.step(*step)
    for entry in remembering.floor.entries[before:]:
        replay(restored, entry, BUNDLES)
    assert picture_of(restored) == picture_of(remembering.floor.state)


@given(most=st.integers(1, 30), count=st.integers(1, 90))
def test_a_flood_within_ten_minutes_keeps_the_latest(most: int, count: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evolving, "MEMORY_ENTRIES_MAX", most)
        floor = Floor()
        for number in range(count):
            floor.do(cmd.SetAside(id=f"s{number}", message=number, reason="bounce"))
            assert len(floor.state.answers) <= most
        latest = [f"s{number}" for number in range(count)][-most:]
        assert list(floor.state.answers)[-len(latest) :] == latest


@given(most=st.integers(1, 10), count=st.integers(1, 40))
def test_a_flood_of_those_who_leave_keeps_the_latest(most: int, count: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evolving, "MEMORY_ENTRIES_MAX", most)
        remembering = Remembering()
        for line in range(1, count + 1):
            remembering.step("arrive", 0, 0)
            remembering.step("serve", 0, 0)
            state = remembering.floor.state
            assert list(state.left) == list(range(1, line + 1))[-most:]
            assert set(state.left_on.values()) == set(state.left)


def what_stands(floor: Floor) -> Any:
    return msgspec.structs.replace(picture_of(floor.state), **COUNTED)


@pytest.mark.parametrize("ends", ["park", "close"])
def test_who_has_left_leaves_nothing_behind_after_ten_minutes(ends: str) -> None:
    """Everything but counters is as it was: classes and facts had been asked for before."""
    remembering = Remembering()
    remembering.step("arrive", 0, 0)
    remembering.step("serve", 0, 0)
    floor = remembering.floor
    floor.wait(2 * MEMORY_MS)
    floor.do(cmd.SetAside(id="one", message=1_000, reason="bounce"))
    before = what_stands(floor)
    for _ in range(20):
        remembering.step("arrive", 0, 0)
        remembering.step("park" if ends == "park" else "serve", 0, 0)
    assert len(floor.state.left) == 20
    floor.wait(2 * MEMORY_MS)
    floor.do(cmd.SetAside(id="two", message=1_001, reason="bounce"))
    after, idle = what_stands(floor), [agent.idle for agent in before.agents]
    for agent, was in zip(after.agents, idle, strict=True):
        agent.idle = was
    assert after == before


def parked(floor: Floor, line: int) -> Record:
    floor.arrive(line)
    conv = floor.state.next_conv - 1
    floor.accept(conv)
    made = floor.do(cmd.Park(id=floor.id(), agent=1, conv=conv, until_ms=floor.at + 3 * DAY_MS))
    return next(event.record for event in made if isinstance(event, ev.Parked))


def test_who_returns_after_days_comes_by_the_record_in_command_and_event() -> None:
    """The core knew nothing of them any more; the event alone is enough for a replica."""
    floor = at_work(1)
    record = parked(floor, 1)
    replica = State()
    floor.wait(2 * DAY_MS)
    floor.sign_in(1)
    floor.do(cmd.AttachDesk(id="d", agent=1, node="n1", desk="d1"))
    floor.do(cmd.SetAside(id="later", message=1_000, reason="bounce"))
    assert not floor.state.left
    assert not floor.state.lines
    stored = decode_record(encode_record(record))
    made = floor.do(floor.message(1, record=stored))
    returned = next(event for event in made if isinstance(event, ev.Returned))
    assert returned.record == stored == record
    conv = floor.state.convs[1]
    assert (conv.key_ms, conv.opened_ms, conv.owner) == (record.key_ms, record.opened_ms, record.owner)
    for entry in floor.entries:
        replay(replica, entry, BUNDLES)
    assert picture_of(replica) == picture_of(floor.state)
