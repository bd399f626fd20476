"""Events to rows: the story people see, the store's conversations, the effects a channel is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from channels.contract import Capabilities
from router.core import commands as cmd
from router.core import events as ev
from router.core.engine import Engine
from router.core.facts import Facts
from router.core.record import decode_record
from router.core.state import State
from router.floor.effects import ASKED, NEEDS, Wanted, wanted
from router.floor.recovery import fork
from router.floor.rows import STORY, Names, commit_of, lines_of
from router.store.port import Commit
from tests.floor.house import CALL, CAPABILITIES, PUSH, RINGS, bundle

NOW = 1_760_000_000_000
NONE_TOLD = {
    ev.Unrelated,
    *(ev.LeadTaken, ev.ConfigApplied, ev.FactsCoded, ev.FactsDropped, ev.ClassFormed, ev.Reviewed, ev.Examined),
    *(ev.QueueOpened, ev.QueueClosed),
    *(ev.ClosureOrdered, ev.MessageSetAside, ev.RestEnded, ev.SignedIn, ev.SignedOut, ev.PresenceSet),
    *(ev.DeskAttached, ev.DeskDetached, ev.Directed, ev.Reprioritised, ev.Rested, ev.WindingDown),
    *(ev.LookedAt, ev.EmergencyOrdered),
}


class Bench:
    """An engine, the state before its last commands, and the rows of what they did."""

    def __init__(self, channel: str = "call") -> None:
        self.channel = channel
        self.engine = Engine(State())
        self.names = Names(lambda conv: f"R{conv}", {7: channel, 8: channel}, CAPABILITIES)
        self.number = 0
        self.done(cmd.TakeLead(id="lead", epoch=1, gap_ms=0, release="test"))
        self.done(cmd.ApplyConfig(id="config", hash="h", bundle=bundle()))
        abilities = ((f"channel:{channel}", 1),)
        self.done(cmd.SignIn(id="in", agent=1, abilities=abilities, capacity=100))
        self.done(cmd.AttachDesk(id="desk", agent=1, node="n", desk="d"))

    def done(self, *commands: cmd.Command, letters: dict[str, int] | None = None) -> Commit:
        before = fork(self.engine.state, self.engine.bundles)
        made = [self.engine.handle(command, NOW + self.number) for command in commands]
        entries = [answer.entry for answer in made if getattr(answer, "entry", None) is not None]
        assert entries, made
        self.number += 1
        return commit_of(entries, before, self.engine.state, names=self.names, letters=letters or {}, epoch=1)

    def receive(self, message: int = 5, line: int = 7) -> cmd.Receive:
        return cmd.Receive(
            id=f"L{message}",
            message=message,
            line=line,
            customer=3,
            channel=self.channel,
            facts=Facts(channel=self.channel, language="en"),
            arrived_ms=NOW,
            seen=0,
        )

    def offer(self) -> int:
        offer = self.engine.state.convs[1].offer
        assert offer is not None
        return offer.id

    def accept(self) -> cmd.Accept:
        return cmd.Accept(id="accept", agent=1, conv=1, offer=self.offer())

    def reply(self, message: int = 6, then: str = "stay") -> cmd.Reply:
        return cmd.Reply(id=f"reply{message}", agent=1, conv=1, message=message, then=then)


def kinds(commit: Commit) -> list[str]:
    return [row.kind for row in commit.timeline]


def test_positions_continue_and_count_every_event() -> None:
    bench = Bench()
    first = bench.done(bench.receive())
    second = bench.done(bench.accept())
    assert second.first == first.first + first.count
    assert [row.position for row in first.timeline] == sorted(row.position for row in first.timeline)
    assert first.timeline[-1].position <= first.first + first.count - 1


def test_a_letter_is_settled_by_the_last_position_of_its_decision() -> None:
    bench = Bench()
    commit = bench.done(bench.receive(), cmd.SetAside(id="L9", message=9, reason="spam"), letters={"L5": 5, "L9": 9})
    assert [(row.letter, row.position, row.reason) for row in commit.settled] == [
        (5, commit.first + commit.count - 2, ""),
        (9, commit.first + commit.count - 1, "spam"),
    ]


def test_a_message_is_placed_in_its_conversation_and_line() -> None:
    bench = Bench()
    assert bench.done(bench.receive()).placed == [(5, 1, 7)]
    note = cmd.Note(id="n", agent=1, conv=1, message=8)
    assert bench.done(bench.accept(), bench.reply(), note).placed == [(6, 1, 7), (8, 1, 7)]


def test_a_step_without_a_line_of_its_own_stands_on_the_conversations_line() -> None:
    bench = Bench()
    commit = bench.done(bench.receive())
    assert kinds(commit) == ["Received", "Routed", "Queued", "Offered"]
    assert {row.line for row in commit.timeline} == {7}
    assert commit.timeline[2].detail == "general"


def test_an_open_conversation_is_written_as_it_is_after_the_whole_batch() -> None:
    bench = Bench()
    row = bench.done(bench.receive()).conversations[0]
    assert (row.conv, row.reference, row.state, row.queue, row.line, row.record) == (
        1,
        "R1",
        "offered",
        "general",
        7,
        b"",
    )
    row = bench.done(bench.accept()).conversations[0]
    assert (row.state, row.owner) == ("active", 1)


def test_a_parked_conversation_is_written_with_the_record_that_brings_it_back() -> None:
    bench = Bench()
    bench.done(bench.receive())
    row = bench.done(bench.accept(), bench.reply(then="park")).conversations[0]
    record = decode_record(row.record)
    assert (row.state, row.owner, record.conv, record.version) == ("parked", 1, 1, 1)
    assert row.due_ms > NOW
    assert row.closed_ms == 0


def test_a_conversation_that_left_and_came_back_in_one_batch_is_written_as_open() -> None:
    bench = Bench()
    bench.done(bench.receive())
    parked = bench.done(bench.accept(), bench.reply(then="park"))
    record = decode_record(parked.conversations[0].record)
    back = bench.done(cmd.Wake(id="w", record=record, why="called_back"))
    assert [(row.state, row.record) for row in back.conversations] == [("active", b"")]


def test_a_closed_conversation_keeps_its_disposition_and_time() -> None:
    bench = Bench()
    bench.done(bench.receive())
    row = bench.done(bench.accept(), cmd.Close(id="c", agent=1, conv=1, disposition="done")).conversations[0]
    assert (row.state, row.disposition, row.closed_ms) == ("closed", "done", row.changed_ms)
    assert row.record


def test_what_became_of_a_message_is_its_delivery() -> None:
    bench = Bench()
    bench.done(bench.receive())
    bench.done(bench.accept(), bench.reply())
    report = cmd.ReportDelivery(id="d", conv=1, message=6, status="failed", reason="mailbox_unknown")
    commit = bench.done(report)
    assert [(row.message, row.status, row.reason) for row in commit.deliveries] == [(6, "failed", "mailbox_unknown")]


def test_the_lines_whose_channel_must_be_known_are_all_that_are_spoken_of() -> None:
    bench = Bench()
    before = fork(bench.engine.state, bench.engine.bundles)
    made = [bench.engine.handle(command, NOW) for command in (bench.receive(), bench.receive(11, 8))]
    assert lines_of([answer.entry for answer in made], before, bench.engine.state) == {7, 8}  # type: ignore[union-attr]


def effects(commit: Commit) -> list[tuple[str, str]]:
    return [(row.effect, row.notice) for row in commit.effects]


def test_a_reply_on_a_call_channel_gets_a_row_in_its_lines_lane_and_on_a_push_channel_none() -> None:
    for channel, rows in (("call", [("send", "")]), ("push", [])):
        bench = Bench(channel)
        bench.done(bench.receive())
        commit = bench.done(bench.accept(), bench.reply())
        assert effects(commit) == rows
        assert {row.lane for row in commit.effects} <= {"line:7"}


def test_a_live_line_is_connected_held_and_rung_off_once() -> None:
    bench = Bench("rings")
    bench.done(bench.receive(message=0))
    assert effects(bench.done(bench.accept())) == [("connect", "agent:1")]
    assert effects(bench.done(cmd.HoldLine(id="h", agent=1, conv=1, on=True))) == [("hold", "on")]
    assert effects(bench.done(cmd.Close(id="c", agent=1, conv=1))) == [("hang_up", "")]
    assert effects(bench.done(cmd.FinishWrapUp(id="w", agent=1, conv=1, disposition="done"))) == []


def test_wrap_up_and_close_in_one_batch_ring_off_once() -> None:
    bench = Bench("rings")
    bench.done(bench.receive(message=0))
    bench.done(bench.accept())
    finish = cmd.FinishWrapUp(id="w", agent=1, conv=1, disposition="done")
    assert effects(bench.done(cmd.Close(id="c", agent=1, conv=1), finish)) == [("hang_up", "")]


def test_a_customer_who_has_left_is_not_rung_off() -> None:
    bench = Bench("rings")
    bench.done(bench.receive(message=0))
    bench.done(bench.accept())
    commit = bench.done(cmd.LeaveLine(id="l", line=7), cmd.Close(id="c", agent=1, conv=1, disposition="done"))
    assert effects(commit) == []


WANTED: list[tuple[ev.Event, Capabilities, Wanted | None]] = [
    (ev.Announced(1, 7, "closed", "general", 9), CALL, Wanted("announce", notice="closed", until_ms=9)),
    (ev.Announced(1, 7, "closed", "general", 9), RINGS, Wanted("play", notice="closed", until_ms=9)),
    (ev.Announced(1, 7, "closed", "general", 9), PUSH, None),
    (ev.Replied(1, 1, 6, 7, 0), CALL, Wanted("send", message=6)),
    (ev.Replied(1, 1, 6, 7, 0), RINGS, None),
    (ev.Accepted(1, 1, 1, 0), CALL, None),
    (ev.Assigned(1, 1, "woken", 0), RINGS, Wanted("connect", notice="agent:1")),
    (ev.Transferred(1, 1, 0, 2, 0), RINGS, Wanted("move", notice="queue")),
    (ev.Transferred(1, 1, 0, 2, 0, why="consulted"), RINGS, Wanted("part", notice="agent:1")),
    (ev.Queued(1, 9, "owner_gone"), RINGS, Wanted("move", notice="queue")),
    (ev.Queued(1, 9, "arrived"), RINGS, None),
    (ev.ParticipantJoined(1, 9, "listen", 9), RINGS, Wanted("join", notice="agent:9")),
    (ev.ParticipantLeft(1, 9, "left"), RINGS, Wanted("part", notice="agent:9")),
    (ev.ParticipantLeft(1, 9, "over"), RINGS, None),
    (ev.ParticipantLeft(1, 0, "nobody_free"), RINGS, None),
    (ev.OutsideAsked(1, "acme", 1, "consult", 9), RINGS, Wanted("outside", notice="outside:acme", until_ms=9)),
    (ev.OutsideAsked(1, "acme", 1, "consult", 0, 8, 6), CALL, Wanted("send", message=6)),
    (ev.OutsideAsked(1, "acme", 1, "consult", 9), CALL, None),
    (ev.OutsideLeft(1, "acme", "busy"), RINGS, Wanted("part", notice="outside:acme")),
    (ev.OutsideLeft(1, "acme", "busy", True), RINGS, Wanted("move", notice="queue")),
    (ev.OutsideLeft(1, "acme", "handed_out"), RINGS, None),
    (ev.CallbackFailed(1, 1, 1, "no_answer"), RINGS, Wanted("hang_up")),
    (ev.CallbackFailed(1, 1, 1, "busy"), RINGS, None),
    (ev.HandedOut(1, 1, "acme", 9), RINGS, Wanted("move", notice="outside")),
    (ev.Noted(1, 1, 6), CALL, None),
    (ev.CustomerCalled(1, 7, 1, 9), RINGS, Wanted("connect", notice="customer", until_ms=9)),
]


@pytest.mark.parametrize(("event", "can", "want"), WANTED)
def test_an_effect_is_asked_for_by_what_the_channel_can_do(event: Any, can: Capabilities, want: Wanted | None) -> None:
    assert wanted(event, can, released=False) == want


def test_every_event_is_told_to_people_or_named_as_not_told() -> None:
    every = set(ev.AnyEvent.__args__)
    assert set(STORY) | NONE_TOLD == every
    assert not set(STORY) & NONE_TOLD
    assert set(ASKED) <= set(STORY)


def test_every_effect_needs_a_capability_of_the_contract() -> None:
    assert set(NEEDS.values()) <= {"Send", "Connect", "Hold", "Move", "HangUp", "Play", "Fetch", "Typing", "Seen"}
