"""A state as bytes: nothing is lost, what is damaged or foreign is refused, and equal things are one object again."""

from __future__ import annotations

import gc
import random
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core import commands as cmd
from router.core.evolve import BundleMissing
from router.core.snapshot import CHECK_BYTES, FORMAT, ForeignSnapshot, decode_state, encode_state, picture_of
from router.core.state import State
from tests.core.floor_plan import at_work, bundle
from tests.core.walk import Walk
from tests.core.world import World


def walked(seed: int = 5, steps: int = 400) -> World:
    """Return a floor with something of everything on it."""
    world = World(judged=False)
    world.begin()
    Walk(world, random.Random(seed)).run(steps)
    return world


def a_state() -> bytes:
    floor = at_work(1, 2)
    for line in range(1, 21):
        floor.arrive(line)
    return encode_state(floor.state)


def test_an_empty_state_comes_back_as_it_was() -> None:
    assert picture_of(decode_state(encode_state(State()), {})) == picture_of(State())


@pytest.mark.parametrize("seed", range(8))
def test_a_state_comes_back_as_it_was_and_decides_the_same(seed: int) -> None:
    world = walked(seed)
    data = encode_state(world.state)
    assert encode_state(decode_state(data, world.configurations)) == data
    world.judged = True
    world.restore()
    Walk(world, random.Random(seed)).run(60)


@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_one_wrong_bit_anywhere_is_noticed(at: int, bit: int) -> None:
    data = bytearray(a_state())
    data[at % len(data)] ^= 1 << bit
    with pytest.raises(ForeignSnapshot):
        decode_state(bytes(data), {"b1": bundle()})


@given(length=st.integers(0, 10**6))
def test_a_snapshot_that_breaks_off_is_noticed(length: int) -> None:
    data = a_state()
    with pytest.raises(ForeignSnapshot):
        decode_state(data[: length % len(data)], {"b1": bundle()})


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused_by_one_name(data: bytes) -> None:
    with pytest.raises(ForeignSnapshot):
        decode_state(data, {})


def test_rows_of_another_shape_under_a_right_sum_are_refused() -> None:
    rows = b"\x90"
    with pytest.raises(ForeignSnapshot, match="other rows"):
        decode_state(FORMAT + crc32(rows).to_bytes(CHECK_BYTES, "big") + rows, {})


def test_a_snapshot_names_the_bundle_that_it_lacks() -> None:
    with pytest.raises(BundleMissing, match="b1"):
        decode_state(a_state(), {})


def test_equal_words_and_times_are_one_object_again() -> None:
    """A million that wait would otherwise be restored with a million copies of the word for it."""
    restored = decode_state(a_state(), {"b1": bundle()})
    waiting = [conv for conv in restored.convs.values() if conv.state == "waiting"]
    assert len(waiting) > 1
    assert len({id(conv.state) for conv in waiting}) == len({id(conv.rule) for conv in waiting}) == 1
    assert all(conv.key_ms is conv.opened_ms for conv in waiting)


def test_the_collector_is_as_it_was_after_a_snapshot_was_refused() -> None:
    assert gc.isenabled()
    with pytest.raises(ForeignSnapshot):
        decode_state(b"", {})
    assert gc.isenabled()


def test_a_line_that_two_conversations_share_still_leads_to_the_first() -> None:
    """The second is parked on its own line, woken, and moved by its owner to the line of the first."""
    floor = at_work(1)
    floor.arrive(1)
    floor.accept(1)
    floor.arrive(2)
    floor.accept(2)
    floor.do(cmd.Reply(id="r", agent=1, conv=2, message=90, line=1))
    restored = decode_state(encode_state(floor.state), {"b1": bundle()})
    assert restored.lines == floor.state.lines == {1: 1, 2: 2}
    assert restored.next_on_line == floor.state.next_on_line == {1: [2]}
