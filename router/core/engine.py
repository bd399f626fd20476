"""The one door of the core: a command or the time goes in, an entry of events comes out. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from router.core import commands as cmd
from router.core import events as ev
from router.core.answers import Answered, LookAgain, Made, Refused
from router.core.bundle import Bundle
from router.core.decide import (
    affinity,
    afterwards,
    answering,
    arrivals,
    callbacks,
    handling,
    outside,
    participants,
    people,
    promising,
    reviews,
    supervising,
    transfers,
    upkeep,
    wrapping,
)
from router.core.decide.placing import Steps, let_go
from router.core.evolve import remember, write_down
from router.core.state import State

# A tick works off at most so many standing deadlines, so that people at desks get their turn between slices.
DUE_PER_TICK_MAX = 64
# And forms so many classes: on a floor of ten thousand people of whom no two can do the same, one takes milliseconds.
CLASSES_PER_TICK_MAX = 4

# What a decision may yield first, and nothing after it. Asked by type: `isinstance` of a Struct costs twice as much.
NOT_DECIDED = frozenset({Refused, LookAgain})

DECIDERS: dict[type[cmd.Command], Callable[[State, int, Any], Steps]] = {
    cmd.Receive: arrivals.receive,
    cmd.SetAside: arrivals.set_aside,
    cmd.LeaveLine: arrivals.leave_line,
    cmd.Wake: arrivals.wake,
    cmd.ReportDelivery: arrivals.report_delivery,
    cmd.ReportParty: arrivals.report_party,
    cmd.Rate: afterwards.rate,
    cmd.SendCopy: afterwards.send_copy,
    cmd.SignIn: people.sign_in,
    cmd.SignOut: people.sign_out,
    cmd.SetPresence: people.set_presence,
    cmd.AttachDesk: people.attach_desk,
    cmd.DetachDesk: people.detach_desk,
    cmd.NodeLost: people.node_lost,
    cmd.Accept: answering.accept,
    cmd.Take: answering.take,
    cmd.Decline: answering.decline,
    cmd.Reply: handling.reply,
    cmd.Note: handling.note,
    cmd.HoldLine: handling.hold_line,
    cmd.Transfer: transfers.transfer,
    cmd.Park: handling.park,
    cmd.Close: handling.close,
    cmd.FinishWrapUp: wrapping.finish_wrap_up,
    cmd.ExtendWrapUp: wrapping.extend_wrap_up,
    cmd.Consult: participants.consult,
    cmd.JoinConsult: participants.join_consult,
    cmd.LeaveParty: participants.leave_party,
    cmd.CancelConsult: participants.cancel_consult,
    cmd.CompleteConsult: participants.complete_consult,
    cmd.JoinAs: participants.join_as,
    cmd.AskOutside: outside.ask_outside,
    cmd.LetOutsideGo: outside.let_outside_go,
    cmd.CompleteOutside: outside.complete_outside,
    cmd.Assign: supervising.assign,
    cmd.Move: supervising.move,
    cmd.Reprioritise: supervising.reprioritise,
    cmd.TakeOver: supervising.take_over,
    cmd.WithdrawOffer: supervising.withdraw_offer,
    cmd.End: supervising.end,
    cmd.Recall: supervising.recall,
    cmd.Replan: promising.replan,
    cmd.Settle: promising.settle,
    cmd.TakeLead: upkeep.take_lead,
    cmd.ApplyConfig: upkeep.apply_config,
    cmd.OrderClosure: upkeep.order_closure,
    cmd.RequestCallback: callbacks.request_callback,
    cmd.FailCallback: callbacks.fail_callback,
    cmd.OrderEmergency: upkeep.emergency,
    cmd.Relate: affinity.relate,
}


class Engine:
    """Decides and evolves. One thread, one caller: the floor's loop."""

    def __init__(self, state: State | None = None, bundles: dict[str, Bundle] | None = None) -> None:
        self.state = state or State()
        self.bundles: dict[str, Bundle] = bundles if bundles is not None else {}

    def handle(self, command: cmd.Command, at: int) -> Answered:
        """Decide one command at a time stamp (UTC ms; an earlier one than the last counts as the last)."""
        state = self.state
        earlier = state.answers.get(command.id)
        if earlier is not None:
            return Made(earlier.position, None)
        bundles = self.bundles
        if type(command) is cmd.ApplyConfig:
            bundles[command.hash] = command.bundle
        at = max(at, state.at)
        made: list[ev.Event] = []
        refused = write_down(state, at, DECIDERS[type(command)](state, at, command), bundles, made)
        if refused is not None:
            assert not made, "a decision refuses before its first event"
            assert type(refused) in NOT_DECIDED, "what is decided has a writer"
            return refused  # type: ignore[return-value]
        return self._made(command.id, at, made)

    def _made(self, command: str, at: int, made: list[ev.Event]) -> Made:
        state = self.state
        if not made:
            return Made(state.position, None)
        if state.parted:
            self._steps(participants.tell_parted(state, at), at, made)
        if state.dismissed:
            self._steps(outside.tell_dismissed(state), at, made)
        if state.matching.reserves.let_go:
            self._steps(let_go(state, at), at, made)
        remember(state, command, at)
        return Made(state.position, ev.Entry(at, command, tuple(made)))  # type: ignore[arg-type]

    def tick(self, at: int) -> ev.Entry | None:
        """Fire a slice of what is due, in order of (deadline, kind, place, id); None when nothing came of it."""
        state = self.state
        at = max(at, state.at)
        made: list[ev.Event] = []
        fired = 0
        classes = state.matching.classes
        classes_max = len(classes) + CLASSES_PER_TICK_MAX
        state.deadlines.open_until(at, state.convs.due_of)
        while fired < DUE_PER_TICK_MAX and len(classes) < classes_max and (due := state.deadlines.pop(at)) is not None:
            before = len(made)
            self._steps(upkeep.fall_due(state, at, due), at, made)
            fired += len(made) > before
        if state.review or state.unexamined or state.strays:
            self._steps(reviews.look_again(state, at), at, made)
        return self._made("", at, made).entry

    def _steps(self, steps: Steps, at: int, made: list[ev.Event]) -> None:
        refused = write_down(self.state, at, steps, self.bundles, made)
        assert refused is None, "time is never refused"

    def next_due_ms(self) -> int:
        """Return when `tick` is next worth calling: 0 for never, the state's own time while a review runs."""
        if self.state.review or self.state.is_examining:
            return max(self.state.at, 1)
        return self.state.deadlines.next_ms()


__all__ = ["Answered", "Engine", "LookAgain", "Made", "Refused"]
