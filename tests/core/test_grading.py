"""A new configuration moves the classes of the queues that it changes to their slopes, heads and all, and no others."""

from __future__ import annotations

from msgspec.structs import replace

from bench.core_load import Size, bundle_of
from router.core.bundle import Bundle
from router.core.matching import Matching
from router.core.state import State
from router.core.waiting import Class

PLAIN = bundle_of(Size(0, 0, 12))


def floor() -> tuple[Matching, Class, Class]:
    """Two queues with one class each, in which somebody waits."""
    matching = State().matching
    matching.configure(PLAIN)
    for number, queue in enumerate(("q0", "q1")):
        cls = Class(id=number, queue=queue, channel="chat", needs=(), load=25, live=True)
        matching.form_class(cls)
        cls.head = (1_000 + number, number + 1)
        cls.slope.exchange(0, [(*cls.head, cls)])
    first, second = matching.classes
    return matching, first, second


def changed(bundle: Bundle, name: str, **changes: object) -> Bundle:
    return replace(bundle, queues={**bundle.queues, name: replace(bundle.queues[name], **changes)})


def test_only_the_classes_of_a_changed_queue_change_their_slope() -> None:
    matching, stays, moves = floor()
    before = stays.slope
    assert moves.slope is before, "alike, they share it"
    matching.configure(changed(PLAIN, "q1", weight=3))
    assert stays.slope is before
    assert (before.waiting, before.heads.first(-1)) == (stays.bit, (1_000, 1, stays))
    assert (moves.slope.gain, moves.slope.waiting) == (3 * before.gain, moves.bit)
    assert moves.slope.heads.first(-1) == (1_001, 2, moves)
    assert set(matching.grading.slopes.values()) == {before, moves.slope}


def test_a_slope_on_which_nobody_stands_any_more_goes() -> None:
    matching, *_ = floor()
    matching.configure(changed(PLAIN, "q1", weight=3))
    matching.configure(PLAIN)
    (only,) = matching.grading.slopes.values()
    assert only.waiting == 0b11


def test_other_opening_hours_are_another_slope_though_its_grade_is_the_same() -> None:
    matching, first, _ = floor()
    before = first.slope
    matching.configure(replace(PLAIN, calendars={"always": (500, 2_000)}))
    assert (first.slope.grade, first.slope.calendar) == (before.grade, (500, 2_000))
    assert first.slope.score(3_000, 1_000) < before.score(3_000, 1_000)
    assert list(matching.grading.slopes.values()) == [first.slope]
