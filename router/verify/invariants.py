"""DESIGN section 5's invariants that a journal can show, checked event by event beside the fold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from router.core import events as ev
from router.verify.findings import Finding, Report
from router.verify.fold import GONE, HELD, PARKED, UNPLACED, WAITING, Conversation, Fold
from router.verify.moves import fault
from router.verify.order import TICK_MS, Deadlines, Lines

# Work that somebody gives to themselves is given in whatever presence they are.
OWN_DEEDS = frozenset({"taken_over"})
# Reasons by which somebody goes to an agent of their own, whoever else waits in the same line.
OWN_AGENT = frozenset({"same_customer", "named_agent", "last_agent"})

Answer = ev.Accepted | ev.Declined | ev.OfferLapsed | ev.OfferWithdrawn


class Invariants:
    """Walks through a journal with the fold and reports what breaks a promise."""

    def __init__(self, report: Report) -> None:
        self.fold = Fold()
        self.decided: dict[int, int] = {}  # message -> conversation, 0: set aside
        self._report = report
        self._lines = Lines(self.fold)
        self._deadlines = Deadlines(self.fold)
        self._gone: list[int] = []

    def entry(self, entry: ev.Entry) -> None:
        """Check one decision: time, deadlines that passed before it, its events, and what it leaves."""
        fold = self.fold
        if entry.at < fold.at:
            self._found("time_back")
        fold.at = max(fold.at, entry.at)
        leads = bool(entry.events) and isinstance(entry.events[0], ev.LeadTaken)
        if not leads:
            for name, conv in self._deadlines.late(fold.at):
                self._found(name, conv=conv.id, agent=conv.agent or conv.held_for)
        for event in entry.events:
            fold.position += 1
            self._event(event)
        self._left_behind()

    def _event(self, event: Any) -> None:
        conv = self.fold.convs.get(getattr(event, "conv", 0))
        name = fault(event, conv.state if conv else "out")
        if name and hasattr(event, "conv"):
            self._found(name, conv=event.conv, agent=getattr(event, "agent", 0))
        check = _BEFORE.get(type(event))
        if check is not None:
            check(self, conv, event)
        self.fold.apply(event)
        after = _AFTER.get(type(event))
        if after is not None:
            after(self, event)

    # --- before an event is written ---------------------------------------------------------------------

    def offered(self, conv: Conversation | None, event: ev.Offered) -> None:
        """Check presence, order, opening hours."""
        self._present(event, must_accept=True)
        if conv is None or conv.state == HELD:
            return
        if conv.state == WAITING and not OWN_AGENT.intersection(event.why):
            earlier = self._lines.earlier(conv, event.agent)
            if earlier:
                self._found("out_of_order", conv=conv.id, agent=event.agent)
        self._open_queue(conv, event)

    def _open_queue(self, conv: Conversation, event: ev.Offered) -> None:
        """What is given to a named agent is not the queue's offer; all else is, and a queue keeps its hours."""
        queue = self.fold.queues.get(conv.queue)
        if queue is None or queue.open or (conv.state == UNPLACED and "named_agent" in event.why):
            return
        if self.fold.at > max(queue.serve_until_ms, self.fold.led_since_ms) + TICK_MS:
            self._found("offered_while_closed", conv=conv.id, agent=event.agent)
        elif conv.opened > queue.closed:
            self._found("admitted_after_closing", conv=conv.id, agent=event.agent)

    def assigned(self, conv: Conversation | None, event: ev.Assigned) -> None:
        """Check presence; who reopens their own wrap-up has it already, and who takes over does so as they are."""
        if conv is None or conv.agent != event.agent:
            self._present(event, must_accept=event.why not in OWN_DEEDS)
        if conv is not None and conv.agent and conv.agent != event.agent:
            self._found("double_owner", conv=conv.id, agent=event.agent)

    def _present(self, event: ev.Offered | ev.RangAlso | ev.Assigned, *, must_accept: bool) -> None:
        agent = self.fold.agents.get(event.agent)
        if agent is None:
            self._found("work_to_absent", conv=event.conv, agent=event.agent)
        elif must_accept and not agent.accepts:
            self._found("work_to_away", conv=event.conv, agent=event.agent)

    def answered(self, conv: Conversation | None, event: Answer) -> None:
        """Only who was asked, in the round that runs, can win or lose it."""
        if conv is not None and conv.offer and (conv.agent, conv.offer) != (event.agent, event.offer):
            self._found("wrong_winner", conv=conv.id, agent=event.agent)
        elif conv is not None and conv.also:
            self._found("still_ringing", conv=conv.id, agent=min(conv.also))

    def rang_also(self, conv: Conversation | None, event: ev.RangAlso) -> None:
        """Whoever else is asked is there, and in the round that runs."""
        self._present(event, must_accept=True)
        if conv is not None and (conv.offer != event.offer or event.agent in {conv.agent, *conv.also}):
            self._found("double_offer", conv=conv.id, agent=event.agent)

    def ring_stopped(self, conv: Conversation | None, event: ev.RingStopped) -> None:
        """Only who is asked can be asked no longer, and somebody goes on being asked."""
        if conv is None or not conv.offer:
            return
        if conv.offer != event.offer or event.agent not in {conv.agent, *conv.also} or not conv.also:
            self._found("wrong_winner", conv=conv.id, agent=event.agent)

    def received(self, _conv: Conversation | None, event: ev.Received) -> None:
        """Every message is decided once."""
        self._decide(event.message, event.conv)

    def set_aside(self, _conv: None, event: ev.MessageSetAside) -> None:
        """Every message is decided once."""
        self._decide(event.message, 0)

    def _decide(self, message: int, conv: int) -> None:
        if not message:
            return
        if message in self.decided:
            self._found("message_twice", conv=conv, message=message)
        self.decided[message] = conv

    # --- after an event was written -----------------------------------------------------------------------

    def fits(self, event: ev.Offered | ev.RangAlso) -> None:
        """No offer takes an agent over capacity, but for work that gives way; causes that may are not offers."""
        agent = self.fold.agents.get(event.agent)
        if agent is not None and agent.used - event.eased > agent.capacity:
            self._found("over_capacity", conv=event.conv, agent=event.agent)

    def queued(self, event: ev.Queued) -> None:
        """Keep the class's order."""
        self._lines.joined(self.fold.convs[event.conv])

    def led(self, _event: ev.LeadTaken) -> None:
        """Keep the deadlines, moved on by the gap."""
        self._deadlines.moved_on()

    def signed_out(self, event: ev.SignedOut) -> None:
        """Remember whom to ask about at the end of the decision."""
        self._gone.append(event.agent)

    def _left_behind(self) -> None:
        """At the end of a decision everybody is somewhere, with a time, and nothing is with those who are gone."""
        for number in sorted(self.fold.touched):
            conv = self.fold.convs[number]
            if conv.state in GONE and conv.state != PARKED:
                continue
            if conv.state == UNPLACED:
                self._found("no_actor", conv=number)
            elif conv.due_ms <= 0:
                self._found("no_due", conv=number)
            self._deadlines.set(conv)
        self.fold.touched.clear()
        for agent in self._gone:
            for number in sorted(self.fold.work.get(agent, ())):
                self._found("work_left_behind", conv=number, agent=agent)
        self._gone.clear()

    def _found(self, name: str, *, conv: int = 0, agent: int = 0, message: int = 0) -> None:
        fold = self.fold
        finding = Finding(name=name, position=fold.position, at=fold.at, conv=conv, agent=agent, message=message)
        self._report.add(finding)


_BEFORE: dict[type[ev.Event], Callable[[Invariants, Any, Any], None]] = {
    ev.Received: Invariants.received,
    ev.MessageSetAside: Invariants.set_aside,
    ev.Offered: Invariants.offered,
    ev.Assigned: Invariants.assigned,
    ev.Accepted: Invariants.answered,
    ev.Declined: Invariants.answered,
    ev.OfferLapsed: Invariants.answered,
    ev.OfferWithdrawn: Invariants.answered,
    ev.RangAlso: Invariants.rang_also,
    ev.RingStopped: Invariants.ring_stopped,
}

_AFTER: dict[type[ev.Event], Callable[[Invariants, Any], None]] = {
    ev.Offered: Invariants.fits,
    ev.RangAlso: Invariants.fits,
    ev.Queued: Invariants.queued,
    ev.LeadTaken: Invariants.led,
    ev.SignedOut: Invariants.signed_out,
}
