"""Each promise that a journal can break, broken once by hand; and a clean journal, which is silent."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from router.core import events as ev
from router.verify import Finding
from router.verify.findings import FINDINGS_MAX, SENTENCES
from tests.verify.scenes import CHAT_NEEDS, SITE, START_MS, Scene, record

MINUTE_MS = 60_000


@pytest.fixture
def scene() -> Scene:
    begun = Scene()
    begun.begin()
    return begun


def test_a_whole_life_is_silent(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1))
    scene.do(ev.Declined(1, 7, 1, "busy", scene.at + 30_000), ev.Queued(1, scene.at + MINUTE_MS, "declined"))
    scene.do(ev.RestEnded(1, 7), scene.offer(1, 2, after_ms=30_000), after_ms=30_000)
    scene.do(scene.accept(1, 2))
    scene.do(ev.Replied(1, 7, 101, 1, scene.at + MINUTE_MS), ev.Noted(1, 7, 102), after_ms=5_000)
    scene.do(ev.WrapUpStarted(1, 7, scene.at + MINUTE_MS))
    scene.do(ev.Closed(1, 7, "solved", "handled", record()), after_ms=20_000)
    scene.do(ev.SignedOut(7, "signed_out"))
    scene.do(ev.MessageSetAside(900, "bounce"))
    scene.shown(1, "closed", owner=7)
    scene.letter(1, message=100, position=6)
    scene.letter(2, message=900, position=20, reason="bounce")
    scene.latest = 12
    report = scene.report()
    assert report.findings == []
    assert report.ok
    assert (report.conversations, report.messages, report.end) == (1, 2, scene.end)
    assert report.lines()[-1] == "ok"


def test_coming_back_and_waiting_elsewhere_is_silent(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1))
    scene.do(scene.accept(1, 1))
    scene.do(ev.Parked(1, 7, "customer", scene.at + 10 * MINUTE_MS, record(state="parked")))
    back = record(state="parked")
    scene.do(ev.Returned(1, "due", back), ev.HeldFor(1, 7, scene.at + 12 * MINUTE_MS, "due"), after_ms=10 * MINUTE_MS)
    scene.do(ev.Assigned(1, 7, "owner_free", scene.at + MINUTE_MS), after_ms=MINUTE_MS)
    scene.do(ev.Transferred(1, 7, 1, 0, 0), ev.Deferred(1, "general", scene.at + 60 * MINUTE_MS, "off_hours"))
    scene.do(ev.Queued(1, scene.at + 120 * MINUTE_MS, "opened"), after_ms=60 * MINUTE_MS)
    scene.do(ev.Abandoned(1, "left", record(state="abandoned", owner=0)))
    assert scene.names() == []


def test_a_round_of_several_is_silent(scene: Scene) -> None:
    _ringing_at_two(scene)
    scene.do(ev.RingStopped(1, 7, 1, "declined", "busy", scene.at + MINUTE_MS))
    scene.do(scene.accept(1, 1, agent=8))
    scene.do(ev.Escalated(1, 8, "unanswered", scene.at + MINUTE_MS))
    scene.do(
        ev.TakenBack(1, 8, "unanswered", scene.at + MINUTE_MS), ev.Queued(1, scene.at + 60 * MINUTE_MS, "unanswered")
    )
    scene.do(ev.Abandoned(1, "left", record(state="abandoned", owner=0)))
    assert scene.names() == []


def test_a_gap_moves_our_promises_on(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1))
    scene.epoch = 2
    scene.do(ev.LeadTaken(2, 10 * MINUTE_MS, "0.1.0", 0), after_ms=10 * MINUTE_MS)
    scene.do(ev.OfferLapsed(1, 7, 1), ev.Queued(1, scene.at + MINUTE_MS, "no_answer"), after_ms=20_000)
    assert scene.names() == []


Break = Callable[[Scene], None]


def _second_owner(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1))
    scene.do(scene.accept(1, 1))
    scene.sign_in(8)
    scene.do(scene.accept(1, 1, agent=8))


def _assigned_to_another(scene: Scene) -> None:
    scene.sign_in(8)
    scene.arrive(1, scene.offer(1, 1), scene.accept(1, 1))
    scene.do(ev.WrapUpStarted(1, 7, scene.at + MINUTE_MS))
    scene.do(ev.Assigned(1, 8, "customer_wrote", scene.at + MINUTE_MS))


def _second_offer(scene: Scene) -> None:
    scene.sign_in(8)
    scene.arrive(1, scene.offer(1, 1))
    scene.do(scene.offer(1, 2, agent=8))


def _offer_of_an_owned_one(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1), scene.accept(1, 1))
    scene.do(scene.offer(1, 2))


def _winner_who_was_not_asked(scene: Scene) -> None:
    scene.sign_in(8)
    scene.arrive(1, scene.offer(1, 1))
    scene.do(scene.accept(1, 1, agent=8))


def _ringing_at_two(scene: Scene) -> None:
    scene.sign_in(8)
    scene.arrive(1, scene.offer(1, 1), ev.RangAlso(1, 8, 1, ("longest_idle",)))


def _won_while_another_still_rings(scene: Scene) -> None:
    _ringing_at_two(scene)
    scene.do(scene.accept(1, 1))


def _stopped_at_somebody_who_was_not_asked(scene: Scene) -> None:
    _ringing_at_two(scene)
    scene.do(ev.RingStopped(1, 9, 1, "declined"))


def _rings_twice_at_one(scene: Scene) -> None:
    _ringing_at_two(scene)
    scene.do(ev.RangAlso(1, 8, 1, ("longest_idle",)))


def _rings_too_on_a_break(scene: Scene) -> None:
    scene.sign_in(8)
    scene.do(ev.WindingDown(8, "lunch", "chosen"))
    scene.arrive(1, scene.offer(1, 1), ev.RangAlso(1, 8, 1, ("longest_idle",)))


def _winner_of_an_older_round(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 2))
    scene.do(scene.accept(1, 1))


def _third_chat_for_two(scene: Scene) -> None:
    for conv in (1, 2, 3):
        scene.arrive(conv, scene.offer(conv, conv))


def _offer_to_nobody(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1, agent=99))


def _offer_after_signing_out(scene: Scene) -> None:
    scene.do(ev.SignedOut(7, "signed_out"))
    scene.arrive(1, scene.offer(1, 1))


def _offer_on_a_break(scene: Scene) -> None:
    scene.do(ev.PresenceSet(7, "break", False, "chosen"))
    scene.arrive(1, scene.offer(1, 1))


def _assigned_on_a_break(scene: Scene) -> None:
    scene.do(ev.PresenceSet(7, "break", False, "chosen"))
    scene.arrive(1)
    scene.do(ev.Deferred(1, "general", scene.at + MINUTE_MS, "off_hours"), ev.Queued(1, scene.at + MINUTE_MS, "x"))
    scene.do(ev.Abandoned(1, "left", record(state="abandoned")))
    scene.do(ev.Returned(1, "reopened", record(state="abandoned")), ev.Assigned(1, 7, "reopened", scene.at + MINUTE_MS))


def _left_with_somebody_gone(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1), scene.accept(1, 1))
    scene.do(ev.SignedOut(7, "signed_out"))


def _late_offer(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1))
    scene.do(ev.OfferLapsed(1, 7, 1), ev.Queued(1, scene.at + 3_600_000, "no_answer"), after_ms=22_001)


def _late_wrap_up(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1), scene.accept(1, 1), ev.WrapUpStarted(1, 7, scene.at + MINUTE_MS))
    scene.do(ev.Closed(1, 7, "", "wrap_up_timeout", record()), after_ms=MINUTE_MS + 2_001)


def _late_hold(scene: Scene) -> None:
    scene.do(ev.Received(1, 100, 1, 1, 1, scene.at, True, False), ev.HeldFor(1, 7, scene.at + MINUTE_MS, "x"))
    scene.do(ev.MessageSetAside(5, "bounce"), after_ms=MINUTE_MS + 2_001)


def _forgotten(scene: Scene) -> None:
    scene.do(
        ev.Received(1, 100, 1, 1, 1, scene.at, True, False),
        ev.Routed(1, 1, "rest", scene.at),
        ev.Deferred(1, "general", scene.at + MINUTE_MS, "off_hours"),
    )
    scene.do(ev.MessageSetAside(5, "bounce"), after_ms=2 * MINUTE_MS + 1)


def _forgotten_while_parked(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1), scene.accept(1, 1))
    scene.do(ev.Parked(1, 7, "clock", scene.at + MINUTE_MS, record(state="parked")))
    scene.do(ev.MessageSetAside(5, "bounce"), after_ms=3 * MINUTE_MS)


def _no_due(scene: Scene) -> None:
    scene.do(ev.Received(1, 100, 1, 1, 1, scene.at, True, False), ev.Queued(1, 0, "arrived"))


def _parked_for_ever(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1), scene.accept(1, 1))
    scene.do(ev.Parked(1, 7, "customer", 0, record(state="parked")))


def _nowhere(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1))
    scene.do(ev.Declined(1, 7, 1, "", 0))


def _out_of_order(scene: Scene) -> None:
    scene.arrive(1)
    scene.arrive(2, scene.offer(2, 1), after_ms=1_000)


def _head_start_ignored(scene: Scene) -> None:
    scene.arrive(1)
    scene.arrive(2, key_ms=START_MS - MINUTE_MS, after_ms=1_000)
    scene.do(scene.offer(1, 1))


def _offer_when_closed(scene: Scene) -> None:
    scene.arrive(1)
    scene.do(ev.QueueClosed("general", scene.at + MINUTE_MS, scene.at + 3_600_000, "hours"))
    scene.do(scene.offer(1, 1, after_ms=MINUTE_MS), after_ms=MINUTE_MS + 2_001)


def _admitted_late(scene: Scene) -> None:
    scene.do(ev.QueueClosed("general", scene.at + MINUTE_MS, scene.at + 3_600_000, "hours"))
    scene.arrive(1, scene.offer(1, 1))


def _message_twice(scene: Scene) -> None:
    scene.arrive(1)
    scene.do(ev.Received(1, 100, 1, 1, 1, scene.at, False, False))


def _message_kept_and_set_aside(scene: Scene) -> None:
    scene.arrive(1)
    scene.do(ev.MessageSetAside(100, "bounce"))
    scene.archive[100] = (1, 1)


def _reply_to_nobody(scene: Scene) -> None:
    scene.arrive(1)
    scene.do(ev.Replied(1, 7, 101, 1, scene.at + MINUTE_MS))


def _opened_twice(scene: Scene) -> None:
    scene.arrive(1)
    scene.do(ev.Received(1, 101, 1, 1, 1, scene.at, True, False), ev.Queued(1, scene.at + MINUTE_MS, "arrived"))


def _closed_and_written_to(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1), scene.accept(1, 1), ev.Closed(1, 7, "", "handled", record()))
    scene.do(ev.Received(1, 101, 1, 1, 1, scene.at, False, False))


def _time_back(scene: Scene) -> None:
    scene.do(ev.MessageSetAside(5, "bounce"), after_ms=-1)


def _epoch_back(scene: Scene) -> None:
    scene.epoch = 2
    scene.do(ev.LeadTaken(2, 0, "0.1.0", 0))
    scene.epoch = 1
    scene.do(ev.MessageSetAside(5, "bounce"))


BREAKS: list[tuple[Break, list[str]]] = [
    (_second_owner, ["double_owner"]),
    (_assigned_to_another, ["double_owner"]),
    (_second_offer, ["double_offer"]),
    (_offer_of_an_owned_one, ["offer_while_owned"]),
    (_winner_who_was_not_asked, ["wrong_winner"]),
    (_winner_of_an_older_round, ["wrong_winner"]),
    (_won_while_another_still_rings, ["still_ringing"]),
    (_stopped_at_somebody_who_was_not_asked, ["wrong_winner"]),
    (_rings_twice_at_one, ["double_offer"]),
    (_rings_too_on_a_break, ["work_to_away"]),
    (_third_chat_for_two, ["over_capacity"]),
    (_offer_to_nobody, ["work_to_absent"]),
    (_offer_after_signing_out, ["work_to_absent"]),
    (_offer_on_a_break, ["work_to_away"]),
    (_assigned_on_a_break, ["work_to_away"]),
    (_left_with_somebody_gone, ["work_left_behind"]),
    (_late_offer, ["offer_overdue"]),
    (_late_wrap_up, ["wrap_up_overdue"]),
    (_late_hold, ["hold_overdue"]),
    (_forgotten, ["forgotten"]),
    (_forgotten_while_parked, ["forgotten"]),
    (_no_due, ["no_due"]),
    (_parked_for_ever, ["no_due"]),
    (_nowhere, ["no_actor"]),
    (_out_of_order, ["out_of_order"]),
    (_head_start_ignored, ["out_of_order"]),
    (_offer_when_closed, ["offered_while_closed"]),
    (_admitted_late, ["admitted_after_closing"]),
    (_message_twice, ["message_twice"]),
    (_message_kept_and_set_aside, ["message_twice"]),
    (_reply_to_nobody, ["wrong_state"]),
    (_opened_twice, ["wrong_state"]),
    (_closed_and_written_to, ["wrong_state"]),
    (_time_back, ["time_back"]),
    (_epoch_back, ["epoch_back"]),
]


@pytest.mark.parametrize(("broken", "names"), BREAKS, ids=[broken.__name__.strip("_") for broken, _ in BREAKS])
def test_a_broken_promise_is_found_by_its_name(scene: Scene, broken: Break, names: list[str]) -> None:
    broken(scene)
    assert scene.names() == names


def test_a_finding_says_where(scene: Scene) -> None:
    first = scene.arrive(1)
    scene.arrive(2, scene.offer(2, 1), after_ms=1_000)
    [finding] = [each for each in scene.findings() if each.name == "out_of_order"]
    assert finding == Finding(name="out_of_order", position=first + 6, at=scene.at, conv=2, agent=7)
    assert finding.sentence == (
        "out_of_order: A conversation was offered before a like one that came earlier."
        f" (position {first + 6}, time {scene.at}, conversation 2, agent 7)"
    )


def test_a_decline_is_a_reason_to_pass_the_first_by(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1))
    scene.do(ev.Declined(1, 7, 1, "", scene.at + 30_000), ev.Queued(1, scene.at + MINUTE_MS, "declined"))
    scene.arrive(2, scene.offer(2, 2), after_ms=1_000)
    assert scene.names() == []
    scene.sign_in(8)
    scene.arrive(3, scene.offer(3, 3, agent=8), after_ms=1_000)
    assert scene.names() == ["out_of_order"]


def test_woken_work_may_go_over_capacity_and_then_nothing_is_offered(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1), scene.accept(1, 1))
    scene.do(ev.Parked(1, 7, "customer", scene.at + MINUTE_MS, record(state="parked")))
    for conv in (2, 3):
        scene.arrive(conv, scene.offer(conv, conv), scene.accept(conv, conv))
    back = record(state="parked")
    scene.do(ev.Returned(1, "customer_wrote", back), ev.Assigned(1, 7, "customer_wrote", scene.at + MINUTE_MS))
    scene.do(ev.SignedIn(7, CHAT_NEEDS, 25, "available"))
    assert scene.names() == []
    scene.arrive(4, scene.offer(4, 4))
    assert scene.names() == ["over_capacity"]


def test_a_closing_queue_serves_those_in_line(scene: Scene) -> None:
    scene.arrive(1)
    scene.do(ev.QueueClosed("general", scene.at + MINUTE_MS, scene.at + 3_600_000, "hours"))
    scene.do(scene.offer(1, 1), after_ms=30_000)
    assert scene.names() == []


def test_a_finding_is_told_once_and_not_at_every_entry_after(scene: Scene) -> None:
    scene.arrive(1, scene.offer(1, 1))
    scene.do(ev.Noted(1, 7, 101))
    for message in range(5, 10):
        scene.do(ev.MessageSetAside(message, "bounce"), after_ms=30_000)
    assert scene.names() == ["offer_overdue"]


def test_a_hole_in_the_journal_is_found_and_the_walk_goes_on(scene: Scene) -> None:
    scene.arrive(1)
    scene.end += 5
    scene.do(ev.MessageSetAside(7, "bounce"))
    assert scene.names() == ["position_gap"]
    assert scene.report().end == scene.end


def test_a_row_that_cannot_be_read_is_named(scene: Scene) -> None:
    first = scene.do(ev.MessageSetAside(7, "bounce"))
    scene.rows[-1] = msgspec.structs.replace(scene.rows[-1], entries=b"\xc1 not ours")
    scene.do(ev.MessageSetAside(8, "bounce"))
    [finding] = scene.findings()
    assert (finding.name, finding.position) == ("unreadable", first)


def test_a_row_that_miscounts_is_named(scene: Scene) -> None:
    scene.do(ev.MessageSetAside(7, "bounce"), ev.MessageSetAside(8, "bounce"))
    scene.rows[-1] = msgspec.structs.replace(scene.rows[-1], count=3)
    assert scene.names() == ["count_wrong"]


def test_a_flood_of_findings_is_counted_and_not_listed(scene: Scene) -> None:
    for _ in range(FINDINGS_MAX + 10):
        scene.do(ev.MessageSetAside(7, "bounce"))
    report = scene.report()
    assert len(report.findings) == FINDINGS_MAX
    assert report.found == FINDINGS_MAX + 9
    assert report.lines()[-2:] == ["and 9 more", "NOT ok"]


def test_every_name_has_a_sentence_and_no_finding_is_without(scene: Scene) -> None:
    for name in SENTENCES:
        assert Finding(name=name).sentence.startswith(f"{name}: ")
    assert scene.report().site == SITE
