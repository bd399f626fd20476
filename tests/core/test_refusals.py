"""Every reason for a no: each can happen, and none changes anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Refused
from router.core.bundle import DAY_MS, HOUR_MS, Callback, Queue
from router.core.decide import arrivals
from router.core.engine import Engine
from router.core.refusals import REFUSALS
from router.core.snapshot import encode_state
from tests.core import test_stories_outside as outside
from tests.core.floor_plan import ABILITIES, MONDAY_MS, Floor, at_work, bundle, desk

ROOT = Path(__file__).parent.parent.parent


def talking(abilities: ev.Needs = ABILITIES) -> Floor:
    floor = Floor()
    floor.sign_in(7, abilities=abilities)
    desk(floor, 7)
    floor.arrive(1)
    floor.accept(1)
    return floor


def consulting(contact: str) -> Floor:
    floor = outside.talking()
    floor.do(outside.asked(contact))
    return floor


def wrapping(mode: str = "timed") -> Floor:
    plain = bundle().queues
    general = msgspec.structs.replace(plain["general"], wrap_up_mode=mode)
    floor = at_work(7, running=bundle(queues={**plain, "general": general}))
    floor.arrive(1)
    floor.accept(1)
    floor.do(cmd.Close(id="x", agent=7, conv=1))
    return floor


def extended() -> Floor:
    floor = wrapping()
    floor.do(cmd.ExtendWrapUp(id="m", agent=7, conv=1))
    return floor


def full(floor: Floor) -> Floor:
    for line in range(2, 10):
        floor.arrive(line)
    return floor


def talking_to_one_with_room_for_one() -> Floor:
    floor = at_work(7, capacity=25)
    floor.arrive(1)
    floor.accept(1)
    floor.arrive(2)
    return floor


def beside_one_who_is_full() -> Floor:
    floor = talking()
    floor.sign_in(8, capacity=10)
    return floor


def listened_to(by: int = 1) -> Floor:
    """Somebody talks, and so many supervisors from agent 8 on listen."""
    floor = talking()
    for agent in range(8, 8 + by):
        floor.sign_in(agent)
        floor.do(cmd.JoinAs(id=f"listen{agent}", agent=agent, conv=1, role="listen", reason="asked"))
    floor.sign_in(30)
    return floor


def crowded() -> Floor:
    return listened_to(8)


def chatting() -> Floor:
    return talking(abilities=(("channel:chat", 1),))


def unconfigured() -> Floor:
    floor = Floor()
    floor.engine = Engine()
    return floor


def late(floor: Floor) -> Floor:
    floor.wait(MONDAY_MS + 9 * HOUR_MS - floor.at)
    return floor


def ringing() -> Floor:
    floor = at_work(7)
    floor.arrive(1)
    return floor


def pulling() -> Floor:
    """One waits where agents take for themselves; the night never offers."""
    floor = Floor(bundle(queues={**bundle().queues, "general": Queue(name="general", hours="office", pull="only")}))
    floor.sign_in(7)
    floor.arrive(1)
    return floor


def unable(floor: Floor) -> Floor:
    floor.sign_in(7, abilities=(("channel:email", 1),))
    return floor


def narrow(floor: Floor) -> Floor:
    floor.sign_in(7, capacity=24)
    return floor


def closing(floor: Floor) -> Floor:
    """Closed now, and those in line have not been looked at yet."""
    floor.do(cmd.OrderClosure(id="x", queue="general", until_ms=floor.at + HOUR_MS, by=1, reason="drill"))
    return floor


def away(floor: Floor) -> Floor:
    floor.do(cmd.SetPresence(id="away", agent=7, presence="break"))
    return floor


def take(floor: Floor, agent: int = 7) -> cmd.Command:
    del floor
    return cmd.Take(id="c", agent=agent, conv=1)


def windowed(*, replies: int, wait_ms: int) -> Floor:
    """Somebody talks over a platform that takes so many answers within an hour."""
    floor = at_work(7)
    message = floor.message(1, channel="email")
    floor.do(msgspec.structs.replace(message, window_ms=floor.at + HOUR_MS, replies=replies))
    floor.accept(1)
    floor.wait(wait_ms)
    return floor


def answer(_floor: Floor) -> cmd.Command:
    return cmd.Reply(id="c", agent=7, conv=1, message=1)


def declined(floor: Floor) -> cmd.Command:
    return cmd.Decline(id="c", agent=7, conv=1, offer=floor.state.convs[1].offer.id, reason="bored")


def waiting(callback: Callback | None = None) -> Floor:
    """One waits in a queue that calls back like this."""
    general = Queue(name="general", hours="office", callback=callback or Callback())
    floor = Floor(bundle(queues={**bundle().queues, "general": general}))
    floor.arrive(1)
    return floor


def call_back(_floor: Floor) -> cmd.Command:
    return cmd.RequestCallback(id="c", conv=1)


def emergency(until_ms: int) -> cmd.Command:
    return cmd.OrderEmergency(id="c", until_ms=until_ms, notice="fire", by=1, reason="drill")


ORDERED: dict[str, Any] = {"by": 90, "reason": "asked"}

REFUSED: list[tuple[str, Callable[[], Floor], Callable[[Floor], cmd.Command]]] = [
    ("agent_unknown", Floor, lambda f: cmd.SetPresence(id="c", agent=9, presence="break")),
    ("agent_unknown", Floor, lambda f: cmd.SignOut(id="c", agent=9)),
    ("agent_unknown", Floor, lambda f: cmd.AttachDesk(id="c", agent=9, node="n", desk="d")),
    ("agent_unknown", Floor, lambda f: cmd.DetachDesk(id="c", agent=9, node="n", desk="d")),
    ("conversation_unknown", Floor, lambda f: cmd.Reply(id="c", agent=7, conv=9, message=1)),
    ("conversation_unknown", Floor, lambda f: cmd.Note(id="c", agent=7, conv=9, message=1)),
    ("conversation_unknown", Floor, lambda f: cmd.ReportParty(id="c", line=9, party="customer", joined=True)),
    ("not_yours", talking, lambda f: cmd.Reply(id="c", agent=8, conv=1, message=1)),
    ("not_yours", talking, lambda f: cmd.Transfer(id="c", agent=8, conv=1, queue="night")),
    ("offer_gone", talking, lambda f: cmd.Accept(id="c", agent=7, conv=1, offer=1)),
    ("not_active", wrapping, lambda f: cmd.Close(id="c", agent=7, conv=1)),
    ("not_active", wrapping, lambda f: cmd.Park(id="c", agent=7, conv=1)),
    ("not_active", wrapping, lambda f: cmd.HoldLine(id="c", agent=7, conv=1, on=True)),
    ("not_in_wrap_up", talking, lambda f: cmd.FinishWrapUp(id="c", agent=7, conv=1, disposition="solved")),
    ("presence_unknown", talking, lambda f: cmd.SetPresence(id="c", agent=7, presence="asleep")),
    ("presence_unknown", Floor, lambda f: cmd.SignIn(id="c", agent=7, abilities=(), capacity=1, presence="asleep")),
    ("channel_unknown", Floor, lambda f: f.message(1, channel="pigeon")),
    ("queue_unknown", talking, lambda f: cmd.Transfer(id="c", agent=7, conv=1, queue="none")),
    ("queue_closed", lambda: late(talking()), lambda f: cmd.Transfer(id="c", agent=7, conv=1, queue="general")),
    ("target_missing", talking, lambda f: cmd.Transfer(id="c", agent=7, conv=1)),
    ("target_missing", talking, lambda f: cmd.Transfer(id="c", agent=7, conv=1, queue="night", to_agent=8)),
    ("target_away", talking, lambda f: cmd.Transfer(id="c", agent=7, conv=1, to_agent=8)),
    ("target_self", talking, lambda f: cmd.Transfer(id="c", agent=7, conv=1, to_agent=7)),
    ("disposition_unknown", talking, lambda f: cmd.Close(id="c", agent=7, conv=1, disposition="great")),
    ("disposition_unknown", talking, lambda f: cmd.Reply(id="c", agent=7, conv=1, message=1, disposition="great")),
    ("disposition_unknown", wrapping, lambda f: cmd.FinishWrapUp(id="c", agent=7, conv=1, disposition="great")),
    (
        "outcome_missing",
        lambda: wrapping("required"),
        lambda f: cmd.FinishWrapUp(id="c", agent=7, conv=1, disposition=""),
    ),
    ("no_time_limit", lambda: wrapping("optional"), lambda f: cmd.ExtendWrapUp(id="c", agent=7, conv=1)),
    ("extended_once", extended, lambda f: cmd.ExtendWrapUp(id="c", agent=7, conv=1)),
    ("window_closed", lambda: windowed(replies=5, wait_ms=HOUR_MS), answer),
    ("replies_used", lambda: windowed(replies=0, wait_ms=0), answer),
    ("reason_unknown", ringing, declined),
    ("until_past", talking, lambda f: cmd.Park(id="c", agent=7, conv=1, until_ms=f.at)),
    ("live_work_open", talking, lambda f: cmd.SignOut(id="c", agent=7)),
    ("target_full", talking_to_one_with_room_for_one, lambda f: cmd.Assign(id="c", conv=2, to_agent=7, **ORDERED)),
    ("target_owns", talking, lambda f: cmd.Assign(id="c", conv=1, to_agent=7, **ORDERED)),
    ("target_away", talking, lambda f: cmd.Assign(id="c", conv=1, to_agent=8, **ORDERED)),
    ("target_self", talking, lambda f: cmd.TakeOver(id="c", conv=1, by=7, reason="asked")),
    ("agent_unknown", talking, lambda f: cmd.TakeOver(id="c", conv=1, **ORDERED)),
    ("in_wrap_up", wrapping, lambda f: cmd.Move(id="c", conv=1, queue="night", **ORDERED)),
    ("already_there", ringing, lambda f: cmd.Move(id="c", conv=1, queue="general", **ORDERED)),
    ("queue_unknown", ringing, lambda f: cmd.Move(id="c", conv=1, queue="none", **ORDERED)),
    ("queue_closed", lambda: late(talking()), lambda f: cmd.Move(id="c", conv=1, queue="general", **ORDERED)),
    ("skill_unknown", ringing, lambda f: cmd.Move(id="c", conv=1, queue="night", skills=(("juggling", 1),), **ORDERED)),
    ("not_offered", talking, lambda f: cmd.WithdrawOffer(id="c", conv=1, **ORDERED)),
    ("not_waiting", talking, lambda f: cmd.End(id="c", conv=1, **ORDERED)),
    ("in_wrap_up", wrapping, lambda f: cmd.End(id="c", conv=1, **ORDERED)),
    ("conversation_unknown", talking, lambda f: cmd.Reprioritise(id="c", conv=9, priority=1, **ORDERED)),
    ("target_full", beside_one_who_is_full, lambda f: cmd.Consult(id="c", agent=7, conv=1, to_agent=8)),
    ("target_self", talking, lambda f: cmd.Consult(id="c", agent=7, conv=1, to_agent=7)),
    ("target_away", talking, lambda f: cmd.Consult(id="c", agent=7, conv=1, to_agent=9)),
    ("target_missing", talking, lambda f: cmd.Consult(id="c", agent=7, conv=1)),
    ("queue_unknown", talking, lambda f: cmd.Consult(id="c", agent=7, conv=1, queue="none")),
    (
        "nobody_able",
        lambda: talking(abilities=(("channel:chat", 1),)),
        lambda f: cmd.Consult(id="c", agent=7, conv=1, queue="billing"),
    ),
    ("taking_part", listened_to, lambda f: cmd.JoinAs(id="c", agent=8, conv=1, role="listen", reason="asked")),
    ("role_unknown", talking, lambda f: cmd.JoinAs(id="c", agent=7, conv=1, role="sing", reason="asked")),
    ("reason_missing", talking, lambda f: cmd.JoinAs(id="c", agent=7, conv=1, role="listen", reason="")),
    ("target_self", talking, lambda f: cmd.JoinAs(id="c", agent=7, conv=1, role="listen", reason="asked")),
    ("agent_unknown", talking, lambda f: cmd.JoinAs(id="c", agent=9, conv=1, role="listen", reason="asked")),
    ("not_active", wrapping, lambda f: cmd.JoinAs(id="c", agent=7, conv=1, role="listen", reason="asked")),
    (
        "too_many_parties",
        lambda: listened_to(8),
        lambda f: cmd.JoinAs(id="c", agent=30, conv=1, role="listen", reason="asked"),
    ),
    ("not_taking_part", talking, lambda f: cmd.LeaveParty(id="c", agent=8, conv=1)),
    ("not_taking_part", listened_to, lambda f: cmd.CancelConsult(id="c", agent=7, conv=1, to_agent=8)),
    ("not_taking_part", listened_to, lambda f: cmd.CompleteConsult(id="c", agent=7, conv=1, to_agent=8)),
    ("not_taking_part", talking, lambda f: cmd.JoinConsult(id="c", agent=8, conv=1)),
    ("skill_unknown", talking, lambda f: cmd.Transfer(id="c", agent=7, conv=1, skills=(("juggling", 1),))),
    ("reason_missing", talking, lambda f: cmd.Reprioritise(id="c", conv=1, priority=1, by=90, reason="")),
    ("reason_missing", talking, lambda f: cmd.SetPresence(id="c", agent=7, presence="break", by=90)),
    ("not_idle", talking, lambda f: cmd.SetPresence(id="c", agent=7, presence="available", idle=True)),
    ("agent_unknown", pulling, lambda f: take(f, 9)),
    ("conversation_unknown", lambda: at_work(7), take),
    ("not_waiting", talking, take),
    ("pull_not_allowed", lambda: full(ringing()), lambda f: cmd.Take(id="c", agent=7, conv=9)),
    ("queue_closed", lambda: closing(pulling()), take),
    ("not_able", lambda: unable(pulling()), take),
    ("not_accepting", lambda: away(pulling()), take),
    ("no_room", lambda: narrow(pulling()), take),
    ("until_past", Floor, lambda f: cmd.SignIn(id="c", agent=7, abilities=(), capacity=1, until_ms=f.at)),
    ("conversation_unknown", Floor, call_back),
    ("conversation_unknown", wrapping, call_back),
    ("callback_not_offered", lambda: waiting(Callback(mode="")), call_back),
    ("channel_unknown", waiting, lambda f: cmd.RequestCallback(id="c", conv=1, channel="fax")),
    ("not_yours", talking, call_back),
    ("callback_time_missing", talking, lambda f: cmd.RequestCallback(id="c", conv=1, by=7)),
    ("until_past", waiting, lambda f: cmd.RequestCallback(id="c", conv=1, at_ms=f.at)),
    ("callback_too_far", waiting, lambda f: cmd.RequestCallback(id="c", conv=1, at_ms=f.at + 91 * DAY_MS)),
    ("callback_closed", waiting, lambda f: cmd.RequestCallback(id="c", conv=1, at_ms=f.at + 12 * HOUR_MS)),
    ("conversation_unknown", Floor, lambda f: cmd.FailCallback(id="c", agent=7, conv=1)),
    ("conversation_unknown", Floor, lambda f: cmd.Rate(id="c", conv=1, score=5)),
    ("conversation_unknown", Floor, lambda f: cmd.SendCopy(id="c", conv=1, of=1, line=2)),
    ("line_unknown", talking, lambda f: cmd.SendCopy(id="c", conv=1, of=1, line=1)),
    ("score_unknown", talking, lambda f: cmd.Rate(id="c", conv=1, score=6)),
    ("not_yours", talking, lambda f: cmd.FailCallback(id="c", agent=8, conv=1)),
    ("no_callback", talking, lambda f: cmd.FailCallback(id="c", agent=7, conv=1)),
    ("until_past", Floor, lambda f: emergency(f.at)),
    ("notice_unknown", Floor, lambda f: emergency(f.at + 1)),
    ("not_configured", unconfigured, lambda f: emergency(f.at + 1)),
    ("contact_unknown", outside.talking, lambda f: outside.asked("nobody")),
    ("contact_not_allowed", outside.talking, lambda f: outside.asked("bills")),
    ("contact_closed", outside.talking, lambda f: outside.asked("night")),
    ("contact_no_way", outside.talking, lambda f: outside.asked("writes")),
    ("outside_asked", lambda: consulting("acme"), lambda f: outside.asked("away")),
    ("no_outside", outside.talking, lambda f: cmd.LetOutsideGo(id="c", agent=1, conv=1)),
    ("no_outside", lambda: consulting("acme"), lambda f: cmd.CompleteOutside(id="c", agent=1, conv=1)),
    ("floor_full", lambda: full(Floor()), lambda f: f.message(99)),
    ("not_configured", unconfigured, lambda f: f.message(1)),
    ("not_configured", unconfigured, lambda f: cmd.SignIn(id="c", agent=7, abilities=(), capacity=1)),
]

# Said by other rooms, where the core cannot know it.
SAID_ELSEWHERE = {
    **dict.fromkeys(("line_unknown", "not_parked", "no_softphone", "note_missing"), "dashboard"),
    "broken": "router",
}


@pytest.mark.parametrize(("reason", "before", "command"), REFUSED, ids=[each[0] for each in REFUSED])
def test_what_cannot_be_done_is_refused_by_name_and_changes_nothing(
    reason: str,
    before: Callable[[], Floor],
    command: Callable[[Floor], cmd.Command],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    floor = before()
    if reason == "floor_full":
        monkeypatch.setattr(arrivals, "CONVERSATIONS_MAX", len(floor.state.convs))
    told = command(floor)
    state = encode_state(floor.state)
    assert floor.ask(told) == Refused(reason)
    assert encode_state(floor.state) == state


def test_every_refusal_that_people_can_read_can_happen() -> None:
    assert {reason for reason, _, _ in REFUSED} | set(SAID_ELSEWHERE) == set(REFUSALS)
    for reason, room in SAID_ELSEWHERE.items():
        said = re.compile(rf"""[\"']{reason}[\"']""")
        files = [path for path in (ROOT / room).rglob("*.py") if path.name != "refusals.py"]
        assert any(said.search(path.read_text()) for path in files), reason
