"""The store's rows against the journal: each disagreement, made by hand, is found by its name."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from router.core import events as ev
from tests.verify.scenes import Scene, record

MINUTE_MS = 60_000


@pytest.fixture
def scene() -> Scene:
    """A conversation that agent 7 has answered on a line that is called; every row agrees."""
    made = Scene(lines={1: "email"})
    made.begin()
    made.arrive(1, made.offer(1, 1), made.accept(1, 1))
    replied = made.do(ev.Replied(1, 7, 101, 1, made.at + MINUTE_MS))
    noted = made.do(ev.Noted(1, 7, 102))
    announced = made.do(ev.Announced(1, 1, "received", "general", 0))
    made.outbox = [(replied, 1), (announced, 0)]
    made.shown(1, "active", owner=7)
    made.letter(1, message=100, position=noted)
    made.latest = replied
    return made


def _names(scene: Scene, **given: int) -> list[str]:
    return [finding.name for finding in scene.findings(call_channels=["email"], **given)]


def test_rows_that_agree_are_silent(scene: Scene) -> None:
    assert _names(scene) == []


def _change_row(**changes: object) -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        scene.convs[1] = msgspec.structs.replace(scene.convs[1], **changes)

    return change


def _change_story(**changes: object) -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        scene.told[0] = msgspec.structs.replace(scene.told[0], **changes)

    return change


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (_change_row(state="waiting"), ["row_state"]),
        (_change_row(owner=8), ["row_owner"]),
        (_change_row(queue="billing"), ["row_queue"]),
        (lambda scene: scene.convs.clear(), ["row_missing"]),
        (lambda scene: scene.shown(2, "waiting"), ["row_unknown"]),
        (_change_story(kind="Queued"), ["story_wrong"]),
        (_change_story(message=99), ["story_wrong"]),
        (_change_story(at=5), ["story_wrong"]),
        (_change_story(conv=2), ["story_wrong", "story_missing"]),
        (lambda scene: scene.told.pop(), ["story_missing"]),
        (lambda scene: scene.archive.pop(101), ["message_missing"]),
        (lambda scene: scene.archive.update({100: (2, 1)}), ["message_misplaced"]),
        (lambda scene: scene.outbox.pop(0), ["effect_missing"]),
        (lambda scene: scene.outbox.pop(1), ["effect_missing"]),
        (lambda scene: scene.outbox.append((scene.end + 1, 1)), ["effect_beyond_journal"]),
        (lambda scene: setattr(scene, "latest", scene.end + 1), ["snapshot_ahead"]),
        (lambda scene: scene.letter(2, message=555), ["message_lost"]),
        (lambda scene: scene.letter(2, message=0, position=scene.end + 1), ["letter_beyond_journal"]),
        (lambda scene: scene.letter(2, "new", message=100, position=0), ["letter_not_settled"]),
    ],
)
def test_a_disagreement_is_found_by_its_name(scene: Scene, spoil: Callable[[Scene], object], names: list[str]) -> None:
    spoil(scene)
    assert _names(scene) == names


def test_a_letter_with_a_reason_needs_no_conversation(scene: Scene) -> None:
    scene.letter(2, message=555, reason="opt_out")
    scene.letter(3, "quarantined", message=556, position=0, reason="broke_core")
    assert _names(scene) == []
    assert scene.report().letters_quarantined == 1


def test_a_letter_that_waits_is_counted_and_after_the_stated_time_found(scene: Scene) -> None:
    scene.letter(2, "new", message=555, position=0)
    assert scene.report().letters_waiting == 1
    assert _names(scene) == []
    assert _names(scene, now_ms=scene.at + MINUTE_MS + 1) == ["letter_undecided"]


def test_what_is_pushed_needs_no_outbox_row(scene: Scene) -> None:
    scene.outbox.clear()
    assert [finding.name for finding in scene.findings(call_channels=["sms"])] == []
    assert [finding.name for finding in scene.findings(call_channels=["sms"], push_channels=["email"])] == []
    assert "effect_missing" in [finding.name for finding in scene.findings(push_channels=["chat"])]


def test_a_hold_is_shown_as_waiting_or_by_its_own_name(scene: Scene) -> None:
    scene.do(ev.Transferred(1, 7, 1, 7, 0), ev.HeldFor(1, 7, scene.at + MINUTE_MS, "transferred"))
    for state, names in (("waiting", []), ("held", []), ("active", ["row_state"])):
        scene.shown(1, state)
        assert _names(scene) == names


def test_a_closed_row_keeps_the_owner_of_the_record(scene: Scene) -> None:
    scene.do(ev.Closed(1, 7, "solved", "handled", record()))
    scene.shown(1, "closed", owner=7)
    assert _names(scene) == []
